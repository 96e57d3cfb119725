// bfloat16 numbers: how they are rounded, and lie in memory for products by pairs. On processors
// that round to bfloat16 (AVX512-BF16) with their instructions, elsewhere the same by arithmetic.
#pragma once

#include "common/activations.hpp"
#include "common/tile_layout.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

using bf16 = std::uint16_t;
using Number = bf16;
using Blocks = LeftBlocks<bf16>;

constexpr bool kIsExact = false;
// Rows are multiplied by whole tiles, and threads share these.
constexpr int kRowUnit = kTileRows, kSharedRows = kTileRows;
// Two tiles of rows are turned into columns before they are a left matrix.
constexpr bool kTransposesLeft = true;

inline Part quick_sigmoid(Part x) { return sigmoid_part<kIsExact>(x); }
inline Part quick_tanh(Part x) { return tanh_part<kIsExact>(x); }

#if REELFEEL_REGISTER_BYTES == 64

inline __m512 load_bf16(const bf16* source) {
    const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(source));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

inline __m256i to_bf16(__m512 values) { return (__m256i)_mm512_cvtneps_pbh(values); }

inline void store_bf16(bf16* target, __m512 values) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(target), to_bf16(values));
}

inline Part load_part(const bf16* source) { return load_bf16(source); }
inline void store_part(bf16* target, Part values) { store_bf16(target, values); }

// A row of 32 numbers.
struct Numbers {
    __m512i bits;
};

inline Numbers load_numbers(const bf16* source) { return {_mm512_loadu_si512(source)}; }
inline void store_numbers(bf16* target, Numbers row) { _mm512_storeu_si512(target, row.bits); }
inline Numbers no_numbers() { return {_mm512_setzero_si512()}; }

inline Numbers to_numbers(Lanes low, Lanes high) {
    return {(__m512i)_mm512_cvtne2ps_pbh(high.parts[0], low.parts[0])};
}

// Rows 2 * pair and 2 * pair + 1 of two tiles, which hold the numbers' first and second sixteen.
inline void store_pair(bf16* tiles, int pair, Numbers even, Numbers odd) {
    alignas(64) static const std::uint16_t kLow[32] = {0,  32, 1,  33, 2,  34, 3,  35, 4,  36, 5,
                                                       37, 6,  38, 7,  39, 8,  40, 9,  41, 10, 42,
                                                       11, 43, 12, 44, 13, 45, 14, 46, 15, 47};
    const __m512i low = _mm512_load_si512(kLow);
    const __m512i high = _mm512_add_epi16(low, _mm512_set1_epi16(16));
    bf16* target = tiles + pair * kTileDepth;
    _mm512_storeu_si512(target, _mm512_permutex2var_epi16(even.bits, low, odd.bits));
    _mm512_storeu_si512(target + kTileSize, _mm512_permutex2var_epi16(even.bits, high, odd.bits));
}

// A column of a tile.
inline void store_column(bf16* tile, int column, Numbers numbers) {
    const __m512i apart =
        _mm512_mullo_epi32(_mm512_set1_epi32(kTileRows),
                           _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    _mm512_i32scatter_epi32(reinterpret_cast<std::int32_t*>(tile) + column, apart, numbers.bits, 4);
}

#else

typedef std::uint16_t HalfPart __attribute__((vector_size(kPartBytes / 2)));
typedef std::uint32_t BitsPart __attribute__((vector_size(kPartBytes)));

inline Part load_part(const bf16* source) {
    HalfPart halves;
    std::memcpy(&halves, source, sizeof(halves));
    const BitsPart bits = __builtin_convertvector(halves, BitsPart) << 16;
    Part part;
    std::memcpy(&part, &bits, sizeof(part));
    return part;
}

// As the instruction does: to the nearest, of two the even one; NaN stays NaN, and what is too
// small for a full significand becomes 0.
inline void store_part(bf16* target, Part part) {
    BitsPart bits;
    std::memcpy(&bits, &part, sizeof(bits));
    const BitsPart size = bits & 0x7fffffffu;
    const BitsPart nearest = (bits + (0x7fffu + ((bits >> 16) & 1u))) >> 16;
    const BitsPart rounded = size > 0x7f800000u   ? (bits >> 16) | 0x40u
                             : size < 0x00800000u ? (bits >> 16) & 0x8000u
                                                  : nearest;
    const HalfPart halves = __builtin_convertvector(rounded, HalfPart);
    std::memcpy(target, &halves, sizeof(halves));
}

// A row of 32 numbers.
struct Numbers {
    bf16 row[kTileDepth];
};

inline Numbers load_numbers(const bf16* source) {
    Numbers numbers;
    std::memcpy(numbers.row, source, sizeof(numbers.row));
    return numbers;
}

inline void store_numbers(bf16* target, const Numbers& numbers) {
    std::memcpy(target, numbers.row, sizeof(numbers.row));
}

inline Numbers no_numbers() { return {}; }

inline Numbers to_numbers(Lanes low, Lanes high) {
    Numbers numbers;
    REELFEEL_EACH_PART(i) {
        store_part(numbers.row + i * kPartLanes, low.parts[i]);
        store_part(numbers.row + kLanes + i * kPartLanes, high.parts[i]);
    }
    return numbers;
}

// Rows 2 * pair and 2 * pair + 1 of two tiles, which hold the numbers' first and second sixteen.
inline void store_pair(bf16* tiles, int pair, const Numbers& even, const Numbers& odd) {
    bf16* target = tiles + pair * kTileDepth;
    for (int i = 0; i < kLanes; ++i) {
        target[2 * i] = even.row[i];
        target[2 * i + 1] = odd.row[i];
        target[kTileSize + 2 * i] = even.row[kLanes + i];
        target[kTileSize + 2 * i + 1] = odd.row[kLanes + i];
    }
}

// A column of a tile.
inline void store_column(bf16* tile, int column, const Numbers& numbers) {
    for (int pair = 0; pair < kTileRows; ++pair)
        std::memcpy(tile + pair * kTileDepth + 2 * column, numbers.row + 2 * pair,
                    2 * sizeof(bf16));
}

#endif

// Sixteen numbers.
inline Lanes load_lanes(const bf16* source) {
    Lanes values;
    REELFEEL_EACH_PART(i) values.parts[i] = load_part(source + i * kPartLanes);
    return values;
}

inline void store_lanes(bf16* target, Lanes values) {
    REELFEEL_EACH_PART(i) store_part(target + i * kPartLanes, values.parts[i]);
}

// Turns a tile of token pairs (16 pairs, 16 dimensions) into one of dimensions.
inline void transpose_tile(const bf16* source, bf16* target) {
    for (int pair = 0; pair < kTileRows; ++pair)
        store_column(target, pair, load_numbers(source + pair * kTileDepth));
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
