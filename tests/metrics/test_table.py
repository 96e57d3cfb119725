from __future__ import annotations

import json
import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metrics_witness as witness
from reelfeel.errors import DataError, MissingExtraError, UsageError
from reelfeel.metrics import scores
from reelfeel.metrics.calibration import expected_calibration_error
from reelfeel.metrics.table import METRICS, count_confusion, evaluate_binary

# Few distinct values make ties; 0, 1 and a half are the corners.
PROBABILITIES = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))
REVIEWS = st.lists(st.tuples(st.integers(0, 1), PROBABILITIES), min_size=1, max_size=40)

OF_VERDICTS = {
    "accuracy": scores.accuracy_score,
    "precision": scores.precision_score,
    "recall": scores.recall_score,
    "specificity": scores.specificity_score,
    "f1": scores.f1_score,
    "matthews": scores.matthews_score,
}
OF_PROBABILITIES = {
    "roc_auc": scores.roc_auc_score,
    "pr_auc": scores.pr_auc_score,
    "log_loss": scores.log_loss,
    "brier": scores.brier_loss,
    "ece": expected_calibration_error,
}


def columns(reviews: list[tuple[int, float]]) -> tuple[list[int], list[float]]:
    return [label for label, _ in reviews], [probability for _, probability in reviews]


def sample(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, size)
    # Two decimals: many ties.
    return labels, (1 / (1 + np.exp(-rng.normal(2.0 * labels - 1, 1.5)))).round(2)


def assert_agrees(found: float | None, expected: float, name: str) -> None:
    if math.isnan(expected):
        assert found is None or math.isnan(found), name
    else:
        assert found == pytest.approx(expected, abs=1e-9, rel=1e-9), name


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_every_metric_is_what_the_textbook_says(seed: int, threshold: float) -> None:
    labels, probabilities = sample(150, seed)
    metrics = evaluate_binary(labels, probabilities, threshold=threshold)
    expected = witness.all_metrics(labels.tolist(), probabilities.tolist(), threshold)
    for name in METRICS:
        assert_agrees(getattr(metrics, name), expected[name], name)


@given(REVIEWS, st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]))
@settings(max_examples=150, deadline=None)
def test_any_few_reviews_give_the_textbook_value_or_a_reason(
    reviews: list[tuple[int, float]], threshold: float
) -> None:
    labels, probabilities = columns(reviews)
    metrics = evaluate_binary(labels, probabilities, threshold=threshold)
    expected = witness.all_metrics(labels, probabilities, threshold)
    for name in METRICS:
        assert_agrees(getattr(metrics, name), expected[name], name)
        assert (getattr(metrics, name) is None) == (name in metrics.undefined)
    json.dumps(metrics.to_dict(), allow_nan=False)


def test_each_function_gives_the_value_of_the_table() -> None:
    labels, probabilities = sample(200, 9)
    metrics = evaluate_binary(labels, probabilities, threshold=0.4)
    for name, score in OF_VERDICTS.items():
        assert score(labels, probabilities, threshold=0.4) == getattr(metrics, name)
    for name, score in OF_PROBABILITIES.items():
        assert score(labels, probabilities) == getattr(metrics, name)
    assert set(OF_VERDICTS) | set(OF_PROBABILITIES) == set(METRICS)


@pytest.mark.parametrize(
    ("labels", "undefined"),
    [
        ([1, 1, 1], {"specificity", "matthews", "roc_auc"}),
        ([0, 0, 0], {"recall", "matthews", "roc_auc", "pr_auc"}),
    ],
)
def test_one_class_leaves_some_metrics_undefined_with_a_reason(
    labels: list[int], undefined: set[str]
) -> None:
    metrics = evaluate_binary(labels, [0.2, 0.6, 0.9])
    assert set(metrics.undefined) == undefined
    assert all(getattr(metrics, name) is None for name in undefined)


def test_constant_probabilities_rank_like_a_coin() -> None:
    metrics = evaluate_binary([0, 1, 0, 1], [0.3] * 4)
    assert (metrics.roc_auc, metrics.pr_auc, metrics.matthews) == (0.5, 0.5, 0.0)
    assert metrics.undefined == {"precision": "no review was predicted positive"}


def test_nothing_positive_and_nothing_called_positive_leaves_f1_undefined() -> None:
    metrics = evaluate_binary([0, 0], [0.1, 0.2])
    assert metrics.f1 is None
    assert metrics.accuracy == 1.0


def test_a_probability_equal_to_the_threshold_is_a_positive_verdict() -> None:
    assert count_confusion([1, 0], [0.5, 0.5]).true_positives == 1
    assert count_confusion([1, 0], [0.5, 0.5]).false_positives == 1


def test_certainty_in_a_mistake_is_a_large_loss_but_not_infinite() -> None:
    for kind in (np.float32, np.float64):
        loss = scores.log_loss([1], np.array([0.0], dtype=kind))
        assert loss == pytest.approx(52 * math.log(2))


def test_the_kind_of_numbers_does_not_matter() -> None:
    expected = evaluate_binary([0, 1, 1], [0.25, 0.75, 0.5])
    assert evaluate_binary([False, True, True], np.float32([0.25, 0.75, 0.5])) == expected
    assert evaluate_binary(np.array([0.0, 1.0, 1.0]), (0.25, 0.75, 0.5)) == expected


def test_the_counts_add_up() -> None:
    labels, probabilities = sample(77, 1)
    result = evaluate_binary(labels, probabilities).to_dict()
    assert sum(result["confusion"].values()) == result["num_reviews"] == 77
    assert result["share_positive"] == labels.mean()


@given(REVIEWS)
@settings(max_examples=50, deadline=None)
def test_swapping_the_classes_mirrors_the_metrics(reviews: list[tuple[int, float]]) -> None:
    labels, probabilities = columns(reviews)
    # Powers of two, so that 1 - p and p >= threshold are exact; the threshold lies between them.
    probabilities = [round(p * 64) / 64 for p in probabilities]
    one = evaluate_binary(labels, probabilities, threshold=33 / 128)
    other = evaluate_binary(
        [1 - label for label in labels], [1 - p for p in probabilities], threshold=95 / 128
    )
    assert (one.accuracy, one.recall, one.matthews) == (
        other.accuracy,
        other.specificity,
        other.matthews,
    )
    assert one.roc_auc == pytest.approx(other.roc_auc, abs=1e-12)
    assert one.brier == pytest.approx(other.brier, abs=1e-12)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, math.nan])
def test_a_threshold_that_is_no_probability_is_refused(threshold: float) -> None:
    with pytest.raises(UsageError, match="threshold is not a probability"):
        evaluate_binary([0, 1], [0.1, 0.9], threshold=threshold)


def test_nothing_to_evaluate_is_refused() -> None:
    with pytest.raises(DataError, match="nothing to evaluate"):
        evaluate_binary([], [])


def test_without_scikit_learn_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("reelfeel.extras.find_spec", lambda package: None)
    monkeypatch.delitem(sys.modules, "sklearn.metrics", raising=False)
    with pytest.raises(MissingExtraError, match=r'pip install "reelfeel\[report\]"'):
        evaluate_binary([0, 1], [0.1, 0.9])
