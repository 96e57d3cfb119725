// Sixteen float32 at a time for training, whatever a register holds: one part, two or four.
#pragma once

#include "common/registers.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

struct Lanes {
    Part parts[kParts];
};

#define REELFEEL_EACH_PART(i) \
    REELFEEL_UNROLL           \
    for (int i = 0; i < kParts; ++i)

template <typename Operation>
inline Lanes for_parts(Lanes a, Operation operation) {
    REELFEEL_EACH_PART(i) a.parts[i] = operation(a.parts[i]);
    return a;
}

template <typename Operation>
inline Lanes for_parts(Lanes a, Lanes b, Operation operation) {
    REELFEEL_EACH_PART(i) a.parts[i] = operation(a.parts[i], b.parts[i]);
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
    REELFEEL_EACH_PART(i) c.parts[i] = multiply_add(a.parts[i], b.parts[i], c.parts[i]);
    return c;
}

inline Lanes repeat_lanes(float number) {
    return for_parts(Lanes{}, [=](Part) { return repeat(number); });
}

inline Lanes load_lanes(const float* source) {
    Lanes values;
    REELFEEL_EACH_PART(i) values.parts[i] = load_part(source + i * kPartLanes);
    return values;
}

inline void store_lanes(float* target, Lanes values) {
    REELFEEL_EACH_PART(i) store_part(target + i * kPartLanes, values.parts[i]);
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
