// float32 numbers, under the names that bfloat16.hpp has: nothing is rounded, and no rows are
// interleaved.
#pragma once

#include "common/activations.hpp"
#include "common/tile_layout.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

using Number = float;
using Blocks = LeftBlocks<float>;

constexpr bool kIsExact = true;
// Rows are multiplied in any number; threads share them in parts of so many.
constexpr int kRowUnit = 1, kSharedRows = 8;
// A column of a left tile is read where it is a row of a right one.
constexpr bool kTransposesLeft = false;

// A row of 32 numbers.
struct Numbers {
    Lanes low, high;
};

inline Numbers load_numbers(const float* source) {
    return {load_lanes(source), load_lanes(source + kLanes)};
}

inline void store_numbers(float* target, Numbers row) {
    store_lanes(target, row.low);
    store_lanes(target + kLanes, row.high);
}

inline Numbers no_numbers() { return {}; }

inline Numbers to_numbers(Lanes low, Lanes high) { return {low, high}; }

// Rows 2 * pair and 2 * pair + 1 of two tiles, which hold the numbers' first and second sixteen.
inline void store_pair(float* tiles, int pair, Numbers even, Numbers odd) {
    float* target = tiles + pair * kTileDepth;
    store_lanes(target, even.low);
    store_lanes(target + kLanes, odd.low);
    store_lanes(target + kTileSize, even.high);
    store_lanes(target + kTileSize + kLanes, odd.high);
}

// A column of a tile.
inline void store_column(float* tile, int column, Numbers numbers) {
    float row[kTileDepth];
    store_numbers(row, numbers);
    for (int i = 0; i < kTileDepth; ++i) tile[i * kLanes + column] = row[i];
}

// Never called; see kTransposesLeft.
inline void transpose_tile(const float*, float*) {}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
