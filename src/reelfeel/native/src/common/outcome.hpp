// What every function that Python calls returns, and how exceptions become it. None may leave the
// library: Python is no C++, and the process would end.
#pragma once

#include <exception>
#include <new>
#include <stdexcept>

namespace reelfeel {

// library.cpp has the words for each.
enum Outcome : int {
    kSucceeded = 0,
    kOutOfMemory,
    kNoKernel,
    kMissingAddress,
    kWrongSize,
    kWrongOffsets,
    kWrongId,
    kWrongLength,
    kSmallBuffer,
    kTooEarly,
    kBusy,
    kFailed,
};

// Thrown where an argument is not as it has to be.
struct Refusal {
    Outcome outcome;
};

inline void require(bool is_right, Outcome otherwise) {
    if (!is_right) throw Refusal{otherwise};
}

template <typename... Numbers>
void require_addresses(const Numbers*... addresses) {
    require((... && (addresses != nullptr)), kMissingAddress);
}

// Does the work of an exported function, and returns how it ended.
template <typename Work>
int report(Work work) noexcept {
    try {
        work();
        return kSucceeded;
    } catch (const Refusal& refusal) {
        return refusal.outcome;
    } catch (const std::bad_alloc&) {
        return kOutOfMemory;
    } catch (const std::length_error&) {  // a vector of more elements than an address space has
        return kOutOfMemory;
    } catch (...) {
        return kFailed;
    }
}

}  // namespace reelfeel
