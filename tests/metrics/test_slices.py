from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import fisher_exact

from reelfeel.errors import DataError
from reelfeel.metrics.slices import correct_p_values, list_worse, measure_slices


def make_slices(rng: np.random.Generator, num_reviews: int) -> dict[str, np.ndarray]:
    """Thirty slices, many of which overlap, as a report looks at them."""
    lengths = rng.lognormal(5, 0.8, num_reviews)
    stars = rng.integers(1, 11, num_reviews)
    slices = {f"star {star}": stars == star for star in range(1, 11)}
    edges = np.quantile(lengths, np.linspace(0, 1, 7))
    pairs = itertools.pairwise(edges)
    slices |= {f"length {lower:.0f}": (lengths > lower) & (lengths <= upper) for lower, upper in pairs}  # noqa: E501  # fmt: skip
    slices |= {f"mark {n}": rng.random(num_reviews) < share for n, share in enumerate(
        np.linspace(0.02, 0.8, 14))}  # fmt: skip
    return slices


def test_without_a_weakness_nothing_is_called_worse() -> None:
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(200):
        slices = make_slices(rng, 2_000)
        right = rng.random(2_000) < 0.9
        alarms += bool(list_worse(measure_slices(right, slices)))
    # 5 % of 200 is 10; 18 or more would come up in 1 of 100 runs of a test that promises 5 %.
    assert alarms < 18


def test_a_planted_weakness_is_found_and_named_first() -> None:
    rng, found, others = np.random.default_rng(1), 0, 0
    for _ in range(200):
        slices = make_slices(rng, 2_000)
        weak = slices["star 4"]
        right = rng.random(2_000) < np.where(weak, 0.75, 0.92)
        worse = [score.name for score in list_worse(measure_slices(right, slices))]
        found += worse[:1] == ["star 4"]
        others += any(name != "star 4" for name in worse)
    assert found >= 190
    # The others are hardly weaker: they hold a tenth of the weak reviews each.
    assert others < 20


def test_the_p_value_is_fishers_and_the_correction_holms() -> None:
    rng = np.random.default_rng(2)
    right = rng.random(300) < 0.8
    slices = {str(n): rng.random(300) < 0.3 for n in range(4)}
    scores = measure_slices(right, slices)
    for score, mask in zip(scores, slices.values(), strict=True):
        table = [
            [int((~right[mask]).sum()), int(right[mask].sum())],
            [int((~right[~mask]).sum()), int(right[~mask].sum())],
        ]
        assert score.p_value == pytest.approx(fisher_exact(table, alternative="greater")[1])
    raw = [score.p_value for score in scores]
    for score in scores:
        # Holm, the long way: the largest of (number left) times p, over all at most as large.
        smaller = sorted(p for p in raw if p <= score.p_value)
        expected = max((4 - place) * p for place, p in enumerate(smaller))
        assert score.adjusted_p_value == pytest.approx(min(expected, 1))


def test_corrected_values_never_fall_below_those_of_stronger_ones() -> None:
    assert correct_p_values([]) == []
    assert correct_p_values([0.02, 0.02, 0.5]) == pytest.approx([0.06, 0.06, 0.5])


def test_empty_and_full_slices_are_counted_and_not_tested() -> None:
    right = np.array([True, False, True])
    empty, full, some = measure_slices(
        right,
        {"empty": np.zeros(3, bool), "full": np.ones(3, bool), "some": np.array([1, 1, 0], bool)},
    )
    assert (empty.count, empty.accuracy, empty.interval, empty.p_value) == (0, None, None, None)
    assert (full.count, full.accuracy, full.others_accuracy, full.p_value) == (3, 2 / 3, None, None)
    # Only one was tested, so its value stays.
    assert some.adjusted_p_value == some.p_value == pytest.approx(2 / 3)
    assert not any(score.is_worse for score in (empty, full, some))


def test_always_right_and_always_wrong_have_no_worse_slice() -> None:
    mask = {"first": np.arange(100) < 30}
    for right in (np.ones(100, bool), np.zeros(100, bool)):
        [score] = measure_slices(right, mask)
        assert score.p_value == pytest.approx(1.0)
        assert not score.is_worse


def test_a_million_reviews_are_judged() -> None:
    right = np.ones(1_000_000, bool)
    right[:1000] = False
    [score] = measure_slices(right, {"first": np.arange(1_000_000) < 100_000})
    assert score.is_worse
    assert math.isfinite(score.p_value)


def test_slices_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match="'short'"):
        measure_slices([True, False], {"short": np.array([True])})
    with pytest.raises(DataError, match="bool"):
        measure_slices([True, False], {"rows": np.array([0, 1])})
