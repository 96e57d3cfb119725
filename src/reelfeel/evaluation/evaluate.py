"""A classifier judged on labelled reviews: a saved model, or the probabilities of any other."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt

from reelfeel.data.options import TableKeywords, TableOptions, make_options
from reelfeel.evaluation.compare import Side, compare_sides, open_side
from reelfeel.evaluation.gates import Gate, GateResult, check_gates, check_no_worse
from reelfeel.evaluation.labelled_reviews import (
    find_calibration_texts,
    find_training_texts,
    load_labelled,
)
from reelfeel.evaluation.prediction_tables import PROBABILITY_COLUMN, Predictions, read_predictions
from reelfeel.evaluation.scored_reviews import ScoredReviews, read_reviews
from reelfeel.evaluation.slicing import slice_columns, slice_labels, slice_reviews, slice_wording
from reelfeel.evaluation.truncation_report import measure_truncation
from reelfeel.evaluation.warnings import (
    is_notable,
    warn_of_calibration,
    warn_of_known_texts,
    warn_of_one_sided_probabilities,
    warn_of_swapped_probabilities,
    warn_of_swaps,
    warn_of_unread,
)
from reelfeel.inference.bundle import Decision
from reelfeel.inference.classifier import Classifier, load
from reelfeel.inference.shipped import name_model
from reelfeel.metrics.abstention import Abstention, measure_abstention
from reelfeel.metrics.slices import list_worse, measure_slices
from reelfeel.metrics.table import Metrics, evaluate_binary
from reelfeel.native.cores import available_cores
from reelfeel.report.judging import find_intervals
from reelfeel.values import Reviews


@dataclass(frozen=True)
class Checks:
    """What an evaluation does besides measuring.

    Attributes:
        gates: bounds that metrics must not cross.
        no_worse_than: a model, or a table of predictions, that must not be better.
        compares_policies: whether cut reviews are read again in every other way.
        threshold: from which probability on predictions of a table call a review positive.
        probability_column: of tables of predictions.
    """

    gates: tuple[Gate, ...] = ()
    no_worse_than: str | Path | None = None
    compares_policies: bool = False
    threshold: float = 0.5
    probability_column: str = PROBABILITY_COLUMN


def evaluate(
    model: str | Path | Classifier,
    source: Any,
    *,
    part: str = "test",
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
    checks: Checks | None = None,
    **table: Unpack[TableKeywords],
) -> dict[str, Any]:
    """Judges a model on labelled reviews.

    Args:
        model: the folder of a saved model, or a loaded one.
        source: "imdb", "mini", a folder, an archive, a table, several of these, a frame or a dict
            of columns, or reviews at hand. Labels that the model knows need no explanation.
        part: of a source that has parts.
        data_dir: a local copy of "imdb".
        options: column names, the meaning of labels and columns to slice by, for tables.
        checks: gates, and what else is asked for.
        **table: fields of `TableOptions` to set, such as `skip_bad_rows=True`.

    Returns:
        Plain values fit for JSON, as `docs/schemas/evaluation.schema.json` describes them: `data`,
        `speed` (from text to probability, and what it was measured on), `decision`, `all` (the
        metrics on all reviews), `intervals` (of these), `slices`, `abstention`, `truncation`,
        `without_training_texts` (the metrics without the reviews whose text the model was trained
        or calibrated on; null where there are none left or none to leave out),
        `num_training_texts` and `num_calibration_texts` (how many those are), `gates` and
        `warnings`. Gates judge the metrics without known texts where these are more than one in a
        hundred.

    Raises:
        UsageError: if an argument is wrong.
        DataError: if the reviews are refused or have no labels.
        BundleError: if the model is.
    """
    classifier, checks = model if isinstance(model, Classifier) else load(model), checks or Checks()
    options = make_options(options, **table)
    names = classifier.bundle.label_names
    reviews = load_labelled("Evaluation", source, part, data_dir, options, names)
    reading = read_reviews(classifier, reviews)
    learned, tuned = (
        find_training_texts(classifier, reviews),
        find_calibration_texts(classifier, reviews),
    )
    decision, known = classifier.bundle.decision, learned | tuned
    result = _judge(reading.y_true, reading.y_prob, decision, slice_reading(reading))
    metrics: Metrics = result.pop("metrics")
    unseen = _judge_unseen(reading, known, decision.threshold)
    judged = unseen if unseen and is_notable(int(known.sum()), len(reading)) else metrics
    side = Side.from_reading(classifier, reading)
    return {
        "model": name_model(classifier.bundle.path),
        "data": _describe_data(reviews, part),
        "speed": _describe_speed(classifier, reading),
        **result,
        "num_training_texts": int(learned.sum()),
        "num_calibration_texts": int((tuned & ~learned).sum()),
        "without_training_texts": unseen.to_dict() if unseen else None,
        "truncation": asdict(
            measure_truncation(classifier, reading, compares_policies=checks.compares_policies)
        ),
        "gates": [asdict(one) for one in run_gates(judged, side, checks, reviews, options)],
        "warnings": [
            *warn_of_swaps(metrics.accuracy, classifier, reviews),
            *warn_of_calibration(classifier, int(tuned.sum()), len(reviews)),
            *warn_of_known_texts(learned),
            *warn_of_unread(reviews.load_summaries),
        ],
    }


def evaluate_predictions(
    path: str | Path,
    *,
    options: TableOptions | None = None,
    checks: Checks | None = None,
    **table: Unpack[TableKeywords],
) -> dict[str, Any]:
    """Judges the probabilities of any classifier, from a table; no model is needed.

    Args:
        path: a table of labels and probabilities, as `read_predictions` takes it.
        options: column names, the meaning of labels and columns to slice by.
        checks: gates, and what else is asked for.
        **table: fields of `TableOptions` to set, such as `skip_bad_rows=True`.

    Returns:
        What `evaluate` returns. There is no speed and no truncation, and no text is known from
        training; where the table has texts, they are sliced by how they are written.

    Raises:
        UsageError: if an argument is wrong.
        DataError: if the table is refused.
    """
    checks, options = checks or Checks(), make_options(options, **table)
    said = read_predictions(path, options, probability_column=checks.probability_column)
    decision = Decision(threshold=checks.threshold)
    result = _judge(said.y_true, said.y_prob, decision, slice_predictions(said))
    metrics: Metrics = result.pop("metrics")
    side = Side.from_predictions(said, checks.threshold)
    return {
        "model": str(path),
        "data": {
            "source": str(path),
            "part": None,
            "num_reviews": len(said),
            "sha256": said.fingerprint(),
        },
        "speed": None,
        **result,
        "num_training_texts": 0,
        "num_calibration_texts": 0,
        "without_training_texts": None,
        "truncation": None,
        "gates": [asdict(one) for one in run_gates(metrics, side, checks, None, options)],
        "warnings": [
            *warn_of_swapped_probabilities(metrics.accuracy),
            *warn_of_one_sided_probabilities(said.y_true, said.y_prob),
            *warn_of_unread([said.load_summary] if said.load_summary else []),
        ],
    }


def slice_reading(reading: ScoredReviews) -> dict[str, npt.NDArray[np.bool_]]:
    """Lists the slices of what a model read."""
    return slice_reviews(
        reading.reviews,
        num_tokens=reading.num_tokens,
        truncated=reading.truncated,
        unknown_share=reading.unknown_share,
    )


def slice_predictions(said: Predictions) -> dict[str, npt.NDArray[np.bool_]]:
    """Lists the slices that a table of predictions offers."""
    slices = slice_labels(said.y_true, said.label_names)
    if said.texts is not None:
        slices |= slice_wording(said.texts)
    slices |= slice_columns(said.columns)
    return {name: mask for name, mask in slices.items() if mask.any()}


def run_gates(
    metrics: Metrics,
    side: Side,
    checks: Checks,
    reviews: Reviews | None,
    options: TableOptions | None,
) -> list[GateResult]:
    """Checks every condition that was asked for."""
    results = check_gates(metrics, checks.gates)
    if checks.no_worse_than is None:
        return results
    other = open_side(
        checks.no_worse_than, reviews, options, probability_column=checks.probability_column
    )
    comparison = compare_sides(side, other)
    return [*results, check_no_worse(comparison, side.name, str(checks.no_worse_than))]


def _judge(
    y_true: npt.NDArray[np.int64],
    y_prob: npt.NDArray[np.float64],
    decision: Decision,
    slices: Mapping[str, npt.NDArray[np.bool_]],
) -> dict[str, Any]:
    metrics = evaluate_binary(y_true, y_prob, threshold=decision.threshold)
    right = (y_prob >= decision.threshold) == y_true
    scores, band = measure_slices(right, slices), measure_band(y_true, y_prob, decision)
    return {
        "metrics": metrics,
        "decision": {
            "threshold": decision.threshold,
            "temperature": decision.temperature,
            "abstain_lower": decision.abstain_lower,
            "abstain_upper": decision.abstain_upper,
        },
        "all": metrics.to_dict(),
        "intervals": find_intervals(y_true, y_prob, threshold=decision.threshold),
        "abstention": asdict(band) if band else None,
        "slices": [asdict(score) for score in scores],
        "worse_slices": [score.name for score in list_worse(scores)],
    }


def measure_band(
    y_true: npt.NDArray[np.int64], y_prob: npt.NDArray[np.float64], decision: Decision
) -> Abstention | None:
    """Says what abstaining does; None where the model never abstains."""
    if decision.abstain_lower is None or decision.abstain_upper is None:
        return None
    return measure_abstention(
        y_true,
        y_prob,
        lower=decision.abstain_lower,
        upper=decision.abstain_upper,
        threshold=decision.threshold,
    )


def _judge_unseen(
    reading: ScoredReviews, known: npt.NDArray[np.bool_], threshold: float
) -> Metrics | None:
    if not known.any() or known.all():
        return None
    return evaluate_binary(reading.y_true[~known], reading.y_prob[~known], threshold=threshold)


def _describe_speed(classifier: Classifier, reading: ScoredReviews) -> dict[str, Any]:
    backend = classifier.backend
    return {
        "reviews_per_s": round(reading.reviews_per_s, 1),
        "backend": backend.name,
        "precision": backend.precision,
        "threads": backend.threads,
        "processor": f"{platform.machine()}, {available_cores()} cores",
    }


def _describe_data(reviews: Reviews, part: str) -> dict[str, Any]:
    return {
        "source": reviews.source,
        "part": part,
        "num_reviews": len(reviews),
        "sha256": reviews.fingerprint(),
    }
