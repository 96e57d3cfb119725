"""From probabilities to the measurements that a report shows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reelfeel.baselines.cached_scores import BaselineScores
from reelfeel.metrics.intervals.comparison import mcnemar_test
from reelfeel.metrics.intervals.proportions import Interval
from reelfeel.metrics.intervals.uncertainty import metric_intervals
from reelfeel.metrics.table import evaluate_binary
from reelfeel.report.report_data import Costs, MetricsWithIntervals, ReportRow

NUM_RESAMPLES = 1000
SEED = 0
MANY_REVIEWS = 200_000
BASELINE_TITLES = {
    "majority": "Majority",
    "lexicon": "Lexicon (VADER)",
    "tfidf": "TF-IDF + logistic regression",
    "nbsvm": "NB-SVM",
}


def measure(
    y_true: npt.ArrayLike, y_prob: npt.ArrayLike, *, threshold: float = 0.5
) -> MetricsWithIntervals:
    """Returns all metrics and their intervals; arguments and errors as `evaluate_binary`.

    >>> measure([0, 1, 1], [0.2, 0.7, 0.9]).metrics.accuracy
    1.0
    """
    return MetricsWithIntervals(
        evaluate_binary(y_true, y_prob, threshold=threshold),
        find_intervals(y_true, y_prob, threshold=threshold),
    )


def find_intervals(
    y_true: npt.ArrayLike, y_prob: npt.ArrayLike, *, threshold: float = 0.5
) -> dict[str, Interval | None]:
    """Returns the 95 % intervals of all metrics, by the seed and the resamples of every report."""
    return metric_intervals(
        y_true,
        y_prob,
        rng=np.random.default_rng(SEED),
        threshold=threshold,
        num_resamples=choose_num_resamples(len(np.asarray(y_true))),
    )


def choose_num_resamples(num_reviews: int) -> int:
    """Returns how often reviews are resampled: seldom where there are so many that little moves.

    A million reviews then take 20 s, not 100.

    >>> choose_num_resamples(25_000), choose_num_resamples(1_000_000)
    (1000, 200)
    """
    return NUM_RESAMPLES if num_reviews <= MANY_REVIEWS else NUM_RESAMPLES // 5


def measure_baseline(
    scores: BaselineScores,
    y_true: npt.NDArray[np.int64],
    y_prob: npt.NDArray[np.float64],
    *,
    threshold: float,
) -> ReportRow:
    """Judges a baseline, by itself at 0.5 and against the model.

    Args:
        scores: what the baseline says about the reviews.
        y_true: int array of shape `(num_reviews,)`, 1 positive, 0 negative.
        y_prob: float array of shape `(num_reviews,)`, the model's probability of class 1.
        threshold: from which the model calls a review positive.
    """
    return ReportRow(
        name=scores.name,
        title=BASELINE_TITLES[scores.name],
        measured=measure(y_true, scores.y_prob),
        costs=Costs(
            # The lexicon and the majority learn nothing worth the name.
            scores.train_s if scores.name in ("tfidf", "nbsvm") else None,
            scores.reviews_per_s if scores.name != "majority" else None,
            scores.size_bytes,
        ),
        against_model=mcnemar_test(y_true, y_prob >= threshold, scores.y_prob >= 0.5),
    )
