"""All metrics of a two-class classifier; `docs/metrics.md` defines every number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.metrics import calibration, scores
from reelfeel.metrics.checks import check_binary, check_threshold

# In the order of the table: verdicts first, then ranking, then probabilities.
METRICS = (
    "accuracy",
    "precision",
    "recall",
    "specificity",
    "f1",
    "matthews",
    "roc_auc",
    "pr_auc",
    "log_loss",
    "brier",
    "ece",
)
# Lower is better for these, higher for all others.
LOSSES = frozenset({"log_loss", "brier", "ece"})


@dataclass(frozen=True, slots=True)
class Confusion:
    """How many reviews of each class got each verdict."""

    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """What `evaluate_binary` found; a metric that is not defined on these reviews is None.

    Attributes:
        num_reviews: rows that were judged.
        share_positive: share of them that is positive, in [0, 1].
        threshold: the smallest probability that was called positive.
        confusion: the four counts behind the metrics of verdicts.
        accuracy: share of right verdicts, in [0, 1].
        precision: share of right ones among positive verdicts, in [0, 1].
        recall: share of positive reviews found, in [0, 1].
        specificity: share of negative reviews found, in [0, 1].
        f1: harmonic mean of precision and recall, in [0, 1].
        matthews: correlation of verdicts and labels, in [-1, 1].
        roc_auc: chance that a positive review is ranked above a negative one, in [0, 1].
        pr_auc: average precision, in (0, 1].
        log_loss: mean negative log likelihood in nats; lower is better.
        brier: mean squared error of the probabilities, in [0, 1]; lower is better.
        ece: expected calibration error with 15 bins, in [0, 1]; lower is better.
        undefined: for each metric that is None, the reason in words.
    """

    num_reviews: int
    share_positive: float
    threshold: float
    confusion: Confusion
    accuracy: float
    precision: float | None
    recall: float | None
    specificity: float | None
    f1: float | None
    matthews: float | None
    roc_auc: float | None
    pr_auc: float | None
    log_loss: float
    brier: float
    ece: float
    undefined: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain values, fit for strict JSON: no NaN, no infinity."""
        return asdict(self)


def evaluate_binary(
    y_true: npt.ArrayLike, y_prob: npt.ArrayLike, *, threshold: float = 0.5
) -> Metrics:
    """Judges probabilities by the labels: every metric of the table.

    Args:
        y_true: array of shape `(num_reviews,)`, 1 positive, 0 negative.
        y_prob: array of shape `(num_reviews,)`, the probability of class 1.
        threshold: float in [0, 1]; a review is called positive from this probability on.

    Returns:
        Metrics. Where a metric is not defined, such as ROC AUC on reviews of one class, it is
        None and `undefined` says why; the others stand.

    Raises:
        DataError: if the arrays are empty or differ in shape, a label is not 0 or 1, or a
            probability is outside [0, 1] or NaN.
        UsageError: if `threshold` is not in [0, 1].
        MissingExtraError: if scikit-learn is not installed.

    Example:

    >>> metrics = evaluate_binary([0, 1, 1], [0.2, 0.7, 0.4])
    >>> round(metrics.accuracy, 4), metrics.precision, metrics.confusion.false_negatives
    (0.6667, 1.0, 1)
    >>> dict(evaluate_binary([1, 1, 1], [0.2, 0.7, 0.4]).undefined)["roc_auc"]
    'all reviews are of one class'
    """
    labels, probabilities = check_binary(y_true, y_prob)
    values = _measure(labels, probabilities, check_threshold(threshold))
    return Metrics(
        num_reviews=len(labels),
        share_positive=float(labels.mean()),
        threshold=float(threshold),
        confusion=count_confusion(labels, probabilities, threshold=threshold),
        undefined={name: scores.UNDEFINED[name] for name in METRICS if math.isnan(values[name])},
        **{name: None if math.isnan(value) else value for name, value in values.items()},  # type: ignore[arg-type]
    )


def count_confusion(
    y_true: npt.ArrayLike, y_prob: npt.ArrayLike, *, threshold: float = 0.5
) -> Confusion:
    """Counts right and wrong verdicts of either class.

    >>> count_confusion([0, 1, 1], [0.2, 0.7, 0.4]).true_positives
    1
    """
    labels, probabilities = check_binary(y_true, y_prob)
    verdicts = probabilities >= check_threshold(threshold)
    cells = np.bincount(2 * labels + verdicts, minlength=4).tolist()
    return Confusion(
        true_negatives=cells[0],
        false_positives=cells[1],
        false_negatives=cells[2],
        true_positives=cells[3],
    )


def _measure(
    labels: npt.NDArray[np.int64], probabilities: npt.NDArray[np.float64], threshold: float
) -> dict[str, float]:
    of_verdicts = {
        "accuracy": scores.accuracy_score,
        "precision": scores.precision_score,
        "recall": scores.recall_score,
        "specificity": scores.specificity_score,
        "f1": scores.f1_score,
        "matthews": scores.matthews_score,
    }
    of_probabilities = {
        "roc_auc": scores.roc_auc_score,
        "pr_auc": scores.pr_auc_score,
        "log_loss": scores.log_loss,
        "brier": scores.brier_loss,
        "ece": calibration.expected_calibration_error,
    }
    values = {
        name: metric(labels, probabilities, threshold=threshold)
        for name, metric in of_verdicts.items()
    }
    return values | {
        name: metric(labels, probabilities) for name, metric in of_probabilities.items()
    }
