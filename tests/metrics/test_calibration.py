from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metrics_witness as witness
from reelfeel.errors import UsageError
from reelfeel.metrics.calibration import expected_calibration_error, reliability_curve


@pytest.mark.parametrize("num_bins", [1, 2, 15, 100])
def test_the_error_is_the_papers_formula_for_any_number_of_bins(num_bins: int) -> None:
    rng = np.random.default_rng(num_bins)
    labels, probabilities = rng.integers(0, 2, 300), rng.random(300)
    expected = witness.ece(labels.tolist(), probabilities.tolist(), num_bins)
    found = expected_calibration_error(labels, probabilities, num_bins=num_bins)
    assert found == pytest.approx(expected, abs=1e-9)


def test_without_a_number_there_are_15_bins() -> None:
    rng = np.random.default_rng(1)
    labels, probabilities = rng.integers(0, 2, 300), rng.random(300)
    expected = witness.ece(labels.tolist(), probabilities.tolist(), 15)
    assert expected_calibration_error(labels, probabilities) == pytest.approx(expected, abs=1e-9)
    assert len(reliability_curve(labels, probabilities)) == 15


def test_a_forecast_that_comes_true_as_often_as_it_says_has_no_error() -> None:
    assert expected_calibration_error([0, 0, 0, 1], [0.25] * 4) == 0.0


def test_the_error_is_1_for_certain_mistakes() -> None:
    assert expected_calibration_error([0, 1], [1.0, 0.0]) == 1.0


@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=60),
    st.integers(1, 20),
)
@settings(max_examples=100, deadline=None)
def test_the_bins_hold_every_review_once_and_add_up_to_the_error(
    reviews: list[tuple[int, float]], num_bins: int
) -> None:
    labels, probabilities = zip(*reviews, strict=True)
    bins = reliability_curve(labels, probabilities, num_bins=num_bins)
    assert len(bins) == num_bins
    assert sum(bin_.count for bin_ in bins) == len(reviews)
    gaps = sum(b.count * abs(b.observed_share - b.mean_probability) for b in bins if b.count)
    error = expected_calibration_error(labels, probabilities, num_bins=num_bins)
    assert gaps / len(reviews) == pytest.approx(error, abs=1e-9)


def test_a_bin_holds_its_lower_edge_and_the_last_one_also_1() -> None:
    bins = reliability_curve([1, 1, 1], [0.0, 0.5, 1.0], num_bins=2)
    assert [bin_.count for bin_ in bins] == [1, 2]
    assert [(bin_.lower, bin_.upper) for bin_ in bins] == [(0.0, 0.5), (0.5, 1.0)]


def test_an_empty_bin_says_none_and_a_full_one_carries_its_interval() -> None:
    empty, full = reliability_curve([1, 0, 1, 1], [0.9] * 4, num_bins=2)
    assert (empty.mean_probability, empty.observed_share, empty.interval) == (None, None, None)
    assert full.observed_share == 0.75
    assert full.interval.lower < 0.75 < full.interval.upper


def test_no_bins_are_refused() -> None:
    with pytest.raises(UsageError, match="num_bins"):
        expected_calibration_error([0, 1], [0.1, 0.9], num_bins=0)
