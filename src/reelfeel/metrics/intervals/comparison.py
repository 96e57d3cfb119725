"""McNemar's test and an interval for the difference of two accuracies."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelfeel.errors import DataError
from reelfeel.metrics.checks import check_labels, import_extra
from reelfeel.metrics.intervals.proportions import NORMAL_95, Interval


@dataclass(frozen=True, slots=True)
class McNemarTest:
    """Reviews that only one of two classifiers judged rightly: is their split a surprise?

    Attributes:
        only_a_right: reviews that A judged rightly and B wrongly.
        only_b_right: reviews that B judged rightly and A wrongly.
        p_value: how often equally good classifiers would split at least as unevenly, in (0, 1].
    """

    only_a_right: int
    only_b_right: int
    p_value: float


def mcnemar_test(
    y_true: npt.ArrayLike, y_pred_a: npt.ArrayLike, y_pred_b: npt.ArrayLike
) -> McNemarTest:
    """Tests whether two classifiers, judged on the same reviews, are equally accurate.

    The mid-p version of the exact test, at every size: the exact test errs on the side of "equal"
    with few reviews, the chi-squared approximation on the other.

    Args:
        y_true: array of shape `(num_reviews,)`, 1 positive, 0 negative.
        y_pred_a: verdicts of A, 0 or 1, not probabilities, of the same shape.
        y_pred_b: verdicts of B, for the same reviews in the same order.

    Returns:
        McNemarTest; the p-value is 1 where both are right on the same reviews.

    Raises:
        DataError: if an array is empty, holds anything but 0 and 1, or differs in length.
        MissingExtraError: if scikit-learn, and SciPy with it, is not installed.

    Example:

    >>> mcnemar_test([1, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 1])
    McNemarTest(only_a_right=3, only_b_right=0, p_value=0.125)

    Source:
        Fagerland, Lydersen and Laake, 2013, BMC Medical Research Methodology 13:91.
    """
    labels = check_labels(y_true)
    verdicts = check_labels(y_pred_a, "y_pred_a"), check_labels(y_pred_b, "y_pred_b")
    if {len(verdicts[0]), len(verdicts[1])} != {len(labels)}:
        raise DataError(
            "Only verdicts on the same reviews can be compared. Expected three arrays of one "
            f"length; received {len(labels)}, {len(verdicts[0])} and {len(verdicts[1])} rows."
        )
    right_a, right_b = (verdict == labels for verdict in verdicts)
    only_a, only_b = int(np.sum(right_a & ~right_b)), int(np.sum(right_b & ~right_a))
    return McNemarTest(only_a, only_b, _mid_p(min(only_a, only_b), only_a + only_b))


def _mid_p(fewer: int, count: int) -> float:
    if 2 * fewer == count:
        return 1.0
    binomial_cdf = import_extra("scipy.special").bdtr
    below = binomial_cdf(fewer - 1, count, 0.5) if fewer else 0.0
    # Both tails, the observed split itself counted half: 2 P(X < k) + P(X = k).
    return float(below + binomial_cdf(fewer, count, 0.5))


def difference_interval(test: McNemarTest, num_reviews: int) -> Interval:
    """Returns the 95 % interval of the accuracy of A less that of B, on the same reviews.

    Args:
        test: A against B.
        num_reviews: how many reviews both judged, at least 1.

    Returns:
        Interval within [-1, 1].

    Example:

    >>> [round(end, 3) for end in difference_interval(McNemarTest(30, 10, 0.002), 1000)]
    [0.007, 0.033]

    Source:
        Bonett and Price, 2012, Journal of Educational and Behavioral Statistics 37 (adjusted Wald).
    """
    total = num_reviews + 2
    only_a, only_b = (test.only_a_right + 1) / total, (test.only_b_right + 1) / total
    centre = only_a - only_b
    reach = NORMAL_95 * math.sqrt((only_a + only_b - centre**2) / total)
    return Interval(max(centre - reach, -1.0), min(centre + reach, 1.0))
