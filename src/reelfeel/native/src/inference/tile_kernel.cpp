// Inference in bfloat16 by tiles: on Intel's matrix unit, and anywhere by arithmetic that rounds
// alike.

#include "inference/tower.hpp"
#include "lstm/lstm.hpp"

#include "common/target_begin.hpp"

#include REELFEEL_UNIT
#include "inference/bfloat16_arithmetic.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

struct TileArithmetic : Bfloat16Arithmetic {
    using Session = ProductUnit;

    static int padded_rows(int rows) { return ceil_div(rows, kTileRows) * kTileRows; }

    static void multiply(const Layer& layer, int unit, const Number* inputs, int rows, int running,
                         int columns, float* sums) {
        const int depth = columns / kTileDepth;
        const std::size_t panel = std::size_t(depth) * 2 * kTileSize;
        const Number* weights = layer.weights_16.data() + (unit / kLanes) * 2 * panel;
        const Blocks left{inputs, std::ptrdiff_t(rows) * kTileDepth, 1};
        const int tile_rows = padded_rows(running);
        multiply_tiles(left, weights, depth, tile_rows, sums, kGateLanes);
        multiply_tiles(left, weights + panel, depth, tile_rows, sums + 2 * kLanes, kGateLanes);
    }
};

}  // namespace

const InferenceKernel kBfloat16Inference = {
    true,
    sizeof(bf16),
    128,
    prepare_tower<TileArithmetic>,
    make_word_rows<TileArithmetic>,
    run_block<TileArithmetic>,
};

}  // namespace reelfeel::REELFEEL_TARGET

#include "common/target_end.hpp"
