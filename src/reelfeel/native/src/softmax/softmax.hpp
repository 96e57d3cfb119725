// The sampled softmax; kernel.cpp explains the order of the work and the layouts.
#pragma once

#include <cstddef>
#include <cstdint>

namespace reelfeel {

struct SoftmaxArguments {
    int is_bf16, num_tokens, dim, num_words, num_negatives;
    const float* hidden;               // (num_tokens, dim), dim a multiple of 32
    const float* embeddings;           // (num_words, dim)
    const float* bias;                 // (num_words,)
    const std::int64_t* target_ids;    // (num_tokens,)
    const std::int64_t* negative_ids;  // (num_negatives,), no id twice
    const float* inclusion;            // (num_negatives,)
    float* d_hidden;                   // out: (num_tokens, dim); all gradients are of the mean loss
    float* d_embeddings;               // out: (num_words, dim)
    float* d_bias;                     // out: (num_words,)
    double* loss;                      // out: the mean over the tokens
};

// Tokens, negatives and dimensions are worked on by 32.
constexpr int kBlock = 32;
constexpr int kBlockSize = kBlock * kBlock;
constexpr float kNever = -1e30f;  // to the power, 0; its product with log2(e) is finite

inline int round_up(int number, int unit) { return (number + unit - 1) / unit * unit; }

// What all threads read, of `negatives` rows: the negatives rounded up to 32.
struct SoftmaxNegatives {
    // Numbers are bfloat16 or float32, as the kernel stores them.
    void* across;    // numbers (negatives / 32, dim / 32, 2, 16, 32): tiles for the logits
    void* along;     // numbers (dim / 32, negatives / 32, 2, 16, 32): tiles for the hidden gradient
    float* offsets;  // (negatives,): log2(exp(bias) / inclusion)
    const std::int32_t* columns;  // (num_words,): each word's place among the negatives, or -1
};

// What one thread writes.
struct SoftmaxSums {
    void* workspace;       // of workspace_size bytes, at a cache line's start
    float* gradients;      // (negatives / 32, dim / 32, 32 dimensions, 32 negatives)
    float* probabilities;  // (negatives,): the gradient of the negatives' bias
    double loss;           // the tokens' share of the mean
};

// What each target has.
struct SoftmaxKernel {
    std::size_t number_size;                                // in bytes
    std::size_t (*workspace_size)(int dim, int negatives);  // of one thread, in bytes
    // Packs negatives [first, first + number), both multiples of 32.
    void (*pack)(const SoftmaxArguments& arguments, const SoftmaxNegatives& negatives, int first,
                 int number);
    // Works on tokens [first, first + number), `first` a multiple of 32. `errors`, one of each
    // token, receives the gradient of its target's logit.
    void (*rows)(const SoftmaxArguments& arguments, const SoftmaxNegatives& negatives, int first,
                 int number, float* errors, SoftmaxSums* sums);
    // Writes columns [first, first + number) of the embeddings' gradient, both multiples of 32,
    // from the targets' errors and the sums of all threads, which are added in their order.
    void (*gather)(const SoftmaxArguments& arguments, const float* errors, const SoftmaxSums* sums,
                   int num_sums, int first, int number);
};

// In float32, and in bfloat16 (portable_bf16 and what stands behind it in the list).
namespace portable {
extern const SoftmaxKernel kSoftmax;
}
namespace portable_bf16 {
extern const SoftmaxKernel kSoftmax;
}
#ifdef REELFEEL_X86
namespace avx2 {
extern const SoftmaxKernel kSoftmax;
}
namespace avx512 {
extern const SoftmaxKernel kSoftmax;
}
namespace avx512bf16 {
extern const SoftmaxKernel kSoftmax;
}
namespace amx {
extern const SoftmaxKernel kSoftmax;
}
#endif

}  // namespace reelfeel
