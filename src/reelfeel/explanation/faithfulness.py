"""Measures how faithful attributions are: deletion and insertion curves, rank correlation.

A ranking of tokens is faithful where the verdict falls soon when the first are left out (deletion),
and comes soon when only the first are there (insertion). Both curves run over shares of the text,
so that long and short texts weigh the same, and any classifier can be asked: the one explained, or
another, which tells what holds for the text and not for one network's whims.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelfeel.errors import UsageError
from reelfeel.explanation.occlusion import Scores, ScoreTokenIds, TextIds, keep

# Shares of the text at which a curve is measured: 0, 5, ... 100 %.
NUM_STEPS = 20
# Texts whose variants are scored in one call: 64 x 42 of them.
_TEXTS_AT_A_TIME = 64

Ranking = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Curves:
    """How a verdict's probability falls and rises; row `i` is about text `i`.

    Attributes:
        deletion: float array of shape `(num_texts, NUM_STEPS + 1)`: without the first 0, 5, ...
            100 % of the tokens of a ranking.
        insertion: the same with only these tokens, in their order in the text.
    """

    deletion: Scores
    insertion: Scores

    @property
    def deletion_score(self) -> Scores:
        """Area above each deletion curve, in [0, 1], of shape `(num_texts,)`; higher is better."""
        return 1 - _areas(self.deletion)

    @property
    def insertion_score(self) -> Scores:
        """Area under each insertion curve, in [0, 1], of shape `(num_texts,)`."""
        return _areas(self.insertion)


def rank_tokens(scores: npt.ArrayLike, *, positive: bool) -> Ranking:
    """Returns tokens by how much they support a verdict, the strongest first.

    Args:
        scores: float array of shape `(length,)`, above 0 for the positive class.
        positive: whether the verdict is positive.

    Example:

    >>> rank_tokens([0.1, -2.0, 1.0], positive=True).tolist()
    [2, 0, 1]
    """
    support = np.asarray(scores, np.float64) * (1 if positive else -1)
    return np.argsort(-support, kind="stable")


def measure_curves(
    score: ScoreTokenIds,
    texts: Sequence[TextIds],
    rankings: Sequence[Ranking],
    positive: npt.ArrayLike,
) -> Curves:
    """Measures deletion and insertion curves of many texts.

    Args:
        score: from token ids of some texts to probabilities of the positive class, by the
            classifier that judges.
        texts: the token ids of each text, in that classifier's vocabulary.
        rankings: for each text the positions of its tokens, the most important first.
        positive: bool array of shape `(num_texts,)`: the verdict explained. The curves are of the
            probability of this class, whatever the judge says about the whole text.

    Raises:
        UsageError: if a ranking does not hold every position of its text once.

    Source:
        Petsiuk, Das and Saenko, 2018, BMVC (arXiv:1806.07421).
    """
    _refuse_other_lengths(texts, rankings)
    verdicts = np.asarray(positive, np.bool_)
    pieces = []
    for start in range(0, len(texts), _TEXTS_AT_A_TIME):
        rows = range(start, min(start + _TEXTS_AT_A_TIME, len(texts)))
        variants = [v for row in rows for v in _list_variants(texts[row], rankings[row])]
        pieces.append(score(variants).reshape(len(rows), 2, NUM_STEPS + 1))
    values = np.concatenate(pieces) if pieces else np.empty((0, 2, NUM_STEPS + 1))
    values = np.where(verdicts[:, None, None], values, 1 - values)
    return Curves(deletion=values[:, 0], insertion=values[:, 1])


def paired_interval(
    differences: npt.ArrayLike, *, rng: np.random.Generator, num_resamples: int = 10_000
) -> tuple[float, float]:
    """Returns the 95 % interval of a mean of paired differences, by the percentile bootstrap.

    Args:
        differences: float array of shape `(num_texts,)`, at least one.
        rng: the source of randomness; the same state gives the same interval.
        num_resamples: int, at least 1.

    Raises:
        UsageError: if there are no differences.

    Example:

    >>> low, high = paired_interval([1.0, 1.1, 0.9, 1.0], rng=np.random.default_rng(0))
    >>> 0.9 < low < 1 < high < 1.1
    True
    """
    values = np.asarray(differences, np.float64)
    if not values.size:
        raise UsageError("An interval needs at least one text. Received none.")
    shares = np.full(len(values), 1 / len(values))
    weights = rng.multinomial(len(values), shares, size=num_resamples)
    low, high = np.quantile(weights @ values / len(values), [0.025, 0.975])
    return float(low), float(high)


def rank_correlation(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Returns Spearman's correlation of two attributions of one text, in [-1, 1].

    How stable an explanation is: of the same text, under another seed's model.

    Args:
        first: float array of shape `(length,)`.
        second: another of the same shape.

    Returns:
        1 where they rank the tokens alike, 0 where they have nothing to do with each other; NaN
        where one of them says the same of every token.

    Example:

    >>> rank_correlation([1.0, 2.0, 3.0], [10.0, 40.0, 90.0])
    1.0
    """
    ranks = [_average_ranks(np.asarray(values, np.float64)) for values in (first, second)]
    centred = [values - values.mean() for values in ranks]
    spread = np.sqrt((centred[0] ** 2).sum() * (centred[1] ** 2).sum())
    return float((centred[0] * centred[1]).sum() / spread) if spread else float("nan")


def _list_variants(token_ids: TextIds, ranking: Ranking) -> Iterator[TextIds]:
    """Yields the variants of a deletion curve, then those of an insertion curve."""
    places = np.empty(len(ranking), np.intp)
    places[ranking] = np.arange(len(ranking))
    sizes = np.round(np.linspace(0, len(ranking), NUM_STEPS + 1))
    yield from (keep(token_ids, places >= size) for size in sizes)
    yield from (keep(token_ids, places < size) for size in sizes)


def _areas(curves: Scores) -> Scores:
    return np.asarray(np.trapezoid(curves, dx=1 / NUM_STEPS, axis=1))


def _average_ranks(values: Scores) -> Scores:
    _, positions, counts = np.unique(values, return_inverse=True, return_counts=True)
    # Equal values share the mean of the ranks that they take together.
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[positions])


def _refuse_other_lengths(texts: Sequence[TextIds], rankings: Sequence[Ranking]) -> None:
    for row, (text, ranking) in enumerate(zip(texts, rankings, strict=True)):
        if not np.array_equal(np.sort(ranking), np.arange(len(text))):
            raise UsageError(
                f"The ranking of text {row} (counted from 0) must hold each of its {len(text)} "
                f"positions once. Received {len(ranking)} positions."
            )
