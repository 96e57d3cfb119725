// Splitting a cleaned text into tokens: TOKEN_PATTERN of text/tokenizer.py, written as a program.
#pragma once

#include "text/characters.hpp"

#include <algorithm>
#include <string_view>

namespace reelfeel::text {

// Walks over the tokens of a text that the cleaner returned.
class Tokens {
 public:
    Tokens(const Characters& characters, std::string_view text)
        : characters_(characters), at_(text.data()), end_(at_ + text.size()) {}

    // Finds the next token; returns false at the end of the text.
    bool next(std::string_view& token, bool& is_word) {
        if (at_ < end_ && *at_ == ' ') ++at_;
        if (at_ == end_) return false;
        const char* const start = at_;
        is_word = false;
        const int size = measure_letter(start);
        if (size == 0) {
            at_ = find_end_of_mark(start);
        } else if (!is_digit(start) || !find_end_of_number(start, at_)) {
            at_ = find_end_of_word(start + size);
            is_word = true;
        }
        token = {start, static_cast<std::size_t>(at_ - start)};
        return true;
    }

 private:
    // `set` has one or two characters.
    static bool is_one_of(char c, const char* set) { return c == set[0] || (c == set[1] && c); }

    bool is_digit(const char* at) const { return at < end_ && *at >= '0' && *at <= '9'; }

    // Returns how many bytes a letter or digit has; 0 where none is.
    int measure_letter(const char* at) const {
        if (at == end_) return 0;
        if (is_ascii(*at)) return characters_.ascii_kind(*at) == kLetter;
        const Decoded read = decode(at);
        return kind_of(characters_.at(read.code)) == kLetter ? read.size : 0;
    }

    const char* skip_digits(const char* at) const {
        while (is_digit(at)) ++at;
        return at;
    }

    // Finds 8/10, 7.5/10, 1.5 and 1,000; returns false where the digits are part of a word.
    bool find_end_of_number(const char* at, const char*& end) const {
        const char* const whole = skip_digits(at);
        const bool has_fraction = whole < end_ && *whole == '.' && is_digit(whole + 1);
        const char* const slash = has_fraction ? skip_digits(whole + 1) : whole;
        if (slash < end_ && *slash == '/' && is_digit(slash + 1)) {
            end = skip_digits(slash + 1);
            return true;
        }
        end = whole;
        while (end < end_ && is_one_of(*end, ".,") && is_digit(end + 1)) end = skip_digits(end + 1);
        return end != whole;
    }

    const char* find_end_of_word(const char* at) const {
        for (;;) {
            if (const int size = measure_letter(at)) {
                at += size;
            } else if (at < end_ && *at == '\'' && measure_letter(at + 1)) {
                ++at;
            } else {
                return at;
            }
        }
    }

    // Finds a smiley, a short row of the same marks, or one character.
    const char* find_end_of_mark(const char* at) const {
        switch (*at) {
            case ':':
            case ';':
            case '=':
                return find_end_of_smiley(at);
            case '!':
            case '?':
                return find_end_of_row(at, "!?", 3);
            case '.':
                return find_end_of_row(at, ".", 3);
            case '*':
                return find_end_of_row(at, "*", 5);
            case '-':
                return find_end_of_row(at, "-", 2);
            default:
                return at + decode(at).size;
        }
    }

    const char* find_end_of_smiley(const char* eyes) const {
        const char* const mouth = eyes + 1 + (eyes + 1 < end_ && eyes[1] == '-');
        return mouth < end_ && is_one_of(*mouth, "()") ? mouth + 1 : eyes + 1;
    }

    const char* find_end_of_row(const char* at, const char* marks, int most) const {
        const char* const limit = std::min(end_, at + most);
        while (at < limit && is_one_of(*at, marks)) ++at;
        return at;
    }

    const Characters& characters_;
    const char* at_;
    const char* end_;
};

// Writes words in lower case, character by character, as `lower` of text/tokenizer.py does.
class LowerCase {
 public:
    explicit LowerCase(const Characters& characters) : characters_(characters) {}

    // Writes the lower case of a word to `out`, and returns the place after it.
    char* write(std::string_view word, char* out) const {
        for (const char *at = word.data(), *end = at + word.size(); at < end;) {
            if (is_ascii(*at)) {
                *out++ = static_cast<char>(*at + 32 * (*at >= 'A' && *at <= 'Z'));
                ++at;
            } else {
                const Decoded read = decode(at);
                const Character character = characters_.at(read.code);
                out = encode(lower_of(character), out);
                at += read.size;
            }
        }
        return out;
    }

 private:
    const Characters& characters_;
};

}  // namespace reelfeel::text
