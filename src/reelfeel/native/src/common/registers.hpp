// What one register holds of float32 numbers, on any processor: the operations that have no
// operator. For a target's region (target_begin.hpp), as all that is in its namespace.
#pragma once

// Put before a loop over registers, which unrolls it by the letter: g++ 12 keeps in memory what it
// indexes.
#ifdef __clang__
#define REELFEEL_UNROLL _Pragma("unroll")
#else
#define REELFEEL_UNROLL _Pragma("GCC unroll 32")
#endif

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

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
