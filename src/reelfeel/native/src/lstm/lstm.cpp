// What Python calls for LSTM training: the rows of a batch shared among threads.

#include "lstm/lstm.hpp"

#include "common/library.hpp"
#include "common/threads.hpp"

#ifdef REELFEEL_X86

namespace {

const reelfeel::LstmKernel& choose_kernel() {
  const bool has_matrix_unit = reelfeel::processor_features() & reelfeel::kAmxBf16;
  return has_matrix_unit ? reelfeel::amx::kLstm : reelfeel::avx512bf16::kLstm;
}

}  // namespace

REELFEEL_EXPORT void reelfeel_lstm_pack(const float* kernel, const float* recurrent, int features,
                                        int units, std::uint16_t* forward,
                                        std::uint16_t* backward) {
  choose_kernel().pack_forward(kernel, recurrent, features, units, forward);
  if (backward) choose_kernel().pack_backward(kernel, recurrent, features, units, backward);
}

REELFEEL_EXPORT void reelfeel_arrange(const reelfeel::Arrangement* arguments, int into_blocks,
                                      int num_threads) {
    const auto arrange =
        into_blocks ? choose_kernel().arrange_blocks : choose_kernel().arrange_plain;
    reelfeel::share(arguments->rows, 16, num_threads, [=](int first_row, int num_rows, int) {
        arrange(*arguments, first_row, num_rows);
    });
}

REELFEEL_EXPORT void reelfeel_lstm_forward(const reelfeel::LstmForward* arguments,
                                           int num_threads) {
  reelfeel::share(arguments->rows, 16, num_threads, [=](int first_row, int num_rows, int) {
    choose_kernel().forward(*arguments, first_row, num_rows);
  });
}

REELFEEL_EXPORT void reelfeel_lstm_backward(const reelfeel::LstmBackward* arguments,
                                            int num_threads) {
  reelfeel::share(arguments->rows, 16, num_threads, [=](int first_row, int num_rows, int) {
    choose_kernel().backward(*arguments, first_row, num_rows);
  });
}

REELFEEL_EXPORT void reelfeel_lstm_gradients(const reelfeel::LstmGradients* arguments,
                                             int num_threads) {
  reelfeel::share(4 * arguments->units, 32, num_threads, [=](int first_column, int num_columns, int) {
    choose_kernel().gradients(*arguments, first_column, num_columns);
  });
}

#endif
