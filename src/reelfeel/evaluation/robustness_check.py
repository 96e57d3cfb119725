"""How robust a saved model is: on damaged and shortened reviews, and on sentences made for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from reelfeel.baselines.baselines import fit_baseline
from reelfeel.data.audit.duplicates import find_shared
from reelfeel.data.tables import TableOptions
from reelfeel.errors import UsageError
from reelfeel.evaluation.calibrate import take_validation
from reelfeel.evaluation.labelled_reviews import find_training_texts, load_labelled
from reelfeel.evaluation.warnings import warn_of_known_texts
from reelfeel.inference.classifier import Classifier, load
from reelfeel.inference.shipped import name_model
from reelfeel.robustness.figures import (
    KindScore,
    PerturbationScore,
    PredictProba,
    compare_right,
    measure_made_texts,
    measure_perturbations,
)
from reelfeel.values import Reviews

VALIDATION = "validation"
BASELINE = "tfidf"


def check_behaviour(
    model: str | Path | Classifier,
    source: str | Path | Reviews | None = None,
    *,
    part: str = "test",
    training_source: str | Path | Reviews | None = None,
    seed: int = 0,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
    on_note: Callable[[str], None] = lambda note: None,
) -> dict[str, Any]:
    """Judges a model on made sentences, and on reviews that were damaged and cut short.

    Args:
        model: the folder of a saved model, the name of one that comes with ReelFeel, or a loaded
            one.
        source: labelled reviews to damage, as `evaluate` takes them; None judges made texts only.
        part: of a source that has parts; "validation" takes the reviews held out when the model was
            trained on this source.
        training_source: what a baseline (TF-IDF and logistic regression) learns from, to stand
            beside the model; its train part, without reviews whose text is judged. None: without.
        seed: of the damage.
        data_dir: a local copy of "imdb".
        options: column names and the meaning of labels, for tables.
        on_note: is told what happens next, in words.

    Returns:
        Plain values fit for JSON: `model`, `data` (null without a source), `seed`, `baseline` (its
        name and what it learned from; null without), `perturbations` and `made_texts` (as
        PerturbationScore and KindScore have them; with a baseline each has its `baseline` score,
        and perturbations the `lead` of the model, with interval), and `warnings`.

    Raises:
        UsageError: if an argument is wrong.
        DataError: if the reviews are refused or have no labels.
        BundleError: if the model is damaged.
        MissingExtraError: if a baseline is asked for and scikit-learn is not installed.
    """
    classifier = model if isinstance(model, Classifier) else load(model)
    reviews = None if source is None else _load(classifier, source, part, data_dir, options)
    baseline, about = None, None
    if training_source is not None:
        on_note("Training the baseline.")
        names = classifier.bundle.label_names
        train = _load_training(training_source, reviews, data_dir, options, names)
        baseline = fit_baseline(BASELINE, train.texts, train.labels).predict_proba
        about = {"name": BASELINE, "source": train.source, "num_reviews": len(train)}
    judges: list[tuple[PredictProba, float]] = [
        (classifier.predict_proba, classifier.bundle.decision.threshold)
    ]
    judges += [(baseline, 0.5)] if baseline else []
    return {
        "model": name_model(classifier.bundle.path),
        "data": _describe(reviews, part) if reviews else None,
        "seed": seed,
        "baseline": about,
        "perturbations": _judge_reviews(judges, reviews, seed, on_note) if reviews else [],
        "made_texts": _judge_made(judges),
        "warnings": _list_warnings(classifier, reviews, part) if reviews else [],
    }


def _load(
    classifier: Classifier,
    source: str | Path | Reviews,
    part: str,
    data_dir: str | Path | None,
    options: TableOptions | None,
) -> Reviews:
    place = "train" if part == VALIDATION else part
    reviews = load_labelled(
        "Checking behaviour", source, place, data_dir, options, classifier.bundle.label_names
    )
    if part != VALIDATION:
        return reviews
    provenance = classifier.bundle.about("provenance") or {}
    if (provenance.get("data") or {}).get("sha256") != reviews.fingerprint():
        raise UsageError(
            "Only of the reviews that a model was trained on some were held out for validation. "
            "Expected the source given to `reelfeel train`; leave --part out to judge all of "
            f"others. Received {reviews.source}."
        )
    return take_validation(classifier, reviews, provenance)


def _list_warnings(classifier: Classifier, reviews: Reviews, part: str) -> list[str]:
    if part != VALIDATION:
        return warn_of_known_texts(find_training_texts(classifier, reviews))
    return [
        "The model's epoch and temperature were chosen on these reviews, so it may do a little "
        "better on them than on new ones."
    ]


def _load_training(
    source: str | Path | Reviews,
    judged: Reviews | None,
    data_dir: str | Path | None,
    options: TableOptions | None,
    names: tuple[str, str],
) -> Reviews:
    copy = data_dir if source == "imdb" else None
    train = load_labelled("A baseline", source, "train", copy, options, names)
    if judged is None:
        return train
    return train.take(np.flatnonzero(~find_shared(train.texts, judged.texts)))


def _judge_reviews(
    judges: Sequence[tuple[PredictProba, float]],
    reviews: Reviews,
    seed: int,
    on_note: Callable[[str], None],
) -> list[dict[str, Any]]:
    scores = [
        measure_perturbations(
            predict, reviews.texts, reviews.labels, seed=seed, threshold=threshold, on_note=on_note
        )
        for predict, threshold in judges
    ]
    return [_describe_perturbation(*both) for both in zip(*scores, strict=True)]


def _describe_perturbation(
    own: PerturbationScore, baseline: PerturbationScore | None = None
) -> dict[str, Any]:
    values = _to_plain(own)
    if baseline is None:
        return values
    lead = compare_right(own.right, baseline.right)
    return values | {
        "baseline": _to_plain(baseline),
        "lead": lead.difference,
        "lead_interval": lead.interval,
    }


def _to_plain(score: PerturbationScore) -> dict[str, Any]:
    return {name: value for name, value in asdict(score).items() if name != "right"}


def _judge_made(judges: Sequence[tuple[PredictProba, float]]) -> list[dict[str, Any]]:
    scores = [measure_made_texts(predict, threshold=threshold) for predict, threshold in judges]
    return [_describe_kind(*both) for both in zip(*scores, strict=True)]


def _describe_kind(own: KindScore, baseline: KindScore | None = None) -> dict[str, Any]:
    return asdict(own) | ({"baseline": asdict(baseline)} if baseline else {})


def _describe(reviews: Reviews, part: str) -> dict[str, Any]:
    return {
        "source": reviews.source,
        "part": part,
        "num_reviews": len(reviews),
        "sha256": reviews.fingerprint(),
    }
