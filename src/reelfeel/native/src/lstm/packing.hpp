// How the weights and inputs of a bfloat16 LSTM lie in memory, whichever unit multiplies them;
// kernel.cpp has the layouts.

#pragma once

#include "common/bfloat16.hpp"
#include "lstm/lstm.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

inline void pack_forward(const float* kernel, const float* recurrent, int features, int units,
                       bf16* packed) {
  const int columns = kGates * units, depth = lstm_blocks(features, recurrent ? units : 0);
  const int first_unit = ceil_div(features, kTileDepth) * kTileDepth;
  const auto row_of = [&](int k) -> const float* {
    if (k < features) return kernel + std::ptrdiff_t(k) * columns;
    if (k < first_unit || k >= first_unit + units) return nullptr;
    return recurrent + std::ptrdiff_t(k - first_unit) * columns;
  };
  for (int unit = 0; unit < units; unit += kLanes)
    for (int pair = 0; pair < 2; ++pair)
      for (int k = 0; k < depth; ++k)
        for (int gate = 2 * pair; gate < 2 * pair + 2; ++gate)
          for (int row = 0; row < kTileRows; ++row, packed += kTileDepth) {
            const float* even = row_of(k * kTileDepth + 2 * row);
            const float* odd = row_of(k * kTileDepth + 2 * row + 1);
            const int column = gate * units + unit;
            const __m512 zero = _mm512_setzero_ps();
            const __m512i low =
                _mm512_cvtepu16_epi32(to_bf16(even ? _mm512_loadu_ps(even + column) : zero));
            const __m512i high =
                _mm512_cvtepu16_epi32(to_bf16(odd ? _mm512_loadu_ps(odd + column) : zero));
            _mm512_storeu_si512(packed, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
          }
}

inline void pack_backward(const float* kernel, const float* recurrent, int features, int units,
                        bf16* packed) {
  // The gradients of [x_t | h_(t-1)] are d_gates times the transposed [W, R].
  const int columns = kGates * units, depth = columns / kTileDepth;
  const int targets = lstm_blocks(features, units) * kTileDepth;
  const int first_unit = ceil_div(features, kTileDepth) * kTileDepth;
  const __m512i scatter =
      _mm512_mullo_epi32(_mm512_set1_epi32(kLanes), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
                                                                      10, 11, 12, 13, 14, 15));
  const auto row_of = [&](int n) -> const float* {
    if (n < features) return kernel + std::ptrdiff_t(n) * columns;
    if (n < first_unit || n >= first_unit + units) return nullptr;
    return recurrent + std::ptrdiff_t(n - first_unit) * columns;
  };
  for (int target = 0; target < targets; target += 2 * kLanes)
    for (int k = 0; k < depth; ++k)
      for (int tile = 0; tile < 2; ++tile, packed += kTileSize)
        for (int lane = 0; lane < kLanes; ++lane) {
          // A depth of 32 is two gates of sixteen units.
          const int unit = (k / 2) * kLanes, gate = (k % 2) * 2;
          const float* row = row_of(target + tile * kLanes + lane);
          __m512i pairs = _mm512_setzero_si512();
          if (row) {
            const __m256i first = to_bf16(_mm512_loadu_ps(row + gate * units + unit));
            const __m256i second = to_bf16(_mm512_loadu_ps(row + (gate + 1) * units + unit));
            pairs = _mm512_inserti64x4(_mm512_castsi256_si512(first), second, 1);
          }
          _mm512_i32scatter_epi32(reinterpret_cast<std::int32_t*>(packed) + lane, scatter, pairs,
                                  4);
        }
}

inline __mmask16 lanes_left(int width, int column) {
    const int left = std::clamp(width - column, 0, kLanes);
    return static_cast<__mmask16>((1u << left) - 1);
}

inline bf16* block_row(const Arrangement& a, int step, int index, int row) {
    return a.blocks + ((std::ptrdiff_t(step) * a.num_blocks + index) * a.rows + row) * a.block_width;
}

inline void arrange_blocks(const Arrangement& a, int first_row, int num_rows) {
    const int used_blocks = ceil_div(a.width, a.block_width);
    for (int step = 0; step < a.steps; ++step)
        for (int row = first_row; row < first_row + num_rows; ++row) {
            const float* source = a.plain + (std::ptrdiff_t(row) * a.steps + step) * a.width;
            const int width = row < a.batch ? a.width : 0;
            for (int index = 0; index < used_blocks; ++index)
                for (int lane = 0; lane < a.block_width; lane += kLanes) {
                    const int column = index * a.block_width + lane;
                    store_bf16(block_row(a, step, index, row) + lane,
                               _mm512_maskz_loadu_ps(lanes_left(width, column), source + column));
                }
        }
}

inline void arrange_plain(const Arrangement& a, int first_row, int num_rows) {
    const int used_blocks = ceil_div(a.width, a.block_width);
    const int last_row = std::min(first_row + num_rows, a.batch);
    for (int step = 0; step < a.steps; ++step)
        for (int row = first_row; row < last_row; ++row) {
            float* target = a.plain + (std::ptrdiff_t(row) * a.steps + step) * a.width;
            for (int index = 0; index < used_blocks; ++index)
                for (int lane = 0; lane < a.block_width; lane += kLanes) {
                    const int column = index * a.block_width + lane;
                    _mm512_mask_storeu_ps(target + column, lanes_left(a.width, column),
                                          load_bf16(block_row(a, step, index, row) + lane));
                }
        }
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
