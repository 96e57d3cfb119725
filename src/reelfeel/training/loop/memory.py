"""How the process gets its memory: large blocks are kept, not handed back after every product."""

from __future__ import annotations

import ctypes
import sys

# Numbers of glibc's malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4


def keep_freed_memory() -> bool:
    """Makes this process keep memory that it frees, for its next use.

    A training step frees and takes the same blocks of megabytes again and again. glibc returns such
    blocks to the system at once, and the system fills every new page with zeros: in a language
    model's step that took half of the time of the loss. Elsewhere than on Linux with glibc this
    does nothing.

    Returns:
        Whether it was done.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        set_option = ctypes.CDLL(None).mallopt
    except AttributeError:  # musl
        return False
    options = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1), (_TOP_PAD, 2**26))
    return sum(set_option(option, value) for option, value in options) == len(options)
