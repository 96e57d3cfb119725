// Tiles for products that sum over tokens, as the gradient of a weight does: columns in pairs of
// tokens, and their transposition.
#pragma once

#include "common/bfloat16.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

// 32 numbers times `scale`, rounded.
inline __m512i load_pairs(const float* numbers, __m512 scale) {
  const __m512 first = _mm512_mul_ps(_mm512_loadu_ps(numbers), scale);
  const __m512 second = _mm512_mul_ps(_mm512_loadu_ps(numbers + kLanes), scale);
  return (__m512i)_mm512_cvtne2ps_pbh(second, first);
}

// 32 columns of two tokens as rows of two tiles, which hold columns in pairs of tokens.
inline void interleave(__m512i even, __m512i odd, bf16* first, bf16* second) {
  alignas(64) static const std::uint16_t kLow[32] = {0,  32, 1,  33, 2,  34, 3,  35, 4,  36, 5,
                                                     37, 6,  38, 7,  39, 8,  40, 9,  41, 10, 42,
                                                     11, 43, 12, 44, 13, 45, 14, 46, 15, 47};
  const __m512i low = _mm512_load_si512(kLow);
  const __m512i high = _mm512_add_epi16(low, _mm512_set1_epi16(16));
  _mm512_storeu_si512(first, _mm512_permutex2var_epi16(even, low, odd));
  _mm512_storeu_si512(second, _mm512_permutex2var_epi16(even, high, odd));
}

// Turns a tile of token pairs (16 pairs, 16 dimensions) into one of dimensions.
inline void transpose_pairs(const bf16* source, bf16* target) {
  const __m512i scatter = _mm512_mullo_epi32(
      _mm512_set1_epi32(16),
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  for (int pair = 0; pair < 16; ++pair)
    _mm512_i32scatter_epi32(reinterpret_cast<std::int32_t*>(target) + pair, scatter,
                            _mm512_loadu_si512(source + pair * kTileDepth), 4);
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
