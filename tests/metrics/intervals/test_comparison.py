from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelfeel.errors import DataError
from reelfeel.metrics.intervals.comparison import mcnemar_test


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 5))
def test_the_p_value_is_the_sum_over_all_splits_as_uneven(a: int, b: int, both: int) -> None:
    labels = np.ones(a + b + both + 1, dtype=int)
    verdicts_a = np.concatenate([np.ones(a), np.zeros(b), np.ones(both + 1)])
    verdicts_b = np.concatenate([np.zeros(a), np.ones(b), np.ones(both + 1)])
    test = mcnemar_test(labels, verdicts_a, verdicts_b)
    assert (test.only_a_right, test.only_b_right) == (a, b)
    chances = [math.comb(a + b, k) / 2 ** (a + b) for k in range(a + b + 1)]
    lower_tail = math.fsum(chances[: min(a, b)]) + chances[min(a, b)] / 2
    expected = 1.0 if a == b else 2 * lower_tail
    assert test.p_value == pytest.approx(expected, abs=1e-9)


def test_a_published_example_is_met() -> None:
    # Fagerland and others, 2013, table 1: splits 1 to 7, mid-p 0.0391 (exact 0.0703).
    test = mcnemar_test([1] * 8, [1] + [0] * 7, [0] + [1] * 7)
    assert round(test.p_value, 4) == 0.0391


def test_many_disagreements_stay_finite_and_near_the_normal_approximation() -> None:
    labels = np.ones(25_000, dtype=int)
    verdicts_a, verdicts_b = labels.copy(), labels.copy()
    verdicts_a[:1000], verdicts_b[1000:1900] = 0, 0
    p_value = mcnemar_test(labels, verdicts_a, verdicts_b).p_value
    assert p_value == pytest.approx(math.erfc(100 / math.sqrt(1900) / math.sqrt(2)), rel=0.02)


def test_equal_classifiers_are_called_different_5_times_in_100() -> None:
    rng = np.random.default_rng(0)
    different = 0
    for _ in range(1000):
        labels = np.ones(500, dtype=int)
        verdicts = rng.random((2, 500)) < 0.9
        different += mcnemar_test(labels, *verdicts).p_value < 0.05
    assert 30 <= different <= 70


def test_verdicts_on_other_reviews_are_refused() -> None:
    with pytest.raises(DataError, match="received 2, 2 and 3 rows"):
        mcnemar_test([0, 1], [0, 1], [0, 1, 1])
    with pytest.raises(DataError, match="y_pred_b is neither 0 nor 1"):
        mcnemar_test([0, 1], [0, 1], [0.2, 0.9])
