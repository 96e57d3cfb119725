#include "inference/word_rows.hpp"

namespace reelfeel {

void* WordRows::reserve(std::size_t num_bytes) {
    Chunk* chunk = new Chunk{Buffer<std::byte>(num_bytes), chunks_.load(std::memory_order_relaxed)};
    void* const room = chunk->bytes.data();
    while (!chunks_.compare_exchange_weak(chunk->next, chunk, std::memory_order_release,
                                          std::memory_order_relaxed)) {
    }
    return room;
}

WordRows::~WordRows() {
    for (Chunk* chunk = chunks_.load(std::memory_order_acquire); chunk;) {
        Chunk* const next = chunk->next;
        delete chunk;
        chunk = next;
    }
}

}  // namespace reelfeel
