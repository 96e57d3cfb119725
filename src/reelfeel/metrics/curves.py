"""Curves: ROC, precision-recall, smoothed history, accuracy by length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from reelfeel.errors import DataError, UsageError
from reelfeel.metrics.checks import (
    check_binary,
    check_positive_integer,
    check_threshold,
    import_extra,
)
from reelfeel.metrics.intervals.proportions import Interval, wilson_interval

# More than the pixels of a printed picture can tell apart.
MAX_POINTS = 500
# Doubling, in tokens. IMDB's median review has 174 words, its 95th percentile 598.
LENGTH_EDGES = (64, 128, 256, 512)

Points = npt.NDArray[np.float64]


class Curve(NamedTuple):
    """Points of a curve from left to right: two float arrays of the same shape `(num_points,)`."""

    x: Points
    y: Points


@dataclass(frozen=True, slots=True)
class LengthBin:
    """How well the reviews of `longer_than` up to `up_to` tokens were judged.

    Attributes:
        longer_than: length that the reviews exceed; 0 in the first bin holds empty ones too.
        up_to: the largest length in the bin; None in the last, which is open.
        count: reviews in the bin.
        accuracy: share of right verdicts; None in an empty bin.
        interval: 95 % Wilson interval of the accuracy; None in an empty bin.
    """

    longer_than: int
    up_to: int | None
    count: int
    accuracy: float | None
    interval: Interval | None


def roc_curve(
    y_true: npt.ArrayLike, y_prob: npt.ArrayLike, *, max_points: int = MAX_POINTS
) -> Curve:
    """Returns the share of negatives called positive (x) and of positives found (y).

    Args:
        y_true: array of shape `(num_reviews,)`, 1 positive, 0 negative, both present.
        y_prob: array of shape `(num_reviews,)`, the probability of class 1.
        max_points: int, at least 2. More points are thinned evenly along the curve.

    Returns:
        Curve from (0, 0) to (1, 1), neither coordinate ever falling.

    Raises:
        DataError: as `evaluate_binary`, and where the labels are of one class only.
        UsageError: if `max_points` is below 2.

    Example:

    >>> x, y = roc_curve([0, 1, 1], [0.6, 0.7, 0.4])
    >>> x.tolist(), y.tolist()
    ([0.0, 0.0, 1.0, 1.0], [0.0, 0.5, 0.5, 1.0])
    """
    labels, probabilities = check_binary(y_true, y_prob)
    if labels.min() == labels.max():
        raise DataError(
            "A ROC curve compares two classes. Expected positive and negative reviews; received "
            f"{len(labels)} reviews that are all of class {labels[0]}."
        )
    x, y, _ = import_extra("sklearn.metrics").roc_curve(labels, probabilities)
    return _thin(x, y, max_points)


def precision_recall_curve(
    y_true: npt.ArrayLike, y_prob: npt.ArrayLike, *, max_points: int = MAX_POINTS
) -> Curve:
    """Returns recall (x) and precision (y), from calling nothing positive to calling everything so.

    Args:
        y_true: array of shape `(num_reviews,)`, 1 positive, 0 negative, a positive one present.
        y_prob: array of shape `(num_reviews,)`, the probability of class 1.
        max_points: int, at least 2. More points are thinned evenly along the curve.

    Returns:
        Curve from (0, 1), by convention, to (1, share of positive reviews). Draw it as steps.

    Raises:
        DataError: as `evaluate_binary`, and where no review is positive.
        UsageError: if `max_points` is below 2.

    Example:

    >>> x, y = precision_recall_curve([0, 1, 1], [0.6, 0.7, 0.4])
    >>> x.tolist(), y.round(2).tolist()
    ([0.0, 0.5, 0.5, 1.0], [1.0, 1.0, 0.5, 0.67])
    """
    labels, probabilities = check_binary(y_true, y_prob)
    if not labels.any():
        raise DataError(
            "A precision-recall curve needs positive reviews; received "
            f"{len(labels)} reviews that are all of class 0."
        )
    metrics = import_extra("sklearn.metrics")
    precision, recall, _ = metrics.precision_recall_curve(
        labels, probabilities, drop_intermediate=True
    )
    return _thin(recall[::-1], precision[::-1], max_points)


def exponential_moving_average(values: npt.ArrayLike, span: int = 5) -> Points:
    """Smooths a history: a mean in which each older value weighs (span - 1) / (span + 1) as much.

    The weights always add up to one, so the first values are not pulled anywhere: exactly pandas'
    `ewm(span=span, adjust=True).mean()`, its default.

    Args:
        values: array of shape `(num_values,)`, in order of time, finite.
        span: int, at least 1; 1 changes nothing.

    Returns:
        float array of shape `(num_values,)`; empty for no values.

    Raises:
        DataError: if `values` is not one-dimensional or holds NaN or infinity.
        UsageError: if `span` is not an integer of at least 1.

    Example:

    >>> exponential_moving_average([1.0, 2.0, 4.0]).round(4).tolist()
    [1.0, 1.6, 2.7368]
    """
    history = np.asarray(values, dtype=np.float64)
    if history.ndim != 1 or not np.isfinite(history).all():
        raise DataError(
            "Only a flat list of finite numbers can be smoothed. Leave out the epochs without a "
            f"value; received {values!r}."
        )
    decay = (span - 1) / (check_positive_integer(span, "span") + 1)
    smoothed, total, weight = np.empty_like(history), 0.0, 0.0
    for index, value in enumerate(history):
        total, weight = decay * total + value, decay * weight + 1
        smoothed[index] = total / weight
    return smoothed


def accuracy_by_length(
    y_true: npt.ArrayLike,
    y_prob: npt.ArrayLike,
    lengths: npt.ArrayLike,
    *,
    edges: Sequence[int] = LENGTH_EDGES,
    threshold: float = 0.5,
) -> list[LengthBin]:
    """Returns the accuracy on short, middling and long reviews.

    Args:
        y_true: array of shape `(num_reviews,)`, 1 positive, 0 negative.
        y_prob: array of shape `(num_reviews,)`, the probability of class 1.
        lengths: int array of shape `(num_reviews,)`, tokens of each review, at least 0.
        edges: the largest length of each bin but the last, increasing.
        threshold: float in [0, 1]; a review is called positive from this probability on.

    Returns:
        One bin more than `edges`, in ascending order, the empty ones included.

    Raises:
        DataError: as `evaluate_binary`, and if `lengths` does not fit or has a negative value.
        UsageError: if `edges` do not increase or `threshold` is not in [0, 1].

    Example:

    >>> short, long = accuracy_by_length([0, 1, 1], [0.2, 0.7, 0.4], [5, 10, 11], edges=[10])
    >>> short.count, short.accuracy, long.count, long.accuracy
    (2, 1.0, 1, 0.0)
    """
    labels, probabilities = check_binary(y_true, y_prob)
    tokens = np.asarray(lengths)
    if tokens.shape != labels.shape or not np.all(tokens >= 0):
        raise DataError(
            f"Expected a length of at least 0 for each of {len(labels)} reviews; received an array "
            f"of the shape {tokens.shape}" + (f" from {tokens.min()}." if tokens.size else ".")
        )
    if not edges or min(edges) < 0 or np.any(np.diff(edges) <= 0):
        raise UsageError(f"Expected edges of at least 0 that increase; received {list(edges)}.")
    right = (probabilities >= check_threshold(threshold)) == labels
    bins = np.searchsorted(np.asarray(edges), tokens, side="left")
    counts = np.bincount(bins, minlength=len(edges) + 1).tolist()
    rights = np.bincount(bins, weights=right, minlength=len(edges) + 1).tolist()
    ends = zip((0, *edges), (*edges, None), strict=True)
    return [
        LengthBin(low, up_to, count, hits / count, wilson_interval(hits, count))
        if count
        else LengthBin(low, up_to, 0, None, None)
        for (low, up_to), count, hits in zip(ends, counts, rights, strict=True)
    ]


def _thin(x: Points, y: Points, max_points: int) -> Curve:
    if check_positive_integer(max_points, "max_points") < 2:
        raise UsageError(f"A curve has at least 2 points; received max_points={max_points}.")
    if len(x) <= max_points:
        return Curve(x, y)
    # Evenly along the curve, not along one axis: a steep rise keeps its points.
    travelled = np.append(0.0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
    stops = np.linspace(0, travelled[-1], max_points)
    kept = np.unique(np.append(np.searchsorted(travelled, stops[:-1]), len(x) - 1))
    return Curve(x[kept], y[kept])
