// float32 numbers, under the names that bfloat16.hpp has: nothing is rounded, and no rows are
// interleaved.
#pragma once

#include "common/activations.hpp"
#include "common/numbers.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

using Number = float;
using Blocks = LeftBlocks<float>;

constexpr bool kIsExact = true;
// A column of a left tile is read where it is a row of a right one.
constexpr bool kTransposesLeft = false;

// A row of 32 numbers.
struct Numbers {
  Vector low, high;
};

inline Numbers load_numbers(const float* source) { return {load(source), load(source + kLanes)}; }

inline void store_numbers(float* target, Numbers row) {
  store(target, row.low);
  store(target + kLanes, row.high);
}

inline Numbers no_numbers() { return {}; }

inline Numbers to_numbers(Vector low, Vector high) { return {low, high}; }

// Rows 2 * pair and 2 * pair + 1 of two tiles, which hold the numbers' first and second sixteen.
inline void store_pair(float* tiles, int pair, Numbers even, Numbers odd) {
  float* target = tiles + pair * kTileDepth;
  store(target, even.low);
  store(target + kLanes, odd.low);
  store(target + kTileSize, even.high);
  store(target + kTileSize + kLanes, odd.high);
}

// A column of a tile.
inline void store_column(float* tile, int column, Numbers numbers) {
  float row[kTileDepth];
  store_numbers(row, numbers);
  for (int i = 0; i < kTileDepth; ++i) tile[i * kLanes + column] = row[i];
}

// Sixteen numbers.
inline Vector load_vector(const float* source) { return load(source); }
inline void store_vector(float* target, Vector values) { store(target, values); }

// Never called; see kTransposesLeft.
inline void transpose_tile(const float*, float*) {}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
