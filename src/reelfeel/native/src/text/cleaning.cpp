#include "text/cleaning.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace reelfeel::text {
namespace {

// What is escaped more often is left to the reference. As MAX_ROUNDS in text/cleaning.py.
constexpr int kMaxRounds = 6;
// What the reference reads of a tag's attributes, in characters.
constexpr std::size_t kMaxAttributes = 1000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
bool is_alphanumeric(char c) { return is_digit(c) || is_alpha(c); }
bool is_no_bracket(char c) { return c != '<' && c != '>'; }
bool is_hexadecimal(char c) { return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f'); }

struct NamedEntity {
    std::string_view name, meaning;
};
constexpr NamedEntity kNamedEntities[] = {
    {"quot", "\""}, {"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"apos", "'"}, {"nbsp", "\xc2\xa0"},
};

// Tells whether a name, given in lower case, is `name` in any case.
bool equals_in_lower_case(std::string_view lower, std::string_view name) {
    return lower.size() == name.size() &&
           std::equal(lower.begin(), lower.end(), name.begin(),
                      [](char a, char b) { return a == (is_alpha(b) ? b | 32 : b); });
}

// Counts the leading characters, from `start` on, that satisfy `fits`.
template <class Fits>
std::size_t count_while(std::string_view text, std::size_t start, Fits fits) {
    std::size_t end = start;
    while (end < text.size() && fits(text[end])) ++end;
    return end - start;
}

// Returns the length of the entity that `text` begins with, & and ; included, or 0.
std::size_t measure_entity(std::string_view text) {
    std::size_t start = 1, size, least = 1, most;
    if (text.size() > 2 && text[1] == '#' && (text[2] | 32) == 'x') {
        start = 3, most = 6, size = count_while(text, start, is_hexadecimal);
    } else if (text.size() > 1 && text[1] == '#') {
        start = 2, most = 7, size = count_while(text, start, is_digit);
    } else {
        least = 2, most = 32, size = count_while(text, start, is_alphanumeric);
        if (size > 0 && !is_alpha(text[start])) return 0;
    }
    const std::size_t end = start + size;
    if (size < least || size > most || end >= text.size() || text[end] != ';') return 0;
    return end + 1;
}

// Writes what a named entity means; nothing where only the reference knows.
char* decode_name(std::string_view name, char* out) {
    for (const NamedEntity& entity : kNamedEntities) {
        if (entity.name == name)
            return std::copy(entity.meaning.begin(), entity.meaning.end(), out);
    }
    return nullptr;
}

// Writes what a numbered entity means; nothing where HTML has a rule of its own for it.
char* decode_number(std::string_view digits, char* out) {
    const bool hexadecimal = (digits[0] | 32) == 'x';
    const std::string copy(digits.substr(hexadecimal));
    const unsigned long code = std::stoul(copy, nullptr, hexadecimal ? 16 : 10);
    const bool is_plain = (code >= 32 && code < 127) || (code >= 0xa0 && code < 0xd800);
    return is_plain ? encode(static_cast<std::uint32_t>(code), out) : nullptr;
}

// Writes what the entity `text` means; nothing where only the reference knows.
char* decode_entity(std::string_view text, char* out) {
    const std::string_view body = text.substr(1, text.size() - 2);
    return body[0] == '#' ? decode_number(body.substr(1), out) : decode_name(body, out);
}

std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

// Makes room in a buffer that only grows, and returns its begin.
char* make_room(std::vector<char>& buffer, std::size_t size) {
    if (buffer.size() < size) buffer.resize(size);
    return buffer.data();
}

char* copy(std::string_view text, char* out) {
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

}  // namespace

TagNames::TagNames(std::string_view joined) : joined_(joined.begin(), joined.end()) {
    const std::string_view all(joined_.data(), joined_.size());
    for (std::size_t start = 0; start < all.size();) {
        const std::size_t end = std::min(all.find('|', start), all.size());
        names_.push_back(all.substr(start, end - start));
        start = end + 1;
    }
}

bool TagNames::contains(std::string_view name) const {
    return std::any_of(names_.begin(), names_.end(), [name](std::string_view known) {
        return equals_in_lower_case(known, name);
    });
}

Status Cleaner::clean(std::string_view text, std::string_view& result) {
    bool is_folded = false;
    for (int round = 0; round < kMaxRounds; ++round) {
        if (!is_folded) {
            if (Status status = fold(text, folded_)) return status;
        }
        const char* const before = text.data();
        if (Status status = decode_entities(text, decoded_)) return status;
        // Removing tags leaves nothing to fold: at most a space at the end, which splitting skips.
        // What an entity meant may be anything.
        is_folded = text.data() == before;
        // A round may read what the last one wrote, hence another buffer.
        if (Status status = remove_tags(text, untagged_[round % 2])) return status;
        if (text.data() == before) {
            result = text;
            return kDone;
        }
    }
    return kNeedsReference;
}

// Folds look-alikes, drops what is invisible, and leaves single spaces between words.
Status Cleaner::fold(std::string_view& text, std::vector<char>& buffer) const {
    // No character becomes more than 3 bytes for each of its own, and each may get a space.
    char* const begin = make_room(buffer, 4 * text.size() + 4);
    char* out = begin;
    bool after_space = false;
    for (const char *at = text.data(), *end = at + text.size(); at < end;) {
        // All that follows reads what was copied here: it meets whole characters only.
        if (!is_ascii(*at) && !is_whole(at, end)) return kNeedsReference;
        const Decoded read = decode(at);
        const Character* page = characters_.page(read.code / kPageSize);
        if (page == nullptr) return needs_page(read.code / kPageSize);
        const Character character = page[read.code % kPageSize];
        const Kind kind = kind_of(character);
        if (kind == kReference) return kNeedsReference;
        if (kind == kSpace) after_space = true;
        if (kind >= kFolded) {
            if (after_space && out != begin) *out++ = ' ';
            after_space = false;
        }
        if (kind == kFolded) {
            for (int i = 0; i < folded_size(character); ++i) *out++ = folded_at(character, i);
        } else if (kind > kFolded) {
            out = copy({at, static_cast<std::size_t>(read.size)}, out);
        }
        at += read.size;
        if (kind > kFolded) at = copy_ascii(at, end, out);
    }
    text = {begin, static_cast<std::size_t>(out - begin)};
    return kDone;
}

// Copies ASCII characters that stay as they are, single spaces among them; returns where it ends.
const char* Cleaner::copy_ascii(const char* at, const char* end, char*& out) const {
    char* to = out;
    for (; at < end && is_ascii(*at); ++at) {
        const bool stays = characters_.ascii_kind(*at) > kFolded ||
                           (*at == ' ' && at + 1 < end && is_ascii(at[1]) &&
                            characters_.ascii_kind(at[1]) > kFolded);
        if (!stays) break;
        *to++ = *at;
    }
    out = to;
    return at;
}

// Replaces `text` by itself with entities decoded; leaves it alone where it has none.
Status Cleaner::decode_entities(std::string_view& text, std::vector<char>& buffer) const {
    std::size_t found = text.find('&'), done = 0;
    if (found == text.npos) return kDone;
    char* const begin = make_room(buffer, text.size());
    char* out = begin;
    for (; found != text.npos; found = text.find('&', found)) {
        const std::size_t size = measure_entity(text.substr(found));
        if (size == 0) {
            ++found;
            continue;
        }
        out = copy(text.substr(done, found - done), out);
        out = decode_entity(text.substr(found, size), out);
        if (out == nullptr) return kNeedsReference;
        done = found += size;
    }
    if (done == 0) return kDone;
    out = copy(text.substr(done), out);
    text = {begin, static_cast<std::size_t>(out - begin)};
    return kDone;
}

// Replaces `text` by itself with a space for every row of tags; leaves it alone where it has none.
Status Cleaner::remove_tags(std::string_view& text, std::vector<char>& buffer) const {
    std::size_t found = text.find('<'), done = 0;
    if (found == text.npos) return kDone;
    char* const begin = make_room(buffer, text.size());
    char* out = begin;
    for (; found != text.npos; found = text.find('<', found)) {
        std::size_t end = found;
        while (const std::size_t size = measure_tag(text.substr(end))) end += size;
        if (end == found) {
            ++found;
            continue;
        }
        out = copy(text.substr(done, found - done), out);
        // The tags part two words: with one space, and where there are two.
        if (out != begin && out[-1] != ' ') *out++ = ' ';
        done = found = end;
    }
    if (done == 0) return kDone;
    out = copy(text.substr(done), out);
    text = {begin, static_cast<std::size_t>(out - begin)};
    return kDone;
}

namespace {

// Returns the length of the comment that `text` begins with, or 0: it ends with the first -->, and
// has no < in it.
std::size_t measure_comment(std::string_view text) {
    constexpr std::string_view kBegin = "<!--", kEnd = "-->";
    if (text.substr(0, kBegin.size()) != kBegin) return 0;
    // Not beyond the next <: many beginnings without an end would take quadratic time.
    const std::string_view possible = text.substr(0, text.find('<', kBegin.size()));
    const std::size_t end = possible.find(kEnd, kBegin.size());
    return end == text.npos ? 0 : end + kEnd.size();
}

// Returns the length of the doctype that `text` begins with, or 0.
std::size_t measure_doctype(std::string_view text) {
    constexpr std::string_view kBegin = "<!doctype";
    if (!equals_in_lower_case(kBegin, text.substr(0, kBegin.size()))) return 0;
    const std::size_t end = kBegin.size() + count_while(text, kBegin.size(), is_no_bracket);
    const std::size_t size = count_characters(text.substr(kBegin.size(), end - kBegin.size()));
    return size <= kMaxAttributes && end < text.size() && text[end] == '>' ? end + 1 : 0;
}

}  // namespace

// Returns the length of the tag that `text` begins with, spaces after it included, or 0.
std::size_t Cleaner::measure_tag(std::string_view text) const {
    if (text.empty() || text[0] != '<') return 0;
    std::size_t end = text.substr(1, 1) != "!"    ? measure_element(text)
                      : text.substr(2, 2) == "--" ? measure_comment(text)
                                                  : measure_doctype(text);
    if (end > 0) end += count_while(text, end, [](char c) { return c == ' '; });
    return end;
}

// Returns the length of the tag of an element that `text` begins with, or 0.
std::size_t Cleaner::measure_element(std::string_view text) const {
    const std::size_t start = text.substr(1, 1) == "/" ? 2 : 1;
    const std::size_t name_end = start + count_while(text, start, is_alphanumeric);
    std::size_t end = name_end;
    if (end < text.size() && (text[end] == ' ' || text[end] == '/')) {
        ++end;
        end += count_while(text, end, is_no_bracket);
        if (count_characters(text.substr(name_end + 1, end - name_end - 1)) > kMaxAttributes)
            return 0;
    }
    if (end >= text.size() || text[end] != '>') return 0;
    return tags_.contains(text.substr(start, name_end - start)) ? end + 1 : 0;
}

}  // namespace reelfeel::text
