// Products of tiles in float32, with any registers: what tiles_amx.hpp has, under the same names.
// One instruction multiplies a number of a row with some columns and adds it to their sums.
//
// These are training's. Inference has products of its own in float32, inference/panel_products.hpp:
// its weights are packed once and not at every step, so they lie as its few rows read them fastest.
#pragma once

#include "common/float32.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

// Nothing has to be switched on.
class ProductUnit {
 public:
    ProductUnit() {}
};

// A left matrix whose rows and depths are known distances apart, so that the numbers that are
// multiplied at once have constant addresses.
template <int kRowSize, int kDepthSize>
struct LeftTiles {
    Blocks blocks;
    int row, depth;  // the first ones that are wanted

    const float* numbers(int k) const {
        return blocks.tile(depth + k) + std::ptrdiff_t(row) * kRowSize;
    }
};

// How much of a result stays in the registers: all but what one column of weights takes. With 32
// registers eight rows of two tiles, or six rows of one in four parts each; with sixteen six or
// three rows of one tile.
#if REELFEEL_REGISTER_BYTES == 64
constexpr int kTilesAtOnce = 2, kMostRows = 8;
#elif REELFEEL_REGISTER_BYTES == 32 || defined(__aarch64__)
constexpr int kTilesAtOnce = 1, kMostRows = 6;
#else
constexpr int kTilesAtOnce = 1, kMostRows = 3;
#endif
constexpr int kWidth = kTilesAtOnce * kParts;  // registers of one row

template <int kRows, bool kAdds, int kRowSize, int kDepthSize>
inline void multiply_rows(LeftTiles<kRowSize, kDepthSize> left, const float* right, int depth,
                          float* result, std::ptrdiff_t result_size) {
    Part sums[kRows][kWidth] = {};
    if (kAdds)
        for (int row = 0; row < kRows; ++row)
            for (int i = 0; i < kWidth; ++i)
                sums[row][i] = load_part(result + row * result_size + i * kPartLanes);
    for (int k = 0; k < depth; ++k, right += 2 * kTileSize) {
        const float* numbers = left.numbers(k);
        for (int column = 0; column < kTileDepth; ++column) {
            Part weights[kWidth];
            for (int i = 0; i < kWidth; ++i)
                weights[i] = load_part(right + i / kParts * kTileSize + column * kLanes +
                                       i % kParts * kPartLanes);
            for (int row = 0; row < kRows; ++row) {
                const Part number = repeat(numbers[row * kRowSize + column * kDepthSize]);
                for (int i = 0; i < kWidth; ++i)
                    sums[row][i] = multiply_add(number, weights[i], sums[row][i]);
            }
        }
    }
    for (int row = 0; row < kRows; ++row)
        for (int i = 0; i < kWidth; ++i)
            store_part(result + row * result_size + i * kPartLanes, sums[row][i]);
}

// So many rows, not more than kMostRows.
template <bool kAdds, int kRows = kMostRows, typename Left>
inline void multiply_some_rows(Left left, int rows, const float* right, int depth, float* result,
                               std::ptrdiff_t result_size) {
    if (rows == kRows) return multiply_rows<kRows, kAdds>(left, right, depth, result, result_size);
    if constexpr (kRows > 1)
        multiply_some_rows<kAdds, kRows - 1>(left, rows, right, depth, result, result_size);
}

// So many depths of a tile's columns, 16 KB, stay in the first cache for all rows.
constexpr int kDepthAtOnce = 8;

// Any number of rows, in parts of nearly one size: a row alone would wait for its own sums.
template <bool kAdds, typename Left>
inline void multiply_row_parts(Left left, int rows, const float* right, int depth, float* result,
                               std::ptrdiff_t result_size) {
    const int parts = ceil_div(rows, kMostRows);
    for (int part = 0; part < parts; ++part) {
        const int first = rows * part / parts, number = rows * (part + 1) / parts - first;
        Left here = left;
        here.row += first;
        multiply_some_rows<kAdds>(here, number, right, depth, result + first * result_size,
                                  result_size);
    }
}

// `right` holds the two tiles of each depth in turn.
template <bool kAdds, typename Left>
inline void multiply_all_rows(Left left, const float* right, int depth, int rows, float* result,
                              std::ptrdiff_t result_size) {
    for (int tile = 0; tile < 2; tile += kTilesAtOnce)
        for (int k = 0; k < depth; k += kDepthAtOnce) {
            left.depth = k;
            const float* columns = right + std::ptrdiff_t(k) * 2 * kTileSize + tile * kTileSize;
            float* sums = result + tile * kLanes;
            const int number = std::min(kDepthAtOnce, depth - k);
            if (kAdds || k > 0)
                multiply_row_parts<true>(left, rows, columns, number, sums, result_size);
            else
                multiply_row_parts<false>(left, rows, columns, number, sums, result_size);
        }
}

// Any number of rows, of which `result_size` numbers are apart in the result.
inline void multiply_tiles(const Blocks& left, const float* right, int depth, int rows,
                           float* result, int result_size) {
    if (left.tiles_per_block == 1)
        multiply_all_rows<false>(LeftTiles<kTileDepth, 1>{left, 0, 0}, right, depth, rows, result,
                                 result_size);
    else
        multiply_all_rows<false>(LeftTiles<2 * kTileDepth, 1>{left, 0, 0}, right, depth, rows,
                                 result, result_size);
}

inline void multiply_32_rows(const Blocks& left, int row, const float* right, int depth,
                             float* result, int result_size) {
    multiply_all_rows<false>(LeftTiles<kTileDepth, 1>{left, row, 0}, right, depth, 32, result,
                             result_size);
}

// Adds left (32 dimensions) times right (32 columns) to `result`; of each depth two tiles each,
// which hold sixteen dimensions or columns of 32 tokens.
inline void add_product(const float* left, const float* right, int depth, float* result,
                        std::ptrdiff_t result_size) {
    for (int half = 0; half < 2; ++half) {
        const LeftTiles<1, kLanes> rows{{left + half * kTileSize, 2 * kTileSize, 1}, 0, 0};
        multiply_all_rows<true>(rows, right, depth, kTileRows,
                                result + half * kTileRows * result_size, result_size);
    }
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
