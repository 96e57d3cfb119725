// What Python calls for inference: a tower made once from its weights, then texts of any number
// and length to features.
//
// Texts are sorted by length and cut into blocks; each block runs from its first token to its last
// in one thread, without waiting for any other. Rows of a block that have ended are left out of
// the products. Unless they could become many, the first layer's products with words are kept,
// each made when its word is first met ("folded"): a step then adds a row in place of multiplying,
// and a text alone has its words multiplied together. With 512 units and 256 features that is a
// third less to do; 30,000 words would be 245 MB, those of one text are 1 MB.

#include "inference/tower.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <numeric>
#include <thread>

#include "common/library.hpp"
#include "common/threads.hpp"

namespace reelfeel {
namespace {

// Above this the rows of all words would take more memory than most scoring gets back.
constexpr std::size_t kMaxFoldedBytes = std::size_t(256) << 20;
// Words whose rows are made at a time: a multiple of what each kernel multiplies at once.
constexpr int kWordsAtOnce = 96;
constexpr int kMostBlockRows = 128;

struct Machine {
    Tower tower;
    const InferenceKernel* kernel;
};

const InferenceKernel* choose_kernel(bool wants_bf16) {
    const unsigned features = processor_features();
#ifdef REELFEEL_X86
    if (wants_bf16 && features & kAmxBf16) return &amx::kBfloat16Inference;
    if (wants_bf16) return features & kAvx512Bf16 ? &avx512bf16::kBfloat16Inference : nullptr;
    if (features & kAvx512) return &avx512::kFloatInference;
    if (features & kAvx2) return &avx2::kFloatInference;
#endif
    (void)features;
    return wants_bf16 ? nullptr : &portable::kFloatInference;
}

// Rows that share the weights they stream in; but two blocks for each thread, because the first
// block has the longest texts and takes the longest.
int choose_block_rows(const Machine& machine, std::int64_t num_texts, int num_threads) {
    const int most = std::min(machine.kernel->most_rows,
                              machine.tower.layers.back().units >= 256 ? kMostBlockRows : 64);
    const std::int64_t num_blocks = num_threads > 1 ? 2 * num_threads : 1;
    const std::int64_t share = (num_texts + num_blocks - 1) / num_blocks;
    return int(std::max<std::int64_t>(16, std::min<std::int64_t>(most, (share + 15) / 16 * 16)));
}

// The words of some texts that have no row yet, each once.
std::vector<std::int32_t> find_new_words(const Tower& tower, const std::int32_t* token_ids,
                                         std::int64_t num_tokens) {
    std::vector<std::int32_t> words;
    std::vector<bool> is_listed(tower.vocabulary_size);
    for (std::int64_t i = 0; i < num_tokens; ++i) {
        const std::int32_t word = token_ids[i];
        if (tower.word_rows.find(word) || is_listed[word]) continue;
        is_listed[word] = true;
        words.push_back(word);
    }
    return words;
}

void make_missing_rows(const Machine& machine, const std::int32_t* token_ids,
                       std::int64_t num_tokens, int num_threads) {
    const Tower& tower = machine.tower;
    if (!tower.folded) return;
    const std::vector<std::int32_t> words = find_new_words(tower, token_ids, num_tokens);
    const int num_words = int(words.size());
    const int num_parts = (num_words + kWordsAtOnce - 1) / kWordsAtOnce;
    if (num_parts == 0) return;
    share(num_parts, 1, num_threads, [&](int first, int number, int) {
        for (int part = first; part < first + number; ++part) {
            const int start = part * kWordsAtOnce;
            machine.kernel->make_word_rows(tower, words.data() + start,
                                           std::min(kWordsAtOnce, num_words - start));
        }
    });
}

void run_blocks(const Machine& machine, const std::int32_t* token_ids, const std::int64_t* offsets,
                const std::vector<std::int64_t>& order, int block_rows,
                std::atomic<std::size_t>& next, float* outputs) {
    const std::int32_t* row_ids[kMostBlockRows];
    std::int32_t lengths[kMostBlockRows];
    float* row_outputs[kMostBlockRows];
    for (;;) {
        const std::size_t first = next.fetch_add(block_rows);
        if (first >= order.size()) return;
        const int rows = int(std::min<std::size_t>(block_rows, order.size() - first));
        for (int row = 0; row < rows; ++row) {
            const std::int64_t text = order[first + row];
            row_ids[row] = token_ids + offsets[text];
            lengths[row] = std::int32_t(offsets[text + 1] - offsets[text]);
            row_outputs[row] = outputs + text * machine.tower.output_width();
        }
        machine.kernel->run(machine.tower, Block{rows, row_ids, lengths, row_outputs});
    }
}

}  // namespace
}  // namespace reelfeel

struct TowerDescription {
    std::int32_t vocabulary_size, features, num_layers, reversed, pooling, bf16;
    std::int32_t half_weights;  // whether what follows is float16; else it is float32
    const std::int32_t* units;  // of each layer, multiples of 16
    const void* embeddings;     // (vocabulary_size, features)
    const void* const* kernels;
    const void* const* recurrent_kernels;
    const void* const* biases;
};

// Returns null if this machine has no kernel for the precision.
REELFEEL_EXPORT void* reelfeel_tower_create(const TowerDescription* d) {
    using namespace reelfeel;
    const InferenceKernel* kernel = choose_kernel(d->bf16 != 0);
    if (!kernel) return nullptr;
    auto machine = std::make_unique<Machine>();
    machine->kernel = kernel;
    Tower& tower = machine->tower;
    tower.vocabulary_size = d->vocabulary_size;
    tower.features = d->features;
    tower.reversed = d->reversed != 0;
    tower.pooling = Pooling(d->pooling);
    tower.folded = std::size_t(d->vocabulary_size) * 4 * d->units[0] * kernel->number_bytes <=
                   kMaxFoldedBytes;
    tower.layers.resize(d->num_layers);
    int features = d->features;
    for (int index = 0; index < d->num_layers; ++index) {
        tower.layers[index].features = features;
        features = tower.layers[index].units = d->units[index];
    }
    kernel->prepare(tower, {d->half_weights != 0, d->embeddings, d->kernels, d->recurrent_kernels,
                            d->biases});
    return machine.release();
}

REELFEEL_EXPORT void reelfeel_tower_free(void* machine) {
    delete static_cast<reelfeel::Machine*>(machine);
}

// token_ids of text i: [offsets[i], offsets[i + 1]), at least one. outputs (num_texts, width).
REELFEEL_EXPORT void reelfeel_tower_run(const void* handle, const std::int32_t* token_ids,
                                        const std::int64_t* offsets, std::int64_t num_texts,
                                        int num_threads, float* outputs) {
    using namespace reelfeel;
    const Machine& machine = *static_cast<const Machine*>(handle);
    std::vector<std::int64_t> order(num_texts);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [=](std::int64_t a, std::int64_t b) {
        return offsets[a + 1] - offsets[a] > offsets[b + 1] - offsets[b];
    });
    make_missing_rows(machine, token_ids, offsets[num_texts], num_threads);
    const int block_rows = choose_block_rows(machine, num_texts, num_threads);
    const std::int64_t num_blocks = (num_texts + block_rows - 1) / block_rows;
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        run_blocks(machine, token_ids, offsets, order, block_rows, next, outputs);
    };
    std::vector<std::thread> others;
    for (int thread = 1; thread < std::min<std::int64_t>(num_threads, num_blocks); ++thread)
        others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
}
