// What Python calls for inference: a tower made once from its weights, then texts of any number
// and length to features.
//
// Texts are sorted by length and cut into blocks; each block runs from its first token to its last
// in one thread, without waiting for any other. Rows of a block that have ended are left out of
// the products. Unless they could become many, the first layer's products with words are kept,
// each made when its word is first met ("folded"): a step then adds a row in place of multiplying,
// and a text alone has its words multiplied together. With 512 units and 256 features that is a
// third less to do; 30,000 words would be 245 MB, those of one text are 1 MB.

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>

#include "common/library.hpp"
#include "common/outcome.hpp"
#include "common/threads.hpp"
#include "inference/tower.hpp"

namespace reelfeel {
namespace {

// Above this the rows of all words would take more memory than most scoring gets back.
constexpr std::size_t kMaxFoldedBytes = std::size_t(256) << 20;
// Words whose rows are made at a time: a multiple of what each kernel multiplies at once.
constexpr int kWordsAtOnce = 96;
constexpr int kMostBlockRows = 128;

// Larger ones are a mistake; and up to these no product of three sizes overflows 64 bits, and none
// of two that the kernels write as an int overflows 32.
constexpr int kMostUnits = 1 << 16, kMostLayers = 64;

struct Machine {
    Tower tower;
    const InferenceKernel* kernel;
};

// The fastest that the processor can run. In bfloat16 that may be an emulation: who calls asks
// first (native/kernels.py).
const InferenceKernel& choose_kernel(bool wants_bf16) {
#ifdef REELFEEL_X86
    const unsigned features = processor_features();
    if (wants_bf16 && (features & kAmxBf16)) return amx::kBfloat16Inference;
    if (wants_bf16 && (features & kAvx512Bf16)) return avx512bf16::kBfloat16Inference;
    if (!wants_bf16 && (features & kAvx512)) return avx512::kFloatInference;
    if (!wants_bf16 && (features & kAvx2)) return avx2::kFloatInference;
#endif
    return wants_bf16 ? portable_bf16::kBfloat16Inference : portable::kFloatInference;
}

// All texts of one call.
struct Texts {
    const std::int32_t* token_ids;
    const std::int64_t* offsets;
    std::int64_t count;

    std::int64_t num_tokens() const { return offsets[count]; }
    std::int64_t length(std::int64_t text) const { return offsets[text + 1] - offsets[text]; }
};

void check_texts(const Texts& texts, std::int64_t num_ids, const Tower& tower) {
    require(texts.count >= 0 && num_ids >= 0, kWrongSize);
    require(texts.offsets[0] == 0, kWrongOffsets);
    for (std::int64_t text = 0; text < texts.count; ++text) {
        const std::int64_t start = texts.offsets[text], end = texts.offsets[text + 1];
        require(start < end && end <= num_ids, kWrongOffsets);
        require(end - start <= std::numeric_limits<std::int32_t>::max(), kWrongSize);
    }
    require(texts.num_tokens() == num_ids, kWrongOffsets);
    const std::int32_t* const end = texts.token_ids + num_ids;
    require(std::all_of(texts.token_ids, end,
                        [&](std::int32_t id) { return id >= 0 && id < tower.vocabulary_size; }),
            kWrongId);
}

// Rows that share the weights they stream in; but two blocks for each thread, because the first
// block has the longest texts and takes the longest.
int choose_block_rows(const Machine& machine, std::int64_t num_texts, int num_threads) {
    const int most = std::min(machine.kernel->most_rows,
                              machine.tower.layers.back().units >= 256 ? kMostBlockRows : 64);
    const int crew = bound_threads(num_threads);
    const std::int64_t num_blocks = crew > 1 ? 2 * crew : 1;
    const std::int64_t share = (num_texts + num_blocks - 1) / num_blocks;
    return int(std::max<std::int64_t>(16, std::min<std::int64_t>(most, (share + 15) / 16 * 16)));
}

// Returns the numbers of the texts, the longest first.
std::vector<std::int64_t> order_by_length(const Texts& texts) {
    std::vector<std::int64_t> order(texts.count);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
        return texts.length(a) > texts.length(b);
    });
    return order;
}

// The words of some texts that have no row yet, each once.
std::vector<std::int32_t> find_new_words(const Tower& tower, const Texts& texts) {
    std::vector<std::int32_t> words;
    std::vector<bool> is_listed(tower.vocabulary_size);
    for (std::int64_t i = 0; i < texts.num_tokens(); ++i) {
        const std::int32_t word = texts.token_ids[i];
        if (tower.word_rows.find(word) || is_listed[word]) continue;
        is_listed[word] = true;
        words.push_back(word);
    }
    return words;
}

void make_missing_rows(const Machine& machine, const Texts& texts, int num_threads) {
    const Tower& tower = machine.tower;
    if (!tower.folded) return;
    const std::vector<std::int32_t> words = find_new_words(tower, texts);
    const int num_words = int(words.size());
    const int num_parts = (num_words + kWordsAtOnce - 1) / kWordsAtOnce;
    run_crew(num_threads, num_parts, [&](Jobs& jobs, int) {
        for (std::int64_t part; jobs.take(part);) {
            const int start = int(part) * kWordsAtOnce;
            machine.kernel->make_word_rows(tower, words.data() + start,
                                           std::min(kWordsAtOnce, num_words - start));
        }
    });
}

// Runs the texts order[0] to order[rows - 1] together.
void run_block(const Machine& machine, const Texts& texts, const std::int64_t* order, int rows,
               float* outputs) {
    const std::int32_t* row_ids[kMostBlockRows];
    std::int32_t lengths[kMostBlockRows];
    float* row_outputs[kMostBlockRows];
    for (int row = 0; row < rows; ++row) {
        const std::int64_t text = order[row];
        row_ids[row] = texts.token_ids + texts.offsets[text];
        lengths[row] = std::int32_t(texts.length(text));
        row_outputs[row] = outputs + text * machine.tower.output_width();
    }
    machine.kernel->run(machine.tower, Block{rows, row_ids, lengths, row_outputs});
}

void run_texts(const Machine& machine, const Texts& texts, int num_threads, float* outputs) {
    make_missing_rows(machine, texts, num_threads);
    const std::vector<std::int64_t> order = order_by_length(texts);
    const int block_rows = choose_block_rows(machine, texts.count, num_threads);
    const std::int64_t num_blocks = (texts.count + block_rows - 1) / block_rows;
    run_crew(num_threads, num_blocks, [&](Jobs& jobs, int) {
        for (std::int64_t block; jobs.take(block);) {
            const std::int64_t first = block * block_rows;
            const int rows = int(std::min<std::int64_t>(block_rows, texts.count - first));
            run_block(machine, texts, order.data() + first, rows, outputs);
        }
    });
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

namespace reelfeel {
namespace {

void check(const TowerDescription& d) {
    const auto fits = [](int size) { return size >= 1 && size <= kMostUnits; };
    require_addresses(d.units, d.embeddings, d.kernels, d.recurrent_kernels, d.biases);
    require(d.vocabulary_size >= 1 && fits(d.features), kWrongSize);
    require(d.num_layers >= 1 && d.num_layers <= kMostLayers, kWrongSize);
    require(d.pooling == kLast || d.pooling == kLastMaxMean, kWrongSize);
    for (int index = 0; index < d.num_layers; ++index) {
        require(fits(d.units[index]) && d.units[index] % 16 == 0, kWrongSize);
        require_addresses(d.kernels[index], d.recurrent_kernels[index], d.biases[index]);
    }
}

std::unique_ptr<Machine> make_machine(const TowerDescription& d) {
    auto machine = std::make_unique<Machine>();
    const InferenceKernel& kernel = choose_kernel(d.bf16 != 0);
    machine->kernel = &kernel;
    Tower& tower = machine->tower;
    tower.vocabulary_size = d.vocabulary_size;
    tower.features = d.features;
    tower.reversed = d.reversed != 0;
    tower.pooling = Pooling(d.pooling);
    tower.folded =
        std::size_t(d.vocabulary_size) * 4 * d.units[0] * kernel.number_bytes <= kMaxFoldedBytes;
    tower.layers.resize(d.num_layers);
    int features = d.features;
    for (int index = 0; index < d.num_layers; ++index) {
        tower.layers[index].features = features;
        features = tower.layers[index].units = d.units[index];
    }
    kernel.prepare(tower,
                   {d.half_weights != 0, d.embeddings, d.kernels, d.recurrent_kernels, d.biases});
    return machine;
}

}  // namespace
}  // namespace reelfeel

// Weights may be anything: where one is infinite or no number, so are the outputs that it reaches.
REELFEEL_EXPORT int reelfeel_tower_create(const TowerDescription* description, void** made) {
    using namespace reelfeel;
    return report([=] {
        require_addresses(description, made);
        check(*description);
        *made = make_machine(*description).release();
    });
}

REELFEEL_EXPORT void reelfeel_tower_free(void* machine) {
    delete static_cast<reelfeel::Machine*>(machine);
}

// token_ids of text i: [offsets[i], offsets[i + 1]), at least one. outputs (num_texts, width).
REELFEEL_EXPORT int reelfeel_tower_run(const void* handle, const std::int32_t* token_ids,
                                       std::int64_t num_ids, const std::int64_t* offsets,
                                       std::int64_t num_texts, int num_threads, float* outputs,
                                       std::int64_t outputs_size) {
    using namespace reelfeel;
    return report([=] {
        require_addresses(handle, token_ids, offsets, outputs);
        const Machine& machine = *static_cast<const Machine*>(handle);
        const Texts texts{token_ids, offsets, num_texts};
        check_texts(texts, num_ids, machine.tower);
        require(outputs_size / machine.tower.output_width() >= num_texts, kSmallBuffer);
        run_texts(machine, texts, num_threads, outputs);
    });
}
