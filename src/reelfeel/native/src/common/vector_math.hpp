// Powers of 2, and the gates' functions made of them, a register at a time on any processor. Those
// of this header are as exact as float32 allows; activations.hpp has the quicker ones of training.
#pragma once

#include "common/registers.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

constexpr float kLog2OfE = 1.44269504f;

// The powers of 2 on [-0.5, 0.5] by a polynomial. For bfloat16 Taylor's, with a relative error of
// 2e-6, a thousandth of the rounding; for float32 the one whose largest error is the smallest,
// 2e-7.
template <bool kIsExact>
inline Part small_power_of_2(Part x) {
    Part sum = repeat(kIsExact ? 1.32647271e-3f : 1.33335581e-3f);
    sum = multiply_add(sum, x, repeat(kIsExact ? 9.67151286e-3f : 9.61812911e-3f));
    sum = multiply_add(sum, x, repeat(kIsExact ? 5.55073375e-2f : 5.55041087e-2f));
    sum = multiply_add(sum, x, repeat(kIsExact ? 2.40222421e-1f : 2.40226507e-1f));
    sum = multiply_add(sum, x, repeat(kIsExact ? 6.93146978e-1f : 6.93147181e-1f));
    return multiply_add(sum, x, repeat(1.0f));
}

// 2^x for x from -126 to 126. NaN stays NaN.
template <bool kIsExact>
inline Part bounded_exp2(Part x) {
    // Adding 1.5 * 2^23 leaves no bits for the fraction; 127 more, and the lowest are an exponent.
    constexpr float kRound = 12582912.0f + 127.0f;
    const Part rounded = x + kRound;
    const Part power = small_power_of_2<kIsExact>(x - (rounded - kRound));
    IntPart exponent;
    std::memcpy(&exponent, &rounded, sizeof(exponent));
    exponent <<= 23;
    Part scale;
    std::memcpy(&scale, &exponent, sizeof(scale));
    return power * scale;
}

// 2^x within a relative 2e-7, for x from -60 to 60 and as at these beyond them. NaN stays.
inline Part exp2_of(Part x) {
    return bounded_exp2<true>(larger_of(repeat(-60.0f), smaller_of(repeat(60.0f), x)));
}

inline Part sigmoid_of(Part x) { return 1.0f / (1.0f + exp2_of(x * -kLog2OfE)); }

// sigmoid(x) tanh(y), with one division. Neither power is above 2^60: their product is finite.
inline Part sigmoid_times_tanh(Part x, Part y) {
    const Part x_power = exp2_of(x * -kLog2OfE), y_power = exp2_of(y * (-2 * kLog2OfE));
    return (1.0f - y_power) / ((1.0f + x_power) * (1.0f + y_power));
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
