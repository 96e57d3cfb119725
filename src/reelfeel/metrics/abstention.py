"""When to say "I do not know": a band of probabilities, so that the verdicts left are accurate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelfeel.errors import DataError, UsageError
from reelfeel.metrics.checks import check_binary, check_threshold
from reelfeel.metrics.intervals.proportions import Interval, wilson_interval
from reelfeel.metrics.logits import to_logits, to_probabilities


@dataclass(frozen=True, slots=True)
class Abstention:
    """What a model does that keeps silent where it is unsure.

    Attributes:
        lower: it abstains on probabilities above this...
        upper: ...and below this; equal to `lower` where it never does.
        coverage: share of the reviews that get a verdict, in [0, 1].
        accuracy: share of right ones among these verdicts; None where there are none.
        interval: 95 % Wilson interval of that accuracy; None where there are none.
    """

    lower: float
    upper: float
    coverage: float
    accuracy: float | None
    interval: Interval | None


def fit_abstention(
    y_true: npt.ArrayLike,
    y_prob: npt.ArrayLike,
    *,
    target_accuracy: float,
    threshold: float = 0.5,
) -> Abstention:
    """Finds the narrowest band to abstain in, so that the verdicts outside are accurate enough.

    The band reaches equally far, in logits, to both sides of the threshold.

    Args:
        y_true: array of shape `(num_reviews,)`, 1 positive, 0 negative. Reviews that the model did
            not learn from, and that nothing will be reported on.
        y_prob: array of shape `(num_reviews,)`, the probability of class 1.
        target_accuracy: float in (0, 1).
        threshold: float in (0, 1): from which a review is called positive.

    Returns:
        Abstention with the highest coverage that reaches the target on these reviews.

    Raises:
        DataError: as `evaluate_binary`, and if not even the surest verdicts reach the target.
        UsageError: if `target_accuracy` or `threshold` is out of range.

    Example:

    >>> band = fit_abstention([0, 1, 0, 1], [0.1, 0.3, 0.6, 0.95], target_accuracy=0.98)
    >>> round(band.lower, 2), round(band.upper, 2), band.coverage, band.accuracy
    (0.18, 0.82, 0.5, 1.0)

    Source:
        El-Yaniv and Wiener, 2010, Journal of Machine Learning Research 11 (risk and coverage).
    """
    labels, probabilities = check_binary(y_true, y_prob)
    if not 0 < target_accuracy < 1 or not 0 < threshold < 1:
        raise UsageError(
            "Abstaining needs a target accuracy and a threshold, both above 0 and below 1; "
            f"received {target_accuracy!r} and {threshold!r}."
        )
    right = (probabilities >= threshold) == labels
    centre = to_logits(threshold)
    distances = np.abs(to_logits(probabilities) - centre)
    reach = _find_reach(distances, right, target_accuracy)
    lower, upper = to_probabilities([centre - reach, centre + reach]).tolist()
    return measure_abstention(labels, probabilities, lower=lower, upper=upper, threshold=threshold)


def measure_abstention(
    y_true: npt.ArrayLike,
    y_prob: npt.ArrayLike,
    *,
    lower: float,
    upper: float,
    threshold: float = 0.5,
) -> Abstention:
    """Says how often a model that abstains between two probabilities answers, and how rightly.

    Args:
        y_true: array of shape `(num_reviews,)`, 1 positive, 0 negative.
        y_prob: array of shape `(num_reviews,)`, the probability of class 1.
        lower: it abstains above this...
        upper: ...and below this.
        threshold: from which a review is called positive.

    Raises:
        DataError: as `evaluate_binary`.
        UsageError: if the threshold is not in [0, 1].

    Example:

    >>> band = measure_abstention([0, 1, 0, 1], [0.1, 0.3, 0.6, 0.4], lower=0.35, upper=0.65)
    >>> band.coverage, band.accuracy
    (0.5, 0.5)
    """
    labels, probabilities = check_binary(y_true, y_prob)
    answered = ~((probabilities > lower) & (probabilities < upper))
    right = ((probabilities >= check_threshold(threshold)) == labels)[answered]
    return Abstention(
        lower=float(lower),
        upper=float(upper),
        coverage=float(answered.mean()),
        accuracy=float(right.mean()) if len(right) else None,
        interval=wilson_interval(int(right.sum()), len(right)) if len(right) else None,
    )


def _find_reach(
    distances: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], target: float
) -> float:
    """Returns the smallest distance from the threshold at which the verdicts beyond are good."""
    values, inverse = np.unique(-distances, return_inverse=True)
    answered = np.cumsum(np.bincount(inverse))
    accuracies = np.cumsum(np.bincount(inverse, weights=right)) / answered
    good = np.flatnonzero(accuracies >= target)
    if not len(good):
        raise DataError(
            f"No abstain band reaches an accuracy of {target:g}: the surest verdicts on these "
            f"reviews are right in {accuracies.max():.3f} of all cases. Ask for less, or improve "
            f"the model. Received {len(right)} reviews."
        )
    last = int(good[-1])
    if last + 1 == len(values):
        return 0.0
    return float(-(values[last] + values[last + 1]) / 2)
