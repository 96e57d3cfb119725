"""What the baselines say about given texts and what they cost, kept from report to report."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reelfeel.baselines.baselines import BASELINES, check_is_list, check_name, fit_baseline
from reelfeel.errors import BundleError, DataError
from reelfeel.files.array_files import read_arrays
from reelfeel.files.plain_files import read_json_file
from reelfeel.files.writing import home, write_whole
from reelfeel.metrics.checks import Labels, Probabilities, check_labels
from reelfeel.schema import integer, number, record
from reelfeel.text_hashes import add_texts

# Part of the key: raise it with every change to what a baseline computes.
VERSION = 1
MAX_COSTS_BYTES = 1 << 16
_FIELDS = {
    "train_s": number(0, 1e12),
    "reviews_per_s": number(0),
    "size_bytes": integer(0, 1 << 50),
}
_COSTS = record(_FIELDS, required=_FIELDS, others=None)


@dataclass(frozen=True)
class BaselineScores:
    """What a baseline says about the judged texts, and what it cost; times as first measured.

    Attributes:
        name: one of `BASELINES`.
        y_prob: float array of shape `(num_texts,)`, the probability of class 1.
        train_s: seconds of training.
        reviews_per_s: speed of scoring, from text to probability, in one process.
        size_bytes: as `Baseline`.
    """

    name: str
    y_prob: Probabilities
    train_s: float
    reviews_per_s: float
    size_bytes: int


def score_baselines(
    train_texts: Sequence[str],
    train_labels: npt.ArrayLike,
    texts: Sequence[str],
    *,
    names: Sequence[str] = BASELINES,
) -> list[BaselineScores]:
    """Trains baselines and scores texts with them, or recalls what was computed before.

    Args:
        train_texts: what they learn from, `num_train` of them.
        train_labels: int array of shape `(num_train,)`, 1 positive, 0 negative.
        texts: what they are judged on.
        names: which ones, of `BASELINES`.

    Returns:
        One BaselineScores for each name, in that order.

    Raises:
        UsageError: if a name is not one of `BASELINES`.
        DataError: if texts and labels do not fit, either is empty, or train has one class only.
        MissingExtraError: if scikit-learn or vaderSentiment is not installed.

    Example:

    >>> import tempfile
    >>> from unittest import mock
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with mock.patch.dict("os.environ", REELFEEL_HOME=folder):
    ...         [scores] = score_baselines(["fine", "dull"], [1, 0], ["fun"], names=["majority"])
    >>> scores.y_prob.tolist()
    [0.5]
    """
    return [score_baseline(name, train_texts, train_labels, texts) for name in names]


def score_baseline(
    name: str, train_texts: Sequence[str], train_labels: npt.ArrayLike, texts: Sequence[str]
) -> BaselineScores:
    """Does for one baseline what `score_baselines` does for several; kept under `REELFEEL_HOME`."""
    check_is_list(texts)
    if not len(texts):
        raise DataError("Expected at least one text to judge the baselines on; received none.")
    labels = check_labels(train_labels, "train_labels")
    folder = home() / "baselines" / _fingerprint(check_name(name), train_texts, labels, texts)
    scores = _recall(name, folder, len(texts))
    if scores is None:
        scores = _measure(name, train_texts, labels, texts)
        _keep(scores, folder)
    return scores


def _measure(
    name: str, train_texts: Sequence[str], labels: Labels, texts: Sequence[str]
) -> BaselineScores:
    started = time.perf_counter()
    baseline = fit_baseline(name, train_texts, labels)
    trained = time.perf_counter()
    y_prob = baseline.predict_proba(texts)
    scored_s = time.perf_counter() - trained
    return BaselineScores(
        name, y_prob, trained - started, len(texts) / max(scored_s, 1e-9), baseline.size_bytes
    )


def _recall(name: str, folder: Path, num_texts: int) -> BaselineScores | None:
    try:
        costs = read_json_file(folder / "costs.json", MAX_COSTS_BYTES)
        _COSTS(costs, "costs")
        y_prob = read_arrays(folder / "scores.npz", {"y_prob": ("float64", 1)})["y_prob"]
    except (BundleError, ValueError):
        # Absent or damaged: a cache that cannot be read is computed anew.
        return None
    holds = y_prob.shape == (num_texts,) and ((y_prob >= 0) & (y_prob <= 1)).all()
    return BaselineScores(name, y_prob, **costs) if holds else None


def _keep(scores: BaselineScores, folder: Path) -> None:
    costs = {
        "train_s": scores.train_s,
        "reviews_per_s": scores.reviews_per_s,
        "size_bytes": scores.size_bytes,
    }
    with write_whole(folder) as unfinished:
        unfinished.mkdir()
        np.savez(unfinished / "scores.npz", y_prob=scores.y_prob)
        (unfinished / "costs.json").write_text(json.dumps(costs), encoding="utf-8")


def _fingerprint(
    name: str, train_texts: Sequence[str], labels: Labels, texts: Sequence[str]
) -> str:
    digest = hashlib.sha256(f"{name} {VERSION} {len(train_texts)}\n".encode())
    digest.update(labels.astype("<i8").tobytes())
    add_texts(digest, (*train_texts, *texts))
    return digest.hexdigest()
