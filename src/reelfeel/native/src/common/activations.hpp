// The gates' functions for training, one register at a time: so sixteen registers hold what is
// between the sums and the new states.
#pragma once

#include "common/lanes.hpp"
#include "common/vector_math.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

#if REELFEEL_REGISTER_BYTES == 64

template <bool kIsExact>
inline Part quick_exp2(Part x) {
    const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return _mm512_scalef_ps(small_power_of_2<kIsExact>(_mm512_sub_ps(x, whole)), whole);
}

// With one Newton step after the hardware's 14 bits.
inline Part one_over(Part x) {
    const __m512 guess = _mm512_rcp14_ps(x);
    return _mm512_mul_ps(guess, _mm512_fnmadd_ps(x, guess, _mm512_set1_ps(2.0f)));
}

#else

// For x up to 126; below -126 it is 0.
template <bool kIsExact>
inline Part quick_exp2(Part x) {
    const Part low = repeat(-126.0f);
    return x < low ? Part{} : bounded_exp2<kIsExact>(larger_of(low, x));
}

// A guess and a Newton step would not be the same on every processor.
inline Part one_over(Part x) { return 1.0f / x; }

#endif

// 1 / (1 + 2^x). Above 2^120 a Newton step would multiply infinity by zero.
template <bool kIsExact>
inline Part one_over_one_plus_exp2(Part x) {
    const Part bounded = smaller_of(repeat(120.0f), x);
#if REELFEEL_REGISTER_BYTES == 64
    return one_over(quick_exp2<kIsExact>(bounded) + 1.0f);
#else
    return one_over(bounded_exp2<kIsExact>(larger_of(repeat(-120.0f), bounded)) + 1.0f);
#endif
}

template <bool kIsExact>
inline Part sigmoid_part(Part x) {
    return one_over_one_plus_exp2<kIsExact>(x * -kLog2OfE);
}

template <bool kIsExact>
inline Part tanh_part(Part x) {
    const Part half = one_over_one_plus_exp2<kIsExact>(x * (-2 * kLog2OfE));
    return multiply_add(half, repeat(2.0f), repeat(-1.0f));
}

template <bool kIsExact>
inline Lanes quick_exp2(Lanes x) {
    return for_parts(x, [](Part part) { return quick_exp2<kIsExact>(part); });
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
