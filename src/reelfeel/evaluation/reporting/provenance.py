"""Where the numbers of a report come from, and what has to be known before believing them."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from reelfeel.evaluation.scored_reviews import ScoredReviews
from reelfeel.evaluation.warnings import is_notable
from reelfeel.inference.classifier import Classifier
from reelfeel.native.cores import available_cores
from reelfeel.report.judging import NUM_RESAMPLES, SEED
from reelfeel.report.report_data import TitledList
from reelfeel.report.wording import count, listed, percent
from reelfeel.values import Reviews

_MINI_WARNING = (
    "The data set mini shows that everything works; a few short reviews measure no model."
)


def list_warnings(reviews: Reviews, num_known: int) -> tuple[str, ...]:
    """Says what spoils the numbers: reviews that the model knows, and a data set for show.

    Args:
        reviews: those judged.
        num_known: how many of them the model was trained on.
    """
    warnings = []
    if num_known == len(reviews):
        warnings.append(
            "The model was trained or calibrated on the text of every one of these reviews. "
            "Nothing here says how it does on new ones."
        )
    elif is_notable(num_known, len(reviews)):
        warnings.append(
            f"The model was trained or calibrated on the texts of {num_known:,} of the "
            f"{count(len(reviews))} ({percent(num_known / len(reviews))}). They are left out: "
            f"everything below is about the other {len(reviews) - num_known:,}, but for one column "
            "of the table."
        )
    if reviews.source == "mini":
        warnings.append(_MINI_WARNING)
    return tuple(warnings)


def note_conditions(
    provenance: Mapping[str, Any], train: Reviews | None, baselines: Sequence[str]
) -> tuple[str, ...]:
    """Says under which conditions the numbers of the table were measured.

    Args:
        provenance: of the model.
        train: what the baselines learned from; None where nothing.
        baselines: the names of those asked for.
    """
    notes = [
        "The intervals say how the numbers would vary with other reviews of the same kind. They do "
        "not cover the luck of training: another seed gives another model."
    ]
    if not baselines:
        notes.append("No baseline was asked for.")
    elif train is None:
        notes.append(
            "Only the lexicon is shown: the other baselines learn from training reviews, which "
            "--train-data names (in Python: train_source)."
        )
    else:
        same = (provenance.get("data") or {}).get("sha256") == train.fingerprint()
        are = "the same as" if same else "other reviews than"
        notes.append(
            f"The baselines learned from {count(len(train))} of {train.source}, {are} those given "
            "to the model, and all call a review positive from 0.5 on."
        )
        notes.append(
            "Training times and the speeds of the baselines were measured once, when they were "
            "first computed, perhaps on another machine or a busy one."
        )
    return tuple(notes)


def list_provenance(
    classifier: Classifier, whole: ScoredReviews, *, part: str, num_known: int
) -> tuple[TitledList, ...]:
    """Lists where model, reviews and report come from.

    Args:
        classifier: the model.
        whole: how it read all reviews.
        part: of the data set that they are.
        num_known: how many of them the model was trained on.
    """
    return (
        TitledList("The model", tuple(_describe_model(classifier))),
        TitledList("The reviews it was judged on", _describe_reviews(whole, part, num_known)),
        TitledList("This report", _describe_report(classifier)),
    )


def _describe_model(classifier: Classifier) -> list[tuple[str, str]]:
    bundle = classifier.bundle
    provenance: Mapping[str, Any] = bundle.about("provenance") or {}
    data, split = provenance.get("data") or {}, provenance.get("split") or {}
    sums = hashlib.sha256((bundle.path / "SHA256SUMS").read_bytes()).hexdigest()
    machine = provenance.get("machine") or {}
    rows: dict[str, Any] = {
        "Preset": bundle.preset,
        "Labels": f"{bundle.label_names[0]} (class 0), {bundle.label_names[1]} (class 1)",
        "Threshold": f"positive from {bundle.decision.threshold:g} on",
        "Temperature": f"{bundle.decision.temperature:.4g}",
        "Calibrated on": _describe_calibration(bundle.decision.calibration),
        "SHA-256 of its sums": sums,
        "Trained on": data and f"{data.get('source')}, {count(data.get('num_reviews', 0))}",
        "SHA-256 of these": data.get("sha256"),
        "Split": split.get("description"),
        "Cut in training": provenance.get("truncation"),
        "Epoch kept": provenance.get("best_epoch"),
        "Seed": provenance.get("seed"),
        "LSTM kernel": provenance.get("kernel"),
        "Command": provenance.get("command"),
        "Versions": _format_pairs(provenance.get("versions") or {}),
        "Machine": machine and f"{machine.get('processor')}, {machine.get('cores')} cores",
    }
    return [(term, str(value)) for term, value in rows.items() if value not in (None, "", {})]


def _describe_calibration(calibration: Mapping[str, Any] | None) -> str:
    if not calibration:
        return ""
    return (
        f"{calibration.get('source')}, {count(int(calibration.get('num_reviews', 0)))}, SHA-256 "
        f"{calibration.get('sha256')}"
    )


def _describe_reviews(
    whole: ScoredReviews, part: str, num_known: int
) -> tuple[tuple[str, str], ...]:
    reviews = whole.reviews
    cut = int(whole.truncated.sum())
    return (
        ("Source", reviews.source),
        ("Part asked for", part),
        ("Reviews", f"{len(reviews):,}, of which {percent(float(reviews.labels.mean()))} positive"),
        ("SHA-256 of these", reviews.fingerprint()),
        ("Read in part", f"{cut:,} ({percent(cut / len(reviews))}) were too long"),
        ("Known from training", f"{num_known:,} ({percent(num_known / len(reviews))})"),
    )


def _describe_report(classifier: Classifier) -> tuple[tuple[str, str], ...]:
    packages = ("reelfeel", "numpy", "scikit-learn", "matplotlib")
    versions = {"python": platform.python_version()} | {name: version(name) for name in packages}
    return (
        ("Command", " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])),
        ("Backend", str(classifier.backend)),
        ("Versions", _format_pairs(versions)),
        ("Machine", f"{platform.machine()}, {available_cores()} cores"),
        ("Intervals", f"95 %, {NUM_RESAMPLES:,} bootstrap resamples where resampled, seed {SEED}"),
    )


def _format_pairs(pairs: Mapping[str, str]) -> str:
    return listed([f"{name} {value}" for name, value in pairs.items()])
