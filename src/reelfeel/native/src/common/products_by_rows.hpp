// The products of tiles for units that multiply some rows at a time: what tiles_amx.hpp has, made
// of `multiply_rows` and `kRowsAtOnce` of the unit, which includes this at its end.
#pragma once

namespace reelfeel::REELFEEL_TARGET {
namespace {

// Of each row `result_size` numbers are apart in the result.
inline void multiply_tiles(const Blocks& left, const bf16* right, int depth, int rows,
                           float* result, int result_size) {
    for (int row = 0; row < rows; row += kRowsAtOnce)
        multiply_rows<false>(left, row, right, depth, result + std::ptrdiff_t(row) * result_size,
                             result_size);
}

inline void multiply_32_rows(const Blocks& left, int row, const bf16* right, int depth,
                             float* result, int result_size) {
    for (int i = 0; i < 32; i += kRowsAtOnce)
        multiply_rows<false>(left, row + i, right, depth, result + std::ptrdiff_t(i) * result_size,
                             result_size);
}

// Adds left (32 dimensions) times right (32 columns) to `result`; of each depth two tiles each.
inline void add_product(const bf16* left, const bf16* right, int depth, float* result,
                        std::ptrdiff_t result_size) {
    for (int row = 0; row < 32; row += kRowsAtOnce)
        multiply_rows<true>({left, 2 * kTileSize, 1}, row, right, depth, result + row * result_size,
                            result_size);
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
