"""Labelled reviews to judge a model on, and which of them it has met before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reelfeel.data.audit.duplicates import hash_texts
from reelfeel.data.labels import match_labels, take_labelled
from reelfeel.data.loading import load_reviews
from reelfeel.data.options import TableOptions
from reelfeel.errors import DataError, UsageError
from reelfeel.inference.classifier import Classifier
from reelfeel.values import Reviews


def load_labelled(
    purpose: str,
    source: str | Path | Reviews,
    part: str,
    data_dir: str | Path | None,
    options: TableOptions | None,
    label_names: tuple[str, str] | None = None,
) -> Reviews:
    """Returns the labelled reviews of a source; `purpose` says in the error what needs them.

    Args:
        purpose: what needs them.
        source: as `load_reviews` takes it, or reviews at hand.
        part: of a source that has parts.
        data_dir: a local copy of "imdb".
        options: how to read them.
        label_names: a model's names of class 0 and class 1: labels of these names are understood,
            and mean what they mean to the model.

    Raises:
        DataError: if the reviews are refused or none of them has a label, or a label of the model
            means the other class.
        UsageError: if a column to slice by is asked for that the source does not have.
    """
    if label_names is not None:
        options = replace(options or TableOptions(), known_labels=label_names)
    reviews = load_reviews(source, part, data_dir=data_dir, options=options)
    if label_names is not None:
        reviews = match_labels(reviews, label_names)
    for name in options.slice_columns or () if options else ():
        if name not in reviews.columns:
            raise UsageError(
                f"Only tables have columns to slice by. Leave --slice-column {name} out, or give a "
                f"table with --data. Received: {reviews.source}"
            )
    labelled = take_labelled(reviews)
    if not len(labelled):
        raise DataError(
            f"{purpose} needs labelled reviews, and there are none. Name the column of the labels "
            f"with --label-column. Received: {reviews.source}"
        )
    return labelled


def find_trained_source(classifier: Classifier) -> str:
    """Returns the data set that a model was trained on, "imdb" or "mini".

    Raises:
        UsageError: if it was another one, which cannot be found by its name.
    """
    provenance = classifier.bundle.about("provenance") or {}
    source = str((provenance.get("data") or {}).get("source", "unknown"))
    # The loaders name what they read "mini" and "IMDB train", with notes behind.
    known = {"mini": "mini", "imdb": "imdb"}.get(source.partition(" ")[0].lower())
    if known is None:
        raise UsageError(
            "This needs labelled reviews. Name a data set, a folder, an archive or a table with "
            "--data: only imdb and mini are found without. The model was trained on "
            f"{source!r}."
        )
    return known


def find_training_texts(classifier: Classifier, reviews: Reviews) -> npt.NDArray[np.bool_]:
    """Says which reviews have a text that the model was trained on, bool `(num_reviews,)`."""
    return _find(classifier, reviews, "training_texts")


def find_calibration_texts(classifier: Classifier, reviews: Reviews) -> npt.NDArray[np.bool_]:
    """Says which reviews have a text that the model was calibrated on, bool `(num_reviews,)`."""
    return _find(classifier, reviews, "calibration_texts")


def _find(classifier: Classifier, reviews: Reviews, name: str) -> npt.NDArray[np.bool_]:
    hashes = classifier.bundle.about(name) or []
    known = np.array([int(number, 16) for number in hashes], dtype=np.uint64)
    return np.isin(hash_texts(reviews.texts), known)
