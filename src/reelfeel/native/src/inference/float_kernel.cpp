// Inference in float32 with vector instructions. Rows of inputs lie one after the other; weights
// (units / 16, columns, 64), for each column the four gates of sixteen units.

#include "inference/tower.hpp"

#include "common/target_begin.hpp"

#include "inference/time_steps.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

struct FloatArithmetic {
    using Number = float;
    using Session = NoSession;

    static int padded_rows(int rows) { return rows; }
    static int padded_columns(int columns) { return columns; }
    static const float* table(const Tower& tower) { return tower.table_float.data(); }
    static std::vector<float>& table_of(Tower& tower) { return tower.table_float; }
    static Vector get(const float* source) { return load(source); }
    static void put(Vector values, float* target) { store(target, values); }
    static void put_one(float value, float* target) { *target = value; }
    static Vector sigmoid(Vector x) { return sigmoid_of(x); }
    static Vector tanh(Vector x) { return tanh_of(x); }

    static float* at(float* inputs, int, int columns, int row, int column) {
        return inputs + std::size_t(row) * columns + column;
    }

    static void place(const float* source, int features, float* inputs, int, int columns, int row) {
        std::copy(source, source + features, inputs + std::size_t(row) * columns);
    }

    static void pack(Layer& layer, const float* kernel, const float* recurrent_kernel) {
        layer.weights_float.clear();
        for (int unit = 0; unit < layer.units; unit += kLanes) {
            if (kernel) pack_rows(layer, kernel, layer.features, unit);
            if (recurrent_kernel) pack_rows(layer, recurrent_kernel, layer.units, unit);
        }
    }

    static void multiply(const Layer& layer, int unit, const float* inputs, int, int rows,
                         int columns, float* sums) {
        const float* weights =
            layer.weights_float.data() + std::size_t(unit / kLanes) * columns * kGateLanes;
        int row = 0;
        for (; row + kRowsAtOnce <= rows; row += kRowsAtOnce)
            multiply_rows<kRowsAtOnce>(weights, inputs + std::size_t(row) * columns, columns,
                                       sums + row * kGateLanes);
        for (; row < rows; ++row)
            multiply_rows<1>(weights, inputs + std::size_t(row) * columns, columns,
                             sums + row * kGateLanes);
    }

   private:
    // So many sums of so many gates stay in the registers, with one more for a weight.
#if REELFEEL_REGISTER_BYTES == 64
    static constexpr int kRowsAtOnce = 6, kGatesAtOnce = 4;
#else
    static constexpr int kRowsAtOnce = 3, kGatesAtOnce = kParts == 2 ? 2 : 1;
#endif

    static void pack_rows(Layer& layer, const float* matrix, int num_rows, int unit) {
        for (int row = 0; row < num_rows; ++row)
            for (int gate = 0; gate < 4; ++gate) {
                const float* source =
                    matrix + std::size_t(row) * 4 * layer.units + gate * layer.units + unit;
                layer.weights_float.insert(layer.weights_float.end(), source, source + kLanes);
            }
    }

    // The order of the sums does not depend on the number of rows: a text's answer is the same,
    // bit for bit, in any company.
    template <int kRows>
    static void multiply_rows(const float* weights, const float* inputs, int columns, float* sums) {
        for (int gate = 0; gate < 4; gate += kGatesAtOnce)
            multiply_gates<kRows>(weights + gate * kLanes, inputs, columns, sums + gate * kLanes);
    }

    template <int kRows>
    static void multiply_gates(const float* weights, const float* inputs, int columns,
                               float* sums) {
        constexpr int kWidth = kGatesAtOnce * kParts, kPartLanes = kLanes / kParts;
        Part accumulated[kRows][kWidth] = {};
        for (int column = 0; column < columns; ++column, weights += kGateLanes)
            for (int i = 0; i < kWidth; ++i) {
                Part weight;
                std::memcpy(&weight, weights + i * kPartLanes, sizeof(weight));
                for (int row = 0; row < kRows; ++row)
                    accumulated[row][i] += inputs[std::size_t(row) * columns + column] * weight;
            }
        for (int row = 0; row < kRows; ++row)
            std::memcpy(sums + row * kGateLanes, accumulated[row], sizeof(accumulated[row]));
    }
};

}  // namespace

const InferenceKernel kFloatInference = {false, prepare_tower<FloatArithmetic>,
                                         run_block<FloatArithmetic>};

}  // namespace reelfeel::REELFEEL_TARGET

#include "common/target_end.hpp"
