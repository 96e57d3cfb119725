#include "inference_float.hpp"

namespace reelfeel {

const InferenceKernel kInferenceAvx512 = {false, prepare_tower<FloatArithmetic>,
                                      run_block<FloatArithmetic>};

}  // namespace reelfeel
