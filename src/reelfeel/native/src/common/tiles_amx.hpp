// Products of tiles on Intel's matrix unit (AMX). The other units have the same ones, under the
// same names: tiles_avx512bf16.hpp, tiles_portable_bf16.hpp, and in float32 tiles_float32.hpp.
#pragma once

#include "common/bfloat16.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

struct TileConfig {
    std::uint8_t palette, start_row, reserved[14];
    std::uint16_t bytes_per_row[16];
    std::uint8_t rows[16];
};

// Tiles 0-3 accumulate, 4-5 hold rows of the left matrix, 6-7 columns of the right one. Not a local
// variable: g++ 12 believes that only its first bytes are read, and leaves out writing the rest.
alignas(64) const TileConfig kTileConfig = {
    1, 0, {}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};

// While one lives, its thread can multiply.
class ProductUnit {
 public:
    ProductUnit() { _tile_loadconfig(&kTileConfig); }
    ~ProductUnit() { _tile_release(); }
};

// g++ 12 does not know that a tile is loaded from memory: it could store the numbers afterwards.
inline void finish_stores() { __asm__ volatile("" ::: "memory"); }

// 32 rows times two column tiles; `right` holds the two tiles of each depth in turn.
inline void multiply_32_rows(const Blocks& left, int row, const bf16* right, int depth,
                             float* result, int result_size) {
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

inline void multiply_16_rows(const Blocks& left, int row, const bf16* right, int depth,
                             float* result, int result_size) {
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
inline void multiply_tiles(const Blocks& left, const bf16* right, int depth, int rows,
                           float* result, int result_size) {
    int row = 0;
    for (; row + 32 <= rows; row += 32)
        multiply_32_rows(left, row, right, depth, result + row * result_size, result_size);
    if (row < rows)
        multiply_16_rows(left, row, right, depth, result + row * result_size, result_size);
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
}  // namespace reelfeel::REELFEEL_TARGET
