from __future__ import annotations

import numpy as np
import pytest

from reelfeel.errors import DataError, UsageError
from reelfeel.metrics.abstention import fit_abstention, measure_abstention


def simulate(num_reviews: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    logits = 3 * rng.normal(size=num_reviews)
    y_prob = 1 / (1 + np.exp(-logits))
    return (rng.random(num_reviews) < y_prob).astype(int), y_prob


@pytest.mark.parametrize("threshold", [0.5, 0.3])
def test_no_narrower_band_reaches_the_target(threshold: float) -> None:
    labels, y_prob = simulate(400, seed=0)
    band = fit_abstention(labels, y_prob, target_accuracy=0.95, threshold=threshold)
    assert band.lower < threshold < band.upper
    assert band.accuracy >= 0.95
    odds = [value / (1 - value) for value in (band.lower, threshold, band.upper)]
    assert odds[1] / odds[0] == pytest.approx(odds[2] / odds[1])
    for factor in np.linspace(0.05, 0.99, 40):
        reach = (odds[2] / odds[1]) ** factor
        ends = [odds[1] / reach, odds[1] * reach]
        lower, upper = (end / (1 + end) for end in ends)
        other = measure_abstention(labels, y_prob, lower=lower, upper=upper, threshold=threshold)
        assert other.coverage == band.coverage or other.accuracy < 0.95


def test_new_reviews_keep_the_accuracy_that_was_promised() -> None:
    errors = []
    for seed in range(30):
        labels, y_prob = simulate(2_500, seed=seed)
        band = fit_abstention(labels, y_prob, target_accuracy=0.98)
        new = measure_abstention(
            *simulate(25_000, seed=1000 + seed), lower=band.lower, upper=band.upper
        )
        errors.append(new.accuracy - 0.98)
    assert abs(np.mean(errors)) < 0.002
    # About 1,300 verdicts are left to fit on: a standard error of 0.4 points.
    assert np.std(errors) < 0.006


def test_a_model_that_is_good_enough_never_abstains() -> None:
    band = fit_abstention([0, 1, 1], [0.2, 0.9, 0.5], target_accuracy=0.9)
    assert (band.coverage, band.lower, band.upper) == (1.0, 0.5, 0.5)


def test_reviews_on_the_edge_get_a_verdict() -> None:
    band = measure_abstention([0, 1, 1], [0.2, 0.8, 0.5], lower=0.2, upper=0.8)
    assert (band.coverage, band.accuracy) == (2 / 3, 1.0)


def test_silence_on_every_review_is_defined() -> None:
    band = measure_abstention([0, 1], [0.4, 0.6], lower=0.1, upper=0.9)
    assert (band.coverage, band.accuracy, band.interval) == (0.0, None, None)


def test_ties_are_kept_together() -> None:
    labels, y_prob = [1] * 9 + [0], [0.8] * 10
    assert fit_abstention(labels, y_prob, target_accuracy=0.9).coverage == 1.0
    with pytest.raises(DataError, match=r"0\.900"):
        fit_abstention(labels, y_prob, target_accuracy=0.95)


def test_targets_out_of_range_are_refused() -> None:
    for target in (0.0, 1.0, np.nan):
        with pytest.raises(UsageError, match="target"):
            fit_abstention([0, 1], [0.2, 0.8], target_accuracy=target)
