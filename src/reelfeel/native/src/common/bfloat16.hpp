// bfloat16 numbers: how they lie in memory for products by pairs, and the element-wise operations
// around them.
#pragma once

#include "common/vector_math.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

// A tile: sixteen rows of 32 numbers. Of a right matrix each row holds sixteen columns of two rows.
constexpr int kTileRows = 16;
constexpr int kTileDepth = 32;  // bfloat16 numbers in a tile's row
constexpr int kTileSize = kTileRows * kTileDepth;

using bf16 = std::uint16_t;

inline int ceil_div(int number, int divisor) { return (number + divisor - 1) / divisor; }

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

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
