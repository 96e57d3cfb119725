// Loaded before Python, it refuses threads and memory to everything written in C++, as a system
// does that has none left. Until `refuse` is called, or REFUSE_THREADS_AFTER set, it refuses
// nothing.
#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constexpr long kUnlimited = -1;

long read_limit(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? kUnlimited : std::atol(value);
}

std::atomic<long> threads_left{read_limit("REFUSE_THREADS_AFTER")};
std::atomic<long> allocations_left{kUnlimited};

// From 0 on, everything is refused until the next call of `refuse`.
bool may(std::atomic<long>& left) {
    long now = left;
    while (now > 0 && !left.compare_exchange_weak(now, now - 1)) {
    }
    return now != 0;
}

void* allocate(std::size_t size, std::size_t alignment) {
    if (!may(allocations_left)) return nullptr;
    void* memory = nullptr;
    return posix_memalign(&memory, alignment, size == 0 ? 1 : size) == 0 ? memory : nullptr;
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
    void* memory = allocate(size, alignment);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

constexpr std::size_t kAlignment = alignof(std::max_align_t);

}  // namespace

extern "C" void refuse(long threads, long allocations) {
    threads_left = threads;
    allocations_left = allocations;
}

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*start)(void*), void* argument) {
    if (!may(threads_left)) return EAGAIN;
    using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
    static const auto create = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
    return create(thread, attributes, start, argument);
}

extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
    return allocate(size, alignment);
}

void* operator new(std::size_t size) { return allocate_or_throw(size, kAlignment); }
void* operator new[](std::size_t size) { return allocate_or_throw(size, kAlignment); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size, kAlignment);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size, kAlignment);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
