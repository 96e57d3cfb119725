from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelfeel.errors import UsageError
from reelfeel.metrics.intervals.proportions import wilson_interval
from reelfeel.metrics.intervals.uncertainty import metric_intervals
from reelfeel.metrics.table import METRICS, evaluate_binary

RANGES = dict.fromkeys(METRICS, (0.0, 1.0)) | {"matthews": (-1.0, 1.0), "log_loss": (0.0, 36.05)}


def sample(size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, size)
    return labels, 1 / (1 + np.exp(-rng.normal(2.0 * labels - 1, 1)))


def intervals_of(labels, probabilities, *, seed: int = 0, **options):
    return metric_intervals(labels, probabilities, rng=np.random.default_rng(seed), **options)


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.0]))),
        min_size=1,
        max_size=30,
    ),
    st.sampled_from([0.0, 0.5, 1.0]),
)
@settings(max_examples=150, deadline=None)
def test_every_interval_contains_its_metric_and_stays_in_range(
    reviews: list[tuple[int, float]], threshold: float
) -> None:
    labels, probabilities = zip(*reviews, strict=True)
    metrics = evaluate_binary(labels, probabilities, threshold=threshold)
    intervals = intervals_of(labels, probabilities, threshold=threshold, num_resamples=60)
    assert tuple(intervals) == METRICS
    for name, interval in intervals.items():
        value = getattr(metrics, name)
        if interval is None:
            continue
        lowest, highest = RANGES[name]
        assert lowest <= interval.lower <= value + 1e-9, name
        assert value - 1e-9 <= interval.upper <= highest, name


def test_the_same_seed_gives_the_same_intervals_and_another_gives_others() -> None:
    labels, probabilities = sample(300)
    first = intervals_of(labels, probabilities, seed=1)
    assert intervals_of(labels, probabilities, seed=1) == first
    other = intervals_of(labels, probabilities, seed=2)
    assert other["roc_auc"] != first["roc_auc"]
    assert other["accuracy"] == first["accuracy"]


def test_four_times_the_reviews_halve_every_interval() -> None:
    small, large = (intervals_of(*sample(size, seed=3)) for size in (2000, 8000))
    for name in METRICS:
        ratio = (large[name].upper - large[name].lower) / (small[name].upper - small[name].lower)
        assert 0.4 < ratio < 0.62, name


def test_shares_have_wilsons_interval_and_f1_the_one_of_its_share() -> None:
    # 2 hits, 1 false alarm, 1 miss, 1 rejection.
    intervals = intervals_of([1, 1, 1, 0, 0], [0.9, 0.8, 0.1, 0.7, 0.2])
    assert intervals["accuracy"] == wilson_interval(3, 5)
    assert intervals["precision"] == intervals["recall"] == wilson_interval(2, 3)
    assert intervals["specificity"] == wilson_interval(1, 2)
    lower, upper = wilson_interval(2, 4)
    assert intervals["f1"] == (2 * lower / (1 + lower), 2 * upper / (1 + upper))


def test_the_interval_of_the_area_has_the_width_of_the_textbook() -> None:
    # DeLong, DeLong and Clarke-Pearson, 1988, written out: two variances of placements.
    labels, probabilities = sample(2000, seed=5)
    above = probabilities[labels == 1][:, None] > probabilities[labels == 0][None, :]
    area = above.mean()
    variance = above.mean(axis=1).var(ddof=1) / above.shape[0]
    variance += above.mean(axis=0).var(ddof=1) / above.shape[1]
    reach = 1.96 * math.sqrt(variance) / (area * (1 - area))
    centre = math.log(area / (1 - area))
    expected = [1 / (1 + math.exp(-(centre + side * reach))) for side in (-1, 1)]
    found = intervals_of(labels, probabilities, num_resamples=4000)["roc_auc"]
    assert found == pytest.approx(expected, abs=0.05 * (expected[1] - expected[0]))


def test_the_interval_of_the_brier_loss_has_the_width_of_a_mean() -> None:
    labels, probabilities = sample(4000, seed=6)
    losses = (probabilities - labels) ** 2
    lower, upper = intervals_of(labels, probabilities)["brier"]
    assert upper - lower == pytest.approx(2 * 1.96 * losses.std() / math.sqrt(4000), rel=0.1)


def test_a_calibrated_model_may_have_no_calibration_error_at_all() -> None:
    rng = np.random.default_rng(8)
    probabilities = rng.random(5000)
    labels = (rng.random(5000) < probabilities).astype(int)
    interval = intervals_of(labels, probabilities)["ece"]
    assert interval.lower == 0.0
    assert interval.upper < 0.05


def test_without_spread_there_is_no_interval() -> None:
    perfect = intervals_of([0, 1] * 20, [0.1, 0.9] * 20)
    assert perfect["roc_auc"] is perfect["matthews"] is perfect["brier"] is None
    assert perfect["accuracy"] == wilson_interval(40, 40)
    constant = intervals_of([0, 1] * 20, [0.5] * 40)
    assert constant["roc_auc"] is constant["brier"] is None


def test_three_rows_get_wide_intervals_and_no_warning() -> None:
    intervals = intervals_of([0, 1, 1], [0.6, 0.7, 0.4])
    assert intervals["accuracy"] == wilson_interval(1, 3)
    assert intervals["roc_auc"].upper - intervals["roc_auc"].lower > 0.9


def test_no_resamples_are_refused() -> None:
    with pytest.raises(UsageError, match="num_resamples"):
        intervals_of([0, 1], [0.1, 0.9], num_resamples=0)


def test_25000_reviews_take_seconds() -> None:
    labels, probabilities = sample(25_000)
    started = time.process_time()
    intervals_of(labels, probabilities)
    # 1.5 s on the machine it was written on; the bound leaves room for a slower one.
    assert time.process_time() - started < 10
