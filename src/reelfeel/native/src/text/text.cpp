// The text engine: raw texts in UTF-8 to token ids, or to how often each token occurs.
#include "common/library.hpp"
#include "common/outcome.hpp"
#include "common/threads.hpp"
#include "text/cleaning.hpp"
#include "text/tokens.hpp"
#include "text/vocabulary.hpp"

#include <atomic>
#include <memory>

namespace reelfeel::text {
namespace {

constexpr std::int32_t kUnknownId = 1, kFirstTokenId = 2;
// Texts that a thread takes at a time: enough that taking them costs nothing.
constexpr std::int64_t kBlock = 64;

// Everything that decides how a text becomes ids; many threads read it at once.
struct Engine {
    Engine(std::string_view tag_names, bool lowercase) : tags(tag_names), lowercase(lowercase) {}

    Characters characters;
    TagNames tags;
    bool lowercase;
    TokenTable vocabulary;
};

// Many texts one after the other in UTF-8, and where each ends.
struct Texts {
    const char* bytes;
    const std::int64_t* ends;
    std::int64_t count;

    std::int64_t start(std::int64_t i) const { return i == 0 ? 0 : ends[i - 1]; }
    std::string_view operator[](std::int64_t i) const {
        return {bytes + start(i), static_cast<std::size_t>(ends[i] - start(i))};
    }
};

// How many ids of a text are kept: the first ones and the last ones.
struct Cut {
    std::int64_t first, last;

    std::int64_t most() const { return first + last; }
};

// Where the results go; entry i is about text i.
struct Results {
    std::int32_t* ids;
    std::int64_t ids_size;
    std::int64_t* num_tokens;  // or a Status below 0
    std::int64_t* lengths;
    std::int64_t* num_unknown;
};

// Reads texts one after the other, as one thread does.
class Reader {
 public:
    explicit Reader(const Engine& engine)
        : engine_(engine), cleaner_(engine.characters, engine.tags), lower_(engine.characters) {}

    // Calls `use` with every token of a text as the vocabulary knows it.
    template <class Use>
    Status read(std::string_view text, Use use) {
        std::string_view cleaned, token;
        if (Status status = cleaner_.clean(text, cleaned)) return status;
        Tokens tokens(engine_.characters, cleaned);
        bool is_word;
        while (tokens.next(token, is_word)) {
            use(is_word && engine_.lowercase ? lower(token) : token);
        }
        return kDone;
    }

 private:
    std::string_view lower(std::string_view word) {
        // No lower case has more than twice the bytes: 1 of 1, 3 of 2 (Ⱥ), 4 of 4.
        if (buffer_.size() < 2 * word.size()) buffer_.resize(2 * word.size());
        char* const begin = buffer_.data();
        return {begin, static_cast<std::size_t>(lower_.write(word, begin) - begin)};
    }

    const Engine& engine_;
    Cleaner cleaner_;
    LowerCase lower_;
    std::vector<char> buffer_;
};

// Turns texts into ids, one after the other.
class Encoder {
 public:
    Encoder(const Engine& engine, Cut cut) : engine_(engine), reader_(engine), cut_(cut) {}

    // Encodes text `i`, writes its ids to `out`, and returns the place after them.
    std::int32_t* encode(const Texts& texts, std::int64_t i, const Results& results,
                         std::int32_t* out) {
        std::int64_t num_tokens = 0;
        ids_.clear();
        const Status status = reader_.read(texts[i], [&](std::string_view token) {
            // Past the first ones an id is of use only where the last ones are kept too.
            if (num_tokens++ < cut_.first || cut_.last > 0) ids_.push_back(look_up(token));
        });
        results.num_tokens[i] = status == kDone ? num_tokens : status;
        results.lengths[i] = results.num_unknown[i] = 0;
        if (status != kDone) return out;
        if (num_tokens == 0) ids_.push_back(kUnknownId);
        std::int32_t* const end = keep(out);
        results.lengths[i] = end - out;
        results.num_unknown[i] = std::count(out, end, kUnknownId);
        return end;
    }

 private:
    std::int32_t look_up(std::string_view token) const {
        const std::int64_t number = engine_.vocabulary.find(token);
        return number < 0 ? kUnknownId : static_cast<std::int32_t>(number) + kFirstTokenId;
    }

    std::int32_t* keep(std::int32_t* out) const {
        const auto size = static_cast<std::int64_t>(ids_.size());
        const std::int64_t first = std::min(size, cut_.first);
        const std::int64_t last = std::min(size - first, cut_.last);
        out = std::copy(ids_.begin(), ids_.begin() + first, out);
        return std::copy(ids_.end() - last, ids_.end(), out);
    }

    const Engine& engine_;
    Reader reader_;
    Cut cut_;
    std::vector<std::int32_t> ids_;
};

// Texts in blocks, which threads take one after the other.
class Blocks {
 public:
    explicit Blocks(std::int64_t num_texts) : num_texts_(num_texts) {}

    std::int64_t count() const { return (num_texts_ + kBlock - 1) / kBlock; }
    std::int64_t start(std::int64_t block) const { return std::min(block * kBlock, num_texts_); }

    // Calls work(i) for every text of a block.
    template <class Work>
    void each(std::int64_t block, Work work) const {
        for (std::int64_t i = start(block); i < start(block + 1); ++i) work(i);
    }

 private:
    std::int64_t num_texts_;
};

// Returns for each block where its ids may be written, and where the last one ends: so far apart
// that they fit in any case.
std::vector<std::int64_t> plan_places(const Blocks& blocks, const Texts& texts, Cut cut) {
    std::vector<std::int64_t> places{0};
    for (std::int64_t block = 0; block < blocks.count(); ++block) {
        std::int64_t place = places.back();
        blocks.each(block, [&](std::int64_t i) {
            const auto num_bytes = static_cast<std::int64_t>(texts[i].size());
            place += std::max<std::int64_t>(1, std::min(num_bytes, cut.most()));
        });
        places.push_back(place);
    }
    return places;
}

// Encodes all texts, and returns how many ids they have together.
std::int64_t encode_all(const Engine& engine, const Texts& texts, Cut cut, int num_threads,
                        const Results& results) {
    const Blocks blocks(texts.count);
    const std::vector<std::int64_t> places = plan_places(blocks, texts, cut);
    require(places.back() <= results.ids_size, kSmallBuffer);
    std::vector<std::int64_t> sizes(places.size() - 1);
    run_crew(num_threads, blocks.count(), [&](Jobs& jobs, int) {
        Encoder encoder(engine, cut);
        for (std::int64_t block; jobs.take(block);) {
            std::int32_t *const begin = results.ids + places[block], *out = begin;
            blocks.each(block,
                        [&](std::int64_t i) { out = encoder.encode(texts, i, results, out); });
            sizes[block] = out - begin;
        }
    });
    // Move the blocks together, from the first to the last, so that none is overwritten.
    std::int64_t total = 0;
    for (std::size_t block = 0; block < sizes.size(); ++block) {
        const std::int32_t* const begin = results.ids + places[block];
        std::copy(begin, begin + sizes[block], results.ids + total);
        total += sizes[block];
    }
    return total;
}

// Counts the tokens of many texts; each thread into a table of its own.
class Counter {
 public:
    explicit Counter(const Engine& engine) : engine_(engine) {}

    // Adds texts, and writes how many tokens each has, or a Status.
    void add(const Texts& texts, int num_threads, std::int64_t* num_tokens) {
        const Blocks blocks(texts.count);
        const auto crew = static_cast<std::size_t>(count_crew(num_threads, blocks.count()));
        if (parts_.size() < crew) parts_.resize(crew);
        run_crew(num_threads, blocks.count(), [&](Jobs& jobs, int thread) {
            Reader reader(engine_);
            for (std::int64_t block; jobs.take(block);)
                blocks.each(block, [&](std::int64_t i) {
                    num_tokens[i] = parts_[thread].add(reader, texts[i]);
                });
        });
    }

    struct Part {
        TokenTable tokens;
        std::vector<std::int64_t> counts;
        std::vector<std::int64_t> numbers;  // of the tokens of one text

        std::int64_t add(Reader& reader, std::string_view text) {
            numbers.clear();
            const Status status = reader.read(
                text, [&](std::string_view token) { numbers.push_back(tokens.add(token)); });
            // A text is counted whole or not at all; a new token may be left with a count of 0.
            counts.resize(tokens.size());
            if (status != kDone) return status;
            for (const std::int64_t number : numbers) ++counts[number];
            return static_cast<std::int64_t>(numbers.size());
        }
    };

    const Engine& engine() const { return engine_; }

    // Keeps other threads away while it lives. No lock: a process that forks while a thread holds
    // one would wait for it forever.
    class Claim {
     public:
        explicit Claim(const Counter& counter) : is_busy_(counter.is_busy_) {
            require(!is_busy_.exchange(true), kBusy);
        }
        ~Claim() { is_busy_ = false; }

     private:
        std::atomic<bool>& is_busy_;
    };

    const Part& part(std::int64_t number) const {
        require(number >= 0 && number < num_parts(), kWrongSize);
        return parts_[number];
    }

    std::int64_t num_parts() const { return static_cast<std::int64_t>(parts_.size()); }

 private:
    const Engine& engine_;
    std::vector<Part> parts_;
    mutable std::atomic<bool> is_busy_{false};
};

// What all functions that read texts check.
void check_texts(const Engine& engine, const char* bytes, std::int64_t num_bytes,
                 const std::int64_t* ends, std::int64_t count) {
    require_addresses(bytes, ends);
    require(num_bytes >= 0 && count >= 0, kWrongSize);
    std::int64_t end = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        require(ends[i] >= end && ends[i] <= num_bytes, kWrongOffsets);
        end = ends[i];
    }
    // What becomes of ASCII characters is read without looking for their page.
    require(engine.characters.page(0) != nullptr, kTooEarly);
}

// No text has more tokens than bytes, so that more than so many are all; and two sums of them do
// not overflow.
std::int64_t bound_kept(std::int64_t kept) {
    require(kept >= 0, kWrongSize);
    return std::min(kept, std::int64_t{1} << 61);
}

std::string_view view(const char* bytes, std::int64_t size) {
    require_addresses(bytes);
    require(size >= 0, kWrongSize);
    return {bytes, static_cast<std::size_t>(size)};
}

}  // namespace
}  // namespace reelfeel::text

using namespace reelfeel;
using namespace reelfeel::text;

// Makes an engine; `tokens` has a line feed between two tokens, `tag_names` a bar between two
// names.
REELFEEL_EXPORT int reelfeel_text_create(const char* tokens, std::int64_t tokens_size,
                                         const char* tag_names, std::int64_t tag_names_size,
                                         int lowercase, void** made) {
    return report([=] {
        require_addresses(made);
        const std::string_view all = view(tokens, tokens_size);
        auto engine = std::make_unique<Engine>(view(tag_names, tag_names_size), lowercase != 0);
        for (std::size_t start = 0; start < all.size();) {
            const std::size_t end = std::min(all.find('\n', start), all.size());
            engine->vocabulary.add(all.substr(start, end - start));
            start = end + 1;
        }
        *made = engine.release();
    });
}

REELFEEL_EXPORT void reelfeel_text_destroy(void* engine) { delete static_cast<Engine*>(engine); }

// Says what becomes of the 256 characters of a page. The first description of a page stays.
REELFEEL_EXPORT int reelfeel_text_define_page(void* engine, std::uint32_t page,
                                              const std::uint32_t* characters) {
    return report([=] {
        require_addresses(engine, characters);
        require(page < kNumPages, kWrongSize);
        static_cast<Engine*>(engine)->characters.define(page, characters);
    });
}

// Encodes `count` texts in UTF-8, which stand one after the other in `bytes` and end at `ends`.
// Keeps the `first` and the `last` ids of a longer text. Writes the ids of all texts to `ids`,
// which needs room for min(bytes, first + last), at least 1, for each text; and for each text its
// number of tokens, of ids, and of unknown ids. A number of tokens of -1 says that the reference
// has to read this text, or that it is no UTF-8; -2 - p that page p has to be defined first. Writes
// the number of ids to `total`.
REELFEEL_EXPORT int reelfeel_text_encode(const void* handle, const char* bytes,
                                         std::int64_t num_bytes, const std::int64_t* ends,
                                         std::int64_t count, std::int64_t first, std::int64_t last,
                                         int num_threads, std::int32_t* ids, std::int64_t ids_size,
                                         std::int64_t* num_tokens, std::int64_t* lengths,
                                         std::int64_t* num_unknown, std::int64_t* total) {
    return report([=] {
        require_addresses(handle, ids, num_tokens, lengths, num_unknown, total);
        const Engine& engine = *static_cast<const Engine*>(handle);
        check_texts(engine, bytes, num_bytes, ends, count);
        *total = encode_all(engine, {bytes, ends, count}, {bound_kept(first), bound_kept(last)},
                            num_threads, {ids, ids_size, num_tokens, lengths, num_unknown});
    });
}

// Makes a counter, which must not outlive its engine.
REELFEEL_EXPORT int reelfeel_text_create_counter(const void* engine, void** made) {
    return report([=] {
        require_addresses(engine, made);
        *made = new Counter(*static_cast<const Engine*>(engine));
    });
}

REELFEEL_EXPORT void reelfeel_text_destroy_counter(void* counter) {
    delete static_cast<Counter*>(counter);
}

// Counts the tokens of texts as reelfeel_text_encode takes them, and writes `num_tokens` as it
// does.
REELFEEL_EXPORT int reelfeel_text_count(void* handle, const char* bytes, std::int64_t num_bytes,
                                        const std::int64_t* ends, std::int64_t count,
                                        int num_threads, std::int64_t* num_tokens) {
    return report([=] {
        require_addresses(handle, num_tokens);
        Counter& counter = *static_cast<Counter*>(handle);
        check_texts(counter.engine(), bytes, num_bytes, ends, count);
        const Counter::Claim claim(counter);
        counter.add({bytes, ends, count}, num_threads, num_tokens);
    });
}

// Writes how many parts a counter's tokens come in; one token may be in several.
REELFEEL_EXPORT int reelfeel_text_num_parts(const void* counter, std::int64_t* number) {
    return report([=] {
        require_addresses(counter, number);
        const Counter::Claim claim(*static_cast<const Counter*>(counter));
        *number = static_cast<const Counter*>(counter)->num_parts();
    });
}

// Writes how many tokens a part has, and how many bytes with a line feed after each.
REELFEEL_EXPORT int reelfeel_text_part_size(const void* counter, std::int64_t part,
                                            std::int64_t* num_tokens, std::int64_t* num_bytes) {
    return report([=] {
        require_addresses(counter, num_tokens, num_bytes);
        const Counter::Claim claim(*static_cast<const Counter*>(counter));
        const TokenTable& tokens = static_cast<const Counter*>(counter)->part(part).tokens;
        *num_tokens = tokens.size();
        *num_bytes = static_cast<std::int64_t>(tokens.bytes().size()) + tokens.size();
    });
}

// Writes a part's tokens, a line feed after each, and their counts, into arrays of the sizes that
// reelfeel_text_part_size gave.
REELFEEL_EXPORT int reelfeel_text_read_part(const void* counter, std::int64_t part,
                                            std::int64_t num_tokens, std::int64_t num_bytes,
                                            char* bytes, std::int64_t* counts) {
    return report([=] {
        require_addresses(counter, bytes, counts);
        const Counter::Claim claim(*static_cast<const Counter*>(counter));
        const auto& found = static_cast<const Counter*>(counter)->part(part);
        const TokenTable& tokens = found.tokens;
        require(num_tokens >= tokens.size() &&
                    num_bytes >= static_cast<std::int64_t>(tokens.bytes().size()) + tokens.size(),
                kSmallBuffer);
        char* out = bytes;
        for (std::int64_t number = 0; number < tokens.size(); ++number) {
            const std::string_view token = tokens[number];
            out = std::copy(token.begin(), token.end(), out);
            *out++ = '\n';
        }
        // Where memory ended in the middle of a text, its last tokens have no count yet.
        std::int64_t* const end = std::copy(found.counts.begin(), found.counts.end(), counts);
        std::fill(end, counts + tokens.size(), 0);
    });
}

// Writes some of `num_texts` texts of a flat array, which end at `ends`, into a rectangle padded
// with 0 on the right.
REELFEEL_EXPORT int reelfeel_text_pad(const std::int32_t* ids, std::int64_t num_ids,
                                      const std::int64_t* ends, std::int64_t num_texts,
                                      const std::int64_t* rows, std::int64_t num_rows,
                                      std::int64_t timesteps, std::int32_t* padded) {
    return report([=] {
        require_addresses(ids, ends, rows, padded);
        require(num_ids >= 0 && num_texts >= 0 && num_rows >= 0 && timesteps >= 0, kWrongSize);
        std::int32_t* out = padded;
        for (std::int64_t row = 0; row < num_rows; ++row, out += timesteps) {
            const std::int64_t text = rows[row];
            require(text >= 0 && text < num_texts, kWrongId);
            const std::int64_t start = text == 0 ? 0 : ends[text - 1], end = ends[text];
            require(start >= 0 && start <= end && end <= num_ids, kWrongOffsets);
            require(end - start <= timesteps, kSmallBuffer);
            std::fill(std::copy(ids + start, ids + end, out), out + timesteps, 0);
        }
    });
}
