// Memory for numbers. It begins with a line of the cache, because a load across two takes twice as
// long; and where there is much of it, in large pages, because weights are read from end to end in
// every step: 5 % for 512 units.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace reelfeel {

template <typename Number>
class Buffer {
 public:
    Buffer() = default;
    // The numbers are not set to anything.
    explicit Buffer(std::size_t size)
        : data_(static_cast<Number*>(operator new(size * sizeof(Number), alignment(size)))),
          size_(size) {
#ifdef MADV_HUGEPAGE
        // A refusal costs some speed, no more.
        if (is_large(size)) madvise(data_, size * sizeof(Number), MADV_HUGEPAGE);
#endif
    }
    Buffer(Buffer&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    Buffer& operator=(Buffer&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~Buffer() { operator delete(data_, alignment(size_)); }

    Number* data() { return data_; }
    const Number* data() const { return data_; }
    std::size_t size() const { return size_; }

 private:
    static constexpr std::size_t kLine = 64, kLargePage = std::size_t(2) << 20;

    static bool is_large(std::size_t size) { return size * sizeof(Number) >= kLargePage; }
    static std::align_val_t alignment(std::size_t size) {
        return std::align_val_t{is_large(size) ? kLargePage : kLine};
    }

    Number* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace reelfeel
