// One LSTM layer in bfloat16: forward, and backward through time. The target says which unit
// multiplies the tiles.
//
// A time step is one matrix product and a handful of element-wise operations. Libraries run the two
// as separate passes over memory, and wait for all threads after every step. Here a step stays in
// the first two caches, and rows never wait for each other: a thread takes some rows of the batch
// from the first token to the last. Products are summed in float32, and the cell state is float32.
//
// Layouts ("rows" is the batch rounded up to 16). What one tile of the matrix unit reads or one
// register writes lies together, for all rows; rows a page apart would cost more than the product.
//   inputs   bfloat16 (steps + 1, blocks, rows, 32): of step t the columns [x_t | h_(t-1)], each part
//            filled up to whole blocks of 32, so that x_t W + h_(t-1) R is one product. The kernel
//            writes h_t into step t + 1.
//   gates    bfloat16 (steps, units / 16, rows, 64): of each 16 units the 16 values of i, f, c, o.
//            Sixteen float32 are one register, and one column tile.
//   cells    float32 (steps + 1, units / 16, rows, 16): step 0 is the initial state.

#include "lstm/lstm.hpp"

#include "common/target_begin.hpp"

#include REELFEEL_TILES
#include "common/token_products.hpp"
#include "lstm/packing.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

// Sixteen units of one row: from the sums of the four gates to the new states.
struct Activations {
  __m512 input, forget, candidate, output, cell, hidden;
};

Activations activate(const float* sums, const float* bias, __m512 cell_before) {
  Activations a;
  a.input = quick_sigmoid(_mm512_add_ps(_mm512_loadu_ps(sums), _mm512_loadu_ps(bias)));
  a.forget = quick_sigmoid(_mm512_add_ps(_mm512_loadu_ps(sums + 16), _mm512_loadu_ps(bias + 16)));
  a.candidate = quick_tanh(_mm512_add_ps(_mm512_loadu_ps(sums + 32), _mm512_loadu_ps(bias + 32)));
  a.output = quick_sigmoid(_mm512_add_ps(_mm512_loadu_ps(sums + 48), _mm512_loadu_ps(bias + 48)));
  a.cell = _mm512_fmadd_ps(a.forget, cell_before, _mm512_mul_ps(a.input, a.candidate));
  a.hidden = _mm512_mul_ps(a.output, quick_tanh(a.cell));
  return a;
}

// Rows are sorted by length or padded to one: the rows still running at a step come first.
int rows_running(const std::int32_t* lengths, int rows, int step) {
  int tiles = rows / kTileRows;
  while (tiles > 0) {
    const std::int32_t* tile = lengths + (tiles - 1) * kTileRows;
    if (*std::max_element(tile, tile + kTileRows) > step) break;
    --tiles;
  }
  return tiles * kTileRows;
}

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
    bf16* inputs = a.inputs + step * depth * block + first_row * kTileDepth;
    bf16* hidden = inputs + (depth + ceil_div(a.features, kTileDepth)) * block;
    const float* cells = a.cells + step * cell_step + first_row * kLanes;
    bf16* gates = a.gates + step * cell_step * kGates + first_row * 64;
    for (int index = 0; index < units / kLanes; ++index) {
      const bf16* weights = a.weights + index * 2 * panel;
      multiply_tiles({inputs, block, 1}, weights, depth, rows, sums.data(), 64);
      multiply_tiles({inputs, block, 1}, weights + panel, depth, rows, sums.data() + 32, 64);
      const float* before = cells + index * cell_block;
      float* after = const_cast<float*>(before) + cell_step;
      bf16* target = gates + index * cell_block * kGates;
      bf16* half_block = hidden + (index / 2) * block + (index % 2) * kLanes;
      for (int row = 0; row < rows; ++row) {
        const Activations now = activate(sums.data() + row * 64, a.bias + index * 64,
                                         _mm512_loadu_ps(before + row * kLanes));
        store_bf16(target + row * 64, now.input);
        store_bf16(target + row * 64 + 16, now.forget);
        store_bf16(target + row * 64 + 32, now.candidate);
        store_bf16(target + row * 64 + 48, now.output);
        _mm512_storeu_ps(after + row * kLanes, now.cell);
        store_bf16(half_block + row * kTileDepth, now.hidden);
      }
      // What no row reads must still be a number: the weights' gradient multiplies it by zero.
      for (int row = rows; row < num_rows; ++row)
        store_bf16(half_block + row * kTileDepth, _mm512_setzero_ps());
    }
  }
}

// The gradient of sixteen units of one row; overwrites the gates with the gradient of their sums.
void differentiate(bf16* gates, const float* cell_before, const float* cell, __m512 d_hidden,
                   float* d_cell) {
  const __m512 one = _mm512_set1_ps(1.0f);
  const __m512 input = load_bf16(gates), forget = load_bf16(gates + 16);
  const __m512 candidate = load_bf16(gates + 32), output = load_bf16(gates + 48);
  const __m512 squashed = quick_tanh(_mm512_loadu_ps(cell));
  const __m512 through = _mm512_mul_ps(d_hidden, output);
  const __m512 d_state = _mm512_fmadd_ps(
      through, _mm512_fnmadd_ps(squashed, squashed, one), _mm512_loadu_ps(d_cell));
  const __m512 d_input = _mm512_mul_ps(_mm512_mul_ps(d_state, candidate),
                                       _mm512_fnmadd_ps(input, input, input));
  const __m512 d_forget = _mm512_mul_ps(_mm512_mul_ps(d_state, _mm512_loadu_ps(cell_before)),
                                        _mm512_fnmadd_ps(forget, forget, forget));
  const __m512 d_candidate =
      _mm512_mul_ps(_mm512_mul_ps(d_state, input), _mm512_fnmadd_ps(candidate, candidate, one));
  const __m512 d_output = _mm512_mul_ps(_mm512_mul_ps(d_hidden, squashed),
                                        _mm512_fnmadd_ps(output, output, output));
  store_bf16(gates, d_input);
  store_bf16(gates + 16, d_forget);
  store_bf16(gates + 32, d_candidate);
  store_bf16(gates + 48, d_output);
  _mm512_storeu_ps(d_cell, _mm512_mul_ps(d_state, forget));
}

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
  for (int step = a.steps - 1; step >= 0; --step) {
    const int rows = rows_running(lengths, num_rows, step);
    bf16* gates = a.gates + step * cell_step * kGates + first_row * 64;
    for (int index = 0; index < units / kLanes; ++index) {
      const std::ptrdiff_t at = index * cell_block + first_row * kLanes;
      const float* before = a.cells + step * cell_step + at;
      const bf16* d_output = a.d_outputs ? a.d_outputs + step * cell_step + at : nullptr;
      const float* d_last = a.d_last ? a.d_last + at : nullptr;
      bf16* target = gates + index * cell_block * kGates;
      const float* recurrent = d_hidden + (index / 2) * block + (index % 2) * kLanes;
      for (int row = 0; row < rows; ++row) {
        __m512 gradient = _mm512_loadu_ps(recurrent + row * kTileDepth);
        if (d_output)
          gradient = _mm512_add_ps(gradient, load_bf16(d_output + row * kLanes));
        if (d_last && lengths[row] == step + 1)
          gradient = _mm512_add_ps(gradient, _mm512_loadu_ps(d_last + row * kLanes));
        differentiate(target + row * 64, before + row * kLanes, before + cell_step + row * kLanes,
                      gradient, a.d_cell + at + row * kLanes);
      }
      std::memset(target + rows * 64, 0, (num_rows - rows) * 64 * sizeof(bf16));
    }
    for (int index = 0; index < blocks; ++index)
      multiply_tiles({gates, cell_block * kGates, 2}, a.weights + index * panel, depth, rows,
               d_inputs.data() + index * block, kTileDepth);
    for (int index = 0; index < feature_blocks; ++index) {
      bf16* target = a.d_features + (std::ptrdiff_t(step) * feature_blocks + index) * a.rows * 32 +
                     first_row * kTileDepth;
      for (std::ptrdiff_t i = 0; i < rows * kTileDepth; i += kLanes)
        store_bf16(target + i, _mm512_loadu_ps(d_inputs.data() + index * block + i));
      std::memset(target + rows * kTileDepth, 0, (num_rows - rows) * kTileDepth * sizeof(bf16));
    }
  }
  for (int index = 0; index < units / kLanes; ++index)
    for (int row = 0; row < num_rows; ++row)
      std::memcpy(a.d_hidden + index * cell_block + (first_row + row) * kLanes,
                  d_hidden + (index / 2) * block + row * kTileDepth + (index % 2) * kLanes,
                  kLanes * sizeof(float));
}

constexpr int kTokenBlock = 512;
constexpr int kColumnBlock = 256;

// 32 columns of all tokens; the rows of a step lie together, and steps apart.
struct Tokens {
  const bf16* data;
  std::ptrdiff_t step_size;
  int rows, row_size;

  const bf16* token(int index) const {
    return data + (index / rows) * step_size + std::ptrdiff_t(index % rows) * row_size;
  }
};

// Of each 32 tokens two tiles. Tokens are an even number, because rows are a multiple of 16.
void pack_tokens(const Tokens& source, int first, int num_tokens, bf16* packed) {
  for (int token = 0; token < num_tokens; token += 2) {
    bf16* tiles = packed + (token / kTileDepth) * 2 * kTileSize + (token % kTileDepth) * 16;
    const bf16* even = source.token(first + token);
    interleave(_mm512_loadu_si512(even), _mm512_loadu_si512(even + source.row_size), tiles,
               tiles + kTileSize);
  }
  // The last tiles are filled up with zeros.
  for (int token = num_tokens; token % kTileDepth; token += 2) {
    bf16* tiles = packed + (token / kTileDepth) * 2 * kTileSize + (token % kTileDepth) * 16;
    std::memset(tiles, 0, kTileDepth * sizeof(bf16));
    std::memset(tiles + kTileSize, 0, kTileDepth * sizeof(bf16));
  }
}

void add_columns(const Tokens& source, int first_token, int num_tokens, float* sums) {
  __m512 first = _mm512_loadu_ps(sums), second = _mm512_loadu_ps(sums + 16);
  for (int token = 0; token < num_tokens; ++token) {
    const bf16* numbers = source.token(first_token + token);
    first = _mm512_add_ps(first, load_bf16(numbers));
    second = _mm512_add_ps(second, load_bf16(numbers + kLanes));
  }
  _mm512_storeu_ps(sums, first);
  _mm512_storeu_ps(sums + 16, second);
}

void lstm_gradients(const LstmGradients& a, int first_column, int num_columns) {
  const ProductUnit unit_is_on;
  const int blocks = lstm_blocks(a.features, a.units), columns = kGates * a.units;
  const int tokens = a.steps * a.rows;
  const std::ptrdiff_t panel = kTokenBlock * kTileDepth;  // numbers in 32 columns of a token block
  std::vector<bf16> storage(panel * (blocks + kColumnBlock / 32 + 1));
  bf16* left = storage.data();
  bf16* right = left + panel * blocks;
  bf16* pairs = right + panel * (kColumnBlock / 32);
  const auto inputs = [&](int index) {
    return Tokens{a.inputs + std::ptrdiff_t(index) * a.rows * 32,
                  std::ptrdiff_t(blocks) * a.rows * 32, a.rows, 32};
  };
  const auto d_gates = [&](int column) {
    return Tokens{a.d_gates + std::ptrdiff_t(column / 64) * a.rows * 64 + column % 64,
                  std::ptrdiff_t(columns) * a.rows, a.rows, 64};
  };
  for (int row = 0; row < blocks * 32; ++row)
    std::memset(a.d_weights + std::ptrdiff_t(row) * columns + first_column, 0,
                num_columns * sizeof(float));
  std::memset(a.d_bias + first_column, 0, num_columns * sizeof(float));
  for (int token = 0; token < tokens; token += kTokenBlock) {
    const int num_tokens = std::min(kTokenBlock, tokens - token);
    const int depth = ceil_div(num_tokens, kTileDepth);
    for (int index = 0; index < blocks; ++index) {
      pack_tokens(inputs(index), token, num_tokens, pairs);
      for (int tile = 0; tile < 2 * depth; ++tile)
        transpose_pairs(pairs + tile * kTileSize, left + index * panel + tile * kTileSize);
    }
    for (int block = first_column; block < first_column + num_columns; block += kColumnBlock) {
      const int end = std::min(first_column + num_columns, block + kColumnBlock);
      for (int column = block; column < end; column += 32) {
        pack_tokens(d_gates(column), token, num_tokens, right + (column - block) / 32 * panel);
        add_columns(d_gates(column), token, num_tokens, a.d_bias + column);
      }
      for (int index = 0; index < blocks; ++index)
        for (int column = block; column < end; column += 32)
          add_product(left + index * panel, right + (column - block) / 32 * panel, depth,
                      a.d_weights + std::ptrdiff_t(index) * 32 * columns + column, columns);
    }
  }
}

}  // namespace

const LstmKernel kLstm = {pack_forward,  pack_backward, arrange_blocks, arrange_plain,
                          lstm_forward, lstm_backward, lstm_gradients};

}  // namespace reelfeel::REELFEEL_TARGET

#include "common/target_end.hpp"
