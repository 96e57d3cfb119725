// What surrounds the products of the sampled softmax, whichever unit multiplies: the tiles of the
// negatives before, the gradients' sums after. kernel.cpp has the layouts.

#pragma once

#include "common/token_products.hpp"
#include "softmax/softmax.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

inline void pack(const SoftmaxArguments& a, const SoftmaxNegatives& negatives, int first,
                 int number) {
    const int depth = a.dim / kBlock, panels = ceil_div(a.num_negatives, kBlock);
    const auto numbers = [&](int column, int k) {
        if (column >= a.num_negatives) return no_numbers();
        const float* row = a.embeddings + a.negative_ids[column] * a.dim + k * kBlock;
        return to_numbers(load_lanes(row), load_lanes(row + kLanes));
    };
    for (int column = first; column < first + number; ++column) {
        const int panel = column / kBlock, lane = column % kBlock;
        negatives.offsets[column] =
            column < a.num_negatives
                ? kLog2OfE * (a.bias[a.negative_ids[column]] - std::log(a.inclusion[column]))
                : kNever;
        for (int k = 0; k < depth; ++k) {
            Number* across = static_cast<Number*>(negatives.across) +
                             (std::ptrdiff_t(panel) * depth + k) * 2 * kTileSize +
                             lane / kLanes * kTileSize;
            store_column(across, lane % kLanes, numbers(column, k));
            if (column % 2) continue;
            Number* along = static_cast<Number*>(negatives.along) +
                            (std::ptrdiff_t(k) * panels + panel) * 2 * kTileSize;
            store_pair(along, lane / 2, numbers(column, k), numbers(column + 1, k));
        }
    }
}

inline void add_targets(const SoftmaxArguments& a, const float* errors, int first, int number) {
    for (int token = 0; token < a.num_tokens; ++token) {
        const Part error = repeat(errors[token]);
        const float* hidden = a.hidden + std::ptrdiff_t(token) * a.dim;
        float* gradient = a.d_embeddings + a.target_ids[token] * a.dim;
        for (int k = first; k < first + number; k += kPartLanes)
            store_part(gradient + k,
                       multiply_add(error, load_part(hidden + k), load_part(gradient + k)));
    }
}

// One column of sixteen dimensions: they lie 32 numbers apart.
inline Lanes gather_column(const float* source) {
#if REELFEEL_REGISTER_BYTES == 64
    const __m512i apart =
        _mm512_mullo_epi32(_mm512_set1_epi32(kBlock),
                           _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    return {{_mm512_i32gather_ps(apart, source, 4)}};
#else
    float column[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) column[lane] = source[lane * kBlock];
    return load_lanes(column);
#endif
}

inline void add_negatives(const SoftmaxArguments& a, const SoftmaxSums* sums, int num_sums,
                          int first, int number) {
    for (int column = 0; column < a.num_negatives; ++column) {
        float* gradient = a.d_embeddings + a.negative_ids[column] * a.dim;
        for (int k = first; k < first + number; k += kLanes) {
            const std::ptrdiff_t block =
                std::ptrdiff_t(column / kBlock) * (a.dim / kBlock) + k / kBlock;
            const std::ptrdiff_t at = block * kBlockSize + k % kBlock * kBlock + column % kBlock;
            Lanes sum = load_lanes(gradient + k);
            for (int index = 0; index < num_sums; ++index)
                sum = sum + gather_column(sums[index].gradients + at);
            store_lanes(gradient + k, sum);
        }
    }
}

inline void gather_bias(const SoftmaxArguments& a, const float* errors, const SoftmaxSums* sums,
                        int num_sums) {
    std::fill(a.d_bias, a.d_bias + a.num_words, 0.0f);
    for (int token = 0; token < a.num_tokens; ++token)
        a.d_bias[a.target_ids[token]] += errors[token];
    for (int index = 0; index < num_sums; ++index)
        for (int column = 0; column < a.num_negatives; ++column)
            a.d_bias[a.negative_ids[column]] += sums[index].probabilities[column];
}

inline void gather(const SoftmaxArguments& a, const float* errors, const SoftmaxSums* sums,
                   int num_sums, int first, int number) {
    for (int word = 0; word < a.num_words; ++word)
        std::memset(a.d_embeddings + std::ptrdiff_t(word) * a.dim + first, 0,
                    number * sizeof(float));
    add_targets(a, errors, first, number);
    add_negatives(a, sums, num_sums, first, number);
    if (first == 0) gather_bias(a, errors, sums, num_sums);
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
