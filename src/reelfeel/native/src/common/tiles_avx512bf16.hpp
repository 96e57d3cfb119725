// Products of tiles with vectors (AVX512-BF16), for processors without a matrix unit: what
// tiles_amx.hpp has, under the same names. One instruction adds the products of two columns to
// sixteen sums.
#pragma once

#include "common/bfloat16.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

// Nothing has to be switched on.
class ProductUnit {
 public:
    ProductUnit() {}
};

inline __m512bh load_weight_pairs(const bf16* source) {
    return (__m512bh)_mm512_loadu_si512(source);
}

inline __m512bh repeat_pair(const bf16* source) {
    std::int32_t pair;
    std::memcpy(&pair, source, sizeof(pair));
    return (__m512bh)_mm512_set1_epi32(pair);
}

// Sums of eight rows and two column tiles stay in registers: 16 of 32, with two of the right
// matrix.
constexpr int kRowsAtOnce = 8;

// `right` holds the two tiles of each depth in turn. Sums begin with `result` or with 0.
template <bool kAdds>
inline void multiply_rows(const Blocks& left, int row, const bf16* right, int depth, float* result,
                          std::ptrdiff_t result_size) {
    const std::ptrdiff_t row_size = left.row_size(), start = row * row_size;
    __m512 sums[kRowsAtOnce][2];
    for (int i = 0; i < kRowsAtOnce; ++i)
        for (int column = 0; column < 2; ++column)
            sums[i][column] = kAdds ? _mm512_loadu_ps(result + i * result_size + column * kLanes)
                                    : _mm512_setzero_ps();
    for (int k = 0; k < depth; ++k, right += 2 * kTileSize) {
        const bf16* pairs = left.tile(k) + start;
        for (int pair = 0; pair < kTileRows; ++pair) {
            const __m512bh first = load_weight_pairs(right + pair * kTileDepth);
            const __m512bh second = load_weight_pairs(right + kTileSize + pair * kTileDepth);
            for (int i = 0; i < kRowsAtOnce; ++i) {
                const __m512bh repeated = repeat_pair(pairs + i * row_size + 2 * pair);
                sums[i][0] = _mm512_dpbf16_ps(sums[i][0], repeated, first);
                sums[i][1] = _mm512_dpbf16_ps(sums[i][1], repeated, second);
            }
        }
    }
    for (int i = 0; i < kRowsAtOnce; ++i)
        for (int column = 0; column < 2; ++column)
            _mm512_storeu_ps(result + i * result_size + column * kLanes, sums[i][column]);
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET

#include "common/products_by_rows.hpp"
