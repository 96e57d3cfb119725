// What cleaning and splitting make of each character, and how characters are written in UTF-8.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace reelfeel::text {

// One character, as text/characters.py describes it: what becomes of it in bits 24 and up.
using Character = std::uint32_t;

enum Kind : std::uint32_t {
    kReference = 0,  // only the Python reference knows
    kRemoved = 1,
    kSpace = 2,
    kFolded = 3,  // becomes 1 to 3 ASCII characters: their number in bits 21-22, 7 bits for each
    kMark = 4,    // stays, and is no part of a word
    kLetter = 5,  // stays, and is a letter or digit; its lower case in bits 0-20
};

inline Kind kind_of(Character character) { return static_cast<Kind>(character >> 24); }
inline std::uint32_t lower_of(Character character) { return character & 0x1fffff; }
inline int folded_size(Character character) { return character >> 21 & 3; }
inline char folded_at(Character character, int place) {
    return static_cast<char>(character >> (7 * place) & 127);
}

// What became of a text: 0, or less where Python has to help.
using Status = std::int64_t;
constexpr Status kDone = 0;
constexpr Status kNeedsReference = -1;
inline Status needs_page(std::uint32_t page) { return -2 - static_cast<Status>(page); }

constexpr std::uint32_t kPageSize = 256, kNumPages = 0x110000 / kPageSize;

// The characters in pages of 256. Python fills a page when a text needs it; others may be reading.
class Characters {
 public:
    ~Characters() {
        for (auto& page : pages_) delete[] page.load();
    }

    const Character* page(std::uint32_t number) const {
        return pages_[number].load(std::memory_order_acquire);
    }

    Character at(std::uint32_t code) const { return page(code / kPageSize)[code % kPageSize]; }

    // What becomes of an ASCII character, without the detour over its page.
    Kind ascii_kind(char c) const {
        return static_cast<Kind>(ascii_kinds_[static_cast<int>(c)].load(std::memory_order_relaxed));
    }

    // `number` is below kNumPages.
    void define(std::uint32_t number, const Character* characters) {
        if (page(number) != nullptr) return;  // readers may hold the page of whoever came first
        auto* copy = new Character[kPageSize];
        std::copy(characters, characters + kPageSize, copy);
        // Before the page is to be seen: whoever sees it may read them.
        if (number == 0) {
            for (int i = 0; i < 128; ++i)
                ascii_kinds_[i].store(static_cast<std::uint8_t>(kind_of(copy[i])),
                                      std::memory_order_relaxed);
        }
        const Character* nothing = nullptr;
        if (!pages_[number].compare_exchange_strong(nothing, copy)) delete[] copy;
    }

 private:
    std::atomic<const Character*> pages_[kNumPages] = {};
    std::atomic<std::uint8_t> ascii_kinds_[128] = {};
};

struct Decoded {
    std::uint32_t code;
    int size;
};

inline bool is_ascii(char c) { return static_cast<signed char>(c) >= 0; }

// Returns whether the bytes from `at` to `end` begin with one whole character: of the shortest
// form, and neither half of a pair nor beyond Unicode's last.
inline bool is_whole(const char* at, const char* end) {
    const auto byte = [at](int i) { return static_cast<unsigned char>(at[i]); };
    const int size = byte(0) < 0x80 ? 1 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
    if (size > end - at || (byte(0) >= 0x80 && byte(0) < 0xc2) || byte(0) > 0xf4) return false;
    for (int i = 1; i < size; ++i)
        if ((byte(i) & 0xc0) != 0x80) return false;
    return !(byte(0) == 0xe0 && byte(1) < 0xa0) && !(byte(0) == 0xed && byte(1) > 0x9f) &&
           !(byte(0) == 0xf0 && byte(1) < 0x90) && !(byte(0) == 0xf4 && byte(1) > 0x8f);
}

// Reads a character that is whole.
inline Decoded decode(const char* at) {
    const auto byte = [at](int i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i]));
    };
    const auto tail = [byte](int i) { return byte(i) & 63; };
    if (byte(0) < 0x80) return {byte(0), 1};
    if (byte(0) < 0xe0) return {(byte(0) & 31) << 6 | tail(1), 2};
    if (byte(0) < 0xf0) return {(byte(0) & 15) << 12 | tail(1) << 6 | tail(2), 3};
    return {(byte(0) & 7) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4};
}

// Writes a character, and returns the place after it.
inline char* encode(std::uint32_t code, char* out) {
    const auto tail = [code](int shift) { return static_cast<char>(0x80 | (code >> shift & 63)); };
    if (code < 0x80) {
        *out++ = static_cast<char>(code);
    } else if (code < 0x800) {
        *out++ = static_cast<char>(0xc0 | code >> 6);
        *out++ = tail(0);
    } else if (code < 0x10000) {
        *out++ = static_cast<char>(0xe0 | code >> 12);
        *out++ = tail(6);
        *out++ = tail(0);
    } else {
        *out++ = static_cast<char>(0xf0 | code >> 18);
        *out++ = tail(12);
        *out++ = tail(6);
        *out++ = tail(0);
    }
    return out;
}

}  // namespace reelfeel::text
