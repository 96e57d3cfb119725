// How matrices lie in memory for products by tiles, whatever a number is: bfloat16.hpp and
// float32.hpp say that, and have the same functions.
#pragma once

#include "common/lanes.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

// A tile of a right matrix: 32 rows of sixteen columns. In bfloat16 two rows lie interleaved, as
// sixteen rows of 32 numbers, since the processor multiplies pairs.
constexpr int kTileRows = 16;
constexpr int kTileDepth = 32;
constexpr int kTileSize = kTileRows * kTileDepth;

inline int ceil_div(int number, int divisor) { return (number + divisor - 1) / divisor; }

// The left matrix of a product, in blocks of columns that hold all rows.
template <typename Number>
struct LeftBlocks {
    const Number* data;
    std::ptrdiff_t block_size;  // numbers from one block to the next
    int tiles_per_block;        // 1: blocks of 32 columns; 2: of 64

    const Number* tile(int k) const {
        return tiles_per_block == 1 ? data + k * block_size
                                    : data + (k / 2) * block_size + (k % 2) * kTileDepth;
    }
    int row_size() const { return tiles_per_block * kTileDepth; }
};

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
