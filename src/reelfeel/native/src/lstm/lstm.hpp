// The LSTM for training; kernel.cpp explains the layouts. Every function works on the rows
// [first_row, first_row + num_rows) only, both multiples of `row_unit`, so that threads share no
// row. Of the rows, a multiple of 16, the first ones are the batch. "Numbers" are bfloat16 or
// float32, as the kernel stores them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace reelfeel {

constexpr int kGates = 4;

struct LstmForward {
    int is_bf16, steps, rows, features, units;
    void* inputs;                 // numbers (steps + 1, blocks, rows, 32)
    float* cells;                 // (steps + 1, units / 16, rows, 16)
    void* gates;                  // numbers (steps, units / 16, rows, 64)
    const std::int32_t* lengths;  // (rows,): steps of each row
    const void* weights;          // numbers from pack_forward
    const float* bias;            // (units / 16, 4, 16)
};

struct LstmBackward {
    int is_bf16, steps, rows, features, units;
    void* gates;                  // numbers, in: the gates; out: the gradient of their sums
    const float* cells;           // (steps + 1, units / 16, rows, 16)
    const std::int32_t* lengths;  // (rows,)
    const void* weights;          // numbers from pack_backward
    const void* d_outputs;        // numbers (steps, units / 16, rows, 16), or null
    const float* d_last;          // (units / 16, rows, 16): of each row's last output, or null
    float* d_hidden;              // (units / 16, rows, 16), out: of the initial hidden state
    float* d_cell;                // the same shape, in: of the final cell; out: of the initial one
    void* d_features;             // numbers (steps, blocks of the features, rows, 32)
};

struct LstmGradients {
    int is_bf16, batch, steps, rows, features, units;
    const void* inputs;   // numbers (steps + 1, blocks, rows, 32)
    const void* d_gates;  // numbers (steps, units / 16, rows, 64)
    float* d_weights;     // out: (32 * blocks, 4 * units), columns in the gates' order
    float* d_bias;        // out: (4 * units,)
};

// Numbers of a batch as Python has them, (batch, steps, width) float32, and as the kernels have
// them, (steps, num_blocks, rows, block_width) numbers.
struct Arrangement {
    int is_bf16, batch, steps, width, rows, num_blocks, block_width;
    float* plain;
    void* blocks;  // the first block of the first step
};

// Blocks of 32 columns: those of the features, then those of the units.
inline int lstm_blocks(int features, int units) { return (features + 31) / 32 + (units + 31) / 32; }

// What each target has.
struct LstmKernel {
    int row_unit;
    // The recurrent kernel may be null: then only the features have weights.
    void (*pack_forward)(const float* kernel, const float* recurrent, int features, int units,
                         void* packed);
    void (*pack_backward)(const float* kernel, const float* recurrent, int features, int units,
                          void* packed);
    // Fills up with zeros: columns behind the width, rows behind the batch.
    void (*arrange_blocks)(const Arrangement& arguments, int first_row, int num_rows);
    void (*arrange_plain)(const Arrangement& arguments, int first_row, int num_rows);
    void (*forward)(const LstmForward& arguments, int first_row, int num_rows);
    void (*backward)(const LstmBackward& arguments, int first_row, int num_rows);
    // Works on columns [first_column, first_column + num_columns), both multiples of 32.
    void (*gradients)(const LstmGradients& arguments, int first_column, int num_columns);
};

// In float32, and in bfloat16 (portable_bf16 and what stands behind it in the list).
namespace portable {
extern const LstmKernel kLstm;
}
namespace portable_bf16 {
extern const LstmKernel kLstm;
}
#ifdef REELFEEL_X86
namespace avx2 {
extern const LstmKernel kLstm;
}
namespace avx512 {
extern const LstmKernel kLstm;
}
namespace avx512bf16 {
extern const LstmKernel kLstm;
}
namespace amx {
extern const LstmKernel kLstm;
}
#endif

}  // namespace reelfeel
