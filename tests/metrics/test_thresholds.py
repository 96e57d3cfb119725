from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metrics_witness as witness
from reelfeel.errors import DataError, UsageError
from reelfeel.metrics.thresholds import (
    threshold_for_costs,
    threshold_for_precision,
    threshold_for_recall,
)

REVIEWS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.7, 0.9, 1.0])),
    min_size=1,
    max_size=30,
)


@pytest.mark.parametrize("costs", [(1, 9), (5, 1), (1, 1)])
def test_no_other_threshold_costs_less_on_calibrated_probabilities(
    costs: tuple[float, float],
) -> None:
    rng = np.random.default_rng(0)
    y_prob = rng.random(200_000)
    labels = rng.random(200_000) < y_prob

    def cost(threshold: float) -> float:
        said = y_prob >= threshold
        return float(costs[0] * np.sum(said & ~labels) + costs[1] * np.sum(~said & labels))

    chosen = threshold_for_costs(*costs)
    assert all(cost(chosen) < cost(other) for other in (chosen - 0.05, chosen + 0.05))


@given(REVIEWS, st.floats(0.05, 1.0))
@settings(max_examples=150, deadline=None)
def test_the_recall_is_met_and_no_higher_threshold_meets_it(
    reviews: list[tuple[int, float]], min_recall: float
) -> None:
    labels, y_prob = zip(*reviews, strict=True)
    if not sum(labels):
        with pytest.raises(DataError, match="positive"):
            threshold_for_recall(labels, y_prob, min_recall)
        return
    chosen = threshold_for_recall(labels, y_prob, min_recall)
    recalls = {t: witness.counts(labels, y_prob, t)[0] / sum(labels) for t in (chosen, *y_prob)}
    assert recalls[chosen] >= min_recall - 1e-9
    assert all(recalls[t] < min_recall for t in y_prob if t > chosen + 1e-9 and recalls[t] < recalls[chosen])  # noqa: E501  # fmt: skip


@given(REVIEWS, st.floats(0.05, 1.0))
@settings(max_examples=150, deadline=None)
def test_the_precision_is_met_with_as_many_found_as_can_be(
    reviews: list[tuple[int, float]], min_precision: float
) -> None:
    labels, y_prob = zip(*reviews, strict=True)
    found = {}
    for threshold in set(y_prob):
        hits, alarms, _, _ = witness.counts(labels, y_prob, threshold)
        if hits and hits / (hits + alarms) >= min_precision:
            found[threshold] = hits
    if not found:
        with pytest.raises(DataError, match="precision"):
            threshold_for_precision(labels, y_prob, min_precision)
        return
    hits, alarms, _, _ = witness.counts(
        labels, y_prob, threshold_for_precision(labels, y_prob, min_precision)
    )
    assert hits == max(found.values())
    assert hits / (hits + alarms) >= min_precision - 1e-9


def test_thresholds_stand_between_probabilities() -> None:
    assert threshold_for_recall([0, 1], [0.2, 0.8], 1.0) == 0.5
    next_up = np.nextafter(0.5, 1)
    assert threshold_for_recall([0, 1], [0.5, next_up], 1.0) == next_up


def test_costs_and_shares_that_mean_nothing_are_refused() -> None:
    for costs in ((-1, 1), (0, 0), (np.nan, 1), (np.inf, 1)):
        with pytest.raises(UsageError, match="Costs"):
            threshold_for_costs(*costs)
    for share in (0.0, 1.5, np.nan):
        with pytest.raises(UsageError, match="min_recall"):
            threshold_for_recall([0, 1], [0.2, 0.8], share)
