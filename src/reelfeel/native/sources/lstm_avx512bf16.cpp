// One LSTM layer in bfloat16 with vectors (AVX512-BF16).

#include "pair_unit.hpp"
#include "lstm_bf16.hpp"

namespace reelfeel {

const LstmKernel kLstmAvx512Bf16 = {lstm_forward, lstm_backward, lstm_gradients};

}  // namespace reelfeel
