"""Temperature scaling: one number that calibrates a model's probabilities."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reelfeel.errors import DataError, UsageError
from reelfeel.metrics.checks import Probabilities, check_binary, import_extra
from reelfeel.metrics.logits import to_logits, to_probabilities

# Beyond these a model says the same of every review, or is certain of every one.
COLDEST, HOTTEST = 0.01, 100.0


def fit_temperature(y_true: npt.ArrayLike, y_prob: npt.ArrayLike) -> float:
    """Finds the temperature at which probabilities fit the labels best (lowest log loss).

    A temperature divides the logit: above 1 it takes certainty away, below 1 it adds some. It
    keeps the order of the reviews, and every verdict at 0.5.

    Args:
        y_true: array of shape `(num_reviews,)`, 1 positive, 0 negative, both present. Reviews that
            the model did not learn from, and that nothing will be reported on.
        y_prob: array of shape `(num_reviews,)`, the probability of class 1 at temperature 1.

    Returns:
        float from 0.01 to 100; 1 where every probability is 0.5, which no temperature changes.

    Raises:
        DataError: as `evaluate_binary`, and if all reviews are of one class.
        MissingExtraError: if scikit-learn, and SciPy with it, is not installed.

    Example:

    Sure of everything, right three times in four:

    >>> temperature = fit_temperature([1, 1, 1, 0] * 500, [0.99] * 2000)
    >>> round(float(apply_temperature([0.99], temperature)[0]), 2)
    0.75

    Source:
        Guo, Pleiss, Sun and Weinberger, 2017, ICML; targets short of 0 and 1 as Platt, 1999, has
        them, so that a perfect validation of few reviews does not make the model certain.
    """
    labels, probabilities = check_binary(y_true, y_prob)
    positives, negatives = int(labels.sum()), int((1 - labels).sum())
    if not positives or not negatives:
        raise DataError(
            "A temperature cannot be fitted to reviews of one class. Expected positive and "
            f"negative ones; received {positives} positive and {negatives} negative reviews."
        )
    logits = to_logits(probabilities)
    if not logits.any():
        return 1.0
    targets = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def slope(sharpness: float) -> float:
        return float(np.mean((to_probabilities(sharpness * logits) - targets) * logits))

    # The log loss is convex in 1 / temperature: its slope changes sign once, or not in this range.
    if slope(1 / HOTTEST) >= 0:
        return HOTTEST
    if slope(1 / COLDEST) <= 0:
        return COLDEST
    sharpness = import_extra("scipy.optimize").brentq(slope, 1 / HOTTEST, 1 / COLDEST)
    return float(1 / sharpness)


def apply_temperature(y_prob: npt.ArrayLike, temperature: float) -> Probabilities:
    """Returns probabilities as they are at another temperature.

    Args:
        y_prob: float array of shape `(num_reviews,)`, the probability of class 1 at temperature 1.
        temperature: float above 0.

    Returns:
        float64 array of the same shape; 0, 0.5 and 1 stay to within 2e-16 of themselves at 1.

    Raises:
        UsageError: if the temperature is not above 0.

    Example:

    >>> apply_temperature([0.5, 0.9], 2.0).round(2).tolist()
    [0.5, 0.75]
    """
    if not 0 < temperature < np.inf:
        raise UsageError(
            "A temperature is a number above 0, 1 to change nothing; received "
            f"{temperature!r}. Fit one with fit_temperature."
        )
    return to_probabilities(to_logits(y_prob) / temperature)
