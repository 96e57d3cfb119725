// Which library this is, and what the processor under it can do.
#include "common/library.hpp"
#include "common/outcome.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>

#ifdef REELFEEL_X86
#include <cpuid.h>
#endif
#if defined(REELFEEL_X86) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace reelfeel {
namespace {

// As oneDNN names them, so that one switch makes an older machine for it and for us.
struct Limit {
    const char* name;
    unsigned features;
};
constexpr unsigned kBf16 = kAvx2 | kAvx512 | kAvx512Bf16;
constexpr Limit kLimits[] = {
    {"SSE41", 0},
    {"AVX", 0},
    {"AVX2", kAvx2},
    {"AVX2_VNNI", kAvx2},
    {"AVX2_VNNI_2", kAvx2},
    {"AVX512_CORE", kAvx2 | kAvx512},
    {"AVX512_CORE_VNNI", kAvx2 | kAvx512},
    {"AVX512_CORE_BF16", kBf16},
    {"AVX512_CORE_FP16", kBf16},
};

unsigned allowed_features() {
    const char* wanted = std::getenv("ONEDNN_MAX_CPU_ISA");
    if (wanted != nullptr) {
        for (const Limit& limit : kLimits) {
            if (std::strcmp(limit.name, wanted) == 0) return limit.features;
        }
    }
    return ~0u;
}

#ifdef REELFEEL_X86

struct Registers {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Registers cpuid(unsigned leaf, unsigned subleaf) {
    Registers found;
    __get_cpuid_count(leaf, subleaf, &found.eax, &found.ebx, &found.ecx, &found.edx);
    return found;
}

bool all_set(std::uint64_t value, std::uint64_t bits) { return (value & bits) == bits; }

constexpr std::uint64_t bit(int place) { return std::uint64_t{1} << place; }

// The registers that the system saves when it switches between processes: without that, an
// instruction that the processor knows still fails.
std::uint64_t saved_registers() {
    if (!all_set(cpuid(1, 0).ecx, bit(27))) return 0;
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (std::uint64_t{high} << 32) | low;
}

// Linux gives tile registers only to processes that asked for them. Other systems: not studied, so
// their processes run the next best kernel.
bool tiles_are_granted() {
#if defined(__linux__) && defined(SYS_arch_prctl)
    constexpr int kRequestPermission = 0x1023, kTileData = 18;
    return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
    return false;
#endif
}

unsigned detect_features() {
    constexpr std::uint64_t kYmm = bit(1) | bit(2);
    constexpr std::uint64_t kZmm = kYmm | bit(5) | bit(6) | bit(7);
    constexpr std::uint64_t kTiles = bit(17) | bit(18);
    const std::uint64_t saved = saved_registers();
    const Registers basic = cpuid(1, 0), more = cpuid(7, 0), newer = cpuid(7, 1);
    unsigned found = 0;
    if (all_set(saved, kYmm) && all_set(basic.ecx, bit(12) | bit(29)) && all_set(more.ebx, bit(5)))
        found |= kAvx2;
    if ((found & kAvx2) && all_set(saved, kZmm) &&
        all_set(more.ebx, bit(16) | bit(17) | bit(30) | bit(31)))
        found |= kAvx512;
    if ((found & kAvx512) && all_set(newer.eax, bit(5))) found |= kAvx512Bf16;
    if ((found & kAvx512Bf16) && all_set(saved, kTiles) && all_set(more.edx, bit(22) | bit(24)))
        found |= kAmxBf16;
    return found;
}

#else

bool tiles_are_granted() { return false; }
unsigned detect_features() { return 0; }

#endif

}  // namespace

unsigned processor_features() {
    // Under a hypervisor cpuid leaves the virtual machine, which takes long; so only once.
    static const unsigned detected = detect_features();
    unsigned features = detected & allowed_features();
    if (features & kAmxBf16) {
        static const bool granted = tiles_are_granted();
        if (!granted) features &= ~unsigned{kAmxBf16};
    }
    return features;
}

}  // namespace reelfeel

// Raise it, here and in native/library.py, when a function that Python calls changes its arguments.
REELFEEL_EXPORT int reelfeel_abi_version() { return 4; }

// What an outcome other than kSucceeded means, as the end of a sentence.
REELFEEL_EXPORT const char* reelfeel_explain(int outcome) {
    switch (outcome) {
        case reelfeel::kOutOfMemory:
            return "there is not enough memory";
        case reelfeel::kNoKernel:
            return "this processor has no kernel for it";
        case reelfeel::kMissingAddress:
            return "an array is missing";
        case reelfeel::kWrongSize:
            return "a size or a setting is out of its range";
        case reelfeel::kWrongOffsets:
            return "the texts do not lie one after the other in their array";
        case reelfeel::kWrongId:
            return "an id is not a row of its table";
        case reelfeel::kWrongLength:
            return "the length of a row is not one of its steps";
        case reelfeel::kSmallBuffer:
            return "an array is too small for what it has to hold";
        case reelfeel::kTooEarly:
            return "the page of the ASCII characters is not defined yet";
        case reelfeel::kBusy:
            return "another thread is at work on it";
        default:
            return "the compiled code failed";
    }
}

REELFEEL_EXPORT unsigned reelfeel_processor_features() { return reelfeel::processor_features(); }
