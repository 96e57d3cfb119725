"""Cleans a text: markup, entities, control characters, Unicode, white space.

Cleaning runs in rounds of the steps in `cleaning_steps`. A round that decoded an entity or removed
a tag is followed by another, because what it uncovered may be an entity or a tag again
(`&amp;lt;br&gt;`). It ends when nothing is left to uncover, so that cleaning a clean text returns
it as it is. `clean` and `clean_with_offsets` run the same rounds of the same steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from reelfeel.text.cleaning_steps import ACCENTS, ESCAPES, PLAIN_STEPS, UNCOVERING_STEPS, Step

# A text escaped more often than this was built to be: its & and < lose their meaning instead.
MAX_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class CleanText:
    """A cleaned text that knows where it came from.

    Attributes:
        text: the cleaned text, equal to `clean` of the original.
        starts: for each character of `text`, where its source begins in the original.
        ends: for each character of `text`, where its source ends in the original, exclusive.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def clean(text: str) -> str:
    """Returns `text` without markup, entities and invisible differences.

    Args:
        text: any string, of any length; lone surrogates and control characters are welcome.

    Returns:
        The cleaned text: NFC, with single spaces and none at the ends; empty if nothing is left.
        Cleaning it again changes nothing.

    Example:

    >>> print(clean("It\u2019s &quot;good&quot;,<br /><br />I &lt;3 it \u2026"))
    It's "good", I <3 it ...
    """
    return _clean(text, _watch_nothing)


def clean_with_offsets(text: str) -> CleanText:
    """Cleans a text and tells for every character left where it came from.

    Args:
        text: any string, as `clean` takes it.

    Returns:
        The cleaned text with the span of each of its characters in `text`. Characters made of
        several (an accent put on its letter), or several made of one (`...` of an ellipsis), have
        the whole source as their span. Starts and ends never decrease.

    Example:

    >>> traced = clean_with_offsets("<b>So</b> &amp; so")
    >>> traced.text, traced.starts[3], traced.ends[3]
    ('So & so', 10, 15)
    """
    origin = _Origin(text)
    cleaned = _clean(text, origin.follow)
    return CleanText(cleaned, origin.starts, origin.ends)


def _clean(text: str, watch: Callable[[Step, str], None]) -> str:
    """Runs all rounds and calls `watch(step, text)` before each step that changes the text."""
    for _ in range(MAX_ROUNDS):
        text, _ = _apply(PLAIN_STEPS, text, watch)
        text, uncovered = _apply(UNCOVERING_STEPS, text, watch)
        if not uncovered:
            return text
    text, _ = _apply((*PLAIN_STEPS, ESCAPES), text, watch)
    return text


def _apply(
    steps: Iterable[Step], text: str, watch: Callable[[Step, str], None]
) -> tuple[str, bool]:
    before = text
    for step in steps:
        if step.is_needed(text):
            after = step.pattern.sub(step.replace, text)
            if after != text:
                watch(step, text)
                text = after
    return text, text != before


def _watch_nothing(step: Step, text: str) -> None:
    pass


class _Origin:
    """Follows the steps and keeps the source span of every character."""

    def __init__(self, text: str) -> None:
        self.starts: Sequence[int] = range(len(text))
        self.ends: Sequence[int] = range(1, len(text) + 1)

    def follow(self, step: Step, text: str) -> None:
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for match in step.pattern.finditer(text):
            first, last, length = _edit(step, match)
            starts += self.starts[done:first]
            ends += self.ends[done:first]
            if length:
                starts += [self.starts[first]] * length
                ends += [self.ends[last - 1]] * length
            done = last
        self.starts = [*starts, *self.starts[done:]]
        self.ends = [*ends, *self.ends[done:]]


def _edit(step: Step, match: re.Match[str]) -> tuple[int, int, int]:
    """Returns which span of the text becomes how many characters."""
    before, after = match[0], step.replace(match)
    first, last = match.span()
    if before == after:
        return first, first, 0
    if step is not ACCENTS:
        return first, last, len(after)
    # A whole word may be matched for one accent: only what differs has lost its place.
    shorter = min(len(before), len(after))
    head = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    rest = shorter - head
    tail = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
    return first + head, last - tail, len(after) - head - tail
