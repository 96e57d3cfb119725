"""The passage of a review that decided its verdict, with what each word did."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reelfeel.report.report_data import ScoredText
from reelfeel.values import Attribution

# Words are coloured in so many steps to either side; weaker ones than this share of the strongest
# keep the colour of the page.
NUM_LEVELS, FAINT = 4, 0.2
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


def cut_passage(text: str, words: Sequence[Attribution], most: int) -> tuple[ScoredText, ...]:
    """Cuts the passage out of a text whose words did most.

    Args:
        text: as it was given.
        words: what its words did, in their order, with offsets into `text`.
        most: characters that the passage may have, markup and space included.

    Returns:
        Spans that follow each other: words with their score, what stands between them with 0. An
        ellipsis stands where the text goes on. Without words, the beginning of the text; nothing
        for an empty one.

    Example:

    >>> words = [Attribution("so", 0, 2, 0.1), Attribution("dull", 3, 7, -2.0)]
    >>> [(span.text, span.score) for span in cut_passage("so dull<br />", words, 100)]
    [('so', 0.1), (' ', 0.0), ('dull', -2.0), (' ', 0.0)]
    """
    first, last = _choose_window(words, most)
    if first == last:
        if not text.strip():
            return ()
        return (ScoredText(_flatten(text[:most]) + (" …" if len(text) > most else ""), 0.0),)
    spans = [ScoredText("… ", 0.0)] if words[first].start > 0 and first > 0 else []
    place = words[first].start if spans else 0
    for word in words[first:last]:
        spans.append(ScoredText(_flatten(text[place : word.start]), 0.0))
        spans.append(ScoredText(_flatten(text[word.start : word.end]), word.score))
        place = word.end
    spans.append(
        ScoredText(_flatten(text[place:]), 0.0) if last == len(words) else ScoredText(" …", 0.0)
    )
    return tuple(span for span in spans if span.text)


def grade(spans: Sequence[ScoredText]) -> list[int]:
    """Returns the step of each span's colour: above 0 for the positive class, below for the other.

    >>> grade([ScoredText("fine", 0.5), ScoredText(" ", 0.0), ScoredText("dull", -2.0)])
    [1, 0, -4]
    """
    strongest = max((abs(span.score) for span in spans), default=0.0)
    return [_grade(span.score, strongest) for span in spans]


def _grade(score: float, strongest: float) -> int:
    if abs(score) <= FAINT * strongest or not strongest:
        return 0
    step = max(round(NUM_LEVELS * abs(score) / strongest), 1)
    return step if score > 0 else -step


def _choose_window(words: Sequence[Attribution], most: int) -> tuple[int, int]:
    """Returns the window of words, from and up to, of the largest scores together."""
    best, window = -1.0, (0, 0)
    total, first = 0.0, 0
    for last, word in enumerate(words):
        total += abs(word.score)
        while first <= last and word.end - words[first].start > most:
            total -= abs(words[first].score)
            first += 1
        if first <= last and total > best + 1e-12:
            best, window = total, (first, last + 1)
    # The words before and behind that are free make the passage easier to read.
    return _widen(words, window, most)


def _widen(words: Sequence[Attribution], window: tuple[int, int], most: int) -> tuple[int, int]:
    first, last = window
    while last > first and last < len(words) and words[last].end - words[first].start <= most:
        last += 1
    while last > first and first > 0 and words[last - 1].end - words[first - 1].start <= most:
        first -= 1
    return first, last


def _flatten(text: str) -> str:
    # A lone half of a character, which files can hold, cannot be written as UTF-8.
    whole = _LINE_BREAK.sub(" ", text).encode("utf-8", "replace").decode("utf-8")
    plain = "".join(sign if sign.isprintable() else " " for sign in whole)
    return re.sub(r"\s+", " ", plain)
