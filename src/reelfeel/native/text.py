"""The compiled text engine: texts in UTF-8 to token ids, or to how often each token occurs.

It knows nothing of the rules of cleaning and splitting that depend on Unicode: the text room
describes the characters to it, 256 at a time, and reads the few texts that it gives back.
"""

from __future__ import annotations

import ctypes
import functools
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Self, SupportsIndex

import numpy as np
import numpy.typing as npt

from reelfeel.native.arrays import as_integers, require
from reelfeel.native.cores import bound_threads
from reelfeel.native.library import load_library

IntArray = npt.NDArray[np.int64]

_POINTER, _INT64, _INT = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int
# Each function's result, then its arguments: see sources/text.cpp.
_SIGNATURES: dict[str, tuple[Any, ...]] = {
    "create": (_POINTER, ctypes.c_char_p, _INT64, ctypes.c_char_p, _INT),
    "destroy": (None, _POINTER),
    "define_page": (None, _POINTER, ctypes.c_uint32, _POINTER),
    "encode": (
        *(_INT64, _POINTER, ctypes.c_char_p, _POINTER, _INT64, _INT64, _INT64, _INT),
        *(_POINTER, _POINTER, _POINTER, _POINTER),
    ),
    "create_counter": (_POINTER, _POINTER),
    "destroy_counter": (None, _POINTER),
    "count": (_INT, _POINTER, ctypes.c_char_p, _POINTER, _INT64, _INT, _POINTER),
    "num_parts": (_INT64, _POINTER),
    "part_size": (_INT64, _POINTER, _INT64, _POINTER),
    "read_part": (None, _POINTER, _INT64, _POINTER, _POINTER),
    "pad": (None, _POINTER, _POINTER, _POINTER, _INT64, _INT64, _POINTER),
}

PAGE_SIZE, NUM_PAGES = 256, 0x110000 // 256
# Ids that are kept of a text; the compiled code adds two such numbers.
_MOST_KEPT = 1 << 31

_STAYS = (
    "The compiled text engine is an address in this process and cannot be copied or pickled. Copy "
    "or pickle the TextEncoder that has it."
)

# A text that the reference has to read; below it, -2 - p asks for page p.
NEEDS_REFERENCE = -1


@dataclass(frozen=True)
class FlatIds:
    """Many texts as token ids; entry `i` of every array but `ids` is about text `i`.

    Attributes:
        ids: int32, the ids of all texts one after the other.
        num_tokens: int64, tokens before cutting; where it is below 0, the text was given back:
            -1 to be read by the reference, -2 - p because page p is not defined.
        lengths: int64, how many of `ids` belong to the text; 0 for one given back.
        num_unknown: int64, how many of them are unknown.
    """

    ids: npt.NDArray[np.int32]
    num_tokens: IntArray
    lengths: IntArray
    num_unknown: IntArray

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Returns the texts of all parts, in order; the part itself where there is one."""
        if len(parts) == 1:
            return parts[0]
        nothing = np.empty(0, np.int64)
        return cls(
            np.concatenate([np.empty(0, np.int32), *(part.ids for part in parts)]),
            *(
                np.concatenate([nothing, *(getattr(part, name) for part in parts)])
                for name in ("num_tokens", "lengths", "num_unknown")
            ),
        )


class NativeTextEngine:
    """Cleans, splits and looks up texts in compiled code; safe to share between threads.

    It cannot be copied or pickled, being an address.

    Args:
        tokens: the vocabulary; the first has id 2, as padding and unknown tokens have 0 and 1.
            None of them has a line feed in it.
        tag_names: the HTML tags that cleaning removes, in lower case.
        lowercase: whether words are looked up in lower case.

    Raises:
        RuntimeError: if there is no compiled library; ask `load_library` first.
    """

    def __init__(self, tokens: Sequence[str], tag_names: Sequence[str], *, lowercase: bool) -> None:
        self._functions = _bind()
        # Tokens are told apart by line feeds: one inside would shift the ids of all that follow.
        joined_tokens = "".join(tokens)
        require("\n" not in joined_tokens, "tokens", "without line feeds", "one that has some")
        joined = "\n".join(tokens).encode("utf-8", "surrogatepass")
        names = "|".join(tag_names).encode("ascii")
        self._handle = _check(self._functions["create"](joined, len(joined), names, lowercase))
        _destroy_with(self, self._functions["destroy"], self._handle)

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(_STAYS)

    def define_page(self, page: int, characters: npt.NDArray[np.uint32]) -> None:
        """Says what becomes of the characters `256 * page` to `256 * page + 255`."""
        characters = as_integers(characters, np.uint32, "characters")
        require(len(characters) == PAGE_SIZE, "characters", f"{PAGE_SIZE}", len(characters))
        require(0 <= page < NUM_PAGES, "page", f"from 0 to {NUM_PAGES - 1}", page)
        self._functions["define_page"](self._handle, page, characters.ctypes.data)

    def encode(self, texts: Sequence[bytes], *, first: int, last: int, num_threads: int) -> FlatIds:
        """Turns texts in UTF-8 into ids.

        Args:
            texts: valid UTF-8, each text by itself.
            first: how many ids are kept of the beginning of a text.
            last: how many are kept of the end of a longer one; together at least 1.
            num_threads: how many threads share the work, at least 1.

        Raises:
            MemoryError: if there is not enough memory.
            ValueError: if a number is out of its range.
        """
        for name, value in (("first", first), ("last", last)):
            require(0 <= value <= _MOST_KEPT, name, f"from 0 to {_MOST_KEPT}", value)
        require(first + last >= 1, "first + last", "at least 1", first + last)
        require(num_threads >= 1, "num_threads", "at least 1", num_threads)
        num_threads = bound_threads(num_threads)
        joined, sizes, ends = _join(texts)
        ids = np.empty(int(np.clip(sizes, 1, first + last).sum()), np.int32)
        num_tokens, lengths, num_unknown = np.empty((3, len(texts)), np.int64)
        total = self._functions["encode"](
            self._handle, joined, ends.ctypes.data, len(texts), first, last, num_threads,
            *(array.ctypes.data for array in (ids, num_tokens, lengths, num_unknown)),
        )  # fmt: skip
        if total < 0:
            raise MemoryError("Not enough memory to encode texts; pass fewer at a time.")
        ids.resize(total, refcheck=False)  # gives back what was room for the worst case
        return FlatIds(ids, num_tokens, lengths, num_unknown)


class NativeTokenCounter:
    """Counts tokens in compiled code."""

    def __init__(self, engine: NativeTextEngine) -> None:
        self._engine = engine
        self._functions = _bind()
        self._handle = _check(self._functions["create_counter"](engine._handle))
        _destroy_with(self, self._functions["destroy_counter"], self._handle)

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(_STAYS)

    def add(self, texts: Sequence[bytes], *, num_threads: int) -> IntArray:
        """Counts the tokens of texts, each as `NativeTextEngine.encode` takes it.

        Returns:
            int64 array of shape `(num_texts,)`: the tokens of each text; below 0 for one that is
            given back and was not counted, as in `FlatIds.num_tokens`.

        Raises:
            MemoryError: if there is not enough memory.
        """
        require(num_threads >= 1, "num_threads", "at least 1", num_threads)
        num_threads = bound_threads(num_threads)
        joined, _, ends = _join(texts)
        num_tokens = np.empty(len(texts), np.int64)
        failed = self._functions["count"](
            self._handle, joined, ends.ctypes.data, len(texts), num_threads, num_tokens.ctypes.data
        )
        if failed:
            raise MemoryError("Not enough memory to count tokens; pass fewer texts at a time.")
        return num_tokens

    def counts(self) -> Iterator[tuple[str, int]]:
        """Yields tokens with their counts; the counts of one token may come in several parts."""
        for part in range(self._functions["num_parts"](self._handle)):
            num_bytes = ctypes.c_int64()
            size = self._functions["part_size"](self._handle, part, ctypes.byref(num_bytes))
            joined, counts = np.empty(num_bytes.value, np.uint8), np.empty(size, np.int64)
            self._functions["read_part"](self._handle, part, joined.ctypes.data, counts.ctypes.data)
            yield from zip(joined.tobytes().decode().split("\n"), counts.tolist(), strict=False)


def pad_rows(
    ids: npt.NDArray[np.int32], ends: IntArray, rows: IntArray, timesteps: int
) -> npt.NDArray[np.int32]:
    """Writes some texts of a flat array into one rectangle, padded on the right with 0.

    Args:
        ids: the ids of all texts one after the other.
        ends: where each text ends in `ids`.
        rows: which of the texts, each from 0 to `len(ends) - 1`.
        timesteps: width of the rectangle, at least the length of the longest of them.

    Returns:
        int32 array of shape `(len(rows), timesteps)`.

    Raises:
        ValueError: if the arrays do not fit each other.
    """
    ids, ends = as_integers(ids, np.int32, "ids"), as_integers(ends, np.int64, "ends")
    rows = as_integers(rows, np.int64, "rows")
    _check_rows(len(ids), ends, rows, timesteps)
    padded = np.empty((len(rows), timesteps), np.int32)
    _bind()["pad"](
        ids.ctypes.data, ends.ctypes.data, rows.ctypes.data, len(rows), timesteps,
        padded.ctypes.data,
    )  # fmt: skip
    return padded


def _check_rows(num_ids: int, ends: IntArray, rows: IntArray, timesteps: int) -> None:
    lengths = np.diff(ends, prepend=0)
    is_rising = not (lengths < 0).any() and ends.max(initial=0) <= num_ids
    require(is_rising, "ends", f"rising from 0 to {num_ids}", "others")
    if len(rows):
        holds = 0 <= rows.min() <= rows.max() < len(ends)
        require(holds, "rows", f"from 0 to {len(ends) - 1}", int(rows.max()))
        longest = int(lengths[rows].max())
        require(longest <= timesteps, "timesteps", f"at least {longest}", timesteps)


def _bind() -> dict[str, Any]:
    library = load_library()
    if library is None:
        raise RuntimeError("The compiled library is missing. Ask load_library() before.")
    return _bind_library(library)


@functools.cache
def _bind_library(library: ctypes.CDLL) -> dict[str, Any]:
    functions = {}
    for name, (result, *arguments) in _SIGNATURES.items():
        function = library[f"reelfeel_text_{name}"]
        function.restype, function.argtypes = result, arguments
        functions[name] = function
    return functions


def _join(texts: Sequence[bytes]) -> tuple[bytes, IntArray, IntArray]:
    """Returns the texts as one, their sizes, and where each ends."""
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    return b"".join(texts), sizes, np.cumsum(sizes)


def _check(handle: int | None) -> int:
    if handle is None:
        raise MemoryError("Not enough memory for the compiled text engine.")
    return handle


def _destroy_with(owner: object, destroy: Any, handle: int) -> None:
    # Not at the end of the process, which frees everything: other threads may be reading then.
    weakref.finalize(owner, destroy, handle).atexit = False
