// The first layer's products with words, x W + b, each made when its word is first met.
//
// Threads, and calls that run at the same time, may make the same row: the first one published
// stays, and the others hold the same bits. Nobody waits for anybody, so a process that forks in
// the middle of it leaves nothing locked in its child.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "common/buffer.hpp"

namespace reelfeel {

class WordRows {
 public:
    void open(int num_words) { rows_.reset(new std::atomic<const void*>[num_words]()); }

    // The row of a word, or nullptr.
    const void* find(int word) const { return rows_[word].load(std::memory_order_acquire); }

    // Room for rows, for as long as this object lives.
    void* reserve(std::size_t num_bytes);

    void publish(int word, const void* row) {
        const void* nothing = nullptr;
        rows_[word].compare_exchange_strong(nothing, row, std::memory_order_release,
                                            std::memory_order_relaxed);
    }

    WordRows() = default;
    WordRows(const WordRows&) = delete;
    WordRows& operator=(const WordRows&) = delete;
    ~WordRows();

 private:
    struct Chunk {
        Buffer<std::byte> bytes;
        Chunk* next;
    };

    std::unique_ptr<std::atomic<const void*>[]> rows_;
    std::atomic<Chunk*> chunks_{nullptr};
};

}  // namespace reelfeel
