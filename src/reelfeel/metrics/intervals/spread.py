"""The spread of results over seeds."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.errors import DataError
from reelfeel.metrics.checks import import_extra
from reelfeel.metrics.intervals.proportions import Interval


@dataclass(frozen=True, slots=True)
class Spread:
    """What several seeds gave.

    Attributes:
        num_seeds: how many, at least 2.
        mean: of all.
        standard_deviation: of one seed around the mean, with one degree of freedom given up.
        lowest: of all.
        highest: of all.
        interval: 95 % interval of the mean over all seeds that could have been drawn.
    """

    num_seeds: int
    mean: float
    standard_deviation: float
    lowest: float
    highest: float
    interval: Interval

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain values, fit for strict JSON."""
        return asdict(self)


def measure_spread(values: npt.ArrayLike) -> Spread:
    """Measures how far a metric is apart over seeds.

    Args:
        values: float array of shape `(num_seeds,)`, the metric of each seed; at least 2.

    Raises:
        DataError: if there are fewer than two values, or one is not finite.
        MissingExtraError: if scikit-learn, and SciPy with it, is not installed.

    Example:

    >>> spread = measure_spread([0.92, 0.93, 0.94])
    >>> round(spread.mean, 3), round(spread.standard_deviation, 3), spread.lowest
    (0.93, 0.01, 0.92)
    >>> [round(end, 3) for end in spread.interval]
    [0.905, 0.955]

    Source:
        Student, 1908, Biometrika 6.
    """
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or len(array) < 2 or not np.isfinite(array).all():
        raise DataError(
            "A spread needs the results of at least two seeds, all finite; received "
            f"{array.tolist()}."
        )
    mean, deviation = float(array.mean()), float(array.std(ddof=1))
    quantile = float(import_extra("scipy.special").stdtrit(len(array) - 1, 0.975))
    reach = quantile * deviation / math.sqrt(len(array))
    return Spread(
        num_seeds=len(array),
        mean=mean,
        standard_deviation=deviation,
        lowest=float(array.min()),
        highest=float(array.max()),
        interval=Interval(mean - reach, mean + reach),
    )
