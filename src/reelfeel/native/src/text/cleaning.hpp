// Cleaning, as text/cleaning.py does it: rounds of folding, decoding entities and removing tags.
#pragma once

#include "text/characters.hpp"

#include <string_view>
#include <vector>

namespace reelfeel::text {

// The names of the tags that are layout, as text/cleaning_steps.py lists them.
class TagNames {
 public:
    // Keeps a copy of names that stand with a bar between them.
    explicit TagNames(std::string_view joined);
    bool contains(std::string_view name) const;

 private:
    std::vector<char> joined_;
    std::vector<std::string_view> names_;
};

class Cleaner {
 public:
    Cleaner(const Characters& characters, const TagNames& tags)
        : characters_(characters), tags_(tags) {}

    // Cleans a text in UTF-8 into `result`, which lies in this object until the next call.
    Status clean(std::string_view text, std::string_view& result);

 private:
    // Each puts a new text, which lies in `buffer`, in place of `text`; the last two leave it alone
    // where they find nothing.
    Status fold(std::string_view& text, std::vector<char>& buffer) const;
    Status decode_entities(std::string_view& text, std::vector<char>& buffer) const;
    Status remove_tags(std::string_view& text, std::vector<char>& buffer) const;

    const char* copy_ascii(const char* at, const char* end, char*& out) const;
    std::size_t measure_tag(std::string_view text) const;
    std::size_t measure_element(std::string_view text) const;

    const Characters& characters_;
    const TagNames& tags_;
    std::vector<char> folded_, decoded_, untagged_[2];
};

}  // namespace reelfeel::text
