// What Python calls for LSTM training: the rows of a batch shared among threads.

#include "library.hpp"
#include "lstm.hpp"
#include "threads.hpp"

#ifdef REELFEEL_X86

namespace {

const reelfeel::LstmKernel& kernel() {
  const bool has_matrix_unit = reelfeel::processor_features() & reelfeel::kAmxBf16;
  return has_matrix_unit ? reelfeel::kLstmAmx : reelfeel::kLstmAvx512Bf16;
}

}  // namespace

REELFEEL_EXPORT void reelfeel_lstm_pack(const float* kernel, const float* recurrent, int features,
                                        int units, std::uint16_t* forward,
                                        std::uint16_t* backward) {
  reelfeel::lstm_pack_forward(kernel, recurrent, features, units, forward);
  if (backward) reelfeel::lstm_pack_backward(kernel, recurrent, features, units, backward);
}

REELFEEL_EXPORT void reelfeel_arrange(const reelfeel::Arrangement* arguments, int into_blocks,
                                      int num_threads) {
    const auto arrange =
        into_blocks ? reelfeel::arrange_blocks : reelfeel::arrange_plain;
    share(arguments->rows, 16, num_threads, [=](int first_row, int num_rows, int) {
        arrange(*arguments, first_row, num_rows);
    });
}

REELFEEL_EXPORT void reelfeel_lstm_forward(const reelfeel::LstmForward* arguments,
                                           int num_threads) {
  share(arguments->rows, 16, num_threads, [=](int first_row, int num_rows, int) {
    kernel().forward(*arguments, first_row, num_rows);
  });
}

REELFEEL_EXPORT void reelfeel_lstm_backward(const reelfeel::LstmBackward* arguments,
                                            int num_threads) {
  share(arguments->rows, 16, num_threads, [=](int first_row, int num_rows, int) {
    kernel().backward(*arguments, first_row, num_rows);
  });
}

REELFEEL_EXPORT void reelfeel_lstm_gradients(const reelfeel::LstmGradients* arguments,
                                             int num_threads) {
  share(4 * arguments->units, 32, num_threads, [=](int first_column, int num_columns, int) {
    kernel().gradients(*arguments, first_column, num_columns);
  });
}

#endif
