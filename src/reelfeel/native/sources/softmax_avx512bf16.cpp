// The sampled softmax in bfloat16 with vectors (AVX512-BF16).

#include "pair_unit.hpp"
#include "softmax_bf16.hpp"

namespace reelfeel {

const SoftmaxKernel kSoftmaxAvx512Bf16 = {workspace_size, softmax_rows};

}  // namespace reelfeel
