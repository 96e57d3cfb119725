"""Chooses the decision threshold by costs, precision or recall."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reelfeel.errors import DataError, UsageError
from reelfeel.metrics.checks import check_binary


def threshold_for_costs(cost_false_positive: float, cost_false_negative: float) -> float:
    """Returns the threshold with the lowest expected cost, for calibrated probabilities.

    Saying "positive" of a review with probability p costs (1 - p) false alarms, saying "negative"
    p misses; the two are equal at the threshold. It depends on the ratio of the costs only.

    Args:
        cost_false_positive: of calling a negative review positive, 0 or more.
        cost_false_negative: of calling a positive review negative, 0 or more, not both 0.

    Returns:
        float in [0, 1].

    Raises:
        UsageError: if a cost is negative or not finite, or both are 0.

    Example:

    A missed complaint costs nine times as much as a false alarm; complaints are class 1:

    >>> threshold_for_costs(1, 9)
    0.1

    Source:
        Elkan, 2001, IJCAI.
    """
    costs = np.array([cost_false_positive, cost_false_negative], np.float64)
    if not np.isfinite(costs).all() or (costs < 0).any() or not costs.any():
        raise UsageError(
            "Costs of mistakes are numbers of at least 0, not both 0; only their ratio matters. "
            f"Received {cost_false_positive!r} for a false positive and {cost_false_negative!r} "
            "for a false negative."
        )
    return float(costs[0] / costs.sum())


def threshold_for_precision(
    y_true: npt.ArrayLike, y_prob: npt.ArrayLike, min_precision: float
) -> float:
    """Returns the threshold that finds most positive reviews at a precision of at least so much.

    Args:
        y_true: array of shape `(num_reviews,)`, 1 positive, 0 negative.
        y_prob: array of shape `(num_reviews,)`, the probability of class 1.
        min_precision: float in (0, 1].

    Returns:
        float in [0, 1], half way between two probabilities that occur.

    Raises:
        DataError: as `evaluate_binary`, and if no threshold reaches that precision.
        UsageError: if `min_precision` is not in (0, 1].

    Example:

    >>> threshold_for_precision([0, 0, 1, 1], [0.1, 0.6, 0.5, 0.9], 0.6)
    0.3
    """
    labels, probabilities = check_binary(y_true, y_prob)
    values, hits, called = _count_from_above(labels, probabilities)
    good = np.flatnonzero(hits >= _check_share(min_precision, "min_precision") * called)
    if not len(good) or not hits[good[-1]]:
        raise DataError(
            f"No threshold reaches a precision of {min_precision:g} on these reviews; the best "
            f"possible is {(hits / called).max():.3f}. Ask for less, or improve the model. "
            f"Received {len(labels)} reviews."
        )
    return _cut_below(values, int(good[-1]))


def threshold_for_recall(y_true: npt.ArrayLike, y_prob: npt.ArrayLike, min_recall: float) -> float:
    """Returns the highest threshold that finds at least this share of the positive reviews.

    Args:
        y_true: array of shape `(num_reviews,)`, 1 positive, 0 negative.
        y_prob: array of shape `(num_reviews,)`, the probability of class 1.
        min_recall: float in (0, 1].

    Returns:
        float in [0, 1], half way between two probabilities that occur.

    Raises:
        DataError: as `evaluate_binary`, and if no review is positive.
        UsageError: if `min_recall` is not in (0, 1].

    Example:

    >>> threshold_for_recall([0, 0, 1, 1], [0.1, 0.6, 0.5, 0.9], 0.5)
    0.75
    """
    labels, probabilities = check_binary(y_true, y_prob)
    values, hits, _ = _count_from_above(labels, probabilities)
    if not hits[-1]:
        raise DataError(
            "A recall needs positive reviews to be found. Expected at least one label 1; received "
            f"{len(labels)} negative reviews."
        )
    first = int(np.argmax(hits >= _check_share(min_recall, "min_recall") * hits[-1]))
    return _cut_below(values, first)


def _count_from_above(
    labels: npt.NDArray[np.int64], probabilities: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Returns the distinct probabilities, falling, and what is hit and called from each on."""
    values, inverse = np.unique(-probabilities, return_inverse=True)
    called = np.cumsum(np.bincount(inverse))
    hits = np.cumsum(np.bincount(inverse, weights=labels)).astype(np.int64)
    return -values, hits, called


def _cut_below(values: npt.NDArray[np.float64], place: int) -> float:
    following = values[place + 1] if place + 1 < len(values) else 0.0
    middle = (values[place] + following) / 2
    # Neighbours so near that nothing fits between them: the upper one itself still separates.
    return float(middle if middle > following else values[place])


def _check_share(value: float, name: str) -> float:
    if not 0 < value <= 1:
        raise UsageError(f"Expected {name} to be above 0 and at most 1; received {value!r}.")
    # Rounding must not ask for 8.000000000000002 of 10 hits.
    return float(value) * (1 - 1e-12)
