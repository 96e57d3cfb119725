"""Where a sentence ends."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from reelfeel.text.tokenizer import Token

_END = re.compile("[.!?]{1,3}")
_CLOSERS = frozenset("\"')]")
# What stands between two paragraphs: an empty line or markup that starts a new one.
_PARAGRAPH = re.compile(r"\n\s*\n|<\s*(?:br|p|/p|div|li|h[1-6])\b", re.IGNORECASE)
_ABBREVIATIONS = frozenset(("mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs"))


def split_sentences(
    text: str, tokens: Sequence[Token], *, cut_at: int | None = None
) -> list[tuple[int, int]]:
    """Groups the tokens of a text into sentences.

    A sentence ends with a stop, a question or exclamation mark, at a paragraph's end, and at
    `cut_at`. It does not end after "Mr." or an initial, nor at dots that a small letter follows.

    Args:
        text: the text that the offsets point into.
        tokens: its tokens in their order.
        cut_at: position among the tokens before which some were left out; None where none were.

    Returns:
        Spans of tokens, `(first, behind the last)`, that cover all tokens; none for no tokens.

    Example:

    >>> from reelfeel.text.tokenizer import tokenize_with_offsets
    >>> text = 'Mr. Bean is "fun!" See it...<br /><br />or not'
    >>> tokens = tokenize_with_offsets(text)
    >>> [text[tokens[a].start:tokens[b - 1].end] for a, b in split_sentences(text, tokens)]
    ['Mr. Bean is "fun!"', 'See it...', 'or not']
    """
    ends = [
        place
        for place in range(1, len(tokens))
        if place == cut_at or _starts_sentence(text, tokens, place)
    ]
    bounds = [0, *ends, len(tokens)]
    return [(a, b) for a, b in itertools.pairwise(bounds) if a < b]


def _starts_sentence(text: str, tokens: Sequence[Token], place: int) -> bool:
    before, here = tokens[place - 1], tokens[place]
    if _PARAGRAPH.search(text, before.end, here.start):
        return True
    # A mark that touches the end of a sentence belongs to it.
    if here.start == before.end and (here.text in _CLOSERS or _END.fullmatch(here.text)):
        return False
    last = place - 1
    while last and tokens[last].text in _CLOSERS:
        last -= 1
    return _ends_sentence(tokens, last, text[here.start])


def _ends_sentence(tokens: Sequence[Token], place: int, next_letter: str) -> bool:
    mark = tokens[place].text
    if not _END.fullmatch(mark):
        return False
    if mark == "." and place:
        word = tokens[place - 1].text.lower()
        return not (word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha() and word != "i"))
    return not (mark.startswith("..") and next_letter.islower())
