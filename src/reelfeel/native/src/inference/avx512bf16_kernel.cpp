// Inference in bfloat16 with vectors (AVX512-BF16), on processors without a matrix unit. One
// instruction adds the products of two columns to sixteen sums: twice what float32 does.

#include "inference/tower.hpp"
#include "lstm/lstm.hpp"

#include "common/target_begin.hpp"

#include "common/tiles_avx512bf16.hpp"
#include "inference/bfloat16_arithmetic.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

struct PairArithmetic : Bfloat16Arithmetic {
    using Session = ProductUnit;

    static int padded_rows(int rows) { return rows; }

    static void multiply(const Layer& layer, int unit, const Number* inputs, int rows, int running,
                         int columns, float* sums) {
        const int depth = columns / kTileDepth;
        const std::ptrdiff_t block_size = std::ptrdiff_t(rows) * kTileDepth;
        const Number* weights =
            layer.weights_16.data() + std::size_t(unit / kLanes) * depth * 4 * kTileSize;
        int row = 0;
        for (; row + kRowsAtOnce <= running; row += kRowsAtOnce)
            multiply_rows<kRowsAtOnce>(inputs + row * kTileDepth, block_size, weights, depth,
                                       sums + row * kGateLanes);
        for (; row < running; ++row)
            multiply_rows<1>(inputs + row * kTileDepth, block_size, weights, depth,
                             sums + row * kGateLanes);
    }

 private:
    // Their sums, a pair of states and the weights of four gates: 29 of 32 registers.
    static constexpr int kRowsAtOnce = 6;

    // The order of the sums does not depend on the number of rows: a text's answer is the same,
    // bit for bit, in any company.
    template <int kRows>
    static void multiply_rows(const Number* inputs, std::ptrdiff_t block_size,
                              const Number* weights, int depth, float* sums) {
        const std::ptrdiff_t panel = std::ptrdiff_t(depth) * 2 * kTileSize;  // of two gates
        __m512 accumulated[kRows][4];
        for (auto& row : accumulated)
            for (__m512& sum : row) sum = _mm512_setzero_ps();
        for (int k = 0; k < depth; ++k, inputs += block_size, weights += 2 * kTileSize)
            for (int pair = 0; pair < kTileRows; ++pair) {
                const Number* first = weights + pair * kTileDepth;
                const __m512bh gates[4] = {
                    load_weight_pairs(first), load_weight_pairs(first + kTileSize),
                    load_weight_pairs(first + panel), load_weight_pairs(first + panel + kTileSize)};
                for (int row = 0; row < kRows; ++row) {
                    const __m512bh states = repeat_pair(inputs + row * kTileDepth + 2 * pair);
                    for (int gate = 0; gate < 4; ++gate)
                        accumulated[row][gate] =
                            _mm512_dpbf16_ps(accumulated[row][gate], states, gates[gate]);
                }
            }
        for (int row = 0; row < kRows; ++row)
            for (int gate = 0; gate < 4; ++gate)
                _mm512_storeu_ps(sums + row * kGateLanes + gate * kLanes, accumulated[row][gate]);
    }
};

}  // namespace

const InferenceKernel kBfloat16Inference = {
    true,
    sizeof(bf16),
    128,
    prepare_tower<PairArithmetic>,
    make_word_rows<PairArithmetic>,
    run_block<PairArithmetic>,
};

}  // namespace reelfeel::REELFEEL_TARGET

#include "common/target_end.hpp"
