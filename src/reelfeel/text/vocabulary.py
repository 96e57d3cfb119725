"""Which tokens a model knows, and their ids; stored as one file that a person can read."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import MAX_VOCABULARY_SIZE
from reelfeel.errors import BundleError, UsageError
from reelfeel.files.plain_files import read_json_file
from reelfeel.files.writing import write_whole
from reelfeel.schema import shorten

PADDING_ID, UNKNOWN_ID, FIRST_TOKEN_ID = 0, 1, 2

# How `decode` writes the two ids that are no token; no text has these as one token.
_SPECIAL_TOKENS = ("[padding]", "[unknown]")

_FORMAT, _VERSION = "reelfeel-vocabulary", 1
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Vocabulary:
    """The tokens that a model knows.

    Id 0 is padding, id 1 any unknown token, and the tokens follow from id 2.

    Attributes:
        tokens: the known tokens, each once; the first has id 2.

    Raises:
        UsageError: if a token is empty, not a string, or stands twice.

    Example:

    >>> vocabulary = Vocabulary.build([["good", "film"], ["good", "film", "good", "cast"]])
    >>> vocabulary.encode(["good", "cast", "film"])
    array([2, 1, 3], dtype=int32)
    """

    tokens: tuple[str, ...]

    def __post_init__(self) -> None:
        if not all(isinstance(token, str) and token for token in self.tokens):
            raise UsageError("A vocabulary holds strings of at least one character.")
        if len(self.ids) < len(self.tokens):
            twice, _ = Counter(self.tokens).most_common(1)[0]
            raise UsageError(f"A vocabulary holds each token once; {twice!r} stands twice.")

    @classmethod
    def build(
        cls,
        tokens: Mapping[str, int] | Iterable[Iterable[str]],
        *,
        size: int = 10_000,
        min_count: int = 2,
    ) -> Self:
        """Chooses the most frequent tokens.

        Args:
            tokens: how often each token occurs, or the tokens of every text.
            size: how many ids there may be, the two special ones included; at least 2.
            min_count: how often a token must occur. With 1, a small collection has no unknown
                tokens left from which a model could learn what an unknown token means.

        Returns:
            A vocabulary by descending count, tokens of equal count in alphabetical order.

        Raises:
            UsageError: if `size` is below 2, or `tokens` is a string.
        """
        if size < FIRST_TOKEN_ID:
            raise UsageError(f"A vocabulary has at least {FIRST_TOKEN_ID} ids; received {size=}.")
        counts = tokens if isinstance(tokens, Mapping) else _count(tokens)
        frequent = (token for token, count in counts.items() if count >= min_count)
        ranked = sorted(frequent, key=lambda token: (-counts[token], token))
        return cls(tuple(ranked[: size - FIRST_TOKEN_ID]))

    @property
    def size(self) -> int:
        """How many ids there are, special ones included: the rows of an embedding."""
        return len(self.tokens) + FIRST_TOKEN_ID

    @functools.cached_property
    def ids(self) -> dict[str, int]:
        """The id of each token; read it, do not change it."""
        return {token: id_ for id_, token in enumerate(self.tokens, FIRST_TOKEN_ID)}

    def encode(self, tokens: Iterable[str]) -> npt.NDArray[np.int32]:
        """Returns the id of each token, 1 for an unknown one, as an int32 array."""
        return np.array([self.ids.get(token, UNKNOWN_ID) for token in tokens], dtype=np.int32)

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Returns the token of each id.

        Args:
            ids: ints from 0 to `size - 1`.

        Returns:
            Tokens; `[padding]` for id 0 and `[unknown]` for id 1.

        Raises:
            UsageError: if an id is outside the vocabulary.

        Example:

        >>> Vocabulary(("good",)).decode([2, 1, 0])
        ['good', '[unknown]', '[padding]']
        """
        names = (*_SPECIAL_TOKENS, *self.tokens)
        found = []
        for id_ in ids:
            if not 0 <= id_ < self.size:
                raise UsageError(
                    f"Expected ids from 0 to {self.size - 1}, as this vocabulary gives them; "
                    f"received {id_}."
                )
            found.append(names[id_])
        return found

    def fingerprint(self) -> str:
        """Returns the SHA-256, in hexadecimal, of the tokens in their order."""
        return hashlib.sha256(json.dumps(self.tokens).encode()).hexdigest()

    def save(self, path: Path) -> None:
        """Writes the vocabulary to one JSON file, whole or not at all.

        Raises:
            ReelFeelError: if the file cannot be written.
        """
        stored = {"format": _FORMAT, "version": _VERSION, "tokens": self.tokens}
        with write_whole(path) as unfinished:
            unfinished.write_text(json.dumps(stored, ensure_ascii=False, indent=0), "utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads what `save` wrote.

        Raises:
            BundleError: if the file is missing, damaged, of another kind or of a newer format.
        """
        try:
            stored = read_json_file(path)
        except BundleError as error:
            raise _refusal(path, str(error)) from error
        try:
            return cls(_tokens_of(stored))
        except UsageError as error:
            raise _refusal(path, str(error)) from error


def _tokens_of(stored: Any) -> tuple[str, ...]:
    if not isinstance(stored, dict) or stored.get("format") != _FORMAT:
        raise UsageError(f"It does not say that its format is {_FORMAT}.")
    if stored.get("version") != _VERSION:
        version = shorten(stored.get("version"))
        raise UsageError(f"Its version is {version}, and {_VERSION} is known.")
    tokens = stored.get("tokens")
    if not isinstance(tokens, list):
        raise UsageError("It has no list of tokens.")
    if len(tokens) > MAX_VOCABULARY_SIZE:
        raise UsageError(f"It has {len(tokens):,} tokens, and {MAX_VOCABULARY_SIZE:,} are allowed.")
    are_texts = all(isinstance(token, str) for token in tokens)
    if are_texts and _HALF_CHARACTER.search("".join(tokens)):
        raise UsageError("It has tokens that no text has: with half characters.")
    return tuple(tokens)


def _refusal(path: Path, reason: str) -> BundleError:
    return BundleError(
        f"{path} is not a vocabulary that this ReelFeel can use: {reason} Expected the file that "
        "training wrote. Copy it again from where the model was saved, or upgrade ReelFeel if a "
        "newer one wrote it."
    )


def _count(token_lists: Iterable[Iterable[str]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for tokens in token_lists:
        if isinstance(tokens, str):
            raise UsageError(
                "Expected the tokens of every text as lists, as tokenize returns them, or a "
                f"Counter; received the string {tokens[:40]!r} in place of a list."
            )
        counts.update(tokens)
    return counts
