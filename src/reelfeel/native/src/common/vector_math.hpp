// Sixteen float32 at a time, on any processor: in one register, or in two or four where registers
// are narrower. For a target's region (target_begin.hpp), as all that is in its namespace.
#pragma once

namespace reelfeel::REELFEEL_TARGET {
namespace {

constexpr int kLanes = 16;

constexpr int kPartBytes = REELFEEL_REGISTER_BYTES;
constexpr int kParts = kLanes * 4 / kPartBytes;

// What one register holds. Not a wider type split by the compiler: g++ 12 does that in memory.
typedef float Part __attribute__((vector_size(kPartBytes)));
typedef std::int32_t IntPart __attribute__((vector_size(kPartBytes)));

constexpr int kPartLanes = kLanes / kParts;

struct Vector {
    Part parts[kParts];
};

inline Part load_part(const float* source) {
    Part part;
    std::memcpy(&part, source, sizeof(part));
    return part;
}

inline void store_part(float* target, Part part) { std::memcpy(target, &part, sizeof(part)); }

// Less 0, not plus 0: that would turn -0 into 0.
inline Part repeat_part(float number) { return number - Part{}; }

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

// Not above a limit, which is a number; NaN stays NaN: these give their second operand then.
#if REELFEEL_REGISTER_BYTES == 64
inline Part limit_part(Part limit, Part x) { return _mm512_min_ps(limit, x); }
#elif REELFEEL_REGISTER_BYTES == 32
inline Part limit_part(Part limit, Part x) { return _mm256_min_ps(limit, x); }
#else
inline Part limit_part(Part limit, Part x) { return limit < x ? limit : x; }
#endif

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

inline Vector operator-(Vector a, Vector b) {
    return map(a, b, [](Part x, Part y) { return x - y; });
}

inline Vector operator*(Vector a, Vector b) {
    return map(a, b, [](Part x, Part y) { return x * y; });
}

inline Vector repeat(float number) {
    return map(Vector{}, [=](Part) { return repeat_part(number); });
}

inline Vector multiply_add(Vector a, Vector b, Vector c) {
    for (int i = 0; i < kParts; ++i) c.parts[i] = multiply_add(a.parts[i], b.parts[i], c.parts[i]);
    return c;
}

// The sum, or the largest, of all sixteen: halves on halves, the same order for any register.
template <typename Operation>
inline float fold(Vector values, Operation operation) {
    float numbers[kLanes];
    std::memcpy(numbers, &values, sizeof(values));
    for (int width = kLanes / 2; width > 0; width /= 2)
        for (int i = 0; i < width; ++i) numbers[i] = operation(numbers[i], numbers[i + width]);
    return numbers[0];
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
