"""A model judged on labelled reviews."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.data.duplicates import hash_texts
from reelfeel.data.loading import load_reviews
from reelfeel.data.tables import TableOptions
from reelfeel.errors import DataError
from reelfeel.evaluation.metrics import evaluate_binary
from reelfeel.runtime.engine import Engine, load
from reelfeel.types import UNLABELLED, Reviews

# Wrong this often is no accident: the labels of the model and of the data are exchanged.
SWAPPED_ACCURACY = 0.35


def evaluate(
    model: str | Path | Engine,
    source: str | Path | Reviews,
    *,
    part: str = "test",
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
) -> dict[str, Any]:
    """Judges a model on labelled reviews.

    Args:
        model: the folder of a saved model, or a loaded one.
        source: "imdb", "mini", a folder, an archive, a table, or reviews at hand.
        part: of a source that has parts.
        data_dir: a local copy of "imdb".
        options: column names and the meaning of labels, for tables.

    Returns:
        Plain values fit for JSON: `data` (source, part, number of reviews, SHA-256), `all` (the
        metrics on all of them), `without_training_texts` (the metrics without the reviews whose
        text the model was trained on; null where there are none left or none to leave out),
        `num_training_texts` (how many were left out) and `warnings`.

    Raises:
        UsageError: if an argument is wrong.
        DataError: if the reviews are refused or have no labels.
        BundleError: if the model is.
    """
    engine = model if isinstance(model, Engine) else load(model)
    reviews = load_labelled("Evaluation", source, part, data_dir, options)
    y_prob = engine.predict_proba(reviews.texts)
    threshold = engine.bundle.decision.threshold
    metrics = evaluate_binary(reviews.labels, y_prob, threshold=threshold)
    known = find_training_texts(engine, reviews)
    unseen = None
    if known.any() and not known.all():
        unseen = evaluate_binary(reviews.labels[~known], y_prob[~known], threshold=threshold)
    return {
        "model": str(engine.bundle.path),
        "data": {
            "source": reviews.source,
            "part": part,
            "num_reviews": len(reviews),
            "sha256": reviews.fingerprint(),
        },
        "all": metrics.to_dict(),
        "num_training_texts": int(known.sum()),
        "without_training_texts": unseen.to_dict() if unseen else None,
        "warnings": warn_of_swaps(metrics.accuracy, engine, reviews),
    }


def load_labelled(
    purpose: str,
    source: str | Path | Reviews,
    part: str,
    data_dir: str | Path | None,
    options: TableOptions | None,
) -> Reviews:
    """Returns the labelled reviews of a source; `purpose` says in the error what needs them.

    Raises:
        DataError: if the reviews are refused or none of them has a label.
    """
    reviews = (
        source
        if isinstance(source, Reviews)
        else load_reviews(source, part, data_dir=data_dir, options=options)
    )
    labelled = reviews.take(np.flatnonzero(reviews.labels != UNLABELLED))
    if not len(labelled):
        raise DataError(
            f"{purpose} needs labelled reviews, and there are none. Name the column of the labels "
            f"with --label-column. Received: {reviews.source}"
        )
    return labelled


def find_training_texts(engine: Engine, reviews: Reviews) -> npt.NDArray[np.bool_]:
    """Says which reviews have a text that the model was trained on, bool `(num_reviews,)`."""
    hashes = engine.bundle.about("training_texts") or []
    known = np.array([int(number, 16) for number in hashes], dtype=np.uint64)
    return np.isin(hash_texts(reviews.texts), known)


def warn_of_swaps(accuracy: float, engine: Engine, reviews: Reviews) -> list[str]:
    """Says in words where the labels of model and data may not mean the same."""
    warnings = []
    if accuracy < SWAPPED_ACCURACY:
        warnings.append(
            f"Only {accuracy:.1%} are right, much worse than guessing: the labels look swapped. "
            "Check --positive."
        )
    if set(engine.bundle.label_names) != set(reviews.label_names):
        warnings.append(
            f"The model calls its classes {engine.bundle.label_names}, the data "
            f"{reviews.label_names}; they were matched as negative and positive, in this order."
        )
    return warnings
