// The text engine: raw texts in UTF-8 to token ids, or to how often each token occurs.
#include "common/library.hpp"
#include "text/cleaning.hpp"
#include "text/tokens.hpp"
#include "text/vocabulary.hpp"

#include <atomic>
#include <memory>
#include <new>
#include <system_error>
#include <thread>

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

// Hands blocks of texts to threads.
class Crew {
  public:
    explicit Crew(std::int64_t num_texts)
        : num_texts_(num_texts), num_blocks_((num_texts + kBlock - 1) / kBlock) {}

    std::int64_t num_blocks() const { return num_blocks_; }
    std::int64_t start(std::int64_t block) const { return std::min(block * kBlock, num_texts_); }

    // Calls `work(thread)` in so many threads at once; returns whether memory was enough.
    template <class Work>
    bool run(int num_threads, Work work) {
        std::atomic<bool> complete{true};
        const auto guarded = [&](int thread) {
            try {
                work(thread);
            } catch (const std::bad_alloc&) {
                complete = false;
            }
        };
        std::vector<std::thread> others;
        try {
            for (int i = 1; i < num_threads && i < num_blocks_; ++i) others.emplace_back(guarded, i);
        } catch (const std::system_error&) {
            // The system gives no more threads: fewer do the same work.
        }
        guarded(0);
        for (std::thread& other : others) other.join();
        return complete;
    }

    // Gives every block to one caller; returns false when none is left.
    bool take(std::int64_t& block) { return (block = next_++) < num_blocks_; }

  private:
    std::int64_t num_texts_, num_blocks_;
    std::atomic<std::int64_t> next_{0};
};

// Returns for each block where its ids may be written: so far apart that they fit in any case.
std::vector<std::int64_t> plan_places(const Crew& crew, const Texts& texts, Cut cut) {
    std::vector<std::int64_t> places;
    std::int64_t place = 0;
    for (std::int64_t block = 0; block < crew.num_blocks(); ++block) {
        places.push_back(place);
        for (std::int64_t i = crew.start(block); i < crew.start(block + 1); ++i) {
            const auto num_bytes = static_cast<std::int64_t>(texts[i].size());
            place += std::max<std::int64_t>(1, std::min(num_bytes, cut.most()));
        }
    }
    return places;
}

// Encodes all texts, and returns how many ids they have together; -1 without memory.
std::int64_t encode_all(const Engine& engine, const Texts& texts, Cut cut, int num_threads,
                        const Results& results) {
    Crew crew(texts.count);
    const std::vector<std::int64_t> places = plan_places(crew, texts, cut);
    std::vector<std::int64_t> sizes(places.size());
    const bool complete = crew.run(num_threads, [&](int) {
        Encoder encoder(engine, cut);
        for (std::int64_t block; crew.take(block);) {
            std::int32_t *const begin = results.ids + places[block], *out = begin;
            for (std::int64_t i = crew.start(block); i < crew.start(block + 1); ++i)
                out = encoder.encode(texts, i, results, out);
            sizes[block] = out - begin;
        }
    });
    if (!complete) return -1;
    // Move the blocks together, from the first to the last, so that none is overwritten.
    std::int64_t total = 0;
    for (std::size_t block = 0; block < places.size(); ++block) {
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

    // Adds texts, and writes how many tokens each has, or a Status; returns false without memory.
    bool add(const Texts& texts, int num_threads, std::int64_t* num_tokens) {
        if (parts_.size() < static_cast<std::size_t>(num_threads)) parts_.resize(num_threads);
        Crew crew(texts.count);
        return crew.run(num_threads, [&](int thread) {
            Reader reader(engine_);
            for (std::int64_t block; crew.take(block);) {
                for (std::int64_t i = crew.start(block); i < crew.start(block + 1); ++i)
                    num_tokens[i] = parts_[thread].add(reader, texts[i]);
            }
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

    const std::vector<Part>& parts() const { return parts_; }

  private:
    const Engine& engine_;
    std::vector<Part> parts_;
};

}  // namespace
}  // namespace reelfeel::text

using namespace reelfeel::text;

// Makes an engine; `tokens` has a line feed between two tokens, `tag_names` a bar between two
// names. Returns nothing without memory.
REELFEEL_EXPORT void* reelfeel_text_create(const char* tokens, std::int64_t tokens_size,
                                           const char* tag_names, int lowercase) {
    try {
        auto engine = std::make_unique<Engine>(tag_names, lowercase != 0);
        const std::string_view all(tokens, static_cast<std::size_t>(tokens_size));
        for (std::size_t start = 0; start < all.size();) {
            const std::size_t end = std::min(all.find('\n', start), all.size());
            engine->vocabulary.add(all.substr(start, end - start));
            start = end + 1;
        }
        return engine.release();
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

REELFEEL_EXPORT void reelfeel_text_destroy(void* engine) { delete static_cast<Engine*>(engine); }

// Says what becomes of the 256 characters of a page.
REELFEEL_EXPORT void reelfeel_text_define_page(void* engine, std::uint32_t page,
                                               const std::uint32_t* characters) {
    static_cast<Engine*>(engine)->characters.define(page, characters);
}

// Encodes `count` texts in UTF-8, which stand one after the other in `bytes` and end at `ends`.
// Keeps the `first` and the `last` ids of a longer text. Writes the ids of all texts to `ids`,
// which has room for min(bytes, first + last), at least 1, for each text; and for each text its
// number of tokens, of ids, and of unknown ids. A number of tokens of -1 says that the reference
// has to read this text, -2 - p that page p has to be defined first. Returns the number of ids,
// or -1 without memory.
REELFEEL_EXPORT std::int64_t reelfeel_text_encode(
    const void* engine, const char* bytes, const std::int64_t* ends, std::int64_t count,
    std::int64_t first, std::int64_t last, int num_threads, std::int32_t* ids,
    std::int64_t* num_tokens, std::int64_t* lengths, std::int64_t* num_unknown) {
    try {
        return encode_all(*static_cast<const Engine*>(engine), {bytes, ends, count}, {first, last},
                          num_threads, {ids, num_tokens, lengths, num_unknown});
    } catch (const std::bad_alloc&) {
        return -1;
    }
}

// Makes a counter, which must not outlive its engine. Returns nothing without memory.
REELFEEL_EXPORT void* reelfeel_text_create_counter(const void* engine) {
    return new (std::nothrow) Counter(*static_cast<const Engine*>(engine));
}

REELFEEL_EXPORT void reelfeel_text_destroy_counter(void* counter) {
    delete static_cast<Counter*>(counter);
}

// Counts the tokens of texts as reelfeel_text_encode takes them, and writes `num_tokens` as it
// does. Returns 0, or -1 without memory.
REELFEEL_EXPORT int reelfeel_text_count(void* counter, const char* bytes, const std::int64_t* ends,
                                        std::int64_t count, int num_threads,
                                        std::int64_t* num_tokens) {
    try {
        const Texts texts{bytes, ends, count};
        return static_cast<Counter*>(counter)->add(texts, num_threads, num_tokens) ? 0 : -1;
    } catch (const std::bad_alloc&) {
        return -1;
    }
}

// Returns how many parts a counter has, one for each thread; a token may be in several.
REELFEEL_EXPORT std::int64_t reelfeel_text_num_parts(const void* counter) {
    return static_cast<std::int64_t>(static_cast<const Counter*>(counter)->parts().size());
}

// Returns a part's number of tokens, and writes the number of their bytes.
REELFEEL_EXPORT std::int64_t reelfeel_text_part_size(const void* counter, std::int64_t part,
                                                     std::int64_t* num_bytes) {
    const TokenTable& tokens = static_cast<const Counter*>(counter)->parts()[part].tokens;
    *num_bytes = static_cast<std::int64_t>(tokens.bytes().size()) + tokens.size();
    return tokens.size();
}

// Writes a part's tokens, a line feed after each, and their counts.
REELFEEL_EXPORT void reelfeel_text_read_part(const void* counter, std::int64_t part, char* bytes,
                                             std::int64_t* counts) {
    const auto& found = static_cast<const Counter*>(counter)->parts()[part];
    for (std::int64_t number = 0; number < found.tokens.size(); ++number) {
        const std::string_view token = found.tokens[number];
        bytes = std::copy(token.begin(), token.end(), bytes);
        *bytes++ = '\n';
    }
    std::copy(found.counts.begin(), found.counts.end(), counts);
}

// Writes texts of a flat array, which end at `ends`, into a rectangle padded with 0 on the right.
REELFEEL_EXPORT void reelfeel_text_pad(const std::int32_t* ids, const std::int64_t* ends,
                                       const std::int64_t* rows, std::int64_t num_rows,
                                       std::int64_t timesteps, std::int32_t* padded) {
    for (std::int64_t row = 0; row < num_rows; ++row, padded += timesteps) {
        const std::int64_t text = rows[row], start = text == 0 ? 0 : ends[text - 1];
        std::int32_t* const end = std::copy(ids + start, ids + ends[text], padded);
        std::fill(end, padded + timesteps, 0);
    }
}
