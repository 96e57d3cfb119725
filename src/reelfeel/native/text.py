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

from reelfeel.errors import UsageError
from reelfeel.native.library import bound_threads, load_library, raise_unless_done

IntArray = npt.NDArray[np.int64]

_POINTER, _INT64, _INT = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int
# The arguments of each function: see src/text/text.cpp.
_TEXTS = (
    ctypes.c_char_p,
    _INT64,
    _POINTER,
    _INT64,
)  # bytes and their number, ends and their number
_SIGNATURES: dict[str, tuple[Any, ...]] = {
    "create": (ctypes.c_char_p, _INT64, ctypes.c_char_p, _INT64, _INT, _POINTER),
    "define_page": (_POINTER, ctypes.c_uint32, _POINTER),
    "encode": (
        *(_POINTER, *_TEXTS, _INT64, _INT64, _INT, _POINTER, _INT64),
        *(_POINTER, _POINTER, _POINTER, _POINTER),
    ),
    "create_counter": (_POINTER, _POINTER),
    "count": (_POINTER, *_TEXTS, _INT, _POINTER),
    "num_parts": (_POINTER, _POINTER),
    "part_size": (_POINTER, _INT64, _POINTER, _POINTER),
    "read_part": (_POINTER, _INT64, _INT64, _INT64, _POINTER, _POINTER),
    "pad": (_POINTER, _INT64, _POINTER, _INT64, _POINTER, _INT64, _INT64, _POINTER),
}
# These return nothing and take what they destroy.
_DESTROYERS = ("destroy", "destroy_counter")

# More tokens of a text than these are all that it has, and the sum of two is an int64.
_MOST_KEPT = 2**61
# Pages of 256 characters that Unicode has.
_NUM_PAGES = 0x110000 // 256

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

    Args:
        tokens: the vocabulary; the first has id 2, as padding and unknown tokens have 0 and 1.
            None of them has a line feed in it.
        tag_names: the HTML tags that cleaning removes, in lower case.
        lowercase: whether words are looked up in lower case.

    Raises:
        RuntimeError: if there is no compiled library; call `load_library` first.
    """

    def __init__(self, tokens: Sequence[str], tag_names: Sequence[str], *, lowercase: bool) -> None:
        self._functions = _bind()
        if any("\n" in token for token in tokens):
            # Told apart by line feeds: one inside would shift the ids of all that follow.
            raise UsageError("A token of a vocabulary has no line feed. Received one that has some")
        joined = "\n".join(tokens).encode("utf-8", "surrogatepass")
        names = "|".join(tag_names).encode("ascii")
        handle = ctypes.c_void_p()
        outcome = self._functions["create"](
            joined, len(joined), names, len(names), lowercase, ctypes.byref(handle)
        )
        raise_unless_done(outcome, "make a text engine", f"{len(tokens)} tokens")
        self._handle = handle.value
        _destroy_with(self, self._functions["destroy"], self._handle)

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(_STAYS)

    def define_page(self, page: int, characters: npt.NDArray[np.uint32]) -> None:
        """Says what becomes of the characters `256 * page` to `256 * page + 255`.

        Raises:
            UsageError: if Unicode has no such page, or `characters` is not 256 numbers.
        """
        characters = np.ascontiguousarray(characters, dtype=np.uint32)
        if not 0 <= page < _NUM_PAGES or characters.shape != (256,):
            raise UsageError(
                f"A page has 256 characters and a number below {_NUM_PAGES}. "
                f"Received: page {page}, characters of shape {characters.shape}"
            )
        outcome = self._functions["define_page"](self._handle, page, characters.ctypes.data)
        raise_unless_done(outcome, "define a page of characters", f"page {page}")

    def encode(self, texts: Sequence[bytes], *, first: int, last: int, num_threads: int) -> FlatIds:
        """Turns texts in UTF-8 into ids.

        Args:
            texts: UTF-8, each text by itself; what is no UTF-8 is given back as -1.
            first: how many ids are kept of the beginning of a text.
            last: how many are kept of the end of a longer one; together at least 1.
            num_threads: how many threads share the work, at least 1; fewer do, where the system
                refuses one.

        Raises:
            MemoryError: if there is not enough memory.
            UsageError: if a number is out of its range, or page 0 is not defined.
        """
        if min(first, last) < 0 or first + last < 1:
            raise UsageError(
                f"At least one token must be kept. Received: {first} first, {last} last ones"
            )
        first, last = min(first, _MOST_KEPT), min(last, _MOST_KEPT)
        joined, sizes, ends = _join(texts)
        ids = np.empty(int(np.clip(sizes, 1, first + last).sum()), np.int32)
        num_tokens, lengths, num_unknown = np.empty((3, len(texts)), np.int64)
        total = ctypes.c_int64()
        outcome = self._functions["encode"](
            self._handle, joined, len(joined), ends.ctypes.data, len(texts), first, last,
            bound_threads(num_threads), ids.ctypes.data, len(ids),
            *(array.ctypes.data for array in (num_tokens, lengths, num_unknown)),
            ctypes.byref(total),
        )  # fmt: skip
        raise_unless_done(outcome, "encode texts", f"{len(texts)} texts of {len(joined)} bytes")
        ids.resize(total.value, refcheck=False)  # gives back what was room for the worst case
        return FlatIds(ids, num_tokens, lengths, num_unknown)


class NativeTokenCounter:
    """Counts tokens in compiled code, for one thread at a time: a second one is refused."""

    def __init__(self, engine: NativeTextEngine) -> None:
        self._engine = engine
        self._functions = _bind()
        handle = ctypes.c_void_p()
        outcome = self._functions["create_counter"](engine._handle, ctypes.byref(handle))
        raise_unless_done(outcome, "make a counter of tokens", "an engine")
        self._handle = handle.value
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
            UsageError: if a number is out of its range, or page 0 is not defined.
        """
        joined, _, ends = _join(texts)
        num_tokens = np.empty(len(texts), np.int64)
        outcome = self._functions["count"](
            self._handle, joined, len(joined), ends.ctypes.data, len(texts),
            bound_threads(num_threads), num_tokens.ctypes.data,
        )  # fmt: skip
        raise_unless_done(outcome, "count tokens", f"{len(texts)} texts of {len(joined)} bytes")
        return num_tokens

    def counts(self) -> Iterator[tuple[str, int]]:
        """Yields tokens with their counts; the counts of one token may come in several parts."""
        for part in range(self._ask("num_parts")[0]):
            size, num_bytes = self._ask("part_size", part)
            joined, counts = np.empty(num_bytes, np.uint8), np.empty(size, np.int64)
            outcome = self._functions["read_part"](
                self._handle, part, size, num_bytes, joined.ctypes.data, counts.ctypes.data
            )
            raise_unless_done(outcome, "read counts", f"part {part}")
            yield from zip(joined.tobytes().decode().split("\n"), counts.tolist(), strict=False)

    def _ask(self, name: str, *arguments: int) -> list[int]:
        numbers = [ctypes.c_int64() for _ in range(len(_SIGNATURES[name]) - len(arguments) - 1)]
        outcome = self._functions[name](self._handle, *arguments, *map(ctypes.byref, numbers))
        raise_unless_done(outcome, "read counts", arguments)
        return [number.value for number in numbers]


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
        UsageError: if there is no such text, or it is longer than `timesteps`.
    """
    padded = np.empty((len(rows), timesteps), np.int32)
    # Not converted on the way into the call: nothing else would keep the copies.
    ids = np.ascontiguousarray(ids, np.int32)
    ends, rows = (np.ascontiguousarray(array, np.int64) for array in (ends, rows))
    outcome = _bind()["pad"](
        ids.ctypes.data, len(ids), ends.ctypes.data, len(ends), rows.ctypes.data, len(rows),
        timesteps, padded.ctypes.data,
    )  # fmt: skip
    received = f"{len(rows)} of {len(ends)} texts, {timesteps} timesteps"
    raise_unless_done(outcome, "pad texts", received)
    return padded


def _bind() -> dict[str, Any]:
    library = load_library()
    if library is None:
        raise RuntimeError("The compiled library is missing. Call load_library() first.")
    return _bind_library(library)


@functools.cache
def _bind_library(library: ctypes.CDLL) -> dict[str, Any]:
    functions = {}
    for name, arguments in _SIGNATURES.items():
        functions[name] = library[f"reelfeel_text_{name}"]
        functions[name].argtypes = arguments
    for name in _DESTROYERS:
        functions[name] = library[f"reelfeel_text_{name}"]
        functions[name].argtypes, functions[name].restype = (_POINTER,), None
    return functions


def _join(texts: Sequence[bytes]) -> tuple[bytes, IntArray, IntArray]:
    """Returns the texts as one, their sizes, and where each ends."""
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    return b"".join(texts), sizes, np.cumsum(sizes)


def _destroy_with(owner: object, destroy: Any, handle: int | None) -> None:
    # Not at the end of the process, which frees everything: other threads may be reading then.
    weakref.finalize(owner, destroy, handle).atexit = False
