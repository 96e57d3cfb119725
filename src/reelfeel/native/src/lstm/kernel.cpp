// One LSTM layer: forward, and backward through time. The target says what a number is, bfloat16 or
// float32, and which unit multiplies tiles of them.
//
// A time step is one matrix product and a handful of element-wise operations. Libraries run the two
// as separate passes over memory, and wait for all threads after every step. Here a step stays in
// the first two caches, and rows never wait for each other: a thread takes some rows of the batch
// from the first token to the last. Products are summed in float32, and the cell state is float32.
//
// Layouts ("rows" is the batch rounded up to 16). What one tile of the matrix unit reads or one
// register writes lies together, for all rows; rows a page apart would cost more than the product.
//   inputs   numbers (steps + 1, blocks, rows, 32): of step t the columns [x_t | h_(t-1)], each
//            part filled up to whole blocks of 32, so that x_t W + h_(t-1) R is one product. The
//            kernel writes h_t into step t + 1.
//   gates    numbers (steps, units / 16, rows, 64): of each 16 units the 16 values of i, f, c, o.
//            Sixteen float32 are one register, and one column tile.
//   cells    float32 (steps + 1, units / 16, rows, 16): step 0 is the initial state.

#include "lstm/lstm.hpp"

#include "common/target_begin.hpp"

#include REELFEEL_UNIT
#include "common/token_products.hpp"
#include "lstm/packing.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

// Some units of one row, one register of each: from the sums of the four gates to the new states.
struct Activations {
    Part input, forget, candidate, output, cell, hidden;
};

inline Activations activate(const float* sums, const float* bias, Part cell_before) {
    const auto sum = [=](int gate) {
        return load_part(sums + gate * kLanes) + load_part(bias + gate * kLanes);
    };
    Activations a;
    a.input = sigmoid_part<kIsExact>(sum(0));
    a.forget = sigmoid_part<kIsExact>(sum(1));
    a.candidate = tanh_part<kIsExact>(sum(2));
    a.output = sigmoid_part<kIsExact>(sum(3));
    a.cell = multiply_add(a.forget, cell_before, a.input * a.candidate);
    a.hidden = a.output * tanh_part<kIsExact>(a.cell);
    return a;
}

// How many rows are worked on at a step: up to the last that is still running. Rows are sorted by
// length, or padded to one, so that few others lie between.
int rows_running(const std::int32_t* lengths, int rows, int step) {
    while (rows > 0 && lengths[rows - 1] <= step) --rows;
    return ceil_div(rows, kRowUnit) * kRowUnit;
}

// Sixteen units of all rows that run at a step.
struct UnitStep {
    const float* bias;
    const float* cells_before;
    float* cells;
    Number* gates;
    Number* hidden;

    void run(const float* sums, int rows) const {
        for (int row = 0; row < rows; ++row)
            for (int lane = 0; lane < kLanes; lane += kPartLanes) {
                const int at = row * kLanes + lane;
                const Activations now =
                    activate(sums + row * 64 + lane, bias + lane, load_part(cells_before + at));
                Number* target = gates + row * 64 + lane;
                store_part(target, now.input);
                store_part(target + 16, now.forget);
                store_part(target + 32, now.candidate);
                store_part(target + 48, now.output);
                store_part(cells + at, now.cell);
                store_part(hidden + row * kTileDepth + lane, now.hidden);
            }
    }
};

void lstm_forward(const LstmForward& a, int first_row, int num_rows) {
    const ProductUnit unit_is_on;
    const int units = a.units, depth = lstm_blocks(a.features, units);
    const std::ptrdiff_t panel = std::ptrdiff_t(depth) * 2 * kTileSize;
    const std::ptrdiff_t block = std::ptrdiff_t(a.rows) * kTileDepth;  // of inputs
    const std::ptrdiff_t cell_block = std::ptrdiff_t(a.rows) * kLanes;
    const std::ptrdiff_t cell_step = cell_block * (units / kLanes);
    std::vector<float> sums(std::size_t(num_rows) * 64);
    for (int step = 0; step < a.steps; ++step) {
        const int rows = rows_running(a.lengths + first_row, num_rows, step);
        Number* inputs =
            static_cast<Number*>(a.inputs) + step * depth * block + first_row * kTileDepth;
        Number* hidden = inputs + (depth + ceil_div(a.features, kTileDepth)) * block;
        float* cells = a.cells + step * cell_step + first_row * kLanes;
        Number* gates = static_cast<Number*>(a.gates) + step * cell_step * kGates + first_row * 64;
        for (int index = 0; index < units / kLanes; ++index) {
            const Number* weights = static_cast<const Number*>(a.weights) + index * 2 * panel;
            multiply_tiles({inputs, block, 1}, weights, depth, rows, sums.data(), 64);
            multiply_tiles({inputs, block, 1}, weights + panel, depth, rows, sums.data() + 32, 64);
            float* before = cells + index * cell_block;
            Number* half_block = hidden + (index / 2) * block + (index % 2) * kLanes;
            const UnitStep now{a.bias + index * 64, before, before + cell_step,
                               gates + index * cell_block * kGates, half_block};
            now.run(sums.data(), rows);
            // What no row reads must still be a number: the weights' gradient multiplies it by
            // zero.
            for (int row = rows; row < num_rows; ++row)
                std::memset(half_block + row * kTileDepth, 0, kLanes * sizeof(Number));
        }
    }
}

// The gradient of some units of one row; overwrites the gates with the gradient of their sums.
inline void differentiate(Number* gates, const float* cell_before, const float* cell, Part d_hidden,
                          float* d_cell) {
    const Part one = repeat(1.0f);
    const Part input = load_part(gates), forget = load_part(gates + 16);
    const Part candidate = load_part(gates + 32), output = load_part(gates + 48);
    const Part squashed = tanh_part<kIsExact>(load_part(cell));
    const Part d_state = multiply_add(d_hidden * output, subtract_product(squashed, squashed, one),
                                      load_part(d_cell));
    const Part d_input = d_state * candidate * subtract_product(input, input, input);
    const Part d_forget =
        d_state * load_part(cell_before) * subtract_product(forget, forget, forget);
    const Part d_candidate = d_state * input * subtract_product(candidate, candidate, one);
    const Part d_output = d_hidden * squashed * subtract_product(output, output, output);
    store_part(gates, d_input);
    store_part(gates + 16, d_forget);
    store_part(gates + 32, d_candidate);
    store_part(gates + 48, d_output);
    store_part(d_cell, d_state * forget);
}

// Sixteen units of all rows that run at a step, backward.
struct UnitStepBack {
    const std::int32_t* lengths;
    int step;
    const float* recurrent;   // the gradient that comes from the step behind
    const Number* d_outputs;  // or null
    const float* d_last;      // or null
    const float* cells_before;
    const float* cells;
    Number* gates;
    float* d_cell;

    void run(int rows) const {
        for (int row = 0; row < rows; ++row)
            for (int lane = 0; lane < kLanes; lane += kPartLanes) {
                const int at = row * kLanes + lane;
                Part gradient = load_part(recurrent + row * kTileDepth + lane);
                if (d_outputs) gradient += load_part(d_outputs + at);
                if (d_last && lengths[row] == step + 1) gradient += load_part(d_last + at);
                differentiate(gates + row * 64 + lane, cells_before + at, cells + at, gradient,
                              d_cell + at);
            }
    }
};

void lstm_backward(const LstmBackward& a, int first_row, int num_rows) {
    const ProductUnit unit_is_on;
    const int units = a.units, depth = kGates * units / kTileDepth;
    const int blocks = lstm_blocks(a.features, units);
    const int feature_blocks = ceil_div(a.features, kTileDepth);
    const std::ptrdiff_t panel = std::ptrdiff_t(depth) * 2 * kTileSize;
    const std::ptrdiff_t cell_block = std::ptrdiff_t(a.rows) * kLanes;
    const std::ptrdiff_t cell_step = cell_block * (units / kLanes);
    // The gradients of [x_t | h_(t-1)], in blocks of 32 columns as the inputs.
    const std::ptrdiff_t block = std::ptrdiff_t(num_rows) * kTileDepth;
    std::vector<float> d_inputs(block * blocks);
    float* d_hidden = d_inputs.data() + feature_blocks * block;
    const std::int32_t* lengths = a.lengths + first_row;
    const Number* d_outputs = static_cast<const Number*>(a.d_outputs);
    for (int step = a.steps - 1; step >= 0; --step) {
        const int rows = rows_running(lengths, num_rows, step);
        Number* gates = static_cast<Number*>(a.gates) + step * cell_step * kGates + first_row * 64;
        for (int index = 0; index < units / kLanes; ++index) {
            const std::ptrdiff_t at = index * cell_block + first_row * kLanes;
            const float* before = a.cells + step * cell_step + at;
            Number* target = gates + index * cell_block * kGates;
            const UnitStepBack now{lengths,
                                   step,
                                   d_hidden + (index / 2) * block + (index % 2) * kLanes,
                                   d_outputs ? d_outputs + step * cell_step + at : nullptr,
                                   a.d_last ? a.d_last + at : nullptr,
                                   before,
                                   before + cell_step,
                                   target,
                                   a.d_cell + at};
            now.run(rows);
            std::memset(target + rows * 64, 0, (num_rows - rows) * 64 * sizeof(Number));
        }
        for (int index = 0; index < blocks; ++index)
            multiply_tiles({gates, cell_block * kGates, 2},
                           static_cast<const Number*>(a.weights) + index * panel, depth, rows,
                           d_inputs.data() + index * block, kTileDepth);
        for (int index = 0; index < feature_blocks; ++index) {
            Number* target = static_cast<Number*>(a.d_features) +
                             (std::ptrdiff_t(step) * feature_blocks + index) * a.rows * 32 +
                             first_row * kTileDepth;
            for (std::ptrdiff_t i = 0; i < rows * kTileDepth; i += kPartLanes)
                store_part(target + i, load_part(d_inputs.data() + index * block + i));
            std::memset(target + rows * kTileDepth, 0,
                        (num_rows - rows) * kTileDepth * sizeof(Number));
        }
    }
    for (int index = 0; index < units / kLanes; ++index)
        for (int row = 0; row < num_rows; ++row)
            std::memcpy(a.d_hidden + index * cell_block + (first_row + row) * kLanes,
                        d_hidden + (index / 2) * block + row * kTileDepth + (index % 2) * kLanes,
                        kLanes * sizeof(float));
}

// So many tokens' 32 columns are 32 KB in either kind of number.
constexpr int kTokenBlock = 1024 / int(sizeof(Number));
constexpr int kColumnBlock = 256;

// 32 columns of all tokens; the rows of a step lie together, and steps apart.
struct Tokens {
    const Number* data;
    std::ptrdiff_t step_size;
    int rows, row_size;

    // Calls work(token, its numbers, those of the next one) for every second one. A step has an
    // even number of rows, because they are a multiple of 16.
    template <typename Work>
    void for_pairs(int first, int number, Work work) const {
        int row = first % rows;
        const Number* step = data + first / rows * step_size;
        for (int token = 0; token < number; token += 2) {
            const Number* even = step + std::ptrdiff_t(row) * row_size;
            work(token, even, even + row_size);
            row += 2;
            if (row < rows) continue;
            row = 0;
            step += step_size;
        }
    }
};

// Of each 32 tokens two tiles.
void pack_tokens(const Tokens& source, int first, int number, Number* packed) {
    const auto tiles = [=](int token) { return packed + (token / kTileDepth) * 2 * kTileSize; };
    source.for_pairs(first, number, [=](int token, const Number* even, const Number* odd) {
        store_pair(tiles(token), token % kTileDepth / 2, load_numbers(even), load_numbers(odd));
    });
    // The last tiles are filled up with zeros.
    for (int token = number; token % kTileDepth; token += 2)
        store_pair(tiles(token), token % kTileDepth / 2, no_numbers(), no_numbers());
}

void add_columns(const Tokens& source, int first, int number, float* sums) {
    Lanes low = load_lanes(sums), high = load_lanes(sums + kLanes);
    source.for_pairs(first, number, [&](int, const Number* even, const Number* odd) {
        low = low + load_lanes(even) + load_lanes(odd);
        high = high + load_lanes(even + kLanes) + load_lanes(odd + kLanes);
    });
    store_lanes(sums, low);
    store_lanes(sums + kLanes, high);
}

void lstm_gradients(const LstmGradients& a, int first_column, int num_columns) {
    const ProductUnit unit_is_on;
    // Of the rows that only fill tiles the gradients are 0.
    const int rows = kRowUnit == 1 ? ceil_div(a.batch, 2) * 2 : a.rows;
    const int blocks = lstm_blocks(a.features, a.units), columns = kGates * a.units;
    const int tokens = a.steps * rows;
    const std::ptrdiff_t panel =
        kTokenBlock * kTileDepth;  // numbers in 32 columns of a token block
    std::vector<Number> storage(panel * (blocks + kColumnBlock / 32 + 1));
    Number* left = storage.data();
    Number* right = left + panel * blocks;
    Number* pairs = right + panel * (kColumnBlock / 32);
    const auto inputs = [&](int index) {
        return Tokens{static_cast<const Number*>(a.inputs) + std::ptrdiff_t(index) * a.rows * 32,
                      std::ptrdiff_t(blocks) * a.rows * 32, rows, 32};
    };
    const auto d_gates = [&](int column) {
        return Tokens{static_cast<const Number*>(a.d_gates) +
                          std::ptrdiff_t(column / 64) * a.rows * 64 + column % 64,
                      std::ptrdiff_t(columns) * a.rows, rows, 64};
    };
    for (int row = 0; row < blocks * 32; ++row)
        std::memset(a.d_weights + std::ptrdiff_t(row) * columns + first_column, 0,
                    num_columns * sizeof(float));
    std::memset(a.d_bias + first_column, 0, num_columns * sizeof(float));
    for (int token = 0; token < tokens; token += kTokenBlock) {
        const int num_tokens = std::min(kTokenBlock, tokens - token);
        const int depth = ceil_div(num_tokens, kTileDepth);
        for (int index = 0; index < blocks; ++index) {
            Number* packed = left + index * panel;
            pack_tokens(inputs(index), token, num_tokens, kTransposesLeft ? pairs : packed);
            finish_left(pairs, 2 * depth, packed);
        }
        for (int block = first_column; block < first_column + num_columns; block += kColumnBlock) {
            const int end = std::min(first_column + num_columns, block + kColumnBlock);
            for (int column = block; column < end; column += 32) {
                pack_tokens(d_gates(column), token, num_tokens,
                            right + (column - block) / 32 * panel);
                add_columns(d_gates(column), token, num_tokens, a.d_bias + column);
            }
            for (int index = 0; index < blocks; ++index)
                for (int column = block; column < end; column += 32)
                    add_product(left + index * panel, right + (column - block) / 32 * panel, depth,
                                a.d_weights + std::ptrdiff_t(index) * 32 * columns + column,
                                columns);
        }
    }
}

}  // namespace

const LstmKernel kLstm = {kSharedRows,   pack_forward, pack_backward, arrange_blocks,
                          arrange_plain, lstm_forward, lstm_backward, lstm_gradients};

}  // namespace reelfeel::REELFEEL_TARGET

#include "common/target_end.hpp"
