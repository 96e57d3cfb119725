"""How many hands a review passes through between `train` and the loss."""

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from word_salad import TINY, make_reviews

import reelfeel
from reelfeel.training.classifier.losses import Batch
from reelfeel.training.train import train

SOURCE = Path(reelfeel.__file__).parent
MARK = "zyzzyva"
# What training puts a review into, first to last. The training set is gone when its texts are ids,
# and a batch holds tensors.
WRAPPERS = [
    "TrainingData",
    "TrainingSet",
    "EncodedReviews",
    "PreparedRun",
    "ClassifierJob",
    "Batch",
]
# What it comes in, what its ids are, and who works with them.
OTHERS = {"Reviews", "TokenIds", "Trainer", "ClassifierTask", "NotLearningMonitor"}


def find_holders(value, marked, seen):
    """Whether `value` leads to the marked review; adds the classes of ours on the way to `seen`."""
    if id(value) in marked["visited"]:
        return marked["visited"][id(value)]
    marked["visited"][id(value)] = False
    marked["kept"].append(value)  # so that no other value gets its number
    if isinstance(value, str):
        found = MARK in value
    elif isinstance(value, np.ndarray):
        found = value.dtype == np.int32 and marked["id"] in value
    elif isinstance(value, Mapping):
        found = find_any(value.values(), marked, seen)
    elif isinstance(value, list | tuple):
        found = find_any(value, marked, seen)
    elif type(value).__module__.startswith("reelfeel."):
        parts = list(getattr(value, "__dict__", {}).values())
        found = find_any(parts, marked, seen)
        if found:
            seen.add(type(value).__name__)
    else:
        found = False
    marked["visited"][id(value)] = found
    return found


def find_any(values, marked, seen):
    """Looks at all of them, also after the first that leads to the review."""
    return max([find_holders(value, marked, seen) for value in values], default=False)


def test_few_calls_and_few_holders_lie_between_train_and_the_loss(home, tmp_path, monkeypatch):
    reviews = make_reviews(60)
    for row in range(30):
        reviews.texts[row] += f" {MARK}"
    calls, holders = [], set()
    compute = Batch.loss

    def loss(batch, logits):
        if not calls:
            frame = sys._getframe(1)
            frames = []
            while frame.f_code is not train.__code__:
                if Path(frame.f_code.co_filename).is_relative_to(SOURCE):
                    frames.append(frame)
                frame = frame.f_back
            calls.extend(one.f_code.co_qualname for one in reversed(frames))
            run = next(one.f_locals["run"] for one in frames if "run" in one.f_locals)
            [word] = run.encoder.encode([MARK]).token_ids
            marked = {"id": int(word[0]), "visited": {}, "kept": []}
            for one in frames:
                for value in list(one.f_locals.values()):
                    find_holders(value, marked, holders)
        return compute(batch, logits)

    monkeypatch.setattr(Batch, "loss", loss)
    train(reviews, output=tmp_path / "model", preset="seed", settings=TINY)
    assert len(calls) <= 5, calls
    assert len(WRAPPERS) <= 6
    # The words of the reviews are the vocabulary's too.
    found = holders - {"TextEncoder", "Vocabulary"}
    assert found == {*WRAPPERS, *OTHERS} - {"TrainingSet", "Batch"}
