// What Python calls for the sampled softmax: its three stages, shared among threads.

#include "softmax/softmax.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <vector>

#include "common/library.hpp"
#include "common/threads.hpp"

#ifdef REELFEEL_X86

namespace {

using reelfeel::round_up;

const reelfeel::SoftmaxKernel& kernel() {
  const bool has_matrix_unit = reelfeel::processor_features() & reelfeel::kAmxBf16;
  return has_matrix_unit ? reelfeel::amx::kSoftmax : reelfeel::avx512bf16::kSoftmax;
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
  ThreadMemory(std::size_t negatives, std::size_t dim)
      : gradients(allocate<float>(negatives * dim)),
        probabilities(allocate<float>(negatives)),
        workspace(allocate<char>(kernel().workspace_size(dim, negatives))) {}
  Memory<float> gradients, probabilities;
  Memory<char> workspace;
};

bool are_words(const std::int64_t* ids, int number, int num_words) {
  return std::all_of(ids, ids + number, [=](std::int64_t id) { return 0 <= id && id < num_words; });
}

std::vector<std::int32_t> find_columns(const reelfeel::SoftmaxArguments& a) {
  std::vector<std::int32_t> columns(a.num_words, -1);
  for (int column = 0; column < a.num_negatives; ++column)
    columns[a.negative_ids[column]] = column;
  return columns;
}

void run(const reelfeel::SoftmaxArguments& a, int num_threads) {
  const int negatives = round_up(a.num_negatives, 32), tokens = round_up(a.num_tokens, 32);
  const auto across = allocate<std::uint16_t>(std::size_t(negatives) * a.dim);
  const auto along = allocate<std::uint16_t>(std::size_t(negatives) * a.dim);
  const auto offsets = allocate<float>(negatives);
  const auto errors = allocate<float>(a.num_tokens);
  const std::vector<std::int32_t> columns = find_columns(a);
  const reelfeel::SoftmaxNegatives packed{across.get(), along.get(), offsets.get(), columns.data()};
  reelfeel::share(negatives, 32, num_threads, [&](int first, int number, int) {
    kernel().pack(a, packed, first, number);
  });

  std::vector<ThreadMemory> memory;
  std::vector<reelfeel::SoftmaxSums> sums;
  for (int index = 0; index < reelfeel::count_shares(tokens, 32, num_threads); ++index) {
    memory.emplace_back(negatives, a.dim);
    const ThreadMemory& own = memory.back();
    sums.push_back({own.workspace.get(), own.gradients.get(), own.probabilities.get(), 0});
  }
  reelfeel::share(tokens, 32, num_threads, [&](int first, int number, int index) {
    number = std::min(number, a.num_tokens - first);
    kernel().rows(a, packed, first, number, errors.get(), &sums[index]);
  });
  reelfeel::share(a.dim, 32, num_threads, [&](int first, int number, int) {
    kernel().gather(a, errors.get(), sums.data(), int(sums.size()), first, number);
  });

  *a.loss = 0;
  for (const reelfeel::SoftmaxSums& part : sums) *a.loss += part.loss;
}

}  // namespace

// Returns 0; 1 where memory ran out; 2 where an id is no row of the embeddings.
REELFEEL_EXPORT int reelfeel_softmax(const reelfeel::SoftmaxArguments* arguments,
                                     int num_threads) {
  const reelfeel::SoftmaxArguments& a = *arguments;
  if (!are_words(a.target_ids, a.num_tokens, a.num_words) ||
      !are_words(a.negative_ids, a.num_negatives, a.num_words))
    return 2;
  try {
    run(a, num_threads);
    return 0;
  } catch (const std::exception&) {
    return 1;
  }
}

#endif
