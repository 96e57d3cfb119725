// What both kernels for bfloat16 share: numbers, layouts and element-wise operations. A row's inputs
// lie in blocks of 32 columns; lstm/kernel.cpp explains that, and how weights are packed.
#pragma once

#include "common/bfloat16.hpp"
#include "inference/time_steps.hpp"
#include "lstm/packing.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

struct Bfloat16Arithmetic {
    using Number = bf16;

    static int padded_columns(int columns) { return ceil_div(columns, kTileDepth) * kTileDepth; }
    static const Number* table(const Tower& tower) { return tower.table_bf16.data(); }
    static std::vector<Number>& table_of(Tower& tower) { return tower.table_bf16; }
    static Vector get(const Number* source) { return {{load_bf16(source)}}; }
    static void put(Vector values, Number* target) { store_bf16(target, values.parts[0]); }
    static Vector sigmoid(Vector x) { return {{quick_sigmoid(x.parts[0])}}; }
    static Vector tanh(Vector x) { return {{quick_tanh(x.parts[0])}}; }

    static void put_one(float value, Number* target) {
        _mm_mask_storeu_epi16(target, 1, (__m128i)_mm_cvtneps_pbh(_mm_set_ss(value)));
    }

    static Number* at(Number* inputs, int rows, int, int row, int column) {
        return inputs + (std::size_t(column / kTileDepth) * rows + row) * kTileDepth +
               column % kTileDepth;
    }

    static void place(const Number* source, int features, Number* inputs, int rows, int, int row) {
        for (int column = 0; column < features; column += kTileDepth) {
            const int width = std::min(kTileDepth, features - column);
            std::copy(source + column, source + column + width, at(inputs, rows, 0, row, column));
        }
    }

    static void pack(Layer& layer, const float* kernel, const float* recurrent_kernel) {
        const int features = kernel ? layer.features : 0, units = layer.units;
        const int blocks = lstm_blocks(features, recurrent_kernel ? units : 0);
        layer.weights_bf16.resize(std::size_t(4) * units * blocks * kTileDepth);
        pack_forward(kernel, recurrent_kernel, features, units,
                                    layer.weights_bf16.data());
    }
};

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
