// The sampled softmax in bfloat16 on Intel's matrix unit (AMX).

#include "matrix_unit.hpp"
#include "softmax_bf16.hpp"

namespace reelfeel {

const SoftmaxKernel kSoftmaxAmx = {workspace_size, softmax_rows};

}  // namespace reelfeel
