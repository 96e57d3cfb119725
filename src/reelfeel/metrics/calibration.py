"""Calibration error: whether of texts with probability 0.8, eight in ten are positive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelfeel.metrics.checks import check_binary, check_positive_integer
from reelfeel.metrics.intervals.proportions import Interval, wilson_interval

# The number of Guo et al., 2017, and of most papers since: kept so that values compare.
NUM_BINS = 15


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """What became of the reviews whose probability lies between `lower` and `upper`.

    Attributes:
        lower: the smallest probability of the bin, included.
        upper: the largest, left out but in the last bin.
        count: reviews in the bin.
        mean_probability: their mean probability; None in an empty bin.
        observed_share: the share of them that is positive; None in an empty bin.
        interval: 95 % Wilson interval of that share; None in an empty bin.
    """

    lower: float
    upper: float
    count: int
    mean_probability: float | None
    observed_share: float | None
    interval: Interval | None


def expected_calibration_error(
    y_true: npt.ArrayLike, y_prob: npt.ArrayLike, *, num_bins: int = NUM_BINS
) -> float:
    """Measures how far predicted probabilities are from observed frequencies.

    Args:
        y_true: int array of shape `(num_reviews,)`, 1 positive, 0 negative.
        y_prob: float array of shape `(num_reviews,)`. Probability of class 1,
            not a logit and not the confidence in the predicted class.
        num_bins: int, at least 1. Compare only values with the same number.

    Returns:
        float in [0, 1], lower is better: 0.03 reads "three points off, on average". Even a
        perfectly calibrated model is above 0 on few reviews, by chance.

    Raises:
        DataError: if the arrays are empty or differ in shape, a label is not
            0 or 1, or a probability is outside [0, 1] or NaN.
        UsageError: if `num_bins` is not an integer of at least 1.

    Example:

    >>> round(expected_calibration_error([0, 1, 1], [0.2, 0.7, 0.9]), 3)
    0.2

    Source:
        Naeini, Cooper and Hauskrecht, 2015, AAAI.
    """
    labels, probabilities = check_binary(y_true, y_prob)
    bins = assign_bins(probabilities, num_bins)
    positives = np.bincount(bins, weights=labels, minlength=num_bins)
    expected = np.bincount(bins, weights=probabilities, minlength=num_bins)
    # A bin's gap times its share of the reviews: its count cancels out.
    return float(np.abs(positives - expected).sum() / len(labels))


def reliability_curve(
    y_true: npt.ArrayLike, y_prob: npt.ArrayLike, *, num_bins: int = NUM_BINS
) -> list[ReliabilityBin]:
    """Compares, bin by bin, the mean probability with the share of positive reviews.

    Args:
        y_true: int array of shape `(num_reviews,)`, 1 positive, 0 negative.
        y_prob: float array of shape `(num_reviews,)`, the probability of class 1.
        num_bins: int, at least 1; the bins are equally wide.

    Returns:
        `num_bins` bins in ascending order, the empty ones included: a plot can leave them out.

    Raises:
        DataError: as `expected_calibration_error`.
        UsageError: if `num_bins` is not an integer of at least 1.

    Example:

    >>> low, high = reliability_curve([0, 1, 1], [0.2, 0.7, 0.9], num_bins=2)
    >>> low.count, low.observed_share, high.count, round(high.mean_probability, 3)
    (1, 0.0, 2, 0.8)

    Source:
        DeGroot and Fienberg, 1983, The Statistician 32; intervals of Wilson, 1927.
    """
    labels, probabilities = check_binary(y_true, y_prob)
    bins = assign_bins(probabilities, num_bins)
    counts = np.bincount(bins, minlength=num_bins)
    positives = np.bincount(bins, weights=labels, minlength=num_bins)
    expected = np.bincount(bins, weights=probabilities, minlength=num_bins)
    edges = np.linspace(0, 1, num_bins + 1)
    return [
        _summarise(*column)
        for column in zip(edges[:-1], edges[1:], counts, positives, expected, strict=True)
    ]


def assign_bins(probabilities: npt.NDArray[np.float64], num_bins: int) -> npt.NDArray[np.int64]:
    """Returns the index of the equally wide bin that each probability falls in; 1.0 in the last.

    >>> assign_bins(np.array([0.0, 0.5, 1.0]), 2)
    array([0, 1, 1])
    """
    check_positive_integer(num_bins, "num_bins")
    return np.minimum((probabilities * num_bins).astype(np.int64), num_bins - 1)


def _summarise(
    lower: float, upper: float, count: int, positives: float, expected: float
) -> ReliabilityBin:
    if not count:
        return ReliabilityBin(float(lower), float(upper), 0, None, None, None)
    return ReliabilityBin(
        lower=float(lower),
        upper=float(upper),
        count=int(count),
        mean_probability=float(expected / count),
        observed_share=float(positives / count),
        interval=wilson_interval(float(positives), int(count)),
    )
