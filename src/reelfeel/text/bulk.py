"""Encodes many texts with the compiled text engine; the reference reads what it cannot.

The engine knows what most characters become, wherever they stand. A text is given back where only
the reference knows: accents and letters apart, rare entities, and scripts whose letters melt into
each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from reelfeel.native.library import load_library
from reelfeel.native.text import (
    NEEDS_REFERENCE,
    FlatIds,
    IntArray,
    NativeTextEngine,
    NativeTokenCounter,
)
from reelfeel.text.characters import describe_page, pages_of
from reelfeel.text.cleaning_steps import SURROGATES, TAG_NAMES
from reelfeel.text.reference import ReferenceEncoder
from reelfeel.text.tokenizer import TOKEN_PATTERN, TextSettings, tokenize
from reelfeel.text.vocabulary import Vocabulary


class BulkEncoder:
    """Turns many raw texts into the token ids that the reference gives them.

    Args:
        vocabulary: the tokens that have an id of their own.
        settings: what a token is; `can_read` has to be true of both.
        ends: how many ids are kept of the beginning and of the end of a text too long.
        reference: reads the texts that the engine gives back.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        settings: TextSettings,
        ends: tuple[int, int],
        reference: ReferenceEncoder,
    ) -> None:
        self._engine = _open_engine(vocabulary, settings)
        self._first, self._last = ends
        self._reference = reference

    def encode(self, texts: Sequence[str], num_threads: int) -> FlatIds:
        """Returns the ids of the texts, cut; of a text without tokens, one unknown token."""
        texts, utf8 = _to_utf8(texts)
        found = self._encode(utf8, num_threads)
        rows = np.flatnonzero(found.num_tokens < NEEDS_REFERENCE)
        if rows.size:
            _define_pages_of(self._engine, [texts[row] for row in rows.tolist()])
            found = _fill(
                found, rows, self._encode([utf8[row] for row in rows.tolist()], num_threads)
            )
        rows = np.flatnonzero(found.num_tokens < 0)
        if rows.size:
            found = _fill(
                found, rows, self._reference.encode([texts[row] for row in rows.tolist()])
            )
        return found

    def _encode(self, utf8: Sequence[bytes], num_threads: int) -> FlatIds:
        return self._engine.encode(
            utf8, first=self._first, last=self._last, num_threads=num_threads
        )


class BulkCounter:
    """Counts the tokens of many raw texts, as the reference would.

    Args:
        settings: what a token is; `can_read` has to be true of them.
    """

    def __init__(self, settings: TextSettings) -> None:
        self._settings = settings
        self._engine = _open_engine(Vocabulary(()), settings)
        self._counter = NativeTokenCounter(self._engine)
        self._given_back: Counter[str] = Counter()

    def add(self, texts: Sequence[str], num_threads: int) -> IntArray:
        """Counts the tokens of the texts, and returns how many each text has."""
        texts, utf8 = _to_utf8(texts)
        num_tokens = self._counter.add(utf8, num_threads=num_threads)
        rows = np.flatnonzero(num_tokens < NEEDS_REFERENCE)
        if rows.size:
            _define_pages_of(self._engine, [texts[row] for row in rows.tolist()])
            num_tokens[rows] = self._counter.add(
                [utf8[row] for row in rows.tolist()], num_threads=num_threads
            )
        for row in np.flatnonzero(num_tokens < 0).tolist():
            tokens = tokenize(texts[row], self._settings)
            self._given_back.update(tokens)
            num_tokens[row] = len(tokens)
        return num_tokens

    def counts(self) -> Counter[str]:
        """Returns how often each token occurs in all texts together."""
        counts = Counter(self._given_back)
        for token, count in self._counter.counts():
            # A token of a text that was given back may have a count of 0.
            if count:
                counts[token] += count
        return counts


def can_read(vocabulary: Vocabulary, settings: TextSettings) -> bool:
    """Tells whether the compiled engine is there and knows these settings.

    It knows one token pattern, and tells tokens apart by line feeds, which no token has that the
    pattern finds.
    """
    return (
        load_library() is not None
        and settings.token_pattern == TOKEN_PATTERN
        and "\n" not in "".join(vocabulary.tokens)
    )


def _open_engine(vocabulary: Vocabulary, settings: TextSettings) -> NativeTextEngine:
    engine = NativeTextEngine(vocabulary.tokens, TAG_NAMES.split("|"), lowercase=settings.lowercase)
    engine.define_page(0, describe_page(0))
    return engine


def _to_utf8(texts: Sequence[str]) -> tuple[Sequence[str], list[bytes]]:
    """Returns the texts, without half characters, and their UTF-8."""
    try:
        return texts, list(map(str.encode, texts))
    except UnicodeEncodeError:
        # Half characters have no UTF-8. Replacing them is what cleaning begins with.
        texts = [SURROGATES.pattern.sub(SURROGATES.replace, text) for text in texts]
        return texts, list(map(str.encode, texts))


def _define_pages_of(engine: NativeTextEngine, texts: Sequence[str]) -> None:
    for page in pages_of("".join(texts)):
        engine.define_page(page, describe_page(page))


def _fill(found: FlatIds, rows: IntArray, missing: FlatIds) -> FlatIds:
    """Puts texts read by other means into their rows, which have no ids yet."""
    places = np.repeat(np.cumsum(found.lengths)[rows], missing.lengths)
    ids = np.insert(found.ids, places, missing.ids)
    for whole, part in (
        (found.num_tokens, missing.num_tokens),
        (found.lengths, missing.lengths),
        (found.num_unknown, missing.num_unknown),
    ):
        whole[rows] = part
    return FlatIds(ids, found.num_tokens, found.lengths, found.num_unknown)
