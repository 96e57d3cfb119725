// Tiles for products that sum over tokens, as the gradient of a weight does.
#pragma once

#include REELFEEL_UNIT

namespace reelfeel::REELFEEL_TARGET {
namespace {

// 32 numbers times `scale`, rounded.
inline Numbers load_scaled(const float* numbers, Lanes scale) {
    return to_numbers(load_lanes(numbers) * scale, load_lanes(numbers + kLanes) * scale);
}

// Turns tiles of tokens, where the unit wants that, into those of a left matrix.
inline void finish_left(const Number* tiles, int num_tiles, Number* left) {
    if (!kTransposesLeft) return;
    for (int tile = 0; tile < num_tiles; ++tile)
        transpose_tile(tiles + tile * kTileSize, left + tile * kTileSize);
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
