"""Divides an explained text into the pieces that are coloured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reelfeel.values import Attribution, Explanation

# A word that weighs less than this share of the heaviest one is not marked.
MARKED_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters of a text in a row.

    Attributes:
        text: the characters, as they were given.
        weight: in [-1, 1], the part's score over the largest of the text: above 0 for the positive
            class; 0 for what was read without effect, None for what was not read.
        score: the part's score in log-odds; None for what was not read.
    """

    text: str
    weight: float | None
    score: float | None

    @property
    def sign(self) -> str:
        """A plus or a minus for a piece worth marking, else empty."""
        if self.weight is None or abs(self.weight) < MARKED_SHARE:
            return ""
        return "+" if self.weight > 0 else "-"


def lay_out(explanation: Explanation) -> Iterator[Piece]:
    """Yields the pieces of a text in their order; joined, they are the text.

    Words carry the colour, or sentences where the explanation has no words.

    Example:

    >>> from reelfeel.values import Prediction
    >>> said = Prediction("pos", 0.9, 1, False, 0.0)
    >>> word = Attribution("good", 2, 6, 1.5)
    >>> [(piece.text, piece.sign) for piece in lay_out(
    ...     Explanation("a good", said, (word,), (), "occlusion"))]
    [('a ', ''), ('good', '+')]
    """
    text, done = explanation.text, 0
    units = explanation.words or explanation.sentences
    heaviest = max((abs(unit.score) for unit in units), default=0.0) or 1.0
    for unit in units:
        if done < unit.start:
            yield Piece(text[done : unit.start], None, None)
        # Two parts may come from one character, such as a fraction written as one.
        start, done = max(done, unit.start), max(done, unit.end)
        if start < done:
            yield Piece(text[start:done], unit.score / heaviest, unit.score)
    if done < len(text):
        yield Piece(text[done:], None, None)


def list_strongest(units: tuple[Attribution, ...], most: int) -> list[Attribution]:
    """Returns the parts with the largest scores either way, the strongest first.

    >>> parts = (Attribution("a", 0, 1, 0.1), Attribution("bad", 2, 5, -2.0))
    >>> [part.text for part in list_strongest(parts, 1)]
    ['bad']
    """
    return sorted(units, key=lambda unit: -abs(unit.score))[:most]
