// From a token to its id, or to how often it came: hash tables over tokens in UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reelfeel::text {

// Fowler, Noll and Vo's hash (FNV-1a): tokens are too short for one that reads words at a time.
inline std::uint64_t hash_of(std::string_view token) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : token) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    // The low bits choose the slot, and of the multiplication they are the worst.
    return hash ^ hash >> 32;
}

// Numbers distinct tokens from 0 in the order in which they are added.
class TokenTable {
 public:
    TokenTable() : slots_(1024) {}

    // Returns the number of a token, or -1 for one that was never added.
    std::int64_t find(std::string_view token) const {
        const std::uint64_t hash = hash_of(token);
        for (std::size_t i = hash & mask();; i = (i + 1) & mask()) {
            const Slot& slot = slots_[i];
            if (slot.number < 0) return -1;
            if (slot.check == static_cast<std::uint32_t>(hash) && (*this)[slot.number] == token)
                return slot.number;
        }
    }

    // Returns the number of a token, a new one where it was never added.
    std::int64_t add(std::string_view token);

    std::string_view operator[](std::int64_t number) const {
        const std::size_t start = starts_[number];
        return std::string_view(bytes_).substr(start, starts_[number + 1] - start);
    }

    std::int64_t size() const { return static_cast<std::int64_t>(starts_.size()) - 1; }

    // All tokens one after the other, in the order of their numbers.
    const std::string& bytes() const { return bytes_; }

 private:
    struct Slot {
        std::int32_t number = -1;
        std::uint32_t check = 0;  // a part of the hash, which spares most comparisons
    };

    std::size_t mask() const { return slots_.size() - 1; }
    void grow();
    void place(std::int32_t number);

    std::vector<Slot> slots_;
    std::vector<std::size_t> starts_ = {0};
    std::string bytes_;
};

}  // namespace reelfeel::text
