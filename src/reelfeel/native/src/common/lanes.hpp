// Sixteen float32 at a time for training, whatever a register holds: one part, two or four.
#pragma once

#include "common/vector_math.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

// a * b + c and c - a * b, with one rounding where the processor has an instruction for it.
#if REELFEEL_REGISTER_BYTES == 64
inline Part multiply_add(Part a, Part b, Part c) { return _mm512_fmadd_ps(a, b, c); }
inline Part subtract_product(Part a, Part b, Part c) { return _mm512_fnmadd_ps(a, b, c); }
#elif REELFEEL_REGISTER_BYTES == 32
inline Part multiply_add(Part a, Part b, Part c) { return _mm256_fmadd_ps(a, b, c); }
inline Part subtract_product(Part a, Part b, Part c) { return _mm256_fnmadd_ps(a, b, c); }
#else
inline Part multiply_add(Part a, Part b, Part c) { return a * b + c; }
inline Part subtract_product(Part a, Part b, Part c) { return c - a * b; }
#endif

struct Lanes {
    Part parts[kParts];
};

// Loops over parts are unrolled by the letter: g++ 12 keeps what it indexes in memory.
#ifdef __clang__
#define REELFEEL_EACH_PART _Pragma("unroll") for (int i = 0; i < kParts; ++i)
#else
#define REELFEEL_EACH_PART _Pragma("GCC unroll 4") for (int i = 0; i < kParts; ++i)
#endif

template <typename Operation>
inline Lanes for_parts(Lanes a, Operation operation) {
    REELFEEL_EACH_PART a.parts[i] = operation(a.parts[i]);
    return a;
}

template <typename Operation>
inline Lanes for_parts(Lanes a, Lanes b, Operation operation) {
    REELFEEL_EACH_PART a.parts[i] = operation(a.parts[i], b.parts[i]);
    return a;
}

inline Lanes operator+(Lanes a, Lanes b) {
    return for_parts(a, b, [](Part x, Part y) { return x + y; });
}

inline Lanes operator-(Lanes a, Lanes b) {
    return for_parts(a, b, [](Part x, Part y) { return x - y; });
}

inline Lanes operator*(Lanes a, Lanes b) {
    return for_parts(a, b, [](Part x, Part y) { return x * y; });
}

inline Lanes larger_of(Lanes before, Lanes now) {
    return for_parts(before, now, [](Part x, Part y) { return larger_of(x, y); });
}

inline Lanes multiply_add(Lanes a, Lanes b, Lanes c) {
    REELFEEL_EACH_PART c.parts[i] = multiply_add(a.parts[i], b.parts[i], c.parts[i]);
    return c;
}

inline Lanes repeat_lanes(float number) {
    return for_parts(Lanes{}, [=](Part) { return repeat(number); });
}

inline Lanes load_lanes(const float* source) {
    Lanes values;
    REELFEEL_EACH_PART values.parts[i] = load_part(source + i * kPartLanes);
    return values;
}

inline void store_lanes(float* target, Lanes values) {
    REELFEEL_EACH_PART store_part(target + i * kPartLanes, values.parts[i]);
}

// The sum, or the largest, of all sixteen: halves on halves, the same order for any register.
template <typename Operation>
inline float fold(Lanes values, Operation operation) {
    float numbers[kLanes];
    store_lanes(numbers, values);
    for (int width = kLanes / 2; width > 0; width /= 2)
        for (int i = 0; i < width; ++i) numbers[i] = operation(numbers[i], numbers[i + width]);
    return numbers[0];
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
