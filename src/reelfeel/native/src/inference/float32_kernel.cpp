// Inference in float32 with vector instructions. Rows of inputs lie one after the other; weights
// (units / 16, gate, columns, 16): four panels for sixteen units.

#include "inference/tower.hpp"

#include "common/target_begin.hpp"

#include "inference/panel_products.hpp"
#include "inference/packing.hpp"
#include "inference/time_steps.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

struct FloatArithmetic {
    using Number = float;
    using Session = NoSession;

    static int padded_rows(int rows) { return rows; }
    static int padded_columns(int columns) { return columns; }
    static Part get(const float* source) { return load_part(source); }
    static void put(Part numbers, float* target) { store_part(target, numbers); }

    static States advance(const Part* gates, Part cell) {
        const Part now = sigmoid_of(gates[1]) * cell + sigmoid_times_tanh(gates[0], gates[2]);
        return {now, sigmoid_times_tanh(gates[3], now)};
    }

    static float* at(float* inputs, int, int columns, int row, int column) {
        return inputs + std::size_t(row) * columns + column;
    }

    static void place(const float* source, int features, float* inputs, int, int columns, int row) {
        std::copy(source, source + features, inputs + std::size_t(row) * columns);
    }

    static void place_word(const Tower& tower, int word, float* inputs, int, int columns, int row) {
        const std::size_t first = std::size_t(word) * tower.features;
        float* target = inputs + std::size_t(row) * columns;
        if (tower.embeddings_float.size())
            std::copy_n(tower.embeddings_float.data() + first, tower.features, target);
        else
            read_halves(as_halves(tower.embeddings_16) + first, tower.features, target);
    }

    static void prefetch_word(const Tower& tower, int word) {
        const std::size_t first = std::size_t(word) * tower.features;
        if (tower.embeddings_float.size())
            prefetch(tower.embeddings_float.data() + first, tower.features * sizeof(float));
        else
            prefetch(tower.embeddings_16.data() + first, tower.features * sizeof(Half));
    }

    static void keep_embeddings(Tower& tower, const Weights& weights) {
        const std::size_t size = std::size_t(tower.vocabulary_size) * tower.features;
        if (weights.are_half)
            tower.embeddings_16 = copy(static_cast<const std::uint16_t*>(weights.embeddings), size);
        else
            tower.embeddings_float = copy(static_cast<const float*>(weights.embeddings), size);
    }

    static void pack(Layer& layer, const void* kernel, const void* recurrent, bool are_half) {
        const std::size_t width = std::size_t(4) * layer.units;
        const Buffer<float> inputs =
            read_floats(kernel, kernel ? layer.features * width : 0, are_half);
        const Buffer<float> states =
            read_floats(recurrent, recurrent ? layer.units * width : 0, are_half);
        layer.weights_float = pack_panels(layer, kernel ? inputs.data() : nullptr,
                                          recurrent ? states.data() : nullptr, panels_apart);
        if (are_half && kReadsHalves && layer.weights_float.size() > kManyWeights)
            layer.weights_16 =
                pack_panels(layer, static_cast<const std::uint16_t*>(kernel),
                            static_cast<const std::uint16_t*>(recurrent), panels_together);
    }

    static void multiply(const Layer& layer, int unit, const float* inputs, int, int rows,
                         int columns, float* sums) {
        const std::ptrdiff_t group = std::ptrdiff_t(unit) * 4 * columns;
        // Few rows wait for weights that come from afar: half as many bytes are the same numbers.
        if (rows <= kFewRows && layer.weights_16.size()) {
            const PanelLayout layout = panels_together(columns);
            multiply_panels(inputs, columns, rows,
                            Panels<Half>{as_halves(layer.weights_16) + group, layout}, sums);
        } else {
            const PanelLayout layout = panels_apart(columns);
            multiply_panels(inputs, columns, rows,
                            Panels<float>{layer.weights_float.data() + group, layout}, sums);
        }
    }

 private:
    // Measured: with 512 units one text is read 3 times as fast; where all weights lie in the
    // second cache converting them takes 8 % longer, and with more rows it gains nothing.
    static constexpr int kFewRows = 12;
    static constexpr std::size_t kManyWeights = 128 * 1024;

    static const Half* as_halves(const Buffer<std::uint16_t>& numbers) {
        return reinterpret_cast<const Half*>(numbers.data());
    }
};

}  // namespace

const InferenceKernel kFloatInference = {
    false,
    sizeof(float),
    48,
    prepare_tower<FloatArithmetic>,
    make_word_rows<FloatArithmetic>,
    run_block<FloatArithmetic>,
};

}  // namespace reelfeel::REELFEEL_TARGET

#include "common/target_end.hpp"
