// One tower: Embedding, one or more LSTMs, pooling; inference.cpp explains how it runs.
#pragma once

#include <cstdint>
#include <vector>

#include "common/buffer.hpp"
#include "inference/word_rows.hpp"

namespace reelfeel {

enum Pooling { kLast = 0, kLastMaxMean = 1 };

// What a tower is made from, in Keras' layout: of each layer a kernel, a recurrent kernel, a bias.
struct Weights {
    bool are_half;  // float16; else float32
    const void* embeddings;
    const void* const* kernels;
    const void* const* recurrent_kernels;
    const void* const* biases;
};

// One LSTM layer, packed for the kernel that runs it.
struct Layer {
    int features, units;
    Buffer<float> weights_float;
    // bfloat16 in place of float32, or the same numbers again as float16, for few rows.
    Buffer<std::uint16_t> weights_16;
    Buffer<float> bias;  // (units / 16, 4, 16)
};

struct Tower {
    int vocabulary_size, features;
    bool reversed;
    bool folded;  // the first layer adds x W + b from `word_rows`; else it multiplies x
    Pooling pooling;
    std::vector<Layer> layers;
    Buffer<float> embeddings_float;
    Buffer<std::uint16_t> embeddings_16;  // bfloat16 or float16
    Layer word_layer;                     // where folded, the first layer without its recurrence
    // Rows are added while texts are read; what a row holds never changes.
    mutable WordRows word_rows;

    int output_width() const { return layers.back().units * (pooling == kLast ? 1 : 3); }
};

// Some texts that run together, the longest first.
struct Block {
    int num_rows;
    const std::int32_t* const* token_ids;  // of each row
    const std::int32_t* lengths;           // of each row, at least 1
    float* const* outputs;                 // of each row, (output_width,)
};

// What a kernel brings.
struct InferenceKernel {
    bool is_bf16;
    int number_bytes;  // in `word_rows`
    int most_rows;     // in a block
    void (*prepare)(Tower& tower, const Weights& weights);
    void (*make_word_rows)(const Tower& tower, const std::int32_t* words, int num_words);
    void (*run)(const Tower& tower, const Block& block);
};

namespace portable {
extern const InferenceKernel kFloatInference;
}
namespace portable_bf16 {
extern const InferenceKernel kBfloat16Inference;
}
#ifdef REELFEEL_X86
namespace avx2 {
extern const InferenceKernel kFloatInference;
}
namespace avx512 {
extern const InferenceKernel kFloatInference;
}
namespace avx512bf16 {
extern const InferenceKernel kBfloat16Inference;
}
namespace amx {
extern const InferenceKernel kBfloat16Inference;
}
#endif

}  // namespace reelfeel
