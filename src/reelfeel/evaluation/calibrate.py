"""Temperature, threshold and abstain band of a saved model, fitted on reviews it did not learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import SAME_SEED, DataConfig
from reelfeel.data.audit.duplicates import hash_texts
from reelfeel.data.splitting import split_random, split_train_validation
from reelfeel.data.tables import TableOptions
from reelfeel.errors import DataError, UsageError
from reelfeel.evaluation.labelled_reviews import (
    find_trained_source,
    find_training_texts,
    load_labelled,
)
from reelfeel.files.outputs import hold_place
from reelfeel.inference.bundle import Decision, write_decision
from reelfeel.inference.classifier import Classifier, load
from reelfeel.inference.shipped import find_model, refuse_shipped
from reelfeel.metrics.abstention import fit_abstention
from reelfeel.metrics.calibration import expected_calibration_error
from reelfeel.metrics.intervals.proportions import wilson_interval
from reelfeel.metrics.scores import log_loss
from reelfeel.metrics.temperature import apply_temperature, fit_temperature
from reelfeel.metrics.thresholds import (
    threshold_for_costs,
    threshold_for_precision,
    threshold_for_recall,
)
from reelfeel.values import Reviews

# Parts that the reviews are divided into to measure what was fitted on the others, and the seed.
NUM_FOLDS, SEED = 5, 0

Labels = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Aims:
    """What a decision is to reach; without any, the threshold is 0.5 and nothing is left open.

    Attributes:
        target_accuracy: of the verdicts given, the model abstaining from the others; in (0, 1).
        costs: of a false positive and of a false negative.
        min_precision: of positive verdicts.
        min_recall: share of the positive reviews found.

    Raises:
        UsageError: if more than one of costs, precision and recall is given.
    """

    target_accuracy: float | None = None
    costs: tuple[float, float] | None = None
    min_precision: float | None = None
    min_recall: float | None = None

    def __post_init__(self) -> None:
        given = [self.costs, self.min_precision, self.min_recall]
        if sum(value is not None for value in given) > 1:
            raise UsageError(
                "One threshold cannot serve two aims. Give the costs of mistakes, or a least "
                "precision, or a least recall; received "
                f"costs {self.costs}, precision {self.min_precision}, recall {self.min_recall}."
            )


def calibrate(
    model: str | Path,
    source: str | Path | Reviews | None = None,
    *,
    part: str = "train",
    aims: Aims | None = None,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
) -> dict[str, Any]:
    """Fits a model's decision and stores it with the model, in `decision.json`.

    The temperature comes first, then the threshold, then the abstain band, each on what the ones
    before it gave. What the model will do is measured on reviews that the measured fit did not see:
    in five parts, each judged by what was fitted on the other four.

    Args:
        model: the folder of a saved model; its `decision.json` is replaced. None that comes with
            ReelFeel.
        source: where the reviews come from. None takes what the model was trained on, where that
            was "imdb" or "mini". Of the very reviews it was trained on, only those held out for
            validation are used; of any others, those it was not trained on.
        part: of a source that has parts.
        aims: what the decision is to reach.
        data_dir: a local copy of "imdb".
        options: column names and the meaning of labels, for tables.

    Returns:
        Plain values fit for JSON: `model`, `decision` (as stored), `before` and `after` (each
        `log_loss`, `ece`, `accuracy`; `after` with `coverage`, `answered_accuracy` and
        `answered_interval` where the model abstains).

    Raises:
        UsageError: if an argument is wrong.
        DataError: if the reviews are refused, too few or of one class, or an aim is out of reach.
        BundleError: if the model is damaged.
    """
    aims = aims or Aims()
    path = find_model(model)
    refuse_shipped(path, "Calibrating")
    classifier = load(path)
    with hold_place(path / "decision.json"):
        place = source if source is not None else find_trained_source(classifier)
        reviews = load_labelled(
            "Calibration", place, part, data_dir, options, classifier.bundle.label_names
        )
        reviews = _leave_out_learned(classifier, reviews)
        labels, y_prob = reviews.labels.astype(np.int64), _score_uncalibrated(classifier, reviews)
        decision = fit_decision(labels, y_prob, aims)
        record = {
            "source": reviews.source,
            "num_reviews": len(reviews),
            "sha256": reviews.fingerprint(),
            "aims": {name: value for name, value in asdict(aims).items() if value is not None},
        }
        decision = replace(decision, calibration=record)
        measured = {
            "before": _measure(labels, y_prob, y_prob >= 0.5),
            "after": _measure_fitting(labels, y_prob, aims),
        }
        hashes = [f"{number:016x}" for number in hash_texts(reviews.texts).tolist()]
        write_decision(path, decision, {"calibration_texts": hashes})
        return {"model": str(model), "decision": asdict(decision), **measured}


def fit_decision(y_true: npt.ArrayLike, y_prob: npt.ArrayLike, aims: Aims) -> Decision:
    """Fits temperature, threshold and abstain band, in this order.

    Args:
        y_true: array of shape `(num_reviews,)`, 1 positive, 0 negative, both present.
        y_prob: array of that shape, the probability of class 1 at temperature 1.
        aims: what the decision is to reach.

    Raises:
        DataError: if the arrays are refused, or an aim is out of reach.

    Example:

    >>> decision = fit_decision([0, 1, 1, 0] * 50, [0.1, 0.9, 0.6, 0.7] * 50, Aims(costs=(1, 3)))
    >>> decision.threshold
    0.25
    """
    temperature = fit_temperature(y_true, y_prob)
    calibrated = apply_temperature(y_prob, temperature)
    threshold = _fit_threshold(y_true, calibrated, aims)
    decision = Decision(threshold=threshold, temperature=temperature)
    if aims.target_accuracy is None:
        return decision
    band = fit_abstention(
        y_true, calibrated, target_accuracy=aims.target_accuracy, threshold=threshold
    )
    return replace(decision, abstain_lower=band.lower, abstain_upper=band.upper)


def _fit_threshold(y_true: npt.ArrayLike, y_prob: Probabilities, aims: Aims) -> float:
    if aims.costs is not None:
        return threshold_for_costs(*aims.costs)
    if aims.min_precision is not None:
        return threshold_for_precision(y_true, y_prob, aims.min_precision)
    if aims.min_recall is not None:
        return threshold_for_recall(y_true, y_prob, aims.min_recall)
    return 0.5


def _leave_out_learned(classifier: Classifier, reviews: Reviews) -> Reviews:
    provenance = classifier.bundle.about("provenance") or {}
    if (provenance.get("data") or {}).get("sha256") == reviews.fingerprint():
        return take_validation(classifier, reviews, provenance)
    learned = find_training_texts(classifier, reviews)
    if learned.all():
        raise DataError(
            "A model cannot be calibrated on reviews that it learned from: it is surer of them "
            "than of any other. Expected some that it was not trained on; name them with --data. "
            f"Received {reviews.source}, of which it knows every text."
        )
    return reviews.take(np.flatnonzero(~learned))


def take_validation(
    classifier: Classifier, reviews: Reviews, provenance: Mapping[str, Any]
) -> Reviews:
    """Returns those of a model's training reviews that were held out for validation.

    Args:
        classifier: the model.
        reviews: what it was trained on.
        provenance: of the model.

    Raises:
        DataError: if they divide differently now.
    """
    data: DataConfig = classifier.bundle.config.data
    if data.validation_split == "folds":
        raise DataError(
            "No reviews were held out: the model learned from all of them, and folds judged it. "
            "Name other labelled reviews with --data, which the model was not trained on. "
            f"Received {reviews.source}."
        )
    cut = split_train_validation if data.validation_split == "grouped" else split_random
    seed = (
        classifier.bundle.config.training.seed if data.split_seed == SAME_SEED else data.split_seed
    )
    split = cut(reviews, validation_share=data.validation_share, seed=seed)
    if split.fingerprint() != (provenance.get("split") or {}).get("sha256"):
        raise DataError(
            "The reviews that were held out for validation cannot be found again: they divide "
            "differently now. Name other labelled reviews with --data, which the model was not "
            f"trained on. Received {reviews.source}."
        )
    return reviews.take(split.validation)


def _score_uncalibrated(classifier: Classifier, reviews: Reviews) -> Probabilities:
    classifier.bundle = replace(classifier.bundle, decision=Decision())
    return classifier.predict_proba(reviews.texts)


def _measure_fitting(labels: Labels, y_prob: Probabilities, aims: Aims) -> dict[str, Any]:
    """Measures decisions on reviews that they were not fitted on."""
    calibrated, said = np.empty_like(y_prob), np.empty(len(labels), bool)
    answered = np.ones(len(labels), bool)
    for rows, others in _list_folds(labels):
        decision = fit_decision(labels[others], y_prob[others], aims)
        calibrated[rows] = apply_temperature(y_prob[rows], decision.temperature)
        said[rows] = calibrated[rows] >= decision.threshold
        answered[rows] = [not decision.abstains(value) for value in calibrated[rows]]
    measured = _measure(labels, calibrated, said)
    if aims.target_accuracy is None:
        return measured
    right = (said == labels)[answered]
    return measured | {
        "coverage": float(answered.mean()),
        "answered_accuracy": float(right.mean()) if len(right) else None,
        "answered_interval": wilson_interval(int(right.sum()), len(right)) if len(right) else None,
    }


def _list_folds(labels: Labels) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    if min(int(labels.sum()), int((1 - labels).sum())) < 2 * NUM_FOLDS:
        raise DataError(
            f"These are too few reviews to calibrate on. Expected at least {2 * NUM_FOLDS} of each "
            f"class; received {int(labels.sum())} positive and {int((1 - labels).sum())} negative."
        )
    folds = np.empty(len(labels), np.int64)
    rng = np.random.default_rng(SEED)
    for label in (0, 1):
        rows = rng.permutation(np.flatnonzero(labels == label))
        folds[rows] = np.arange(len(rows)) % NUM_FOLDS
    for fold in range(NUM_FOLDS):
        yield np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)


def _measure(labels: Labels, y_prob: Probabilities, said: npt.NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "accuracy": float(np.mean(said == labels)),
        "log_loss": log_loss(labels, y_prob),
        "ece": expected_calibration_error(labels, y_prob),
    }
