"""Splits texts into sentences, for explanations, perturbations and augmentation alike."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from reelfeel.text.tokenizer import Token

# What stands between two paragraphs: markup that starts a new one, or an empty line.
_PARAGRAPH = re.compile(r"(?:<\s*/?\s*(?:br|p|div|li)\b[^<>]*>\s*)+|\n\s*\n\s*", re.IGNORECASE)
# A mark, with the brackets and quotes that close behind it, before what does not go on in small
# letters; or one that lacks its space.
_SENTENCE_END = re.compile(
    r"[.!?]+[\"'\u201d\u2019)\]]*(?=\s+[^\sa-z])|(?<=[a-z][a-z])[.!?](?=[A-Z][a-z ])"
)
_ABBREVIATION = re.compile(r"\b(?:mr|mrs|ms|dr|prof|st|jr|sr|vs|(?!i\b)\w)\.$", re.IGNORECASE)


def split_sentences(text: str) -> list[str]:
    """Splits a text at the ends of sentences and paragraphs.

    A sentence ends with `.`, `!` or `?` before white space and anything but a small letter, with
    one between "fun" and "See" that lacks its space, and at a paragraph (an empty line, `<br />`).
    It does not end after "Mr." or an initial.

    Returns:
        The sentences without white space around them; none is empty, and there are none in a text
        of white space and markup. A text without marks is one sentence.

    Example:

    >>> split_sentences('Mr. A. Bean is "fun!" See it... or not.<br /><br />4 of 10')
    ['Mr. A. Bean is "fun!"', 'See it... or not.', '4 of 10']
    """
    return [text[start:end] for start, end in find_sentences(text)]


def find_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yields where the sentences that `split_sentences` returns start and end in the text.

    >>> list(find_sentences("Fun.  See it!"))
    [(0, 4), (6, 13)]
    """
    for first, last in _find_paragraphs(text):
        paragraph, start = text[first:last], 0
        ends = [match.end() for match in _SENTENCE_END.finditer(paragraph)]
        for end in [*ends, len(paragraph)]:
            if end < len(paragraph) and _ABBREVIATION.search(paragraph, start, end):
                continue
            sentence = paragraph[start:end]
            if sentence.strip():
                begin = first + start + len(sentence) - len(sentence.lstrip())
                yield begin, begin + len(sentence.strip())
            start = end


def group_by_sentence(
    text: str, tokens: Sequence[Token], *, cut_at: int | None = None
) -> list[tuple[int, int]]:
    """Groups the tokens of a text by the sentences that they start in.

    Args:
        text: the text that the offsets point into.
        tokens: its tokens in their order.
        cut_at: position among the tokens before which some were left out, where a sentence ends
            too; None where none were.

    Returns:
        Spans of tokens, `(first, behind the last)`, that cover all tokens; none for no tokens.

    Example:

    >>> from reelfeel.text.tokenizer import tokenize_with_offsets
    >>> text = 'Mr. Bean is "fun!" See it...<br /><br />or not'
    >>> tokens = tokenize_with_offsets(text)
    >>> [text[tokens[a].start:tokens[b - 1].end] for a, b in group_by_sentence(text, tokens)]
    ['Mr. Bean is "fun!"', 'See it...', 'or not']
    """
    starts = [start for start, _ in find_sentences(text)]
    numbers = [max(bisect.bisect_right(starts, token.start), 1) for token in tokens]
    bounds = [
        place
        for place in range(1, len(tokens))
        if place == cut_at or numbers[place] != numbers[place - 1]
    ]
    return [(a, b) for a, b in pairwise([0, *bounds, len(tokens)]) if a < b]


def _find_paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _PARAGRAPH.finditer(text):
        yield start, match.start()
        start = match.end()
    yield start, len(text)
