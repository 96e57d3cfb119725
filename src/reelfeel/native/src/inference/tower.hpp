// One tower: Embedding, one or more LSTMs, pooling; inference.cpp explains how it runs.
#pragma once

#include <cstdint>
#include <vector>

namespace reelfeel {

enum Pooling { kLast = 0, kLastMaxMean = 1 };

// One LSTM layer, packed for the kernel that runs it.
struct Layer {
    int features, units;
    std::vector<std::uint16_t> weights_bf16;  // either these
    std::vector<float> weights_float;         // or these
    std::vector<float> bias;                  // (units / 16, 4, 16)
};

struct Tower {
    int vocabulary_size, features;
    bool reversed;
    bool folded;  // the table holds x W + b of the first layer for every word, not x
    Pooling pooling;
    std::vector<Layer> layers;
    std::vector<std::uint16_t> table_bf16;
    std::vector<float> table_float;

    int table_width() const { return folded ? 4 * layers[0].units : features; }
    int output_width() const { return layers.back().units * (pooling == kLast ? 1 : 3); }
};

// Some texts that run together, the longest first.
struct Block {
    int num_rows;
    const std::int32_t* const* token_ids;  // of each row
    const std::int32_t* lengths;           // of each row, at least 1
    float* const* outputs;                 // of each row, (output_width,)
};

// What a kernel brings: how it packs weights (fold_rows: also the table), and how it runs a block.
struct InferenceKernel {
    bool is_bf16;
    void (*prepare)(Tower& tower, const float* embeddings, const float* const* kernels,
                    const float* const* recurrent_kernels);
    void (*run)(const Tower& tower, const Block& block);
};

namespace portable {
extern const InferenceKernel kFloatInference;
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
