// How the weights and inputs of an LSTM lie in memory, whichever unit multiplies them; kernel.cpp
// has the layouts. Behind the header of a unit, which says what a number is.

#pragma once

#include "lstm/lstm.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

inline void pack_forward(const float* kernel, const float* recurrent, int features, int units,
                         void* packed) {
    Number* tiles = static_cast<Number*>(packed);
    const int columns = kGates * units, depth = lstm_blocks(features, recurrent ? units : 0);
    const int first_unit = ceil_div(features, kTileDepth) * kTileDepth;
    // Two gates of sixteen units.
    const auto numbers = [&](int k, int column) {
        const float* row = nullptr;
        if (k < features)
            row = kernel + std::ptrdiff_t(k) * columns;
        else if (k >= first_unit && k < first_unit + units)
            row = recurrent + std::ptrdiff_t(k - first_unit) * columns;
        return row ? to_numbers(load_lanes(row + column), load_lanes(row + column + units))
                   : no_numbers();
    };
    for (int unit = 0; unit < units; unit += kLanes)
        for (int gate = 0; gate < kGates; gate += 2)
            for (int k = 0; k < depth; ++k, tiles += 2 * kTileSize)
                for (int pair = 0; pair < kTileRows; ++pair) {
                    const int row = k * kTileDepth + 2 * pair, column = gate * units + unit;
                    store_pair(tiles, pair, numbers(row, column), numbers(row + 1, column));
                }
}

inline void pack_backward(const float* kernel, const float* recurrent, int features, int units,
                          void* packed) {
    // The gradients of [x_t | h_(t-1)] are d_gates times the transposed [W, R].
    Number* tile = static_cast<Number*>(packed);
    const int columns = kGates * units, depth = columns / kTileDepth;
    const int targets = lstm_blocks(features, units) * kTileDepth;
    const int first_unit = ceil_div(features, kTileDepth) * kTileDepth;
    // A depth of 32 is two gates of sixteen units.
    const auto numbers = [&](int n, int k) {
        const float* row = nullptr;
        if (n < features)
            row = kernel + std::ptrdiff_t(n) * columns;
        else if (n >= first_unit && n < first_unit + units)
            row = recurrent + std::ptrdiff_t(n - first_unit) * columns;
        if (!row) return no_numbers();
        row += (k % 2) * 2 * units + (k / 2) * kLanes;
        return to_numbers(load_lanes(row), load_lanes(row + units));
    };
    for (int target = 0; target < targets; target += 2 * kLanes)
        for (int k = 0; k < depth; ++k)
            for (int half = 0; half < 2; ++half, tile += kTileSize)
                for (int lane = 0; lane < kLanes; ++lane)
                    store_column(tile, lane, numbers(target + half * kLanes + lane, k));
}

inline Number* block_row(const Arrangement& a, int step, int index, int row) {
    return static_cast<Number*>(a.blocks) +
           ((std::ptrdiff_t(step) * a.num_blocks + index) * a.rows + row) * a.block_width;
}

// Sixteen numbers of a row that ends at `width`, filled up with zeros.
inline Lanes load_filled(const float* source, int width) {
    if (width >= kLanes) return load_lanes(source);
    float numbers[kLanes] = {};
    if (width > 0) std::memcpy(numbers, source, width * sizeof(float));
    return load_lanes(numbers);
}

// Those of sixteen numbers that lie before `width`.
inline void store_first(float* target, int width, Lanes values) {
    if (width >= kLanes) return store_lanes(target, values);
    float numbers[kLanes];
    store_lanes(numbers, values);
    std::memcpy(target, numbers, width * sizeof(float));
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
                    store_lanes(block_row(a, step, index, row) + lane,
                                load_filled(source + column, width - column));
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
                    if (column >= a.width) break;
                    store_first(target + column, a.width - column,
                                load_lanes(block_row(a, step, index, row) + lane));
                }
        }
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
