// Sixteen float32 at a time, on any processor: in one register, or in two or four where registers
// are narrower. For a target's region (target_begin.hpp), as all that is in its namespace.
#pragma once

namespace reelfeel::REELFEEL_TARGET {
namespace {

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
inline Part larger_of(Part before, Part now) { return _mm512_max_ps(before, now); }
inline Part smaller_of(Part before, Part now) { return _mm512_min_ps(before, now); }
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

struct Vector {
    Part parts[kParts];
};

template <typename Operation>
inline Vector map(Vector a, Operation operation) {
    for (Part& part : a.parts) part = operation(part);
    return a;
}

template <typename Operation>
inline Vector map(Vector a, Vector b, Operation operation) {
    for (int i = 0; i < kParts; ++i) a.parts[i] = operation(a.parts[i], b.parts[i]);
    return a;
}

inline Vector operator+(Vector a, Vector b) {
    return map(a, b, [](Part x, Part y) { return x + y; });
}

inline Vector operator*(Vector a, Vector b) {
    return map(a, b, [](Part x, Part y) { return x * y; });
}

// NaN in either stays: it is not below anything, and nothing is below it.
inline Vector larger_of(Vector before, Vector now) {
    return map(before, now, [](Part x, Part y) { return y < x ? x : y; });
}

inline Vector load(const float* source) {
    Vector values;
    std::memcpy(&values, source, sizeof(values));
    return values;
}

inline void store(float* target, Vector values) { std::memcpy(target, &values, sizeof(values)); }

// 2^x by a polynomial on [-0.5, 0.5] (relative error 2e-7) and a shift of the exponent. Comparisons
// are written so that NaN stays NaN.
inline Part exp2_of(Part x) {
    const Part zero = {};
    x = x > 126.0f ? zero + 126.0f : x;
    x = x < -126.0f ? zero - 126.0f : x;
    // Adding 1.5 * 2^23 leaves no bits for the fraction.
    const Part whole = (x + 12582912.0f) - 12582912.0f;
    const Part part = x - whole;
    Part sum = zero + 1.54035304e-4f;
    sum = sum * part + 1.33335581e-3f;
    sum = sum * part + 9.61812911e-3f;
    sum = sum * part + 5.55041087e-2f;
    sum = sum * part + 2.40226507e-1f;
    sum = sum * part + 6.93147181e-1f;
    sum = sum * part + 1.0f;
    const IntPart exponent = (__builtin_convertvector(whole, IntPart) + 127) << 23;
    Part scale;
    std::memcpy(&scale, &exponent, sizeof(scale));
    return sum * scale;
}

inline Vector sigmoid_of(Vector x) {
    return map(x, [](Part part) { return 1.0f / (1.0f + exp2_of(part * -1.44269504f)); });
}

inline Vector tanh_of(Vector x) {
    return map(x, [](Part part) { return 2.0f / (1.0f + exp2_of(part * -2.88539008f)) - 1.0f; });
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
