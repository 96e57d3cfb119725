// Intel's matrix unit (AMX) and the element-wise operations around it. In an unnamed namespace for
// the reason that vector_math.hpp gives.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "vector_math.hpp"

namespace {

constexpr int kTileRows = 16;
constexpr int kTileDepth = 32;  // bfloat16 numbers in a tile's row
constexpr int kTileSize = kTileRows * kTileDepth;

using bf16 = std::uint16_t;

struct TileConfig {
  std::uint8_t palette, start_row, reserved[14];
  std::uint16_t bytes_per_row[16];
  std::uint8_t rows[16];
};

// Tiles 0-3 accumulate, 4-5 hold rows of the left matrix, 6-7 columns of the right one. Not a local
// variable: g++ 12 believes that only its first bytes are read, and leaves out writing the rest.
alignas(64) const TileConfig kTileConfig = {
    1, 0, {}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};

class TileUnit {
 public:
  TileUnit() { _tile_loadconfig(&kTileConfig); }
  ~TileUnit() { _tile_release(); }
};

inline int ceil_div(int number, int divisor) { return (number + divisor - 1) / divisor; }

inline __m512 load_bf16(const bf16* source) {
  const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(source));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

inline __m256i to_bf16(__m512 values) { return (__m256i)_mm512_cvtneps_pbh(values); }

inline void store_bf16(bf16* target, __m512 values) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(target), to_bf16(values));
}

// exp2 by a polynomial on [-0.5, 0.5] (relative error 2e-7) and a shift of the exponent.
inline __m512 quick_exp2(__m512 x) {
  const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 part = _mm512_sub_ps(x, whole);
  __m512 sum = _mm512_set1_ps(1.33335581e-3f);
  sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(9.61812911e-3f));
  sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(5.55041087e-2f));
  sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(2.40226507e-1f));
  sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(6.93147181e-1f));
  sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(1.0f));
  return _mm512_scalef_ps(sum, whole);
}

// 1 / (1 + 2^x), with one Newton step after the hardware's 14 bits.
inline __m512 one_over_one_plus_exp2(__m512 x) {
  // Above 2^120 the Newton step would multiply infinity by zero. NaN stays NaN: min gives its
  // second operand where one is NaN.
  const __m512 power = quick_exp2(_mm512_min_ps(_mm512_set1_ps(120.0f), x));
  const __m512 sum = _mm512_add_ps(power, _mm512_set1_ps(1.0f));
  const __m512 guess = _mm512_rcp14_ps(sum);
  return _mm512_mul_ps(guess, _mm512_fnmadd_ps(sum, guess, _mm512_set1_ps(2.0f)));
}

constexpr float kLog2E = 1.44269504f;

inline __m512 quick_sigmoid(__m512 x) {
  return one_over_one_plus_exp2(_mm512_mul_ps(x, _mm512_set1_ps(-kLog2E)));
}

inline __m512 quick_tanh(__m512 x) {
  const __m512 half = one_over_one_plus_exp2(_mm512_mul_ps(x, _mm512_set1_ps(-2 * kLog2E)));
  return _mm512_fmsub_ps(half, _mm512_set1_ps(2.0f), _mm512_set1_ps(1.0f));
}

// The left matrix of a product, in blocks of columns that hold all rows.
struct Blocks {
  const bf16* data;
  std::ptrdiff_t block_size;  // numbers from one block to the next
  int tiles_per_block;        // 1: blocks of 32 columns; 2: of 64

  const bf16* tile(int k) const {
    return tiles_per_block == 1 ? data + k * block_size
                                : data + (k / 2) * block_size + (k % 2) * kTileDepth;
  }
  int row_size() const { return tiles_per_block * kTileDepth; }
};

// g++ 12 does not know that a tile is loaded from memory: it could store the numbers afterwards.
inline void finish_stores() { __asm__ volatile("" ::: "memory"); }

// 32 rows times two column tiles; `right` holds the two tiles of each depth in turn.
inline void multiply_32_rows(const Blocks& left, int row, const bf16* right, int depth, float* result,
                      int result_size) {
  const int left_bytes = left.row_size() * 2, result_bytes = result_size * 4;
  const std::ptrdiff_t start = std::ptrdiff_t(row) * left.row_size();
  finish_stores();
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int k = 0; k < depth; ++k, right += 2 * kTileSize) {
    const bf16* upper = left.tile(k) + start;
    _tile_loadd(6, right, 64);
    _tile_loadd(4, upper, left_bytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, right + kTileSize, 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, upper + kTileRows * left.row_size(), left_bytes);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, result, result_bytes);
  _tile_stored(1, result + kLanes, result_bytes);
  _tile_stored(2, result + kTileRows * result_size, result_bytes);
  _tile_stored(3, result + kTileRows * result_size + kLanes, result_bytes);
}

inline void multiply_16_rows(const Blocks& left, int row, const bf16* right, int depth, float* result,
                      int result_size) {
  const int left_bytes = left.row_size() * 2, result_bytes = result_size * 4;
  const std::ptrdiff_t start = std::ptrdiff_t(row) * left.row_size();
  finish_stores();
  _tile_zero(0);
  _tile_zero(1);
  for (int k = 0; k < depth; ++k, right += 2 * kTileSize) {
    _tile_loadd(4, left.tile(k) + start, left_bytes);
    _tile_loadd(6, right, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, right + kTileSize, 64);
    _tile_dpbf16ps(1, 4, 7);
  }
  _tile_stored(0, result, result_bytes);
  _tile_stored(1, result + kLanes, result_bytes);
}

// Of each row `result_size` numbers are apart in the result.
inline void multiply_tiles(const Blocks& left, const bf16* right, int depth, int rows, float* result,
              int result_size) {
  int row = 0;
  for (; row + 32 <= rows; row += 32)
    multiply_32_rows(left, row, right, depth, result + row * result_size, result_size);
  if (row < rows) multiply_16_rows(left, row, right, depth, result + row * result_size, result_size);
}

}  // namespace
