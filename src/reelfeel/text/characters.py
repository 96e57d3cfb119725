"""Describes for the compiled text engine how each character is cleaned and split.

Nothing is listed here a second time: the reference itself is asked what it does with a character
between two letters. Where that does not settle what it does anywhere else, as with accents that
melt into the letter before them, the engine is told to give the text back to the reference.
"""

from __future__ import annotations

import functools
import re
import unicodedata

import numpy as np
import numpy.typing as npt

from reelfeel.text.cleaning import clean
from reelfeel.text.tokenizer import LETTERS, lower

PAGE_SIZE = 256

# What becomes of a character, in bits 24 and up: see native/src/text/characters.hpp.
_REFERENCE, _REMOVED, _SPACE, _FOLDED, _MARK, _LETTER = (kind << 24 for kind in range(6))

_IS_LETTER = re.compile(f"[0-9{LETTERS}]")

# Unlike all other scripts', Korean vowels and final consonants melt into what stands before them
# without being marks.
_JAMO = range(0x1160, 0x1200)
# Marks, half characters, and what this version of Unicode does not know yet.
_MARKS_AND_UNKNOWN = {"Mn", "Mc", "Me", "Cs", "Cn"}
# Beyond the basic plane only emoji are known to stay alone in every version of Unicode.
_EMOJI = range(0x1F000, 0x1FB00)


@functools.cache
def describe_page(page: int) -> npt.NDArray[np.uint32]:
    """Returns what becomes of the characters `256 * page` to `256 * page + 255`.

    Args:
        page: from 0 to 4351.

    Returns:
        uint32 array of shape `(256,)`, in the form that `NativeTextEngine.define_page` takes; not
        to be changed.

    Example:

    >>> chr(describe_page(0)[ord("G")] & 0xFFFFFF)
    'g'
    """
    first = page * PAGE_SIZE
    described = [_describe(chr(code)) for code in range(first, first + PAGE_SIZE)]
    return np.array(described, dtype=np.uint32)


def pages_of(text: str) -> set[int]:
    """Returns the pages that the characters of a text are on.

    Example:

    >>> sorted(pages_of("don\u2019t"))
    [0, 32]
    """
    return {ord(character) // PAGE_SIZE for character in set(text)}


def _describe(character: str) -> int:
    surrounded = clean(f"a{character}a")
    if surrounded == "aa":
        return _REMOVED
    if not _stands_alone(character):
        return _REFERENCE
    cleaned = surrounded[1:-1]
    if cleaned == " ":
        return _SPACE
    return _describe_kept(character) if cleaned == character else _describe_folded(cleaned)


def _stands_alone(character: str) -> bool:
    """Tells whether nothing that stands before or after a character changes what it becomes."""
    code = ord(character)
    is_covered = (code < 0x10000 and code not in _JAMO) or code in _EMOJI
    return is_covered and unicodedata.category(character) not in _MARKS_AND_UNKNOWN


def _describe_kept(character: str) -> int:
    if not _IS_LETTER.match(character):
        return _MARK
    lowered = lower(character)
    return _LETTER | ord(lowered) if len(lowered) == 1 else _REFERENCE


def _describe_folded(cleaned: str) -> int:
    if not cleaned.isascii() or len(cleaned) > 3:
        return _REFERENCE
    letters = sum(ord(letter) << 7 * place for place, letter in enumerate(cleaned))
    return _FOLDED | len(cleaned) << 21 | letters
