"""`mini`: 200 short reviews that come with ReelFeel, for tests, examples and a first run."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from typing import Literal

import numpy as np
import numpy.typing as npt

from reelfeel.errors import UsageError
from reelfeel.values import Reviews

MiniPart = Literal["train", "test", "all"]

_LABELS = {"negative": 0, "positive": 1}
# 140 of 200 reviews train, 60 test: enough of each to see a model learn, not to measure it.
_NUM_TEST_PER_LABEL = 30


def load_mini(part: MiniPart = "all") -> Reviews:
    """Returns the reviews that come with ReelFeel, or one part of them.

    A movie is in one part with all its reviews: many have two that disagree, and a model must not
    know a movie from training. Movies go to the test part in the order of the SHA-256 of their
    names, so the parts do not change with the order of the file.

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
    in_test = _choose_test(reviews)
    return reviews.take(np.flatnonzero(in_test if part == "test" else ~in_test))


def _read() -> Reviews:
    file = resources.files("reelfeel.data.sets") / "mini" / "reviews.jsonl"
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line]
    return Reviews(
        texts=[row["text"] for row in rows],
        labels=np.array([_LABELS[row["label"]] for row in rows], dtype=np.int8),
        ids=[str(row["id"]) for row in rows],
        movies=[row["movie"] for row in rows],
        source="mini",
    )


def _choose_test(reviews: Reviews) -> npt.NDArray[np.bool_]:
    movies = np.array(reviews.movies)
    in_test = np.zeros(len(reviews), dtype=bool)
    for movie in sorted(set(movies), key=lambda name: hashlib.sha256(name.encode()).hexdigest()):
        chosen = in_test | (movies == movie)
        # A movie that would make one label too many stays in train, with all its reviews.
        if np.bincount(reviews.labels[chosen], minlength=2).max() <= _NUM_TEST_PER_LABEL:
            in_test = chosen
    return in_test
