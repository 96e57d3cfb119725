// Numbers of 16 bits as IEEE 754 has them (float16), read as float32, a register at a time. For a
// target's region, as all that is in its namespace.
#pragma once

#include "common/registers.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

struct Half {
    std::uint16_t bits;
};

#if defined(REELFEEL_X86) && REELFEEL_REGISTER_BYTES == 64
constexpr bool kReadsHalves = true;  // with an instruction

inline Part load_part(const Half* source) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(source)));
}
#elif defined(REELFEEL_X86) && REELFEEL_REGISTER_BYTES == 32
constexpr bool kReadsHalves = true;

inline Part load_part(const Half* source) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(source)));
}
#else
constexpr bool kReadsHalves = false;

inline float to_float(Half half) {
    constexpr std::uint32_t kExponent = 0x1fu << 23;
    const std::uint32_t magnitude = std::uint32_t(half.bits & 0x7fff) << 13;
    const std::uint32_t exponent = magnitude & kExponent;
    // Exponents count from 127 in place of 15; the last one stays the last: infinity and NaN.
    std::uint32_t bits = magnitude + ((exponent == kExponent ? 224u : 112u) << 23);
    float number;
    if (exponent == 0) {  // no leading 1: it is added, and taken away as a number
        bits += 1u << 23;
        std::memcpy(&number, &bits, sizeof(number));
        number -= 6.103515625e-5f;
        std::memcpy(&bits, &number, sizeof(bits));
    }
    bits |= std::uint32_t(half.bits & 0x8000) << 16;
    std::memcpy(&number, &bits, sizeof(number));
    return number;
}

inline Part load_part(const Half* source) {
    float numbers[kPartLanes];
    for (int lane = 0; lane < kPartLanes; ++lane) numbers[lane] = to_float(source[lane]);
    return load_part(numbers);
}
#endif

// Any number of them.
inline void read_halves(const Half* source, std::size_t count, float* target) {
    std::size_t i = 0;
    for (; i + kPartLanes <= count; i += kPartLanes) store_part(target + i, load_part(source + i));
    Half rest[kPartLanes] = {};
    float numbers[kPartLanes];
    std::copy(source + i, source + count, rest);
    store_part(numbers, load_part(rest));
    std::copy(numbers, numbers + (count - i), target + i);
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
