from __future__ import annotations

import numpy as np
import pytest

from reelfeel.errors import DataError
from reelfeel.metrics.intervals.paired import (
    compare_classifiers,
    compare_verdicts,
    describe_comparison,
)


def simulate(
    num_reviews: int, rng: np.random.Generator, *, lead: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, and two classifiers that share most of what makes a review hard."""
    y_true = rng.integers(0, 2, num_reviews)
    shared = 1.5 * (2 * y_true - 1) + rng.normal(size=num_reviews)
    logits = [
        shared + extra * (2 * y_true - 1) + 0.5 * rng.normal(size=num_reviews)
        for extra in (lead, 0.0)
    ]
    return y_true, *(1 / (1 + np.exp(-2 * logit)) for logit in logits)


def area(y_true: np.ndarray, y_prob: np.ndarray) -> float:
    """All pairs of a positive and a negative review."""
    return float(np.mean(y_prob[y_true == 1][:, None] > y_prob[y_true == 0]))


def loss(y_true: np.ndarray, y_prob: np.ndarray) -> float:
    return float(-np.mean(np.log(np.where(y_true == 1, y_prob, 1 - y_prob))))


def compare(sample, **settings):
    rng = np.random.default_rng(0)
    return compare_classifiers(*sample, rng=rng, **{"num_resamples": 0, **settings})


@pytest.mark.parametrize("num_reviews", [300, 2_000])
def test_equal_classifiers_are_called_different_in_3_to_7_of_100_pairs(num_reviews: int) -> None:
    rng = np.random.default_rng(num_reviews)
    different = 0
    for _ in range(1_000):
        y_true, prob_a, prob_b = simulate(num_reviews, rng)
        different += compare_verdicts(y_true, prob_a >= 0.5, prob_b >= 0.5)[2] is not None
    assert 30 <= different <= 70


def test_half_a_point_is_found_in_25_000_reviews() -> None:
    # Both are right on 90 %, only A on 3.25, only B on 2.75: half a point, and 6 % of dissent.
    rng, found = np.random.default_rng(1), 0
    for _ in range(300):
        only_a, only_b, both = rng.multinomial(25_000, [0.0325, 0.0275, 0.90, 0.04])[:3]
        right = np.zeros((2, 25_000), int)
        right[0, : only_a + both] = 1
        right[1, only_a : only_a + both + only_b] = 1
        found += compare_verdicts(np.ones(25_000, int), *right)[2] == "A"
    # By the normal approximation 90 %; 1,000 pairs gave 91.
    assert 0.84 <= found / 300 <= 0.96


@pytest.mark.parametrize("is_opposite", [False, True])
def test_the_bootstrap_is_what_resampling_the_long_way_gives(is_opposite: bool) -> None:
    y_true, prob_a, prob_b = simulate(200, np.random.default_rng(3), lead=0.3)
    if is_opposite:
        # The two hang together as closely as can be, in the other direction.
        prob_b = 1 - prob_a
    found = compare((y_true, prob_a, prob_b), num_resamples=4_000).differences
    rng = np.random.default_rng(4)
    metrics = {"roc_auc": area, "log_loss": loss, "brier": lambda y, p: np.mean((p - y) ** 2)}
    drawn = {name: [] for name in metrics}
    for _ in range(1_000):
        rows = rng.integers(200, size=200)
        for name, metric in metrics.items():
            drawn[name].append(metric(y_true[rows], prob_a[rows]) - metric(y_true[rows], prob_b[rows]))  # noqa: E501  # fmt: skip
    for name, values in drawn.items():
        lower, upper = np.quantile(values, [0.025, 0.975])
        assert found[name].interval == pytest.approx((lower, upper), abs=0.07 * (upper - lower))
        assert found[name].interval.lower < found[name].difference < found[name].interval.upper


def test_the_interval_of_the_accuracy_agrees_with_the_bootstrap() -> None:
    y_true, prob_a, prob_b = simulate(2_000, np.random.default_rng(5), lead=0.2)
    interval = compare((y_true, prob_a, prob_b)).differences["accuracy"].interval
    gains = ((prob_a >= 0.5) == y_true).astype(int) - ((prob_b >= 0.5) == y_true)
    rng = np.random.default_rng(6)
    drawn = [gains[rng.integers(2_000, size=2_000)].mean() for _ in range(2_000)]
    assert interval == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.002)


def test_each_side_has_its_own_threshold() -> None:
    sample = ([0, 1] * 50, [0.2, 0.4] * 50, [0.2, 0.8] * 50)
    assert compare(sample).better == "B"
    equal = compare(sample, thresholds=(0.3, 0.5))
    assert (equal.better, equal.test.p_value) == (None, 1.0)


def test_turning_the_two_around_turns_the_result_around() -> None:
    y_true, prob_a, prob_b = simulate(500, np.random.default_rng(7), lead=0.4)
    there = compare((y_true, prob_a, prob_b), num_resamples=100)
    back = compare((y_true, prob_b, prob_a), num_resamples=100)
    assert (there.better, back.better) == ("A", "B")
    for name, one in there.differences.items():
        assert back.differences[name].difference == pytest.approx(-one.difference)
        assert back.differences[name].interval.lower == pytest.approx(-one.interval.upper)


def test_the_sentence_names_the_better_one_with_a_positive_lead() -> None:
    y_true, prob_a, prob_b = simulate(2_000, np.random.default_rng(8), lead=0.4)
    ahead = describe_comparison(compare((y_true, prob_a, prob_b)), "new", "old")
    behind = describe_comparison(compare((y_true, prob_b, prob_a)), "new", "old")
    assert ahead.startswith("new is better than old: right on ")
    assert behind.startswith("old is better than new: right on ")
    ends = [text.partition("interval ")[2].partition(";")[0] for text in (ahead, behind)]
    assert ends[0] == ends[1]
    same = describe_comparison(compare((y_true, prob_a, prob_a)), "new", "old")
    assert "cannot tell new and old apart" in same


def test_odd_input_is_defined_or_refused() -> None:
    constant = compare(([0, 1] * 30, [0.5] * 60, [0.5] * 60), num_resamples=50)
    assert (constant.better, constant.differences["roc_auc"].difference) == (None, 0.0)
    one_class = compare(([1, 1, 1], [0.2, 0.6, 0.9], [0.7, 0.6, 0.9]), num_resamples=50)
    assert one_class.differences["roc_auc"] == type(constant.differences["roc_auc"])(
        None, None, None, None
    )
    assert one_class.differences["log_loss"].interval is not None
    with pytest.raises(DataError, match="belong together"):
        compare(([0, 1], [0.2, 0.9], [0.2, 0.9, 0.4]))
    with pytest.raises(DataError, match="outside"):
        compare(([0, 1], [0.2, 0.9], [0.2, np.nan]))
