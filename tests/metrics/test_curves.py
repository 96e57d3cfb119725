from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metrics_witness as witness
from reelfeel.errors import DataError, UsageError
from reelfeel.metrics.curves import (
    accuracy_by_length,
    exponential_moving_average,
    precision_recall_curve,
    roc_curve,
)
from reelfeel.metrics.intervals.proportions import wilson_interval


def sample(size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, size)
    return labels, (1 / (1 + np.exp(-rng.normal(2.0 * labels - 1, 1)))).round(3)


def test_the_trapezoids_under_the_roc_curve_are_the_pairs_won() -> None:
    labels, probabilities = sample(200)
    x, y = roc_curve(labels, probabilities)
    area = sum((x[i + 1] - x[i]) * (y[i] + y[i + 1]) / 2 for i in range(len(x) - 1))
    expected = witness.roc_auc(labels.tolist(), probabilities.tolist())
    assert area == pytest.approx(expected, abs=1e-9)


def test_every_point_of_the_curves_is_some_threshold() -> None:
    labels, probabilities = sample(120)
    positives, negatives = labels.sum(), (1 - labels).sum()
    roc, recall_precision = {(0.0, 0.0)}, {(0.0, 1.0)}
    for threshold in set(probabilities.tolist()):
        hits, alarms, _, _ = witness.counts(labels, probabilities, threshold)
        roc.add((alarms / negatives, hits / positives))
        recall_precision.add((hits / positives, hits / (hits + alarms)))
    assert set(zip(*roc_curve(labels, probabilities), strict=True)) <= roc
    found = precision_recall_curve(labels, probabilities)
    assert set(zip(*found, strict=True)) <= recall_precision


@pytest.mark.parametrize("curve", [roc_curve, precision_recall_curve])
def test_thinning_keeps_the_ends_and_the_shape(curve) -> None:
    labels, probabilities = sample(20_000)
    whole = curve(labels, probabilities, max_points=10**6)
    thin = curve(labels, probabilities, max_points=200)
    assert len(thin.x) <= 200 < len(whole.x)
    assert (thin.x[0], thin.y[0], thin.x[-1], thin.y[-1]) == (
        whole.x[0],
        whole.y[0],
        whole.x[-1],
        whole.y[-1],
    )
    assert (np.diff(thin.x) >= 0).all()
    # Away from the jumpy start, where few reviews are called positive.
    late = whole.x > 0.05
    assert np.abs(np.interp(whole.x, thin.x, thin.y) - whole.y)[late].max() < 0.02


def test_one_class_has_no_curve() -> None:
    with pytest.raises(DataError, match="compares two classes"):
        roc_curve([1, 1], [0.1, 0.9])
    with pytest.raises(DataError, match="needs positive reviews"):
        precision_recall_curve([0, 0], [0.1, 0.9])


def test_a_curve_of_one_point_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 2 points"):
        roc_curve([0, 1], [0.1, 0.9], max_points=1)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30),
    st.integers(1, 10),
)
@settings(deadline=None)
def test_smoothing_is_the_weighted_mean_of_all_values_so_far(
    values: list[float], span: int
) -> None:
    smoothed = exponential_moving_average(values, span)
    decay = 1 - 2 / (span + 1)
    for end in range(len(values)):
        weights = [decay ** (end - index) for index in range(end + 1)]
        products = [w * v for w, v in zip(weights, values[: end + 1], strict=True)]
        assert smoothed[end] == pytest.approx(
            math.fsum(products) / math.fsum(weights), rel=1e-9, abs=1e-6
        )


def test_smoothing_is_what_pandas_gives() -> None:
    # pandas.Series([0.5, 0.7, 0.6, 0.9]).ewm(span=5).mean(), pandas' default adjust=True.
    assert exponential_moving_average([0.5, 0.7, 0.6, 0.9]).tolist() == pytest.approx(
        [0.5, 0.62, 0.6105263157894737, 0.7307692307692307], abs=1e-12
    )


def test_smoothing_leaves_constants_alone_and_takes_nothing() -> None:
    assert exponential_moving_average([0.3] * 9).tolist() == pytest.approx([0.3] * 9)
    assert exponential_moving_average([]).shape == (0,)
    with pytest.raises(DataError, match="finite"):
        exponential_moving_average([0.3, math.nan])


def test_each_length_falls_in_the_bin_that_ends_with_it_or_above() -> None:
    bins = accuracy_by_length([1] * 5, [0.9, 0.1, 0.9, 0.9, 0.1], [0, 64, 65, 512, 513])
    assert [bin_.count for bin_ in bins] == [2, 1, 0, 1, 1]
    assert [bin_.accuracy for bin_ in bins] == [0.5, 1.0, None, 1.0, 0.0]
    assert bins[0].interval == wilson_interval(1, 2)
    assert (bins[-1].longer_than, bins[-1].up_to) == (512, None)


@pytest.mark.parametrize("lengths", [[1], [1, -1], [[1, 2]]])
def test_lengths_that_do_not_fit_are_refused(lengths: list) -> None:
    with pytest.raises(DataError, match="length of at least 0"):
        accuracy_by_length([0, 1], [0.1, 0.9], lengths)


@pytest.mark.parametrize("edges", [[], [5, 5], [9, 3], [-1, 4]])
def test_edges_that_do_not_increase_are_refused(edges: list[int]) -> None:
    with pytest.raises(UsageError, match="edges"):
        accuracy_by_length([0, 1], [0.1, 0.9], [3, 4], edges=edges)
