from __future__ import annotations

import statistics

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from reelfeel.errors import DataError
from reelfeel.metrics.intervals.spread import measure_spread


def test_the_interval_is_students_and_the_deviation_the_samples() -> None:
    values = [0.91, 0.93, 0.925, 0.94, 0.90]
    spread = measure_spread(values)
    assert spread.standard_deviation == pytest.approx(statistics.stdev(values))
    expected = ttest_1samp(values, 0).confidence_interval(0.95)
    assert tuple(spread.interval) == pytest.approx((expected.low, expected.high))
    assert (spread.lowest, spread.highest, spread.num_seeds) == (0.90, 0.94, 5)


def test_equal_results_have_no_spread_and_one_result_is_refused() -> None:
    assert measure_spread([0.9, 0.9]).interval == (0.9, 0.9)
    for values in ([0.9], [], [0.9, np.nan]):
        with pytest.raises(DataError, match="two seeds"):
            measure_spread(values)
