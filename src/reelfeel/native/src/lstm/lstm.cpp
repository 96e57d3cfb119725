// What Python calls for LSTM training: the rows of a batch shared among threads.

#include "lstm/lstm.hpp"

#include "common/library.hpp"
#include "common/threads.hpp"

namespace {

// The fastest that the processor can run. In bfloat16 that may be an emulation: who calls asks first
// (native/kernels.py).
const reelfeel::LstmKernel& choose_kernel(bool is_bf16) {
#ifdef REELFEEL_X86
  const unsigned features = reelfeel::processor_features();
  if (is_bf16 && (features & reelfeel::kAmxBf16)) return reelfeel::amx::kLstm;
  if (is_bf16 && (features & reelfeel::kAvx512Bf16)) return reelfeel::avx512bf16::kLstm;
  if (!is_bf16 && (features & reelfeel::kAvx512)) return reelfeel::avx512::kLstm;
  if (!is_bf16 && (features & reelfeel::kAvx2)) return reelfeel::avx2::kLstm;
#endif
  return is_bf16 ? reelfeel::portable_bf16::kLstm : reelfeel::portable::kLstm;
}

}  // namespace

REELFEEL_EXPORT void reelfeel_lstm_pack(const float* kernel, const float* recurrent, int features,
                                        int units, int is_bf16, void* forward, void* backward) {
  const reelfeel::LstmKernel& lstm = choose_kernel(is_bf16);
  lstm.pack_forward(kernel, recurrent, features, units, forward);
  if (backward) lstm.pack_backward(kernel, recurrent, features, units, backward);
}

REELFEEL_EXPORT void reelfeel_arrange(const reelfeel::Arrangement* arguments, int into_blocks,
                                      int num_threads) {
  const reelfeel::LstmKernel& lstm = choose_kernel(arguments->is_bf16);
  const auto arrange = into_blocks ? lstm.arrange_blocks : lstm.arrange_plain;
  reelfeel::share(arguments->rows, 16, num_threads, [=](int first_row, int num_rows, int) {
    arrange(*arguments, first_row, num_rows);
  });
}

REELFEEL_EXPORT void reelfeel_lstm_forward(const reelfeel::LstmForward* arguments,
                                           int num_threads) {
  const reelfeel::LstmKernel& lstm = choose_kernel(arguments->is_bf16);
  reelfeel::share(arguments->rows, lstm.row_unit, num_threads, [&](int first, int number, int) {
    lstm.forward(*arguments, first, number);
  });
}

REELFEEL_EXPORT void reelfeel_lstm_backward(const reelfeel::LstmBackward* arguments,
                                            int num_threads) {
  const reelfeel::LstmKernel& lstm = choose_kernel(arguments->is_bf16);
  reelfeel::share(arguments->rows, lstm.row_unit, num_threads, [&](int first, int number, int) {
    lstm.backward(*arguments, first, number);
  });
}

REELFEEL_EXPORT void reelfeel_lstm_gradients(const reelfeel::LstmGradients* arguments,
                                             int num_threads) {
  const auto gradients = choose_kernel(arguments->is_bf16).gradients;
  const int columns = reelfeel::kGates * arguments->units;
  reelfeel::share(columns, 32, num_threads, [=](int first_column, int num_columns, int) {
    gradients(*arguments, first_column, num_columns);
  });
}
