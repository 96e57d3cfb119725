"""Measures how robust a model is, on perturbed reviews and on sentences from templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from reelfeel.baselines.baselines import fit_baseline
from reelfeel.data.audit.duplicates import find_shared
from reelfeel.data.loading import local_copy
from reelfeel.data.options import TableKeywords, TableOptions, make_options
from reelfeel.errors import UsageError
from reelfeel.evaluation.calibrate import take_validation
from reelfeel.evaluation.labelled_reviews import find_training_texts, load_labelled
from reelfeel.evaluation.warnings import warn_of_known_texts
from reelfeel.inference.classifier import Classifier, load
from reelfeel.inference.shipped import name_model
from reelfeel.metrics.intervals.proportions import Interval
from reelfeel.plain_values import to_plain
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


@dataclass(frozen=True)
class PerturbationResult:
    """How a model, and perhaps a baseline, do on reviews that were changed in one way.

    Attributes:
        own: the model's score.
        baseline: the baseline's; None without one.
        lead: accuracy of the model less that of the baseline; None without one.
        lead_interval: its 95 % interval, paired by review.
    """

    own: PerturbationScore
    baseline: PerturbationScore | None = None
    lead: float | None = None
    lead_interval: Interval | None = None

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values: the fields of the model's score, and what else there is."""
        values = _list_fields(self.own)
        if self.baseline is not None:
            values["baseline"] = _list_fields(self.baseline)
            values |= {"lead": self.lead, "lead_interval": to_plain(self.lead_interval)}
        return values


@dataclass(frozen=True)
class KindResult:
    """How a model, and perhaps a baseline, do on made sentences of one kind.

    Attributes:
        own: the model's score.
        baseline: the baseline's; None without one.
    """

    own: KindScore
    baseline: KindScore | None = None

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values: the fields of the model's score, and what else there is."""
        values = dict(to_plain(self.own))
        return values | ({"baseline": to_plain(self.baseline)} if self.baseline else {})


@dataclass(frozen=True)
class Behaviour:
    """What `check_behaviour` found.

    Attributes:
        model: its name, or the path of its folder.
        data: `source`, `part`, `num_reviews` and `sha256` of the reviews; None without any.
        seed: of the damage.
        baseline: `name`, `source` and `num_reviews` of what stands beside the model; None without.
        perturbations: of the reviews as they are written, then of each way of changing them; none
            without reviews.
        made_texts: of each kind of made sentence, and of all kinds.
        warnings: what makes a figure better than it is, in sentences.
    """

    model: str
    data: dict[str, Any] | None
    seed: int
    baseline: dict[str, Any] | None
    perturbations: tuple[PerturbationResult, ...]
    made_texts: tuple[KindResult, ...]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values: what `reelfeel check-behaviour --json` prints."""
        return {
            **to_plain(self),
            "perturbations": [one.to_dict() for one in self.perturbations],
            "made_texts": [one.to_dict() for one in self.made_texts],
        }


def check_behaviour(
    model: str | Path | Classifier,
    source: Any = None,
    *,
    part: str = "test",
    training_source: Any = None,
    seed: int = 0,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
    on_note: Callable[[str], None] = lambda note: None,
    **table: Unpack[TableKeywords],
) -> Behaviour:
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
        **table: fields of `TableOptions` to set, such as `text_column="review"`.

    Returns:
        Behaviour: accuracies are shares in [0, 1], with 95 % intervals.

    Raises:
        UsageError: if an argument is wrong.
        DataError: if the reviews are refused or have no labels.
        BundleError: if the model is damaged.
        MissingExtraError: if a baseline is asked for and scikit-learn is not installed.

    Example:

    >>> found = check_behaviour("small")
    >>> [one.own.kind for one in found.made_texts][:2], found.perturbations
    (['plain', 'negated praise'], ())
    """
    options = make_options(options, **table)
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
    return Behaviour(
        model=name_model(classifier.bundle.path),
        data=_describe(reviews, part) if reviews else None,
        seed=seed,
        baseline=about,
        perturbations=tuple(_judge_reviews(judges, reviews, seed, on_note) if reviews else ()),
        made_texts=tuple(_judge_made(judges)),
        warnings=tuple(_list_warnings(classifier, reviews, part) if reviews else ()),
    )


def _load(
    classifier: Classifier,
    source: Any,
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
    source: Any,
    judged: Reviews | None,
    data_dir: str | Path | None,
    options: TableOptions | None,
    names: tuple[str, str],
) -> Reviews:
    copy = local_copy(source, data_dir)
    train = load_labelled("A baseline", source, "train", copy, options, names)
    if judged is None:
        return train
    return train.take(np.flatnonzero(~find_shared(train.texts, judged.texts)))


def _judge_reviews(
    judges: Sequence[tuple[PredictProba, float]],
    reviews: Reviews,
    seed: int,
    on_note: Callable[[str], None],
) -> list[PerturbationResult]:
    scores = [
        measure_perturbations(
            predict, reviews.texts, reviews.labels, seed=seed, threshold=threshold, on_note=on_note
        )
        for predict, threshold in judges
    ]
    return [_compare_perturbation(*both) for both in zip(*scores, strict=True)]


def _compare_perturbation(
    own: PerturbationScore, baseline: PerturbationScore | None = None
) -> PerturbationResult:
    if baseline is None:
        return PerturbationResult(own)
    lead = compare_right(own.right, baseline.right)
    return PerturbationResult(own, baseline, lead.difference, lead.interval)


def _list_fields(score: PerturbationScore) -> dict[str, Any]:
    return {name: value for name, value in to_plain(score).items() if name != "right"}


def _judge_made(judges: Sequence[tuple[PredictProba, float]]) -> list[KindResult]:
    scores = [measure_made_texts(predict, threshold=threshold) for predict, threshold in judges]
    return [KindResult(*both) for both in zip(*scores, strict=True)]


def _describe(reviews: Reviews, part: str) -> dict[str, Any]:
    return {
        "source": reviews.source,
        "part": part,
        "num_reviews": len(reviews),
        "sha256": reviews.fingerprint(),
    }
