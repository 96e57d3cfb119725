"""Says which training kernel runs here: the precision, and the instruction set.

Every kernel is there in float32 and in bfloat16, for any processor and for some kinds of them; the
library takes the fastest that the processor has. bfloat16 without instructions for it is an
emulation, with the same packing, layout and rounding and at a fraction of the speed: only for who
asks for it.
"""

from __future__ import annotations

import os

from reelfeel.native.library import load_library, processor_features

# The value of REELFEEL_BFLOAT16 that asks for bfloat16 on a processor without instructions for it.
EMULATE = "emulate"

# What a person calls the instructions, and the feature that they need; the fastest first.
_TARGETS = {
    "bfloat16": (("AMX", "amx_bf16"), ("AVX512-BF16", "avx512_bf16")),
    "float32": (("AVX-512", "avx512"), ("AVX2", "avx2")),
}
PORTABLE = "portable code"


def find_target(precision: str) -> str | None:
    """Returns the instructions that our training kernels multiply with here.

    Args:
        precision: "float32" or "bfloat16".

    Returns:
        "AMX" or "AVX512-BF16", "AVX-512" or "AVX2", or "portable code", which in bfloat16 emulates
        it; None where there is no kernel to use: without the library, and in bfloat16 on a
        processor that lacks it, unless the environment says REELFEEL_BFLOAT16=emulate.

    Example:

    >>> find_target("float32") in {"AVX-512", "AVX2", "portable code", None}
    True
    """
    if load_library() is None:
        return None
    features = processor_features()
    for name, feature in _TARGETS[precision]:
        if feature in features:
            return name
    return PORTABLE if precision == "float32" or emulation_is_wanted() else None


def emulation_is_wanted() -> bool:
    """Tells whether the environment asks for bfloat16 where the processor lacks it."""
    return os.environ.get("REELFEEL_BFLOAT16", "").lower() == EMULATE
