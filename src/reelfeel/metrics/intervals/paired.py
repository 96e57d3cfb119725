"""Two classifiers on the same reviews: how far apart, how sure that is, and in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelfeel.metrics import scores
from reelfeel.metrics.checks import Labels, Probabilities, check_binary, check_threshold
from reelfeel.metrics.intervals.comparison import McNemarTest, difference_interval, mcnemar_test
from reelfeel.metrics.intervals.proportions import Interval
from reelfeel.metrics.intervals.resampling import Resampler, SampleWeights, draw_weights
from reelfeel.metrics.logits import log_losses

# The usual level, of the verdict about accuracy.
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric of A less the same of B, on the same reviews.

    Attributes:
        a: the metric of A; None where it is not defined.
        b: the metric of B.
        difference: A less B.
        interval: 95 % interval of the difference; None where it is not defined.
    """

    a: float | None
    b: float | None
    difference: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the same reviews say about two classifiers.

    Attributes:
        num_reviews: reviews that both judged.
        test: McNemar's, of their verdicts.
        differences: of "accuracy", "roc_auc", "log_loss" and "brier".
        better: "A", "B", or None where these reviews cannot tell.
    """

    num_reviews: int
    test: McNemarTest
    differences: Mapping[str, Difference]
    better: str | None


def compare_classifiers(
    y_true: npt.ArrayLike,
    y_prob_a: npt.ArrayLike,
    y_prob_b: npt.ArrayLike,
    *,
    rng: np.random.Generator,
    thresholds: tuple[float, float] = (0.5, 0.5),
    num_resamples: int = 1000,
) -> Comparison:
    """Compares two classifiers on the same reviews.

    One of them is better where McNemar's test says so at 5 % and the interval of the difference of
    the accuracies leaves out 0. The other differences come with the 95 % interval of the paired
    bootstrap (percentiles): both classifiers are measured on the same resampled reviews, so that
    what makes reviews hard for both cancels out.

    Args:
        y_true: array of shape `(num_reviews,)`, 1 positive, 0 negative.
        y_prob_a: array of the same shape, A's probability of class 1.
        y_prob_b: B's, for the same reviews in the same order.
        rng: the source of randomness; the same state gives the same intervals.
        thresholds: from which probability on A and B call a review positive.
        num_resamples: int, 0 or more; without any there are no bootstrap intervals.

    Raises:
        DataError: as `evaluate_binary`, for either.
        UsageError: if a threshold is not in [0, 1].

    Example:

    >>> y_true, rng = [0, 1] * 200, np.random.default_rng(0)
    >>> good, bad = [0.2, 0.8] * 200, [0.2, 0.8, 0.7, 0.8] * 100
    >>> comparison = compare_classifiers(y_true, good, bad, rng=rng)
    >>> comparison.better, round(comparison.differences["accuracy"].difference, 2)
    ('A', 0.25)

    Source:
        Efron and Tibshirani, 1993, An Introduction to the Bootstrap, chapter 13; for the test see
        `mcnemar_test`.
    """
    labels, prob_a = check_binary(y_true, y_prob_a)
    _, prob_b = check_binary(y_true, y_prob_b)
    verdicts = [
        (prob >= check_threshold(threshold)).astype(np.int64)
        for prob, threshold in zip((prob_a, prob_b), thresholds, strict=True)
    ]
    test, interval, better = compare_verdicts(labels, *verdicts)
    accuracies = [float(np.mean(verdict == labels)) for verdict in verdicts]
    differences = {"accuracy": _subtract(accuracies[0], accuracies[1], interval)}
    differences |= _resample(labels, prob_a, prob_b, rng, num_resamples)
    return Comparison(len(labels), test, differences, better)


def compare_verdicts(
    y_true: npt.ArrayLike, y_pred_a: npt.ArrayLike, y_pred_b: npt.ArrayLike
) -> tuple[McNemarTest, Interval, str | None]:
    """Says which of two classifiers is more accurate beyond luck: the rule of every comparison.

    Args:
        y_true: array of shape `(num_reviews,)`, 1 positive, 0 negative.
        y_pred_a: verdicts of A, 0 or 1, of the same shape.
        y_pred_b: verdicts of B.

    Returns:
        McNemar's test, the 95 % interval of the accuracy of A less that of B, and "A", "B" or None.

    Raises:
        DataError: as `mcnemar_test`.

    Example:

    >>> compare_verdicts([1] * 20, [1] * 20, [1, 0] * 10)[2]
    'A'
    """
    test = mcnemar_test(y_true, y_pred_a, y_pred_b)
    interval = difference_interval(test, len(np.asarray(y_true)))
    if test.p_value >= SIGNIFICANT or interval.lower <= 0 <= interval.upper:
        return test, interval, None
    return test, interval, "A" if test.only_a_right > test.only_b_right else "B"


def describe_comparison(comparison: Comparison, name_a: str, name_b: str) -> str:
    """Says in one or two sentences what a comparison found.

    >>> test, interval = McNemarTest(30, 10, 0.002), Interval(0.007, 0.033)
    >>> accuracy = Difference(0.93, 0.91, 0.02, interval)
    >>> describe_comparison(Comparison(1000, test, {"accuracy": accuracy}, "A"), "new", "old")
    'new is better than old: right on 2.00 points more of the 1,000 reviews (95 % interval +0.70 to
    +3.30; McNemar p = 0.002). Only new is right on 30, only old on 10.'
    """
    accuracy, test = comparison.differences["accuracy"], comparison.test
    lead = accuracy.difference or 0.0
    lower, upper = accuracy.interval or (lead, lead)
    better, worse = (name_a, name_b) if lead >= 0 else (name_b, name_a)
    reach = f"95 % interval {100 * lower:+.2f} to {100 * upper:+.2f}"
    chance = "p < 0.001" if test.p_value < 0.001 else f"p = {test.p_value:.3f}"
    split = (
        f"Only {name_a} is right on {test.only_a_right:,}, only {name_b} on {test.only_b_right:,}."
    )
    if comparison.better is None:
        return (
            f"These {comparison.num_reviews:,} reviews cannot tell {name_a} and {name_b} apart: "
            f"{name_a} less {name_b} is {100 * lead:+.2f} points of accuracy ({reach}; McNemar "
            f"{chance}). {split}"
        )
    return (
        f"{better} is better than {worse}: right on {100 * abs(lead):.2f} points more of the "
        f"{comparison.num_reviews:,} reviews ({reach if lead >= 0 else _turn(lower, upper)}; "
        f"McNemar {chance}). {split}"
    )


def _turn(lower: float, upper: float) -> str:
    return f"95 % interval {-100 * upper:+.2f} to {-100 * lower:+.2f}"


def _resample(
    labels: Labels,
    prob_a: Probabilities,
    prob_b: Probabilities,
    rng: np.random.Generator,
    num_resamples: int,
) -> dict[str, Difference]:
    rankings = [Resampler(labels, prob, 0.5) for prob in (prob_a, prob_b)]
    losses = {
        "log_loss": log_losses(labels, prob_a) - log_losses(labels, prob_b),
        "brier": (prob_a - labels) ** 2 - (prob_b - labels) ** 2,
    }
    drawn: dict[str, list[npt.NDArray[np.float64]]] = {"roc_auc": [], "log_loss": [], "brier": []}
    for weights in draw_weights(len(labels), num_resamples, rng):
        areas = [ranking.roc_auc(_reorder(weights, ranking)) for ranking in rankings]
        drawn["roc_auc"].append(areas[0] - areas[1])
        for name, loss in losses.items():
            drawn[name].append(weights @ loss / len(labels))
    measures = {
        "roc_auc": scores.roc_auc_score,
        "log_loss": scores.log_loss,
        "brier": scores.brier_loss,
    }
    return {
        name: _subtract(measure(labels, prob_a), measure(labels, prob_b), _percentiles(drawn[name]))
        for name, measure in measures.items()
    }


def _reorder(weights: SampleWeights, ranking: Resampler) -> SampleWeights:
    return weights[:, ranking.order]


def _percentiles(pieces: list[npt.NDArray[np.float64]]) -> Interval | None:
    values = np.concatenate([np.empty(0), *pieces])
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    lower, upper = np.quantile(values, [0.025, 0.975]).tolist()
    return Interval(lower, upper)


def _subtract(a: float, b: float, interval: Interval | None) -> Difference:
    if np.isnan(a) or np.isnan(b):
        return Difference(None, None, None, None)
    return Difference(a, b, a - b, interval)
