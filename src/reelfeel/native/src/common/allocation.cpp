// Memory for a macOS library that holds its C++ library instead of asking the system for it. zig's
// linker exports `operator new` and `delete` from what it links in, whatever the list of exports
// says, and macOS lets one library's copy stand in for all others'. With every form defined here,
// and hidden (-fvisibility-global-new-delete=force-hidden), those are not linked in.

#ifdef REELFEEL_OWN_ALLOCATION

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constexpr std::align_val_t kUsual{alignof(std::max_align_t)};

void* find(std::size_t size, std::align_val_t alignment) noexcept {
    // Of posix_memalign less than a pointer's size is refused.
    if (alignment < kUsual) alignment = kUsual;
    void* memory = nullptr;
    return posix_memalign(&memory, std::size_t(alignment), size) == 0 ? memory : nullptr;
}

void* find_or_throw(std::size_t size, std::align_val_t alignment) {
    void* memory = find(size, alignment);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

}  // namespace

// For one object, and for an array of them.
#define REELFEEL_DEFINE(array)                                                                   \
    void* operator new array(std::size_t size) { return find_or_throw(size, kUsual); }           \
    void* operator new array(std::size_t size, std::align_val_t alignment) {                     \
        return find_or_throw(size, alignment);                                                   \
    }                                                                                            \
    void* operator new array(std::size_t size, const std::nothrow_t&) noexcept {                 \
        return find(size, kUsual);                                                               \
    }                                                                                            \
    void* operator new array(std::size_t size, std::align_val_t alignment,                       \
                             const std::nothrow_t&) noexcept {                                   \
        return find(size, alignment);                                                            \
    }                                                                                            \
    void operator delete array(void* memory) noexcept { std::free(memory); }                     \
    void operator delete array(void* memory, std::size_t) noexcept { std::free(memory); }        \
    void operator delete array(void* memory, std::align_val_t) noexcept { std::free(memory); }   \
    void operator delete array(void* memory, std::size_t, std::align_val_t) noexcept {           \
        std::free(memory);                                                                       \
    }                                                                                            \
    void operator delete array(void* memory, const std::nothrow_t&) noexcept {                   \
        std::free(memory);                                                                       \
    }                                                                                            \
    void operator delete array(void* memory, std::align_val_t, const std::nothrow_t&) noexcept { \
        std::free(memory);                                                                       \
    }

REELFEEL_DEFINE()
REELFEEL_DEFINE([])

#endif
