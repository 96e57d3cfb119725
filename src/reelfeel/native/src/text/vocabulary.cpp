#include "text/vocabulary.hpp"

namespace reelfeel::text {

std::int64_t TokenTable::add(std::string_view token) {
    const std::int64_t known = find(token);
    if (known >= 0) return known;
    bytes_.append(token);
    starts_.push_back(bytes_.size());
    // Half empty, so that a search for an unknown token ends soon.
    if (2 * starts_.size() > slots_.size()) grow();
    place(static_cast<std::int32_t>(size() - 1));
    return size() - 1;
}

void TokenTable::grow() {
    slots_.assign(2 * slots_.size(), Slot{});
    for (std::int32_t number = 0; number + 1 < size(); ++number) place(number);
}

void TokenTable::place(std::int32_t number) {
    const std::uint64_t hash = hash_of((*this)[number]);
    std::size_t i = hash & mask();
    while (slots_[i].number >= 0) i = (i + 1) & mask();
    slots_[i] = {number, static_cast<std::uint32_t>(hash)};
}

}  // namespace reelfeel::text
