// Inference in bfloat16 on Intel's matrix unit; lstm_amx.cpp explains the layouts.

#include "inference_steps.hpp"
#include "lstm_amx.hpp"
#include "matrix_unit.hpp"

namespace {

struct MatrixArithmetic {
    using Number = std::uint16_t;
    using Session = TileUnit;

    static int padded_rows(int rows) { return ceil_div(rows, kTileRows) * kTileRows; }
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
        const int blocks = reelfeel::lstm_blocks(features, recurrent_kernel ? units : 0);
        layer.weights_bf16.resize(std::size_t(4) * units * blocks * kTileDepth);
        reelfeel::lstm_pack_forward_amx(kernel, recurrent_kernel, features, units,
                                        layer.weights_bf16.data());
    }

    static void multiply(const Layer& layer, int unit, const Number* inputs, int rows, int running,
                         int columns, float* sums) {
        const int depth = columns / kTileDepth;
        const std::size_t panel = std::size_t(depth) * 2 * kTileSize;
        const Number* weights = layer.weights_bf16.data() + (unit / kLanes) * 2 * panel;
        const Blocks left{inputs, std::ptrdiff_t(rows) * kTileDepth, 1};
        const int tile_rows = padded_rows(running);
        multiply_tiles(left, weights, depth, tile_rows, sums, kGateLanes);
        multiply_tiles(left, weights + panel, depth, tile_rows, sums + 2 * kLanes, kGateLanes);
    }
};

}  // namespace

namespace reelfeel {

const InferenceKernel kInferenceAmx = {true, prepare_tower<MatrixArithmetic>,
                                       run_block<MatrixArithmetic>};

}  // namespace reelfeel
