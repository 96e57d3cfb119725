"""Loads the compiled library, and says what the processor can do.

Nothing depends on it. Where it is missing, switched off or foreign, its callers take their slower
way in Python, with the same results.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from pathlib import Path

from reelfeel.errors import UsageError
from reelfeel.native.cores import check_threads
from reelfeel.native.library_name import library_name

LIBRARY_PATH = Path(__file__).with_name(library_name(sys.platform))

# Raised, here and in src/common/library.cpp, when a function that Python calls changes its
# arguments.
ABI_VERSION = 4

# As kMostThreads in src/common/threads.hpp. A larger number might wrap on its way to an int.
_MOST_THREADS = 1024

# Of `Outcome` in src/common/outcome.hpp.
_OUT_OF_MEMORY = 1

# The bits of `Feature` in src/common/library.hpp, in their order.
_FEATURES = ("avx2", "avx512", "avx512_bf16", "amx_bf16")


def load_library() -> ctypes.CDLL | None:
    """Returns the compiled library, or None where there is none to use.

    The environment variable `REELFEEL_NATIVE=off` switches it off, for tests and to find out
    whether it is the cause of something.

    Returns:
        The library, the same object at every call; `explain_missing` says why it is None.

    Example:

    >>> library = load_library()
    >>> library is None or library.reelfeel_abi_version() == ABI_VERSION
    True
    """
    return None if _is_switched_off() else _open(LIBRARY_PATH)[0]


def explain_missing() -> str | None:
    """Returns why there is no library to use and how to mend it, or None where there is one."""
    if _is_switched_off():
        return "REELFEEL_NATIVE=off switches it off"
    return _open(LIBRARY_PATH)[1]


def processor_features() -> frozenset[str]:
    """Returns the instruction sets that our kernels may use here.

    What processor and operating system have, as far as `ONEDNN_MAX_CPU_ISA` allows: with AVX2,
    AVX512_CORE, AVX512_CORE_BF16 or AVX512_CORE_AMX that variable makes oneDNN and our kernels
    believe in an older machine.

    Returns:
        Some of "avx2" (with FMA), "avx512" (F, BW, VL, DQ), "avx512_bf16" and "amx_bf16"; empty
        without the library, and on other processors than x86-64.

    Example:

    >>> processor_features() <= {"avx2", "avx512", "avx512_bf16", "amx_bf16"}
    True
    """
    library = load_library()
    if library is None:
        return frozenset()
    bits = library.reelfeel_processor_features()
    return frozenset(name for place, name in enumerate(_FEATURES) if bits >> place & 1)


def raise_unless_done(outcome: int, task: str, received: object) -> None:
    """Raises what a function of the library reports; nothing where it did its work.

    Args:
        outcome: what the function returned: 0, or an `Outcome` of `src/common/outcome.hpp`.
        task: what it was to do, as in "read texts".
        received: the sizes and settings that it was called with.

    Raises:
        MemoryError: if there was not enough memory.
        UsageError: if it refused an argument; nothing was written then.

    Example:

    >>> raise_unless_done(0, "read texts", "2 texts")
    """
    if outcome == 0:
        return
    if outcome == _OUT_OF_MEMORY:
        raise MemoryError(
            f"Not enough memory to {task}; pass less at a time, or free some. Received: {received}"
        )
    library = load_library()
    reason = "the library is missing"
    if library is not None:
        library.reelfeel_explain.restype = ctypes.c_char_p
        reason = library.reelfeel_explain(outcome).decode()
    raise UsageError(f"The compiled library cannot {task}: {reason}. Received: {received}")


def bound_threads(num_threads: int) -> int:
    """Returns a number of threads that fits the library, which never starts more than 1,024.

    Raises:
        UsageError: as `check_threads`.

    Example:

    >>> bound_threads(2**40)
    1024
    """
    return min(check_threads(num_threads), _MOST_THREADS)


def _is_switched_off() -> bool:
    return os.environ.get("REELFEEL_NATIVE", "").lower() == "off"


@functools.cache
def _open(path: Path) -> tuple[ctypes.CDLL | None, str | None]:
    """Opens the library at `path`; where that fails, says why."""
    if not path.exists():
        return None, (
            "it was not compiled: no C++ compiler was there when ReelFeel was installed. Install "
            "g++ or clang++, then install ReelFeel again"
        )
    try:
        library = ctypes.CDLL(str(path))
        version = library.reelfeel_abi_version()
    except (OSError, AttributeError) as error:
        return None, f"it cannot be loaded ({error}). Install ReelFeel again on this machine"
    if version != ABI_VERSION:
        return None, (
            f"it has version {version} where {ABI_VERSION} is expected. Compile it again: "
            "install ReelFeel again, or run python hatch_build.py in a checkout"
        )
    return library, None
