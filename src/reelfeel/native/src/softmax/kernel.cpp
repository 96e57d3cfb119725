// Loss and gradients of the sampled softmax. The target says what a number is, bfloat16 or float32,
// and which unit multiplies tiles of them.
//
// Three products of (tokens, negatives) by `dim`, with an exponential behind the first. Libraries
// write the large matrix to memory and read it for every step between. Here 32 tokens' logits stay
// in the second cache until they are probabilities, which are stored once, as numbers; every sum is
// float32. A chunk of tokens goes through three stages:
//   score     logits H N^T + log(weights); less each row's largest, to the power: P, and the sums S
//   descend   the gradient of H, P N / S, and the target's own part
//   collect   the gradient of N, P^T (H / S), transposed: so the small matrix is the one to be
//             transposed for a unit that wants that, and of P only rows are interleaved
// P is not divided by S; H is, which is smaller.
//
// Each row's largest exponent is taken first, so that no power exceeds 1 and no sum overflows. The
// target's logit is among those compared, so a sum is 0 only if its target was drawn at a chance
// below 1e-30.
//
// Layouts: P is (tokens / 32, negatives / 32, 32 tokens, 32 negatives), the logits of 32 tokens are
// one such row. Negatives are filled up to a multiple of 32 with ones of probability 0.

#include "softmax/softmax.hpp"

#include "common/target_begin.hpp"

#include REELFEEL_UNIT
#include "common/token_products.hpp"
#include "softmax/packing.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

// So many that their P is of one size in either kind of number.
constexpr int kChunkTokens = 1024 / int(sizeof(Number));
// A power of 2 so far below the largest one is a number as exact as any: float32 reaches 2^-126.
constexpr float kHarmless = 32.0f;

// The memory that a thread works in; every part is a multiple of 64 bytes.
struct Workspace {
    float* logits;         // (negatives / 32, 32, 32)
    float* result;         // (dim / 32, 32, 32)
    float* inverses;       // (chunk,): 1 / (S * all tokens), 0 behind the last token
    Number* hidden;        // (dim / 32, 32, 32)
    Number* powers;        // P of the chunk
    Number* left;          // (dim / 32, chunk / 32, 2 tiles)
    Number* right;         // (chunk / 32, 2 tiles)
    Number* pairs;         // 2 tiles
    std::size_t size = 0;  // in bytes

    Workspace(void* memory, int dim, int negatives) {
        const auto take = [&](auto** part, std::size_t numbers) {
            *part = reinterpret_cast<std::decay_t<decltype(**part)>*>(
                reinterpret_cast<std::uintptr_t>(memory) + size);
            size += numbers * sizeof(**part);
        };
        take(&logits, std::size_t(negatives) * kBlock);
        take(&result, std::size_t(dim) * kBlock);
        take(&inverses, kChunkTokens);
        take(&hidden, std::size_t(dim) * kBlock);
        take(&powers, std::size_t(negatives) * kChunkTokens);
        take(&left, std::size_t(dim) * kChunkTokens);
        take(&right, std::size_t(kBlock) * kChunkTokens);
        take(&pairs, 2 * kTileSize);
    }
};

// What the stages share: a chunk of one thread's tokens.
struct Chunk {
    const SoftmaxArguments& a;
    const SoftmaxNegatives& negatives;
    const Workspace& work;
    int first, number;  // tokens
    int panels;         // of 32 negatives
    float* errors;

    int num_blocks() const { return ceil_div(number, kBlock); }
    Number* powers(int block) const {
        return work.powers + std::ptrdiff_t(block) * panels * kBlockSize;
    }
    const float* hidden(int token) const {
        return a.hidden + std::ptrdiff_t(first + token) * a.dim;
    }
    std::int64_t target(int token) const { return a.target_ids[first + token]; }
    const float* target_row(int token) const { return a.embeddings + target(token) * a.dim; }
    const Number* across(int panel) const {
        return static_cast<const Number*>(negatives.across) +
               std::ptrdiff_t(panel) * a.dim * kBlock;
    }
    const Number* along(int k) const {
        return static_cast<const Number*>(negatives.along) +
               std::ptrdiff_t(k) * panels * kBlockSize;
    }
};

inline float sum_of(Lanes values) {
    return fold(values, [](float one, float other) { return one + other; });
}

inline float largest_of(Lanes values) {
    return fold(values, [](float one, float other) { return one > other ? one : other; });
}

float target_exponent(const Chunk& c, int token) {
    const float *hidden = c.hidden(token), *target = c.target_row(token);
    Lanes even{}, odd{};
    for (int k = 0; k < c.a.dim; k += 2 * kLanes) {
        even = multiply_add(load_lanes(hidden + k), load_lanes(target + k), even);
        odd = multiply_add(load_lanes(hidden + k + kLanes), load_lanes(target + k + kLanes), odd);
    }
    return kLog2OfE * (sum_of(even + odd) + c.a.bias[c.target(token)]);
}

void round_hidden(const Chunk& c, int block) {
    for (int row = 0; row < kBlock; ++row) {
        const int token = block * kBlock + row;
        for (int k = 0; k < c.a.dim; k += kBlock)
            store_numbers(c.work.hidden + k * kBlock + row * kBlock,
                          token < c.number ? load_scaled(c.hidden(token) + k, repeat_lanes(1.0f))
                                           : no_numbers());
    }
}

// The exponents of 2 of sixteen negatives, from their logits.
inline Lanes to_exponents(const float* logits, Lanes offset) {
    return multiply_add(load_lanes(logits), repeat_lanes(kLog2OfE), offset);
}

// Writes the logits of 32 tokens, and each token's largest exponent of 2.
void multiply_logits(const Chunk& c, float* peaks) {
    const int depth = c.a.dim / kTileDepth;
    Lanes largest[kBlock];
    std::fill(largest, largest + kBlock, repeat_lanes(-FLT_MAX));
    for (int panel = 0; panel < c.panels; ++panel) {
        float* logits = c.work.logits + std::ptrdiff_t(panel) * kBlockSize;
        multiply_32_rows({c.work.hidden, kBlockSize, 1}, 0, c.across(panel), depth, logits, kBlock);
        const Lanes offset = load_lanes(c.negatives.offsets + panel * kBlock);
        const Lanes other = load_lanes(c.negatives.offsets + panel * kBlock + kLanes);
        for (int row = 0; row < kBlock; ++row, logits += kBlock) {
            const Lanes first = to_exponents(logits, offset);
            const Lanes second = to_exponents(logits + kLanes, other);
            largest[row] = larger_of(largest[row], larger_of(first, second));
        }
    }
    for (int row = 0; row < kBlock; ++row) peaks[row] = largest_of(largest[row]);
}

// Turns the logits of 32 tokens into powers, and sums them.
void raise_powers(const Chunk& c, const float* peaks, Number* powers, float* sums) {
    Lanes totals[kBlock] = {};
    const float* logits = c.work.logits;
    for (int panel = 0; panel < c.panels; ++panel) {
        const Lanes offset = load_lanes(c.negatives.offsets + panel * kBlock);
        const Lanes other = load_lanes(c.negatives.offsets + panel * kBlock + kLanes);
        for (int row = 0; row < kBlock; ++row, logits += kBlock, powers += kBlock) {
            const Lanes peak = repeat_lanes(peaks[row]);
            const Lanes first = quick_exp2<kIsExact>(to_exponents(logits, offset) - peak);
            const Lanes second = quick_exp2<kIsExact>(to_exponents(logits + kLanes, other) - peak);
            totals[row] = totals[row] + (first + second);
            store_numbers(powers, to_numbers(first, second));
        }
    }
    for (int row = 0; row < kBlock; ++row) sums[row] = sum_of(totals[row]);
}

float largest_exponent(const Chunk& c, int row) {
    Lanes largest = repeat_lanes(-FLT_MAX);
    for (int lane = 0; lane < c.panels * kBlock; lane += kLanes) {
        const float* logits = c.work.logits + std::ptrdiff_t(lane / kBlock) * kBlockSize +
                              row * kBlock + lane % kBlock;
        largest = larger_of(largest, to_exponents(logits, load_lanes(c.negatives.offsets + lane)));
    }
    return largest_of(largest);
}

// A target that was drawn too counts once. What is dropped may have been the row's peak; far above
// all that is left, as huge logits are by their rounding alone, it would leave powers of 0 only.
void drop_hits(const Chunk& c, int block, int rows, const float* exponents, float* peaks) {
    for (int row = 0; row < rows; ++row) {
        const int hit = c.negatives.columns[c.target(block * kBlock + row)];
        if (hit < 0) continue;
        c.work.logits[std::ptrdiff_t(hit / kBlock) * kBlockSize + row * kBlock + hit % kBlock] =
            kNever;
        if (peaks[row] - exponents[row] > kHarmless) peaks[row] = largest_exponent(c, row);
    }
}

// Returns the loss of up to 32 tokens.
double score(const Chunk& c, int block) {
    const int rows = std::min(kBlock, c.number - block * kBlock);
    const float share = 1.0f / c.a.num_tokens;
    float peaks[kBlock], sums[kBlock], exponents[kBlock];
    round_hidden(c, block);
    multiply_logits(c, peaks);
    for (int row = 0; row < rows; ++row) exponents[row] = target_exponent(c, block * kBlock + row);
    drop_hits(c, block, rows, exponents, peaks);
    for (int row = 0; row < rows; ++row) peaks[row] = std::max(peaks[row], exponents[row]);
    raise_powers(c, peaks, c.powers(block), sums);
    double loss = 0;
    float* inverses = c.work.inverses + block * kBlock;
    for (int row = 0; row < rows; ++row) {
        const float own = std::exp2(exponents[row] - peaks[row]), sum = sums[row] + own;
        inverses[row] = share / sum;
        c.errors[c.first + block * kBlock + row] = (own / sum - 1.0f) * share;
        loss += std::log(sum) + double(peaks[row] - exponents[row]) / kLog2OfE;
    }
    std::fill(inverses + rows, inverses + kBlock, 0.0f);
    return loss * share;
}

void descend(const Chunk& c, int block) {
    const int rows = std::min(kBlock, c.number - block * kBlock);
    for (int k = 0; k < c.a.dim / kBlock; ++k)
        multiply_32_rows({c.powers(block), kBlockSize, 1}, 0, c.along(k), c.panels,
                         c.work.result + k * kBlockSize, kBlock);
    for (int row = 0; row < rows; ++row) {
        const int token = block * kBlock + row;
        const Part inverse = repeat(c.work.inverses[token]);
        const Part error = repeat(c.errors[c.first + token]);
        const float* target = c.target_row(token);
        float* gradient = c.a.d_hidden + std::ptrdiff_t(c.first + token) * c.a.dim;
        for (int k = 0; k < c.a.dim; k += kPartLanes) {
            const float* sum = c.work.result + k / kBlock * kBlockSize + row * kBlock + k % kBlock;
            store_part(gradient + k,
                       multiply_add(inverse, load_part(sum), error * load_part(target + k)));
        }
    }
}

// H / S, transposed: of each 32 tokens two tiles of 16 dimensions.
void transpose_hidden(const Chunk& c) {
    const auto scaled = [&](int token, int k) {
        return token < c.number
                   ? load_scaled(c.hidden(token) + k, repeat_lanes(c.work.inverses[token]))
                   : no_numbers();
    };
    Number* left = c.work.left;
    for (int k = 0; k < c.a.dim; k += kBlock)
        for (int block = 0; block < c.num_blocks(); ++block, left += 2 * kTileSize) {
            Number* tiles = kTransposesLeft ? c.work.pairs : left;
            for (int pair = 0; pair < kTileRows; ++pair) {
                const int token = block * kBlock + 2 * pair;
                store_pair(tiles, pair, scaled(token, k), scaled(token + 1, k));
            }
            finish_left(tiles, 2, left);
        }
}

// 32 columns of P in pairs of tokens; adds P / S to the columns' sums.
void pair_powers(const Chunk& c, int panel, float* probabilities) {
    Number* target = c.work.right;
    Lanes first = load_lanes(probabilities), second = load_lanes(probabilities + kLanes);
    for (int block = 0; block < c.num_blocks(); ++block, target += 2 * kTileSize) {
        const Number* powers = c.powers(block) + std::ptrdiff_t(panel) * kBlockSize;
        for (int pair = 0; pair < kTileRows; ++pair, powers += 2 * kBlock) {
            store_pair(target, pair, load_numbers(powers), load_numbers(powers + kBlock));
            const float* inverse = c.work.inverses + block * kBlock + 2 * pair;
            const Lanes even = repeat_lanes(inverse[0]), odd = repeat_lanes(inverse[1]);
            first = multiply_add(even, load_lanes(powers), first);
            first = multiply_add(odd, load_lanes(powers + kBlock), first);
            second = multiply_add(even, load_lanes(powers + kLanes), second);
            second = multiply_add(odd, load_lanes(powers + kBlock + kLanes), second);
        }
    }
    store_lanes(probabilities, first);
    store_lanes(probabilities + kLanes, second);
}

void collect(const Chunk& c, SoftmaxSums* sums) {
    const int depth = c.num_blocks();
    float* gradients = sums->gradients;
    transpose_hidden(c);
    for (int panel = 0; panel < c.panels; ++panel) {
        pair_powers(c, panel, sums->probabilities + panel * kBlock);
        for (int k = 0; k < c.a.dim / kBlock; ++k, gradients += kBlockSize)
            add_product(c.work.left + std::ptrdiff_t(k) * depth * 2 * kTileSize, c.work.right,
                        depth, gradients, kBlock);
    }
}

std::size_t workspace_size(int dim, int negatives) {
    return Workspace(nullptr, dim, negatives).size;
}

void softmax_rows(const SoftmaxArguments& a, const SoftmaxNegatives& negatives, int first,
                  int number, float* errors, SoftmaxSums* sums) {
    const ProductUnit unit_is_on;
    const int panels = ceil_div(a.num_negatives, kBlock);
    const Workspace work(sums->workspace, a.dim, panels * kBlock);
    std::memset(sums->gradients, 0, std::size_t(panels) * kBlock * a.dim * sizeof(float));
    std::memset(sums->probabilities, 0, std::size_t(panels) * kBlock * sizeof(float));
    sums->loss = 0;
    for (int start = 0; start < number; start += kChunkTokens) {
        const int tokens = std::min(kChunkTokens, number - start);
        const Chunk chunk{a, negatives, work, first + start, tokens, panels, errors};
        for (int block = 0; block < chunk.num_blocks(); ++block) sums->loss += score(chunk, block);
        for (int block = 0; block < chunk.num_blocks(); ++block) descend(chunk, block);
        collect(chunk, sums);
    }
}

}  // namespace

const SoftmaxKernel kSoftmax = {sizeof(Number), workspace_size, pack, softmax_rows, gather};

}  // namespace reelfeel::REELFEEL_TARGET

#include "common/target_end.hpp"
