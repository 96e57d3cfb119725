// What Python calls for LSTM training: the rows of a batch shared among threads.

#include "lstm/lstm.hpp"

#include <algorithm>
#include <limits>

#include "common/library.hpp"
#include "common/outcome.hpp"
#include "common/threads.hpp"

namespace {

using namespace reelfeel;

// The fastest that the processor can run. In bfloat16 that may be an emulation: who calls asks
// first (native/kernels.py).
const LstmKernel& choose_kernel(bool is_bf16) {
#ifdef REELFEEL_X86
    const unsigned features = processor_features();
    if (is_bf16 && (features & kAmxBf16)) return amx::kLstm;
    if (is_bf16 && (features & kAvx512Bf16)) return avx512bf16::kLstm;
    if (!is_bf16 && (features & kAvx512)) return avx512::kLstm;
    if (!is_bf16 && (features & kAvx2)) return avx2::kLstm;
#endif
    return is_bf16 ? portable_bf16::kLstm : portable::kLstm;
}

// Larger ones are a mistake. Some products of the kernels are ints: of steps with blocks of
// columns, and of steps with rows.
constexpr int kMost = 1 << 16;

void check_sizes(int features, int units) {
    require(features >= 1 && features <= kMost, kWrongSize);
    require(units >= 16 && units <= kMost && units % 16 == 0, kWrongSize);
}

template <typename Arguments>
void check_sizes(const Arguments& a) {
    check_sizes(a.features, a.units);
    require(a.steps >= 0 && a.rows >= 0 && a.rows % 16 == 0, kWrongSize);
    const std::int64_t steps = std::int64_t(a.steps) + 1,
                       most = std::numeric_limits<int>::max() / 64;
    require(a.rows <= most / 64 && steps * (a.rows + 64) <= most, kWrongSize);
    require(steps * lstm_blocks(a.features, a.units) <= most, kWrongSize);
}

void check_lengths(const std::int32_t* lengths, int rows, int steps) {
    require(std::all_of(lengths, lengths + rows,
                        [=](std::int32_t length) { return length >= 0 && length <= steps; }),
            kWrongLength);
}

void check(const Arrangement& a) {
    require_addresses(a.plain, a.blocks);
    require(a.batch >= 0 && a.steps >= 0 && a.width >= 0 && a.width <= kMost, kWrongSize);
    require(a.rows >= a.batch && a.rows % 16 == 0, kWrongSize);
    require(a.block_width >= 16 && a.block_width <= kMost && a.block_width % 16 == 0, kWrongSize);
    require(a.num_blocks >= 0 && a.num_blocks <= kMost, kWrongSize);
    require(std::int64_t(a.num_blocks) * a.block_width >= a.width, kSmallBuffer);
}

}  // namespace

REELFEEL_EXPORT int reelfeel_lstm_pack(const float* kernel, const float* recurrent, int features,
                                       int units, int is_bf16, void* forward, void* backward) {
    return report([=] {
        require_addresses(kernel, recurrent, forward);
        check_sizes(features, units);
        const LstmKernel& lstm = choose_kernel(is_bf16);
        lstm.pack_forward(kernel, recurrent, features, units, forward);
        if (backward) lstm.pack_backward(kernel, recurrent, features, units, backward);
    });
}

REELFEEL_EXPORT int reelfeel_arrange(const Arrangement* arguments, int into_blocks,
                                     int num_threads) {
    return report([=] {
        require_addresses(arguments);
        check(*arguments);
        const LstmKernel& kernel = choose_kernel(arguments->is_bf16);
        const auto arrange = into_blocks ? kernel.arrange_blocks : kernel.arrange_plain;
        share(arguments->rows, 16, num_threads,
              [=](int first_row, int num_rows, int) { arrange(*arguments, first_row, num_rows); });
    });
}

REELFEEL_EXPORT int reelfeel_lstm_forward(const LstmForward* arguments, int num_threads) {
    return report([=] {
        require_addresses(arguments);
        const LstmForward& a = *arguments;
        require_addresses(a.inputs, a.cells, a.gates, a.lengths, a.weights, a.bias);
        check_sizes(a);
        check_lengths(a.lengths, a.rows, a.steps);
        const LstmKernel& kernel = choose_kernel(a.is_bf16);
        share(a.rows, kernel.row_unit, num_threads,
              [&](int first_row, int num_rows, int) { kernel.forward(a, first_row, num_rows); });
    });
}

// d_outputs and d_last may be missing.
REELFEEL_EXPORT int reelfeel_lstm_backward(const LstmBackward* arguments, int num_threads) {
    return report([=] {
        require_addresses(arguments);
        const LstmBackward& a = *arguments;
        require_addresses(a.gates, a.cells, a.lengths, a.weights, a.d_hidden, a.d_cell,
                          a.d_features);
        check_sizes(a);
        check_lengths(a.lengths, a.rows, a.steps);
        const LstmKernel& kernel = choose_kernel(a.is_bf16);
        share(a.rows, kernel.row_unit, num_threads,
              [&](int first_row, int num_rows, int) { kernel.backward(a, first_row, num_rows); });
    });
}

REELFEEL_EXPORT int reelfeel_lstm_gradients(const LstmGradients* arguments, int num_threads) {
    return report([=] {
        require_addresses(arguments);
        const LstmGradients& a = *arguments;
        require_addresses(a.inputs, a.d_gates, a.d_weights, a.d_bias);
        check_sizes(a);
        require(a.batch >= 0 && a.batch <= a.rows, kWrongSize);
        const LstmKernel& kernel = choose_kernel(a.is_bf16);
        share(kGates * a.units, 32, num_threads, [&](int first_column, int num_columns, int) {
            kernel.gradients(a, first_column, num_columns);
        });
    });
}
