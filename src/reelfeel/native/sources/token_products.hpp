// Products that sum over tokens, as the gradient of a weight does: columns in pairs of tokens, and
// their transposition.
#pragma once

#include "matrix_unit.hpp"

namespace {

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

// Adds left (32 dimensions) times right (32 columns) to `result`; of each depth two tiles each.
inline void add_product(const bf16* left, const bf16* right, int depth, float* result,
                        std::ptrdiff_t stride) {
  float* lower = result + kTileRows * stride;
  finish_stores();
  _tile_loadd(0, result, stride * 4);
  _tile_loadd(1, result + kLanes, stride * 4);
  _tile_loadd(2, lower, stride * 4);
  _tile_loadd(3, lower + kLanes, stride * 4);
  for (int k = 0; k < depth; ++k, left += 2 * kTileSize, right += 2 * kTileSize) {
    _tile_loadd(6, right, 64);
    _tile_loadd(4, left, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, right + kTileSize, 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, left + kTileSize, 64);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, result, stride * 4);
  _tile_stored(1, result + kLanes, stride * 4);
  _tile_stored(2, lower, stride * 4);
  _tile_stored(3, lower + kLanes, stride * 4);
}

}  // namespace
