// Products of tiles in bfloat16 on any processor: what tiles_amx.hpp has, under the same names,
// with the same packing and rounding. It is there so that tests run all that lies around the
// products on every machine, and for who asks for bfloat16 where the processor lacks it. One
// product of two bfloat16 numbers is exact in float32, so the sums are those of
// tiles_avx512bf16.hpp, bit for bit.
#pragma once

#include "common/bfloat16.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

// Nothing has to be switched on.
class ProductUnit {
 public:
    ProductUnit() {}
};

constexpr int kRowsAtOnce = 8;

inline Part as_part(BitsPart bits) {
    Part part;
    std::memcpy(&part, &bits, sizeof(part));
    return part;
}

inline float to_float(bf16 number) {
    const std::uint32_t bits = std::uint32_t(number) << 16;
    float result;
    std::memcpy(&result, &bits, sizeof(result));
    return result;
}

// Adds eight rows times one register's columns of a tile to the sums: of each pair the second
// product first, as the instruction of AVX512-BF16 does.
inline void add_rows(const bf16* rows, std::ptrdiff_t row_size, const bf16* columns,
                     Part (&sums)[kRowsAtOnce]) {
    for (int pair = 0; pair < kTileRows; ++pair, columns += kTileDepth, rows += 2) {
        BitsPart pairs;
        std::memcpy(&pairs, columns, sizeof(pairs));
        const Part even = as_part(pairs << 16), odd = as_part(pairs & 0xffff0000u);
        for (int i = 0; i < kRowsAtOnce; ++i) {
            const bf16* row = rows + i * row_size;
            sums[i] = multiply_add(repeat(to_float(row[1])), odd, sums[i]);
            sums[i] = multiply_add(repeat(to_float(row[0])), even, sums[i]);
        }
    }
}

// `right` holds the two tiles of each depth in turn. Sums begin with `result` or with 0.
template <bool kAdds>
inline void multiply_rows(const Blocks& left, int row, const bf16* right, int depth, float* result,
                          std::ptrdiff_t result_size) {
    const std::ptrdiff_t row_size = left.row_size(), start = row * row_size;
    for (int column = 0; column < 2 * kLanes; column += kPartLanes) {
        const bf16* tile = right + column / kLanes * kTileSize + column % kLanes * 2;
        Part sums[kRowsAtOnce] = {};
        if (kAdds)
            for (int i = 0; i < kRowsAtOnce; ++i)
                sums[i] = load_part(result + i * result_size + column);
        for (int k = 0; k < depth; ++k)
            add_rows(left.tile(k) + start, row_size, tile + std::ptrdiff_t(k) * 2 * kTileSize,
                     sums);
        for (int i = 0; i < kRowsAtOnce; ++i)
            store_part(result + i * result_size + column, sums[i]);
    }
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET

#include "common/products_by_rows.hpp"
