// What both kernels for bfloat16 share: numbers, layouts and element-wise operations. A row's
// inputs lie in blocks of 32 columns; lstm/kernel.cpp explains that, and how weights are packed.
#pragma once

#include "common/bfloat16.hpp"
#include "inference/packing.hpp"
#include "inference/time_steps.hpp"
#include "lstm/packing.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

struct Bfloat16Arithmetic {
    using Number = bf16;

    static int padded_columns(int columns) { return ceil_div(columns, kTileDepth) * kTileDepth; }
    static Part get(const Number* source) { return load_part(source); }
    static void put(Part numbers, Number* target) { store_part(target, numbers); }

    static States advance(const Part* gates, Part cell) {
        const Part added = quick_sigmoid(gates[0]) * quick_tanh(gates[2]);
        const Part now = quick_sigmoid(gates[1]) * cell + added;
        return {now, quick_sigmoid(gates[3]) * quick_tanh(now)};
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

    static void place_word(const Tower& tower, int word, Number* inputs, int rows, int columns,
                           int row) {
        place(tower.embeddings_16.data() + std::size_t(word) * tower.features, tower.features,
              inputs, rows, columns, row);
    }

    static void prefetch_word(const Tower& tower, int word) {
        prefetch(tower.embeddings_16.data() + std::size_t(word) * tower.features,
                 tower.features * sizeof(Number));
    }

    static void keep_embeddings(Tower& tower, const Weights& weights) {
        const std::size_t size = std::size_t(tower.vocabulary_size) * tower.features;
        tower.embeddings_16 = Buffer<Number>(size);
        constexpr std::size_t kAtOnce = 4096;  // in the first cache
        const std::size_t number_bytes = weights.are_half ? sizeof(Half) : sizeof(float);
        const char* source = static_cast<const char*>(weights.embeddings);
        for (std::size_t i = 0; i < size; i += kAtOnce) {
            const std::size_t count = std::min(kAtOnce, size - i);
            const Buffer<float> numbers =
                read_floats(source + i * number_bytes, count, weights.are_half);
            round_all(numbers.data(), count, tower.embeddings_16.data() + i);
        }
    }

    static void pack(Layer& layer, const void* kernel, const void* recurrent, bool are_half) {
        const int features = kernel ? layer.features : 0, units = recurrent ? layer.units : 0;
        const std::size_t width = std::size_t(4) * layer.units;
        const Buffer<float> inputs = read_floats(kernel, features * width, are_half);
        const Buffer<float> states = read_floats(recurrent, units * width, are_half);
        layer.weights_16 = Buffer<Number>(width * lstm_blocks(features, units) * kTileDepth);
        pack_forward(kernel ? inputs.data() : nullptr, recurrent ? states.data() : nullptr,
                     features, layer.units, layer.weights_16.data());
    }

 private:
    static void round_all(const float* source, std::size_t count, Number* target) {
        std::size_t i = 0;
        for (; i + kPartLanes <= count; i += kPartLanes)
            store_part(target + i, load_part(source + i));
        float rest[kPartLanes] = {};
        Number rounded[kPartLanes];
        std::copy(source + i, source + count, rest);
        store_part(rounded, load_part(rest));
        std::copy(rounded, rounded + (count - i), target + i);
    }
};

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
