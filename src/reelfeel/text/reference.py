"""The reference encoder in Python, which the compiled text engine must agree with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np

from reelfeel.native.text import FlatIds
from reelfeel.text.cleaning import clean
from reelfeel.text.tokenizer import TextSettings, Token, tokenize_piece
from reelfeel.text.vocabulary import UNKNOWN_ID, Vocabulary

Tokens = TypeVar("Tokens", bytes, list[Token])
Value = TypeVar("Value")

# In IMDB's train part 265,000 distinct pieces stand between spaces, and 97 % of all that one meets
# are among the most frequent 100,000. Bounded in number and size, so that memory is bounded too.
MAX_REMEMBERED, MAX_REMEMBERED_CHARACTERS = 300_000, 40

_UNKNOWN = np.int32(UNKNOWN_ID).tobytes()
_ID_BYTES = len(_UNKNOWN)


class Remembered(dict[str, Value]):
    """What a function says about pieces of text, asked once for each; bounded."""

    def __init__(self, ask: Callable[[str], Value]) -> None:
        self._ask = ask

    def __missing__(self, piece: str) -> Value:
        value = self._ask(piece)
        if len(self) < MAX_REMEMBERED and len(piece) <= MAX_REMEMBERED_CHARACTERS:
            self[piece] = value
        return value


class ReferenceEncoder:
    """Turns raw texts into token ids, one after the other.

    Args:
        vocabulary: the tokens that have an id of their own.
        settings: what a token is.
        first: how many ids are kept of the beginning of a text.
        last: how many are kept of the end of a longer one.
    """

    def __init__(
        self, vocabulary: Vocabulary, settings: TextSettings, first: int, last: int
    ) -> None:
        self._first, self._last = _ID_BYTES * first, _ID_BYTES * last
        # The ids of a piece as bytes: joining them makes no object for any single id.
        self.remembered = Remembered(
            lambda piece: vocabulary.encode(tokenize_piece(piece, settings)).tobytes()
        )

    def encode(self, texts: Iterable[str]) -> FlatIds:
        """Returns the ids of the texts, cut; of a text without tokens, one unknown token."""
        ids_of = self.remembered.__getitem__
        kept: list[bytes] = []
        num_tokens: list[int] = []
        for text in texts:
            ids = b"".join(map(ids_of, clean(text).split(" ")))
            num_tokens.append(len(ids) // _ID_BYTES)
            kept.append(cut(ids, self._first, self._last) or _UNKNOWN)
        return _pack(kept, num_tokens)


def cut(tokens: Tokens, first: int, last: int) -> Tokens:
    """Returns the `first` and the `last` ones, or all where there are no more.

    Example:

    >>> cut(b"abcdef", 2, 1)
    b'abf'
    """
    if len(tokens) <= first + last:
        return tokens
    return tokens[:first] + tokens[len(tokens) - last :]


def _pack(kept: list[bytes], num_tokens: list[int]) -> FlatIds:
    lengths = np.array([len(ids) // _ID_BYTES for ids in kept], dtype=np.int64)
    # A bytearray, because arrays over bytes could not be written to.
    flat = np.frombuffer(bytearray().join(kept), dtype=np.int32)
    starts = np.cumsum(lengths) - lengths
    unknown = np.add.reduceat(flat == UNKNOWN_ID, starts, dtype=np.int64)
    return FlatIds(flat, np.array(num_tokens, dtype=np.int64), lengths, unknown)
