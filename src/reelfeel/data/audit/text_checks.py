"""Checks on the texts of one part: there, whole, readable, and once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from reelfeel.data.audit.audited_part import AuditedPart
from reelfeel.data.audit.findings import Finding, Severity

# An empty text carries a label and nothing to learn it from: beyond one in twenty, something went
# wrong where the table was made, such as a wrong column.
_MAX_EMPTY = 0.05
# IMDB has 0.4 %; beyond one in a hundred, one text weighs on training as if it were many.
_MANY_DUPLICATES = 0.01
_MANY_DAMAGED = 0.01
_SHORT_WORDS = 3
# The longest IMDB review has 13,704 characters.
_LONG_CHARACTERS = 100_000
# A tenth of all that was written will not be read.
_MANY_LOST = 0.10
# Under it the model reads mostly "unknown" and guesses.
_FEW_KNOWN = 0.5

_MARKUP = re.compile(r"<[a-zA-Z/][^<>]{0,200}>|&(?:[a-zA-Z]{2,8}|#[0-9]{1,6});")
# Tab, line feed and carriage return are white space; the rest has no business in a review.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# UTF-8 read as Windows-1252 and written again: curly quotes, dashes, accented letters.
_MOJIBAKE = re.compile("\u00e2\u20ac[\u0080-\u2122]|\u00c3[\u0080-\u00bf\u0152-\u2122]")


def find_text_problems(part: AuditedPart) -> Iterator[Finding]:
    """Yields what is wrong with the texts of a part."""
    yield from check_lengths(part)
    yield from _check_duplicates(part)
    yield from _check_characters(part)


def check_cut(part: AuditedPart, max_tokens: int) -> Iterator[Finding]:
    """Yields how many texts a model that reads `max_tokens` will cut; nothing without counts."""
    if part.num_tokens is None:
        return
    cut = part.num_tokens > max_tokens
    if cut.any():
        lost = float((part.num_tokens - max_tokens)[cut].sum() / part.num_tokens.sum())
        yield part.find(
            "warning" if lost > _MANY_LOST else "note",
            "cut",
            cut,
            f"{cut.sum():,} texts ({cut.mean():.1%}) are longer than {max_tokens:,} tokens; they "
            f"will be cut: {lost:.1%} of all tokens will not be read",
            "Raise --max-tokens if that is much; training gets slower.",
        )


def check_known(part: AuditedPart) -> Iterator[Finding]:
    """Yields how many texts a vocabulary mostly does not know; nothing without shares."""
    if part.known_shares is None:
        return
    strange = part.known_shares < _FEW_KNOWN
    if strange.any():
        yield part.find(
            "warning",
            "unknown_words",
            strange,
            f"the vocabulary knows less than half of {strange.sum():,} texts",
            "Look at their language and encoding, or train a vocabulary on such texts.",
        )


def check_lengths(part: AuditedPart) -> Iterator[Finding]:
    """Yields how many texts are empty, very short or very long."""
    empty = part.num_words == 0
    if empty.any():
        yield part.find(
            "error" if empty.mean() > _MAX_EMPTY else "warning",
            "empty_texts",
            empty,
            f"{empty.sum():,} texts are empty ({empty.mean():.1%})",
            "Remove these rows, or check that the text column is the right one.",
        )
    short = (part.num_words > 0) & (part.num_words < _SHORT_WORDS)
    if short.any():
        yield part.find(
            "note",
            "short_texts",
            short,
            f"{short.sum():,} texts have fewer than {_SHORT_WORDS} words",
            "See whether they say anything; a star or a dash is no review.",
        )
    long = np.array([len(text) > _LONG_CHARACTERS for text in part.reviews.texts], dtype=bool)
    if long.any():
        yield part.find(
            "warning",
            "long_texts",
            long,
            f"{long.sum():,} texts have more than {_LONG_CHARACTERS:,} characters",
            "See whether several reviews were glued together, by a missing quote for example.",
        )


def _check_duplicates(part: AuditedPart) -> Iterator[Finding]:
    counts = Counter(part.folded)
    first: set[str] = set()
    again = np.zeros(len(part.folded), dtype=bool)
    for row, text in enumerate(part.folded):
        again[row] = bool(text) and counts[text] > 1 and text in first
        first.add(text)
    if again.any():
        yield part.find(
            "warning" if again.mean() > _MANY_DUPLICATES else "note",
            "duplicates",
            again,
            f"{again.sum():,} texts repeat an earlier one of this part",
            "ReelFeel keeps repeated texts on one side of the split; remove them if they are many.",
        )


def _check_characters(part: AuditedPart) -> Iterator[Finding]:
    markup = _search(part, _MARKUP)
    if markup.any():
        message = f"{markup.sum():,} texts hold markup such as <br /> or &amp;"
        yield part.find("note", "markup", markup, message, "Nothing to do; cleaning removes it.")
    control = _search(part, _CONTROL)
    if control.any():
        message = f"{control.sum():,} texts hold control characters"
        yield part.find(
            "note", "control", control, message, "Nothing to do; cleaning removes them."
        )
    replaced = np.array(["\ufffd" in text for text in part.reviews.texts], dtype=bool)
    damaged = replaced | _search(part, _MOJIBAKE)
    if damaged.any():
        severity: Severity = "warning" if damaged.mean() > _MANY_DAMAGED else "note"
        yield part.find(
            severity,
            "damaged_characters",
            damaged,
            f"{damaged.sum():,} texts hold damaged characters, {replaced.sum():,} of them U+FFFD",
            "Export the texts again as UTF-8.",
        )


def _search(part: AuditedPart, pattern: re.Pattern[str]) -> Any:
    return np.array([pattern.search(text) is not None for text in part.reviews.texts], dtype=bool)
