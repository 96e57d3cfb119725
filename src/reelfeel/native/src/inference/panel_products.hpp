// Products in float32 of inference: some rows with panels, sixteen columns of a right matrix that
// lie together, (depth, 16).
//
// Training has others in float32, common/tiles_float32.hpp: those add to what is there, and take
// the layouts that training has in bfloat16 too, in which no dimension is free. Here weights are
// packed once and stay, a few rows or one are as usual as many, and weights may be float16.
//
// A tile's sums stay in registers while the depth goes by. Each sum adds its products in the order
// of the depth and by itself, so a row's result does not depend on the rows beside it, bit by bit.
#pragma once

#include "common/float16.hpp"
#include "common/registers.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

// Sums that registers hold beside a panel's numbers and a row's: AVX-512 and ARM have 32 of them,
// the others 16. Twelve rows of two panels read half as much as six rows of four.
#if REELFEEL_REGISTER_BYTES == 64
constexpr int kMostSums = 24, kFullRows = 12;
#elif defined(REELFEEL_X86)
constexpr int kMostSums = 12, kFullRows = 6;
#else
constexpr int kMostSums = 24, kFullRows = 6;
#endif

// How many panels rows take at once: as many as keep their sums in registers. One row of one panel
// would wait for each sum before it adds to it.
constexpr int panels_at_once(int rows) {
    return rows * 4 * kParts <= kMostSums ? 4 : rows * 2 * kParts <= kMostSums ? 2 : 1;
}

// Where panels lie.
struct PanelLayout {
    int depth;
    std::ptrdiff_t size, step;  // numbers from one panel to the next, and from one row to the next
};

// One panel after the other: a panel is read for some rows, and again for the next ones.
inline PanelLayout panels_apart(int depth) {
    return {depth, std::ptrdiff_t(depth) * kLanes, kLanes};
}

// Rows of four panels side by side: all weights are one stream, as memory likes it.
inline PanelLayout panels_together(int depth) { return {depth, kLanes, 4 * kLanes}; }

// A product's right matrix.
template <typename Weight>
struct Panels {
    const Weight* numbers;
    PanelLayout layout;
};

// `left_stride`, `result_stride`: numbers from one row to the next. Of each panel kWidth registers
// are taken. Loops are unrolled by the letter, since g++ 12 keeps sums in memory that it indexes;
// and it stays a function, since it needs all registers for itself.
template <int kRows, int kPanels, int kWidth, typename Weight>
[[gnu::noinline]] void multiply_tile(const float* left, std::ptrdiff_t left_stride,
                                     Panels<Weight> right, float* result,
                                     std::ptrdiff_t result_stride) {
    constexpr int kSums = kPanels * kWidth;
    Part sums[kRows][kSums];
    REELFEEL_UNROLL
    for (int row = 0; row < kRows; ++row) {
        REELFEEL_UNROLL
        for (int i = 0; i < kSums; ++i) sums[row][i] = Part{};
    }
    for (int k = 0; k < right.layout.depth; ++k) {
        Part weights[kSums];
        REELFEEL_UNROLL
        for (int i = 0; i < kSums; ++i)
            weights[i] = load_part(right.numbers + i / kWidth * right.layout.size +
                                   k * right.layout.step + i % kWidth * kPartLanes);
        REELFEEL_UNROLL
        for (int row = 0; row < kRows; ++row) {
            const float number = left[row * left_stride + k];
            REELFEEL_UNROLL
            for (int i = 0; i < kSums; ++i) sums[row][i] += number * weights[i];
        }
    }
    REELFEEL_UNROLL
    for (int row = 0; row < kRows; ++row) {
        REELFEEL_UNROLL
        for (int i = 0; i < kSums; ++i)
            store_part(result + row * result_stride + i / kWidth * kLanes + i % kWidth * kPartLanes,
                       sums[row][i]);
    }
}

// kRows rows times four panels; `result` (rows, 64).
template <int kRows, typename Weight>
inline void multiply_rows(const float* left, std::ptrdiff_t left_stride, Panels<Weight> right,
                          int rows, float* result) {
    constexpr int kPanels = panels_at_once(kRows);
    // Where not even one panel's sums fit, those of half its columns do.
    constexpr int kWidth = kRows * kParts <= kMostSums ? kParts : kParts / 2;
    for (int panel = 0; panel < 4; panel += kPanels)
        for (int i = 0; i < kParts; i += kWidth) {
            const std::ptrdiff_t part = i * kPartLanes;
            const Panels<Weight> taken{right.numbers + panel * right.layout.size + part,
                                       right.layout};
            for (int row = 0; row + kRows <= rows; row += kRows)
                multiply_tile<kRows, kPanels, kWidth>(
                    left + row * left_stride, left_stride, taken,
                    result + row * 4 * kLanes + panel * kLanes + part, 4 * kLanes);
        }
}

// Any number of rows times four panels; `result` (rows, 64).
template <typename Weight>
inline void multiply_panels(const float* left, std::ptrdiff_t left_stride, int rows,
                            Panels<Weight> right, float* result) {
    const int full = rows - rows % kFullRows;
    multiply_rows<kFullRows>(left, left_stride, right, full, result);
    int rest = rows - full;
    left += full * left_stride;
    result += full * 4 * kLanes;
    if (rest >= 6) {
        multiply_rows<6>(left, left_stride, right, 6, result);
        left += 6 * left_stride;
        result += 6 * 4 * kLanes;
        rest -= 6;
    }
    switch (rest) {
        case 1:
            return multiply_rows<1>(left, left_stride, right, 1, result);
        case 2:
            return multiply_rows<2>(left, left_stride, right, 2, result);
        case 3:
            return multiply_rows<3>(left, left_stride, right, 3, result);
        case 4:
            return multiply_rows<4>(left, left_stride, right, 4, result);
        case 5:
            return multiply_rows<5>(left, left_stride, right, 5, result);
    }
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
