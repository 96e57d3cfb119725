r"""From a text to tokens, with the place of each token in the text as it was given.

The pattern is an explicit list of characters, because `\w` means something else in every regular
expression engine and in every version of Unicode. A saved model keeps its settings, pattern
included, as plain data, so that training and prediction split texts alike.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

from reelfeel.config.sections import MAX_TOKENS
from reelfeel.errors import BundleError, UsageError
from reelfeel.schema import shorten
from reelfeel.text.cleaning import clean, clean_with_offsets

Keep = Literal["head", "tail", "head_tail"]

# Counts changes of the rules that the settings do not name: cleaning and lower-casing.
TOKENIZER_VERSION = 1

# Scripts whose words stand between spaces. A character of any other script is a token of its own.
LETTERS = (
    "A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u0300-\u036f"  # Latin
    "\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u03ff\u1f00-\u1fff"  # Greek
    "\u0400-\u052f\u0531-\u0556\u0561-\u0587"  # Cyrillic, Armenian
    "\u0591-\u05bd\u05d0-\u05ea\u0620-\u0669\u066e-\u06d3"  # Hebrew, Arabic
    "\u0900-\u0963\u0966-\u0dff"  # Devanagari to Sinhala
    "\u10a0-\u10fa\u1e00-\u1eff\uac00-\ud7a3"  # Georgian, Latin with several accents, Hangul
)

# No look-around and no groups, so that any engine finds the same; the first that fits wins.
TOKEN_PATTERN = "|".join(
    (
        "[0-9]+(?:[.][0-9]+)?/[0-9]+",  # 8/10, 7.5/10: the strongest tokens that IMDB has
        "[0-9]+(?:[.,][0-9]+)+",  # 1.5, 1,000
        f"[0-9{LETTERS}]+(?:'[0-9{LETTERS}]+)*",  # don't, rock'n'roll, 1980s, 3d
        "[:;=]-?[()]",  # :) ;-) =(
        "[!?]{1,3}",  # ! ?! !!!
        "[.]{1,3}",  # . ...
        "[*]{1,5}",  # stars: ****
        "-{1,2}",  # - --
        "[^ ]",  # any other character: an emoji is a word
    )
)

_STARTS_AS_WORD = re.compile(f"[0-9{LETTERS}]")

# Case rules that are neither one letter to one letter nor the same at the end of a word.
_LOWER = {"\u0130": "i", "\u03c2": "\u03c3"}


@dataclass(frozen=True, slots=True)
class Token:
    """One token and where it stands in the text as the caller gave it.

    Attributes:
        text: the token as the vocabulary knows it, lower-cased where the settings say so.
        start: where its source begins.
        end: where its source ends, exclusive.
    """

    text: str
    start: int
    end: int


@functools.lru_cache(maxsize=16)
def _compile(token_pattern: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(token_pattern)
    except (re.error, TypeError, RecursionError, OverflowError) as error:
        raise UsageError(
            "The token pattern is not a regular expression. Expected one such as the default, "
            f"TOKEN_PATTERN; it says: {error}. Received {token_pattern!r}."
        ) from error
    if pattern.groups or pattern.match(""):
        raise UsageError(
            "The token pattern must find at least one character and have no groups; write (?:...) "
            f"for (...). Received {token_pattern!r}."
        )
    return pattern


def _refuse_wrong_type(name: str, value: object, kind: type) -> None:
    if type(value) is not kind:
        raise UsageError(f"{name} must be of type {kind.__name__}; received {shorten(value)}.")


@dataclass(frozen=True)
class TextSettings:
    """Everything that decides how a text becomes token ids, as plain data.

    Attributes:
        lowercase: whether `Good` and `good` are one token.
        token_pattern: what a token is: a regular expression without groups.
        max_tokens: how many tokens of a text a model reads, at least 1.
        keep: which tokens of a longer text: the first ("head"), the last ("tail"), or the first
            and the last half ("head_tail").
        format_version: of the cleaning and lower-casing rules, which are code.

    Raises:
        UsageError: if a value is out of its range.

    Example:

    >>> TextSettings.from_dict(TextSettings(keep="tail").to_dict()).keep
    'tail'
    """

    lowercase: bool = True
    token_pattern: str = TOKEN_PATTERN
    max_tokens: int = 500
    keep: Keep = "head"
    format_version: int = TOKENIZER_VERSION

    def __post_init__(self) -> None:
        _refuse_wrong_type("lowercase", self.lowercase, bool)
        _refuse_wrong_type("max_tokens", self.max_tokens, int)
        _refuse_wrong_type("format_version", self.format_version, int)
        if self.max_tokens < 1:
            raise UsageError(f"max_tokens must be at least 1; received {self.max_tokens}.")
        if self.max_tokens > MAX_TOKENS:
            raise UsageError(f"max_tokens must be at most {MAX_TOKENS}; received more.")
        if self.keep not in get_args(Keep):
            raise UsageError(
                f"keep must be one of {', '.join(get_args(Keep))}; received {shorten(self.keep)}."
            )
        if not 1 <= self.format_version <= TOKENIZER_VERSION:
            raise UsageError(
                f"This ReelFeel knows text formats 1 to {TOKENIZER_VERSION}; upgrade it to read newer "
                f"ones. Received format_version {self.format_version}."
            )
        _compile(self.token_pattern)

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as values that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Rebuilds settings from what `to_dict` returned.

        Args:
            stored: a value for every field and for nothing else.

        Returns:
            The same settings.

        Raises:
            BundleError: if a key is unknown or missing, or a value is not a valid one.
        """
        expected = [field.name for field in fields(cls)]
        if not isinstance(stored, Mapping) or set(stored) != set(expected):
            keys = sorted(map(str, stored)) if isinstance(stored, Mapping) else stored
            received = shorten(keys)
            raise BundleError(
                "The text settings of a saved model are not what this ReelFeel writes. Expected "
                f"the keys {', '.join(expected)}. Save the model again, or upgrade ReelFeel if a "
                f"newer one wrote it. Received {received}."
            )
        try:
            settings = cls(**{**stored, "token_pattern": TOKEN_PATTERN})
            if stored["token_pattern"] != TOKEN_PATTERN:
                # Not compiled: a pattern of a stranger's may take for ever on a short text.
                raise UsageError(
                    "A saved model has the one token pattern that ReelFeel knows, TOKEN_PATTERN; "
                    f"received {shorten(stored['token_pattern'])}."
                )
            return settings
        except UsageError as error:
            raise BundleError(
                "The text settings of a saved model cannot be used. Save the model again, or "
                f"upgrade ReelFeel if a newer one wrote it. {error}"
            ) from error


DEFAULT_SETTINGS = TextSettings()


def tokenize(text: str, settings: TextSettings = DEFAULT_SETTINGS) -> list[str]:
    """Cleans a text and splits it into tokens.

    Args:
        text: any string, uncleaned.
        settings: what a token is. Nothing is cut here, whatever `max_tokens` says.

    Returns:
        The tokens in their order; an empty list for a text in which nothing is left to read.

    Example:

    >>> tokenize("It\u2019s <b>NOT</b> bad... 8/10!!!")
    ["it's", 'not', 'bad', '...', '8/10', '!!!']
    """
    pieces = clean(text).split(" ")
    return [token for piece in pieces for token in tokenize_piece(piece, settings)]


def tokenize_with_offsets(text: str, settings: TextSettings = DEFAULT_SETTINGS) -> list[Token]:
    """Splits a text into the same tokens as `tokenize`, with their places in `text`.

    Args:
        text: any string, uncleaned.
        settings: as for `tokenize`.

    Returns:
        The tokens in their order, with offsets into `text` as it was given.

    Example:

    >>> tokenize_with_offsets("<i>Good</i>")
    [Token(text='good', start=3, end=7)]
    """
    cleaned = clean_with_offsets(text)
    pattern = _compile(settings.token_pattern)
    tokens = []
    place = 0
    for piece in cleaned.text.split(" "):
        for match in pattern.finditer(piece):
            start, last = place + match.start(), place + match.end() - 1
            word = lower(match[0]) if settings.lowercase else match[0]
            tokens.append(Token(word, cleaned.starts[start], cleaned.ends[last]))
        place += len(piece) + 1
    return tokens


def tokenize_piece(piece: str, settings: TextSettings = DEFAULT_SETTINGS) -> list[str]:
    """Splits what stands between two spaces of a cleaned text.

    The tokens of a text are the tokens of its pieces: no token has a space, and none depends on
    what stands beyond one. So who reads many texts needs to split each distinct piece only once.

    Args:
        piece: a part of a text that `clean` returned, without spaces.
        settings: what a token is.

    Returns:
        The tokens in their order; empty for an empty piece.

    Example:

    >>> tokenize_piece("(Really!)")
    ['(', 'really', '!', ')']
    """
    words = _compile(settings.token_pattern).findall(piece)
    return [lower(word) for word in words] if settings.lowercase else words


def lower(token: str) -> str:
    """Returns a token in lower case, letter by letter, so that its length stays.

    Only words have a case here: which other characters have one depends on the Unicode version.

    Example:

    >>> lower("GOOD"), lower("\u0130yi"), lower("\u0394")
    ('good', 'iyi', 'δ')
    """
    if token.isascii():
        return token.lower()
    if not _STARTS_AS_WORD.match(token):
        return token
    return "".join(_LOWER.get(letter) or letter.lower() for letter in token)
