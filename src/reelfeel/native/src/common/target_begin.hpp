// Opens a region of code that is compiled for one kind of processor; target_end.hpp closes it. The
// build compiles a kernel's file once for each of its targets, which it names in a definition.
//
// No file is compiled with a flag for instructions. A flag also holds for what the file includes: a
// template of the standard library, or an implicit function of a struct that kernels share, is then
// compiled for AVX-512 here and for any processor there, and the linker keeps one copy of the two,
// for everybody. So every header that is not of one target alone is included before the region
// opens, and what lies in it is in a namespace of the target's name (reelfeel::avx2 and so on).
// tests/native/test_targets.py looks for wide instructions outside of these namespaces.

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#ifdef REELFEEL_X86
#include <immintrin.h>
#endif

// Inside a region neither compiler defines __AVX512F__ or its like, so the registers' width is
// named here: 64, 32 or 16 bytes. The unit is the header that says what a number is for training,
// bfloat16 or float32, and how matrices of them are multiplied.
#if defined(REELFEEL_TARGET_PORTABLE)
#define REELFEEL_TARGET portable
#define REELFEEL_REGISTER_BYTES 16
#define REELFEEL_UNIT "common/tiles_float32.hpp"
#elif defined(REELFEEL_TARGET_PORTABLE_BF16)
#define REELFEEL_TARGET portable_bf16
#define REELFEEL_REGISTER_BYTES 16
#define REELFEEL_UNIT "common/tiles_portable_bf16.hpp"
#elif defined(REELFEEL_TARGET_AVX2)
#define REELFEEL_TARGET avx2
#define REELFEEL_REGISTER_BYTES 32
#define REELFEEL_INSTRUCTIONS "avx2,fma,f16c"
#define REELFEEL_UNIT "common/tiles_float32.hpp"
#elif defined(REELFEEL_TARGET_AVX512)
#define REELFEEL_TARGET avx512
#define REELFEEL_REGISTER_BYTES 64
#define REELFEEL_INSTRUCTIONS "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq"
#define REELFEEL_UNIT "common/tiles_float32.hpp"
#elif defined(REELFEEL_TARGET_AVX512BF16)
#define REELFEEL_TARGET avx512bf16
#define REELFEEL_REGISTER_BYTES 64
#define REELFEEL_INSTRUCTIONS "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"
#define REELFEEL_UNIT "common/tiles_avx512bf16.hpp"
#elif defined(REELFEEL_TARGET_AMX)
#define REELFEEL_TARGET amx
#define REELFEEL_REGISTER_BYTES 64
#define REELFEEL_INSTRUCTIONS \
    "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,amx-tile,amx-bf16"
#define REELFEEL_UNIT "common/tiles_amx.hpp"
#else
#error "Name the target: compile with -DREELFEEL_TARGET_PORTABLE or another of those above."
#endif

#define REELFEEL_PRAGMA(text) _Pragma(#text)
#if !defined(REELFEEL_INSTRUCTIONS)
// The target needs nothing that not every processor of this kind has.
#elif defined(__clang__)
#define REELFEEL_TARGET_REGION(instructions) \
    REELFEEL_PRAGMA(                         \
        clang attribute push(__attribute__((target(instructions))), apply_to = function))
REELFEEL_TARGET_REGION(REELFEEL_INSTRUCTIONS)
#else
#pragma GCC push_options
#define REELFEEL_TARGET_REGION(instructions) REELFEEL_PRAGMA(GCC target(instructions))
REELFEEL_TARGET_REGION(REELFEEL_INSTRUCTIONS)
#endif
