// What Python calls for the sampled softmax: its three stages, shared among threads.

#include "softmax/softmax.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <vector>

#include "common/library.hpp"
#include "common/outcome.hpp"
#include "common/threads.hpp"

namespace {

using reelfeel::report;
using reelfeel::require;
using reelfeel::round_up;

// The fastest that the processor can run. In bfloat16 that may be an emulation: who calls asks
// first (native/kernels.py).
const reelfeel::SoftmaxKernel& choose_kernel(bool is_bf16) {
#ifdef REELFEEL_X86
    const unsigned features = reelfeel::processor_features();
    if (is_bf16 && (features & reelfeel::kAmxBf16)) return reelfeel::amx::kSoftmax;
    if (is_bf16 && (features & reelfeel::kAvx512Bf16)) return reelfeel::avx512bf16::kSoftmax;
    if (!is_bf16 && (features & reelfeel::kAvx512)) return reelfeel::avx512::kSoftmax;
    if (!is_bf16 && (features & reelfeel::kAvx2)) return reelfeel::avx2::kSoftmax;
#endif
    return is_bf16 ? reelfeel::portable_bf16::kSoftmax : reelfeel::portable::kSoftmax;
}

// Not set to zero, and at a cache line's start: a row of a tile is one line. Not `aligned_alloc`,
// which Windows and older versions of macOS lack.
constexpr std::align_val_t kCacheLine{64};

struct Free {
    void operator()(void* memory) const { ::operator delete(memory, kCacheLine); }
};

template <typename Number>
using Memory = std::unique_ptr<Number[], Free>;

template <typename Number>
Memory<Number> allocate(std::size_t size) {
    void* memory = ::operator new(size * sizeof(Number) + 64, kCacheLine);
    return Memory<Number>(static_cast<Number*>(memory));
}

struct ThreadMemory {
    ThreadMemory(const reelfeel::SoftmaxKernel& kernel, std::size_t negatives, std::size_t dim)
        : gradients(allocate<float>(negatives * dim)),
          probabilities(allocate<float>(negatives)),
          workspace(allocate<char>(kernel.workspace_size(dim, negatives))) {}
    Memory<float> gradients, probabilities;
    Memory<char> workspace;
};

bool are_words(const std::int64_t* ids, int number, int num_words) {
    return std::all_of(ids, ids + number,
                       [=](std::int64_t id) { return 0 <= id && id < num_words; });
}

// Larger ones are a mistake; rounded up or multiplied with a block they are still an int.
constexpr int kMostRows = 1 << 24, kMostDim = 1 << 16;

void check(const reelfeel::SoftmaxArguments& a) {
    using namespace reelfeel;
    require_addresses(a.hidden, a.embeddings, a.bias, a.target_ids, a.negative_ids, a.inclusion,
                      a.d_hidden, a.d_embeddings, a.d_bias, a.loss);
    require(a.dim >= kBlock && a.dim <= kMostDim && a.dim % kBlock == 0, kWrongSize);
    for (const int rows : {a.num_tokens, a.num_words, a.num_negatives})
        require(rows >= 1 && rows <= kMostRows, kWrongSize);
    require(are_words(a.target_ids, a.num_tokens, a.num_words), kWrongId);
    require(are_words(a.negative_ids, a.num_negatives, a.num_words), kWrongId);
}

std::vector<std::int32_t> find_columns(const reelfeel::SoftmaxArguments& a) {
    std::vector<std::int32_t> columns(a.num_words, -1);
    for (int column = 0; column < a.num_negatives; ++column)
        columns[a.negative_ids[column]] = column;
    return columns;
}

void run(const reelfeel::SoftmaxArguments& a, int num_threads) {
    const reelfeel::SoftmaxKernel& kernel = choose_kernel(a.is_bf16);
    const int negatives = round_up(a.num_negatives, 32), tokens = round_up(a.num_tokens, 32);
    const auto across = allocate<char>(std::size_t(negatives) * a.dim * kernel.number_size);
    const auto along = allocate<char>(std::size_t(negatives) * a.dim * kernel.number_size);
    const auto offsets = allocate<float>(negatives);
    const auto errors = allocate<float>(a.num_tokens);
    const std::vector<std::int32_t> columns = find_columns(a);
    const reelfeel::SoftmaxNegatives packed{across.get(), along.get(), offsets.get(),
                                            columns.data()};
    reelfeel::share(negatives, 32, num_threads,
                    [&](int first, int number, int) { kernel.pack(a, packed, first, number); });

    std::vector<ThreadMemory> memory;
    std::vector<reelfeel::SoftmaxSums> sums;
    for (int index = 0; index < reelfeel::count_shares(tokens, 32, num_threads); ++index) {
        memory.emplace_back(kernel, negatives, a.dim);
        const ThreadMemory& own = memory.back();
        sums.push_back({own.workspace.get(), own.gradients.get(), own.probabilities.get(), 0});
    }
    reelfeel::share(tokens, 32, num_threads, [&](int first, int number, int index) {
        number = std::min(number, a.num_tokens - first);
        kernel.rows(a, packed, first, number, errors.get(), &sums[index]);
    });
    reelfeel::share(a.dim, 32, num_threads, [&](int first, int number, int) {
        kernel.gather(a, errors.get(), sums.data(), int(sums.size()), first, number);
    });

    *a.loss = 0;
    for (const reelfeel::SoftmaxSums& part : sums) *a.loss += part.loss;
}

}  // namespace

REELFEEL_EXPORT int reelfeel_softmax(const reelfeel::SoftmaxArguments* arguments, int num_threads) {
    return report([=] {
        reelfeel::require_addresses(arguments);
        check(*arguments);
        run(*arguments, num_threads);
    });
}
