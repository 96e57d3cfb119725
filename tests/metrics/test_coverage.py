"""Do the 95 % intervals contain the truth 95 times in 100? Simulated classifiers know the truth.

A review has the score s ~ Normal(+d/2 or -d/2, 1), by its class, and the probability
1 / (1 + exp(-d s)), calibrated when the classes are balanced. Every metric has an exact value.
`python tests/metrics/test_coverage.py 2000` prints the table of one size.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from reelfeel.metrics.intervals.uncertainty import metric_intervals

JUDGED = ("accuracy", "f1", "roc_auc", "brier")
SHOWN = (*JUDGED, "matthews", "pr_auc", "log_loss", "ece")
# Sets drawn for each size, and resamples of each: fewer where each one costs more.
NUM_SETS = {200: 2000, 2000: 2000, 25_000: 600}
NUM_RESAMPLES = {200: 400, 2000: 400, 25_000: 200}


@dataclass(frozen=True)
class Simulated:
    distance: float
    share_positive: float

    def draw(self, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        labels = (rng.random(size) < self.share_positive).astype(int)
        scores = rng.normal((labels - 0.5) * self.distance)
        return labels, 1 / (1 + np.exp(-self.distance * scores))

    def truth(self) -> dict[str, float]:
        d, p = self.distance, self.share_positive
        s = np.linspace(-12, 12, 400_001)
        ds = s[1] - s[0]
        q = 1 / (1 + np.exp(-d * s))
        density = p * normal(s - d / 2), (1 - p) * normal(s + d / 2)
        above = p * tail(s - d / 2), (1 - p) * tail(s + d / 2)
        hit = tail(np.array([-d / 2]))[0]
        hits, alarms = p * hit, (1 - p) * (1 - hit)
        misses, rejections = p - hits, (1 - p) - alarms
        bins = np.minimum((q * 15).astype(int), 14)
        return {
            "accuracy": hits + rejections,
            "f1": 2 * hits / (2 * hits + alarms + misses),
            "roc_auc": 0.5 * math.erfc(-d / 2),
            "brier": ((density[0] * (1 - q) ** 2 + density[1] * q**2) * ds).sum(),
            "matthews": (hits * rejections - alarms * misses)
            / math.sqrt((hits + alarms) * p * (1 - p) * (misses + rejections)),
            "pr_auc": (density[0] * above[0] / (above[0] + above[1]) * ds).sum() / p,
            "log_loss": (
                density[0] * np.logaddexp(0, -d * s) * ds + density[1] * np.logaddexp(0, d * s) * ds
            ).sum(),
            "ece": np.abs(
                np.bincount(bins, weights=(density[0] * (1 - q) - density[1] * q) * ds)
            ).sum(),
        }


CLASSIFIERS = {
    "weak, accuracy 0.69": Simulated(1.0, 0.5),
    "good, accuracy 0.90": Simulated(2.56, 0.5),
    "strong, accuracy 0.95": Simulated(3.3, 0.5),
    "good, 15 % positive": Simulated(2.56, 0.15),
}


def normal(x: np.ndarray) -> np.ndarray:
    return np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


def tail(x: np.ndarray) -> np.ndarray:
    return 0.5 * np.array([math.erfc(value / math.sqrt(2)) for value in x])


def measure_coverage(
    classifier: Simulated, size: int, num_sets: int, seed: int
) -> dict[str, float]:
    rng, truth = np.random.default_rng(seed), classifier.truth()
    hits = dict.fromkeys(SHOWN, 0)
    for _ in range(num_sets):
        labels, probabilities = classifier.draw(size, rng)
        intervals = metric_intervals(
            labels, probabilities, rng=rng, num_resamples=NUM_RESAMPLES[size]
        )
        for name in SHOWN:
            interval = intervals[name]
            hits[name] += interval is not None and interval.lower <= truth[name] <= interval.upper
    return {name: count / num_sets for name, count in hits.items()}


def print_table(size: int) -> dict[str, dict[str, float]]:
    table = {
        name: measure_coverage(classifier, size, NUM_SETS[size], seed=size)
        for name, classifier in CLASSIFIERS.items()
    }
    print(f"n = {size:,}, {NUM_SETS[size]:,} sets, {NUM_RESAMPLES[size]} resamples", flush=True)
    print(f"| {'classifier':22} | " + " | ".join(f"{name:8}" for name in SHOWN) + " |")
    for name, row in table.items():
        print(f"| {name:22} | " + " | ".join(f"{100 * row[m]:8.1f}" for m in SHOWN) + " |")
    return table


def test_the_truth_of_a_simulated_classifier_is_what_many_draws_show() -> None:
    classifier = CLASSIFIERS["good, 15 % positive"]
    labels, probabilities = classifier.draw(200_000, np.random.default_rng(3))
    intervals = metric_intervals(
        labels, probabilities, rng=np.random.default_rng(4), num_resamples=50
    )
    truth = classifier.truth()
    for name in SHOWN:
        lower, upper = intervals[name]
        # Twice the reach of the interval: this test is about the truth, not about the interval.
        assert lower - (upper - lower) / 2 <= truth[name] <= upper + (upper - lower) / 2, name


def test_300_sets_already_show_a_wrong_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NUM_RESAMPLES, 100, 100)
    coverage = measure_coverage(CLASSIFIERS["good, accuracy 0.90"], 100, num_sets=300, seed=1)
    for metric in JUDGED:
        assert 0.9 <= coverage[metric] <= 0.99, metric


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("size", NUM_SETS)
def test_the_intervals_contain_the_truth_93_to_97_times_in_100(size: int) -> None:
    for name, row in print_table(size).items():
        for metric in JUDGED:
            assert 0.93 <= row[metric] <= 0.97, (name, metric, row[metric])


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print_table(int(argument))
