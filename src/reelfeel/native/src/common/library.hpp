// What every kernel needs to know about the library it is in.
#pragma once

// Only what carries this mark can be called from Python.
#ifdef _WIN32
#define REELFEEL_EXPORT extern "C" __declspec(dllexport)
#else
#define REELFEEL_EXPORT extern "C" __attribute__((visibility("default")))
#endif

namespace reelfeel {

// What the processor can do, one bit each; the names are in native/library.py.
enum Feature : unsigned {
    kAvx2 = 1u << 0,    // with FMA and F16C
    kAvx512 = 1u << 1,  // F, BW, VL and DQ
    kAvx512Bf16 = 1u << 2,
    kAmxBf16 = 1u << 3,  // tiles and bfloat16, and the system lets this process use them
};

// The features to use: those of processor and system, as far as ONEDNN_MAX_CPU_ISA allows them.
unsigned processor_features();

}  // namespace reelfeel
