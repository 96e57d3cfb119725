"""The intervals that evaluations, comparisons and reports show: same seed, same resamples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reelfeel.metrics.intervals.proportions import Interval
from reelfeel.metrics.intervals.uncertainty import metric_intervals

NUM_RESAMPLES = 1000
RESAMPLING_SEED = 0
MANY_REVIEWS = 200_000


def find_intervals(
    y_true: npt.ArrayLike, y_prob: npt.ArrayLike, *, threshold: float = 0.5
) -> dict[str, Interval | None]:
    """Returns the 95 % intervals of all metrics; arguments and errors as `metric_intervals`.

    >>> find_intervals([0, 1, 1], [0.2, 0.7, 0.9])["accuracy"].upper
    1.0
    """
    return metric_intervals(
        y_true,
        y_prob,
        rng=np.random.default_rng(RESAMPLING_SEED),
        threshold=threshold,
        num_resamples=choose_num_resamples(len(np.asarray(y_true))),
    )


def choose_num_resamples(num_reviews: int) -> int:
    """Returns how often reviews are resampled: fewer times where there are many reviews.

    The intervals then hardly change, and a million reviews take 20 s, not 100.

    >>> choose_num_resamples(25_000), choose_num_resamples(1_000_000)
    (1000, 200)
    """
    return NUM_RESAMPLES if num_reviews <= MANY_REVIEWS else NUM_RESAMPLES // 5
