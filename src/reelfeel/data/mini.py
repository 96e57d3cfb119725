"""The data set that comes with ReelFeel: 200 short reviews, for tests, examples and a first run."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from typing import Literal

import numpy as np

from reelfeel.errors import UsageError
from reelfeel.types import Reviews

MiniPart = Literal["train", "test", "all"]

_LABELS = {"negative": 0, "positive": 1}
# 140 of 200 reviews train, 60 test: enough of each to see a model learn, not to measure it.
_TRAIN_SHARE = 0.7


def load_mini(part: MiniPart = "all") -> Reviews:
    """Returns the reviews that come with ReelFeel, or one part of them.

    Which part a review belongs to hangs on the SHA-256 of its id alone, so it does not change with
    the order of the file; of each label, the 70 % with the smallest hashes train.

    Args:
        part: "train" (140 reviews), "test" (60) or "all" (200); half of each are positive.

    Returns:
        Reviews in the order of the file, with movies.

    Raises:
        UsageError: if there is no such part.

    Example:

    >>> load_mini("train").label_names
    ('negative', 'positive')
    """
    if part not in ("train", "test", "all"):
        raise UsageError(f"The mini data set has the parts train, test and all. Received {part!r}.")
    reviews = _read()
    if part == "all":
        return reviews
    in_train = _choose_train(reviews)
    return reviews.take(np.flatnonzero(in_train if part == "train" else ~in_train))


def _read() -> Reviews:
    file = resources.files("reelfeel.data") / "mini" / "reviews.jsonl"
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line]
    return Reviews(
        texts=[row["text"] for row in rows],
        labels=np.array([_LABELS[row["label"]] for row in rows], dtype=np.int8),
        ids=[str(row["id"]) for row in rows],
        movies=[row["movie"] for row in rows],
        source="mini",
    )


def _choose_train(reviews: Reviews) -> np.ndarray:
    hashes = [hashlib.sha256(id_.encode()).hexdigest() for id_ in reviews.ids]
    in_train = np.zeros(len(reviews), dtype=bool)
    for label in _LABELS.values():
        rows = sorted(np.flatnonzero(reviews.labels == label), key=lambda row: hashes[row])
        in_train[rows[: round(len(rows) * _TRAIN_SHARE)]] = True
    return in_train
