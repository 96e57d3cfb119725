#include "inference_float.hpp"

namespace reelfeel {

const InferenceKernel kInferencePortable = {false, prepare_tower<FloatArithmetic>,
                                      run_block<FloatArithmetic>};

}  // namespace reelfeel
