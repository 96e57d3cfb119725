"""Single metrics: of each `*_score` higher is better, of each `*_loss` lower is better.

All take labels, probabilities of class 1 and, where a verdict is needed, a threshold: a review is
called positive when its probability is at least the threshold, compared in float64. All refuse
what `check_binary` refuses with DataError, and give NaN, without a warning, where the metric is
not defined; `UNDEFINED` says when that is. The numbers are scikit-learn's, checked against
formulas written the long way.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.metrics.checks import Labels, check_binary, check_threshold, import_extra

UNDEFINED = {
    "precision": "no review was predicted positive",
    "recall": "no review is positive",
    "specificity": "no review is negative",
    "f1": "no review is positive and none was predicted positive",
    "matthews": "all reviews are of one class",
    "roc_auc": "all reviews are of one class",
    "pr_auc": "no review is positive",
}


def accuracy_score(
    y_true: npt.ArrayLike, y_prob: npt.ArrayLike, *, threshold: float = 0.5
) -> float:
    """Returns the share of verdicts that are right, in [0, 1].

    >>> accuracy_score([0, 1, 1], [0.2, 0.7, 0.4]) == 2 / 3
    True
    """
    return float(_metrics().accuracy_score(*_verdicts(y_true, y_prob, threshold)))


def precision_score(
    y_true: npt.ArrayLike, y_prob: npt.ArrayLike, *, threshold: float = 0.5
) -> float:
    """Returns the share of positive verdicts that are right, in [0, 1]; NaN without such verdicts.

    >>> precision_score([0, 1, 1], [0.9, 0.7, 0.4]), precision_score([0, 1], [0.1, 0.2])
    (0.5, nan)
    """
    verdicts = _verdicts(y_true, y_prob, threshold)
    return float(_metrics().precision_score(*verdicts, zero_division=np.nan))


def recall_score(y_true: npt.ArrayLike, y_prob: npt.ArrayLike, *, threshold: float = 0.5) -> float:
    """Returns the share of positive reviews that are found, in [0, 1]; NaN where there are none.

    >>> recall_score([0, 1, 1], [0.9, 0.7, 0.4])
    0.5
    """
    verdicts = _verdicts(y_true, y_prob, threshold)
    return float(_metrics().recall_score(*verdicts, zero_division=np.nan))


def specificity_score(
    y_true: npt.ArrayLike, y_prob: npt.ArrayLike, *, threshold: float = 0.5
) -> float:
    """Returns the share of negative reviews that are found, in [0, 1]; NaN where there are none.

    >>> specificity_score([0, 0, 1], [0.9, 0.4, 0.7])
    0.5
    """
    verdicts = _verdicts(y_true, y_prob, threshold)
    # The recall of class 0.
    return float(_metrics().recall_score(*verdicts, pos_label=0, zero_division=np.nan))


def f1_score(y_true: npt.ArrayLike, y_prob: npt.ArrayLike, *, threshold: float = 0.5) -> float:
    """Returns the harmonic mean of precision and recall of class 1, in [0, 1].

    It is 0 when no positive review is found, and NaN only when there is none and none is predicted.

    >>> f1_score([0, 1, 1], [0.9, 0.7, 0.4]), f1_score([0, 1], [0.1, 0.2])
    (0.5, 0.0)
    """
    verdicts = _verdicts(y_true, y_prob, threshold)
    return float(_metrics().f1_score(*verdicts, zero_division=np.nan))


def matthews_score(
    y_true: npt.ArrayLike, y_prob: npt.ArrayLike, *, threshold: float = 0.5
) -> float:
    """Returns the correlation of verdicts and labels, in [-1, 1].

    It is 0 for a model that always says the same, and NaN where the labels are of one class.

    >>> matthews_score([0, 1], [0.1, 0.9]), matthews_score([0, 1], [0.8, 0.9])
    (1.0, 0.0)

    Source:
        Matthews, 1975, Biochimica et Biophysica Acta 405.
    """
    labels, verdicts = _verdicts(y_true, y_prob, threshold)
    if _is_one_class(labels):
        return math.nan
    return float(_metrics().matthews_corrcoef(labels, verdicts))


def roc_auc_score(y_true: npt.ArrayLike, y_prob: npt.ArrayLike) -> float:
    """Returns how often a positive review gets the higher probability than a negative one.

    It is in [0, 1], 0.5 for a coin; ties count one half. NaN where the labels are of one class.

    >>> roc_auc_score([0, 0, 1], [0.2, 0.7, 0.7])
    0.75

    Source:
        Hanley and McNeil, 1982, Radiology 143.
    """
    labels, probabilities = check_binary(y_true, y_prob)
    if _is_one_class(labels):
        return math.nan
    return float(_metrics().roc_auc_score(labels, probabilities))


def pr_auc_score(y_true: npt.ArrayLike, y_prob: npt.ArrayLike) -> float:
    """Returns the average precision: the area under the precision-recall steps, in (0, 1].

    A model that says the same of every review gets the share of positive reviews. Steps, not
    straight lines, between the points. NaN without a positive review.

    >>> round(pr_auc_score([0, 1, 1], [0.6, 0.7, 0.4]), 4)
    0.8333

    Source:
        Davis and Goadrich, 2006, ICML, say why lines are too optimistic.
    """
    labels, probabilities = check_binary(y_true, y_prob)
    if not labels.any():
        return math.nan
    return float(_metrics().average_precision_score(labels, probabilities))


def log_loss(y_true: npt.ArrayLike, y_prob: npt.ArrayLike) -> float:
    """Returns the mean of -log(probability given to the true class), in nats, from 0 to 36.05.

    Probabilities are kept 2.2e-16 away from 0 and 1, whatever the type they come in, so that one
    mistake made with certainty does not make the mean infinite.

    >>> round(log_loss([0, 1], [0.5, 0.5]), 4)
    0.6931
    """
    labels, probabilities = check_binary(y_true, y_prob)
    return float(_metrics().log_loss(labels, probabilities, labels=[0, 1]))


def brier_loss(y_true: npt.ArrayLike, y_prob: npt.ArrayLike) -> float:
    """Returns the mean squared distance of probability and label, in [0, 1]; a coin gets 0.25.

    >>> round(brier_loss([0, 1], [0.2, 0.9]), 4)
    0.025

    Source:
        Brier, 1950, Monthly Weather Review 78.
    """
    labels, probabilities = check_binary(y_true, y_prob)
    return float(np.mean((probabilities - labels) ** 2))


def _verdicts(
    y_true: npt.ArrayLike, y_prob: npt.ArrayLike, threshold: float
) -> tuple[Labels, Labels]:
    labels, probabilities = check_binary(y_true, y_prob)
    return labels, (probabilities >= check_threshold(threshold)).astype(np.int64)


def _is_one_class(labels: Labels) -> bool:
    return bool(labels.min() == labels.max())


def _metrics() -> Any:
    return import_extra("sklearn.metrics")
