// float32 numbers a register at a time, on any processor. For a target's region
// (target_begin.hpp), as all that is in its namespace.
#pragma once

namespace reelfeel::REELFEEL_TARGET {
namespace {

// Layouts count in sixteens, whatever a register holds: one part of them, two or four.
constexpr int kLanes = 16;

constexpr int kPartBytes = REELFEEL_REGISTER_BYTES;
constexpr int kPartLanes = kPartBytes / 4;
constexpr int kParts = kLanes / kPartLanes;

// What one register holds. Not a wider type split by the compiler: g++ 12 does that in memory.
typedef float Part __attribute__((vector_size(kPartBytes)));
typedef std::int32_t IntPart __attribute__((vector_size(kPartBytes)));

inline Part load_part(const float* source) {
    Part numbers;
    std::memcpy(&numbers, source, sizeof(numbers));
    return numbers;
}

inline void store_part(float* target, Part numbers) {
    std::memcpy(target, &numbers, sizeof(numbers));
}

inline Part repeat(float number) { return number - Part{}; }

// The larger of two numbers, the smaller one: `now` where either is NaN. One instruction each, for
// which compilers do not take a comparison and a choice.
#if defined(REELFEEL_X86) && REELFEEL_REGISTER_BYTES == 64
inline Part larger_of(Part before, Part now) { return _mm512_maskz_max_ps(0xffff, before, now); }
inline Part smaller_of(Part before, Part now) { return _mm512_maskz_min_ps(0xffff, before, now); }
#elif defined(REELFEEL_X86) && REELFEEL_REGISTER_BYTES == 32
inline Part larger_of(Part before, Part now) { return _mm256_max_ps(before, now); }
inline Part smaller_of(Part before, Part now) { return _mm256_min_ps(before, now); }
#elif defined(REELFEEL_X86)
inline Part larger_of(Part before, Part now) { return _mm_max_ps(before, now); }
inline Part smaller_of(Part before, Part now) { return _mm_min_ps(before, now); }
#else
inline Part larger_of(Part before, Part now) { return before > now ? before : now; }
inline Part smaller_of(Part before, Part now) { return before < now ? before : now; }
#endif

// 2^x within a relative 2e-7, for x from -60 to 60 and as at these beyond them: a polynomial on
// [-0.5, 0.5] with the smallest largest error, and a shift of the exponent. NaN stays.
inline Part exp2_of(Part x) {
    x = larger_of(repeat(-60.0f), smaller_of(repeat(60.0f), x));
    // Adding 1.5 * 2^23 leaves no bits for the fraction; 127 more, and the lowest are an exponent.
    constexpr float kRound = 12582912.0f + 127.0f;
    const Part rounded = x + kRound;
    const Part part = x - (rounded - kRound);
    Part sum = repeat(1.32647271e-3f);
    sum = sum * part + 9.67151286e-3f;
    sum = sum * part + 5.55073375e-2f;
    sum = sum * part + 2.40222421e-1f;
    sum = sum * part + 6.93146978e-1f;
    sum = sum * part + 1.0f;
    IntPart exponent;
    std::memcpy(&exponent, &rounded, sizeof(exponent));
    exponent <<= 23;
    Part scale;
    std::memcpy(&scale, &exponent, sizeof(scale));
    return sum * scale;
}

constexpr float kLog2OfE = 1.44269504f;

inline Part sigmoid_of(Part x) { return 1.0f / (1.0f + exp2_of(x * -kLog2OfE)); }

// sigmoid(x) tanh(y), with one division. Neither power is above 2^60: their product is finite.
inline Part sigmoid_times_tanh(Part x, Part y) {
    const Part x_power = exp2_of(x * -kLog2OfE), y_power = exp2_of(y * (-2 * kLog2OfE));
    return (1.0f - y_power) / ((1.0f + x_power) * (1.0f + y_power));
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
