#include "text/vocabulary.hpp"

#include <limits>
#include <stdexcept>

namespace reelfeel::text {

std::int64_t TokenTable::add(std::string_view token) {
    const std::int64_t known = find(token);
    if (known >= 0) return known;
    if (size() == std::numeric_limits<std::int32_t>::max()) throw std::length_error("tokens");
    // What may find no memory comes first, and leaves the table as it was.
    // Half empty, so that a search for an unknown token ends soon.
    if (2 * (starts_.size() + 1) > slots_.size()) grow();
    if (starts_.size() == starts_.capacity()) starts_.reserve(2 * starts_.size());
    bytes_.append(token);
    starts_.push_back(bytes_.size());
    place(static_cast<std::int32_t>(size() - 1));
    return size() - 1;
}

void TokenTable::grow() {
    std::vector<Slot> larger(2 * slots_.size());
    slots_.swap(larger);
    for (std::int32_t number = 0; number < size(); ++number) place(number);
}

void TokenTable::place(std::int32_t number) {
    const std::uint64_t hash = hash_of((*this)[number]);
    std::size_t i = hash & mask();
    while (slots_[i].number >= 0) i = (i + 1) & mask();
    slots_[i] = {number, static_cast<std::uint32_t>(hash)};
}

}  // namespace reelfeel::text
