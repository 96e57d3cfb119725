// What Python calls for LSTM training: the rows of a batch shared among threads.

#include "library.hpp"
#include "lstm_amx.hpp"
#include "threads.hpp"

#ifdef REELFEEL_X86

REELFEEL_EXPORT void reelfeel_lstm_pack(const float* kernel, const float* recurrent, int features,
                                        int units, std::uint16_t* forward,
                                        std::uint16_t* backward) {
  reelfeel::lstm_pack_forward_amx(kernel, recurrent, features, units, forward);
  if (backward) reelfeel::lstm_pack_backward_amx(kernel, recurrent, features, units, backward);
}

REELFEEL_EXPORT void reelfeel_arrange(const reelfeel::Arrangement* arguments, int into_blocks,
                                      int num_threads) {
    const auto arrange =
        into_blocks ? reelfeel::arrange_blocks_amx : reelfeel::arrange_plain_amx;
    share(arguments->rows, 16, num_threads, [=](int first_row, int num_rows, int) {
        arrange(*arguments, first_row, num_rows);
    });
}

REELFEEL_EXPORT void reelfeel_lstm_forward(const reelfeel::LstmForward* arguments,
                                           int num_threads) {
  share(arguments->rows, 16, num_threads, [=](int first_row, int num_rows, int) {
    reelfeel::lstm_forward_amx(*arguments, first_row, num_rows);
  });
}

REELFEEL_EXPORT void reelfeel_lstm_backward(const reelfeel::LstmBackward* arguments,
                                            int num_threads) {
  share(arguments->rows, 16, num_threads, [=](int first_row, int num_rows, int) {
    reelfeel::lstm_backward_amx(*arguments, first_row, num_rows);
  });
}

REELFEEL_EXPORT void reelfeel_lstm_gradients(const reelfeel::LstmGradients* arguments,
                                             int num_threads) {
  share(4 * arguments->units, 32, num_threads, [=](int first_column, int num_columns, int) {
    reelfeel::lstm_gradients_amx(*arguments, first_column, num_columns);
  });
}

#endif
