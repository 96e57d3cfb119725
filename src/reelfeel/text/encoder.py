"""From raw texts to token ids: the one way that training, prediction and explanation take."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelfeel.errors import UsageError
from reelfeel.given_texts import check_texts, in_chunks
from reelfeel.native.cores import available_cores
from reelfeel.native.text import FlatIds
from reelfeel.text.bulk import BulkCounter, BulkEncoder, can_read
from reelfeel.text.cleaning import clean
from reelfeel.text.reference import ReferenceEncoder, Remembered, cut
from reelfeel.text.token_ids import TokenIds
from reelfeel.text.tokenizer import (
    DEFAULT_SETTINGS,
    TextSettings,
    Token,
    tokenize_piece,
    tokenize_with_offsets,
)
from reelfeel.text.vocabulary import Vocabulary

IntArray = npt.NDArray[np.int64]

# Texts handed to the compiled engine at a time: bounds the memory, and keeps all threads busy.
_CHUNK_SIZE = 8_192
# Fewer texts are sooner read in Python than the compiled engine is ready: 2 ms.
_FEW_TEXTS = 16

_NO_VOCABULARY = Vocabulary(())


@dataclass(frozen=True)
class Encoded:
    """Texts as token ids; entry `i` of every attribute is about text `i`.

    Attributes:
        token_ids: for each text an int32 array of shape `(length,)`, never empty: a text without
            tokens is one unknown token, because no engine defines an LSTM over nothing.
        num_tokens: int64 array of shape `(num_texts,)`: tokens before cutting, 0 for an empty text.
        lengths: int64 array of shape `(num_texts,)`: ids after cutting, at least 1.
        unknown_share: float64 array of shape `(num_texts,)`, in [0, 1]: share of the ids that are
            unknown, 1 for an empty text.
    """

    token_ids: TokenIds
    num_tokens: IntArray
    lengths: IntArray
    unknown_share: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.token_ids)

    @property
    def truncated(self) -> npt.NDArray[np.bool_]:
        """Bool array of shape `(num_texts,)`: whether the text lost tokens."""
        return self.num_tokens > self.lengths


@dataclass(frozen=True)
class TextEncoder:
    """Turns raw texts into token ids.

    Attributes:
        vocabulary: the tokens that have an id of their own.
        settings: what a token is, and which tokens of a long text are read.

    Example:

    >>> encoder = TextEncoder(Vocabulary(("good", "film")))
    >>> encoded = encoder.encode(["Good film!", ""])
    >>> [ids.tolist() for ids in encoded.token_ids], encoded.num_tokens.tolist()
    ([[2, 3, 1], [1]], [3, 0])
    """

    vocabulary: Vocabulary
    settings: TextSettings = DEFAULT_SETTINGS

    def encode(self, texts: Iterable[str], *, threads: int | None = None) -> Encoded:
        """Cleans, splits and looks up texts.

        Args:
            texts: strings, any number of them, each of any length.
            threads: how many threads share the work, at least 1; None takes as many as there are
                cores. The result is the same.

        Returns:
            Their token ids, and what was cut and unknown.

        Raises:
            UsageError: if `texts` is one string or what else `check_texts` refuses, or `threads` is
                below 1.
            DataError: if an element is not a string.
        """
        num_threads = check_threads(threads)
        parts = [self._encode_chunk(chunk, num_threads) for chunk in _in_chunks(texts)]
        return _pack(parts)

    def read(self, text: str) -> list[Token]:
        """Returns the tokens of `text` that a model reads, one for each id that `encode` gives.

        Args:
            text: any string, uncleaned.

        Returns:
            Tokens with offsets into `text`; none for a text without tokens.
        """
        first, last = ends_kept(self.settings)
        return cut(tokenize_with_offsets(text, self.settings), first, last)

    def _encode_chunk(self, texts: list[str], num_threads: int) -> FlatIds:
        # Once it is there, the compiled engine is faster for a single text too.
        is_worth_it = len(texts) >= _FEW_TEXTS or "_bulk" in self.__dict__
        if is_worth_it and self._bulk is not None:
            return self._bulk.encode(texts, num_threads)
        return self._reference.encode(texts)

    @functools.cached_property
    def _reference(self) -> ReferenceEncoder:
        return ReferenceEncoder(self.vocabulary, self.settings, *ends_kept(self.settings))

    @functools.cached_property
    def _bulk(self) -> BulkEncoder | None:
        if not can_read(self.vocabulary, self.settings):
            return None
        ends = ends_kept(self.settings)
        return BulkEncoder(self.vocabulary, self.settings, ends, self._reference)

    def __getstate__(self) -> dict[str, object]:
        # For a worker process: it remembers for itself.
        return {"vocabulary": self.vocabulary, "settings": self.settings}


def count_tokens(texts: Iterable[str], settings: TextSettings = DEFAULT_SETTINGS) -> IntArray:
    """Counts the tokens of each text, before anything is cut.

    Args:
        texts: strings, uncleaned.
        settings: what a token is.

    Returns:
        int64 array of shape `(num_texts,)`; 0 for a text without tokens.

    Raises:
        UsageError: if `texts` is one string or what else `check_texts` refuses.
        DataError: if an element is not a string.

    Example:

    >>> count_tokens(["A good film.", ""])
    array([4, 0])
    """
    if can_read(_NO_VOCABULARY, settings):
        counter, num_threads = BulkCounter(settings), available_cores()
        counts = [counter.add(chunk, num_threads) for chunk in _in_chunks(texts)]
        return np.concatenate(counts) if counts else np.empty(0, np.int64)
    remembered = Remembered(lambda piece: len(tokenize_piece(piece, settings)))
    return np.fromiter(
        (sum(map(remembered.__getitem__, clean(text).split(" "))) for text in check_texts(texts)),
        dtype=np.int64,
    )


def token_counts(texts: Iterable[str], settings: TextSettings = DEFAULT_SETTINGS) -> Counter[str]:
    """Counts how often each token occurs in all texts together, to build a vocabulary.

    Args:
        texts: strings, uncleaned.
        settings: what a token is. Nothing is cut: a word at the end of a long review counts.

    Returns:
        The number of occurrences of each token.

    Raises:
        UsageError: if `texts` is one string or what else `check_texts` refuses.
        DataError: if an element is not a string.

    Example:

    >>> token_counts(["Good, good film", "film"])["good"]
    2
    """
    if can_read(_NO_VOCABULARY, settings):
        counter, num_threads = BulkCounter(settings), available_cores()
        for chunk in _in_chunks(texts):
            counter.add(chunk, num_threads)
        return counter.counts()
    counts: Counter[str] = Counter()
    pieces: Counter[str] = Counter()
    for text in check_texts(texts):
        pieces.update(clean(text).split(" "))
    for piece, count in pieces.items():
        for token in tokenize_piece(piece, settings):
            counts[token] += count
    return counts


def describe_cut_texts(encoded: Encoded) -> str:
    """Says how many texts were cut and how much was lost.

    Args:
        encoded: what `TextEncoder.encode` returned.

    Returns:
        One sentence.

    Example:

    >>> encoder = TextEncoder(Vocabulary(("good",)), TextSettings(max_tokens=3))
    >>> describe_cut_texts(encoder.encode(["good good good good", "good"]))
    '1 of 2 texts (50.0 %) was cut, and with it 1 of 5 tokens (20.0 %).'
    """
    num_cut, num_texts = int(encoded.truncated.sum()), len(encoded)
    if not num_cut:
        return f"None of {num_texts:,} texts was cut."
    total = int(encoded.num_tokens.sum())
    lost = int((encoded.num_tokens - encoded.lengths)[encoded.truncated].sum())
    were, with_it = ("was", "it") if num_cut == 1 else ("were", "them")
    return (
        f"{num_cut:,} of {num_texts:,} texts ({num_cut / num_texts:.1%}) {were} cut, and with "
        f"{with_it} {lost:,} of {total:,} tokens ({lost / total:.1%})."
    ).replace("%", " %")


def ends_kept(settings: TextSettings) -> tuple[int, int]:
    """Returns how many tokens are read from the beginning and from the end of a text too long.

    Example:

    >>> ends_kept(TextSettings(max_tokens=5, keep="head_tail"))
    (3, 2)
    """
    first = {"head": settings.max_tokens, "tail": 0}.get(
        settings.keep, -(-settings.max_tokens // 2)
    )
    return first, settings.max_tokens - first


def check_threads(threads: int | None) -> int:
    """Returns how many threads to use: what was asked for, or as many as there are cores.

    Raises:
        UsageError: if `threads` is no whole number or below 1.

    Example:

    >>> check_threads(3)
    3
    """
    if threads is None:
        return available_cores()
    if not isinstance(threads, int) or threads < 1:
        raise UsageError(
            "threads must be a whole number of at least 1, or None for all cores; received "
            f"{threads!r}."
        )
    return threads


def _in_chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    return in_chunks(check_texts(texts), _CHUNK_SIZE)


def _pack(parts: list[FlatIds]) -> Encoded:
    whole = FlatIds.join(parts)
    return Encoded(
        token_ids=TokenIds(whole.ids, whole.lengths),
        num_tokens=whole.num_tokens,
        lengths=whole.lengths,
        unknown_share=whole.num_unknown / whole.lengths,
    )
