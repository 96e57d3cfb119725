"""Validates texts that a caller passes: an iterable of strings, or an error with the fix.

Every module that takes texts calls this one: an object means the same everywhere. Objects of other
libraries are known by what they can do: nothing is imported to find out.
"""

from __future__ import annotations

import array
import itertools
import os
import reprlib
from collections import UserString
from collections.abc import Iterable, Iterator, KeysView, Mapping, Set
from pathlib import Path

from reelfeel.errors import DataError, ReelFeelError, UsageError

# Characters handed on at a time: so many are read within some tenths of a second, which is how long
# Ctrl-C waits for compiled code, and bound the memory.
_MAX_CHARACTERS = 2**24
_MISSING = ("NoneType", "NAType", "NaTType", "MaskedConstant", "Null", "NullScalar")
_BYTES = (bytes, bytearray, memoryview)
# What gives the characters of one string, one after the other.
_CHARACTERS = (str, UserString, type(iter("a")), type(iter("ä")))


def check_texts(texts: Iterable[str]) -> Iterator[str]:
    """Yields the texts in their order, each checked when its turn comes.

    Args:
        texts: any iterable of strings that has an order: a list, a tuple, a generator, a
            one-dimensional array of NumPy or Arrow, a series of pandas or Polars.

    Raises:
        UsageError: if it is something else, such as one string, a set, a mapping, a data frame, an
            open file, an array of another number of dimensions, or nothing.
        DataError: if an element is not a string.

    Example:

    >>> list(check_texts(text.upper() for text in ("good", "film")))
    ['GOOD', 'FILM']
    >>> check_texts({"good", "film"})
    Traceback (most recent call last):
    ...
    reelfeel.errors.UsageError: Expected a list of texts and received a set, which has no order, ...
    """
    problem = _find_problem(texts)
    if problem:
        raise _refuse(texts, problem)
    if hasattr(type(texts), "to_pylist"):  # Arrow's arrays yield scalars of their own
        texts = texts.to_pylist()  # type: ignore[attr-defined]
    try:
        elements = iter(texts)
    except TypeError:
        raise _refuse(
            texts, f"{_name(texts)}, which is no iterable of strings. Put texts in a list."
        ) from None
    return map(_check_text, elements, itertools.count())


def in_chunks(texts: Iterator[str], most: int) -> Iterator[list[str]]:
    """Yields texts in lists of at most `most`, and fewer where they are long.

    Args:
        texts: as `check_texts` yields them.
        most: at least 1.

    Example:

    >>> list(in_chunks(iter("abc"), 2))
    [['a', 'b'], ['c']]
    """
    chunk: list[str] = []
    num_characters = 0
    for text in texts:
        chunk.append(text)
        num_characters += len(text)
        if len(chunk) == most or num_characters >= _MAX_CHARACTERS:
            yield chunk
            chunk, num_characters = [], 0
    if chunk:
        yield chunk


def refuse_one_text(texts: object) -> None:
    """Raises UsageError where one string, bytes or a table of characters is given for a list."""
    if problem := _find_one_text(texts):
        raise _refuse(texts, problem)


def _find_problem(texts: object) -> str | None:
    """Says what an object is, and how to get texts from it, where it is no iterable of strings."""
    for find in (_find_one_text, _find_table, _find_unordered, _find_source):
        if problem := find(texts):
            return problem
    return None


def _find_one_text(texts: object) -> str | None:
    num_dimensions = getattr(texts, "ndim", None)
    if isinstance(texts, str) and _is_file(texts):
        return f"the path of a file, {_describe(texts)}. {_mend_file(texts)}"
    if isinstance(texts, _CHARACTERS):
        return f"one string. Put it in a list: [{_describe(texts)}]."
    if isinstance(texts, array.array) and texts.typecode in "uw":
        return "one string, as an array of characters. Put it in a list: [texts.tounicode()]."
    if isinstance(texts, _BYTES):
        return f"{_name(texts)}. Decode it, and put it in a list: [bytes(texts).decode()]."
    if num_dimensions == 0 and hasattr(texts, "item"):
        return "an array without dimensions. Put its text in a list: [texts.item()]."
    if isinstance(num_dimensions, int) and num_dimensions > 1 and not _is_frame(texts):
        return (
            f"an array of {num_dimensions} dimensions. Name the column of the texts, such as "
            "texts[:, 0], or flatten the array: texts.ravel()."
        )
    return None


def _find_table(texts: object) -> str | None:
    from reelfeel.values import Reviews  # Reviews check their own texts here

    if isinstance(texts, Reviews):
        return "Reviews. Pass its texts: reviews.texts."
    if _is_frame(texts):
        return f"a table ({_name(texts)}). Name the column of the texts: pass df['text']."
    return None


def _find_unordered(texts: object) -> str | None:
    if isinstance(texts, Set) and not isinstance(texts, KeysView):
        return (
            f"{_name(texts)}, which has no order, so that nobody could tell which answer belongs "
            "to which text. Put them in order: sorted(texts)."
        )
    has_keys = callable(getattr(type(texts), "keys", None)) and not hasattr(texts, "dtype")
    if isinstance(texts, Mapping) or has_keys:
        return f"{_name(texts)}, which has names besides texts. Pass list(texts.values())."
    if hasattr(type(texts), "_fields"):
        return f"{_name(texts)}, a record of named fields. Put its text in a list: [row.text]."
    return None


def _find_source(texts: object) -> str | None:
    if texts is None:
        return "None. Pass a list, which may be empty."
    if isinstance(texts, os.PathLike):
        return f"a path, {_describe(texts)}. {_mend_file(os.fspath(texts))}"
    if hasattr(texts, "readline"):
        return (
            "an open file, whose lines may be rows of a table. Where each line is a text, pass "
            "[line.rstrip() for line in file]. " + _mend_file("FILE")
        )
    return None


def _is_frame(texts: object) -> bool:
    # On the class: to ask a lazy frame for its columns would compute them.
    names = ("columns", "column_names", "__dataframe__")
    return any(hasattr(type(texts), name) for name in names)


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a path, or with a character that none has
        return False


def _mend_file(path: object) -> str:
    return (
        "Read a file first: from reelfeel.data.plain_texts import read_plain_texts, then pass "
        f"read_plain_texts({path!r}).texts."
    )


def _refuse(texts: object, problem: str) -> ReelFeelError:
    return UsageError(f"Expected a list of texts and received {problem} Received {_name(texts)}.")


def _check_text(text: str, position: int) -> str:
    if not isinstance(text, str):
        raise DataError(
            f"Text {position} (counted from 0) is no string. Expected str everywhere; "
            f"{_mend_element(text)}. Received {_describe(text)} of type {type(text).__name__}."
        )
    return text


def _mend_element(value: object) -> str:
    if type(value).__name__ in _MISSING or (isinstance(value, float) and value != value):
        return "fill or leave out missing texts first"
    if isinstance(value, _BYTES):
        return "decode it first, such as text.decode()"
    if hasattr(value, "as_py"):
        return "turn Arrow's scalars into strings with text.as_py()"
    if isinstance(value, Mapping):
        return "take the text out of each row, such as [row['text'] for row in rows]"
    if isinstance(value, list | tuple) or getattr(value, "ndim", False):
        return "pass one flat list of strings"
    return "turn it into a string where it is a text, or name the column that holds the texts"


def _name(value: object) -> str:
    name = type(value).__name__
    article = "an" if name[:1].lower() in "aeiou" else "a"
    return name if value is None else f"{article} {name}"


def _describe(value: object) -> str:
    # Bounded, however large the object is and whatever its own repr does.
    return reprlib.repr(value)
