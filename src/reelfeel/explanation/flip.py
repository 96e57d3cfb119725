"""The smallest edit that turns a verdict around: which parts to leave out.

The search runs on token ids. First the parts that support the verdict most are left out one after
the other, all these variants in one call: that bounds the size. Then a beam looks for a smaller
set, and last every part that need not go is put back. Small, but not proven the smallest: that
would take every subset.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from reelfeel.explanation.occlusion import ScoreTokenIds, Span, TextIds, leave_out

# Sets kept at each size, parts tried on each, and the largest set that is searched for so. Not
# studied: together they bound the search to some six calls of a hundred variants.
BEAM_WIDTH, NUM_CANDIDATES, MAX_BEAM_SIZE = 4, 24, 6

PartNumbers = tuple[int, ...]


def find_flips(
    score: ScoreTokenIds,
    token_ids: TextIds,
    spans: Sequence[Span],
    support: npt.ArrayLike,
    *,
    threshold: float,
) -> Iterator[PartNumbers]:
    """Yields sets of parts whose removal turns the verdict around, the smallest first.

    Each is irreducible: with any single part put back, the verdict is the old one. At least one
    part always stays.

    Args:
        score: from token ids of some texts to the probabilities of the positive class.
        token_ids: int32 array of shape `(length,)`, the text as the model reads it.
        spans: its parts, none in another.
        support: float array of shape `(len(spans),)`, how much each speaks for the positive class.
        threshold: from this probability on the verdict is positive.

    Yields:
        Rising indices of parts; nothing where no set was found.

    Example:

    >>> def share_of_twos(texts):
    ...     return np.array([np.mean(ids == 2) for ids in texts])
    >>> ids, spans = np.array([2, 2, 3], np.int32), [(0, 1), (1, 2), (2, 3)]
    >>> next(find_flips(share_of_twos, ids, spans, [1, 0.9, -1], threshold=0.6))
    (0,)
    """
    search = _Search(score, token_ids, spans, threshold)
    if len(spans) < 2:
        return
    sign = 1 if search.was_positive else -1
    order = np.argsort(-sign * np.asarray(support), kind="stable").tolist()
    ladder = [tuple(order[:size]) for size in range(1, len(order))]
    flipping = [parts for parts, gain in zip(ladder, search.gains(ladder), strict=True) if gain > 0]
    most = len(flipping[0]) - 1 if flipping else len(order) - 1
    found = search.climb(order[:NUM_CANDIDATES], most=most)
    for parts in ([found] if found else []) + flipping:
        yield tuple(sorted(search.put_back(parts)))


class _Search:
    def __init__(
        self, score: ScoreTokenIds, token_ids: TextIds, spans: Sequence[Span], threshold: float
    ) -> None:
        self._score = score
        self._token_ids = token_ids
        self._spans = spans
        self._threshold = threshold
        self.was_positive = bool(score([token_ids])[0] >= threshold)

    def gains(self, sets: Sequence[PartNumbers]) -> npt.NDArray[np.float64]:
        """How far each set moves the probability over the threshold; above 0 where it flips."""
        variants = [
            leave_out(self._token_ids, [self._spans[part] for part in parts]) for parts in sets
        ]
        beyond = self._score(variants) - self._threshold
        if self.was_positive:
            return -beyond
        # A probability that equals the threshold is positive.
        return np.where(beyond == 0, np.finfo(np.float64).tiny, beyond)

    def climb(self, candidates: Sequence[int], most: int) -> PartNumbers | None:
        """Returns a flipping set of at most `most` parts, grown part by part; None for none."""
        beam: list[PartNumbers] = [()]
        for _ in range(min(most, MAX_BEAM_SIZE)):
            grown = {
                tuple(sorted((*parts, part)))
                for parts in beam
                for part in candidates
                if part not in parts
            }
            sets = sorted(grown)
            if not sets:
                return None
            gains = self.gains(sets)
            best: list[int] = np.argsort(-gains, kind="stable")[:BEAM_WIDTH].tolist()
            if gains[best[0]] > 0:
                return sets[best[0]]
            beam = [sets[row] for row in best]
        return None

    def put_back(self, parts: PartNumbers) -> PartNumbers:
        """Returns a flipping subset from which no single part can be put back."""
        while len(parts) > 1:
            smaller = [parts[:place] + parts[place + 1 :] for place in range(len(parts))]
            gains = self.gains(smaller)
            if not gains.max() > 0:
                break
            parts = smaller[int(gains.argmax())]
        return parts
