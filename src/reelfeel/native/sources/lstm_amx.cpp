// One LSTM layer in bfloat16 on Intel's matrix unit (AMX).

#include "matrix_unit.hpp"
#include "lstm_bf16.hpp"

namespace reelfeel {

const LstmKernel kLstmAmx = {lstm_forward, lstm_backward, lstm_gradients};

}  // namespace reelfeel
