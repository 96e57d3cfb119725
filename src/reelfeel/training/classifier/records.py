"""What goes into training and what comes out of it, as plain values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.schema import many, optional, record, text
from reelfeel.training.loop.alarm import Diagnosis
from reelfeel.training.loop.checkpoints import (
    COUNT,
    Arrays,
    Checkpoint,
    check_progress,
    split_groups,
)
from reelfeel.training.loop.state import Position, Record, make_record_check

# Classes farther apart than this are weighted to count the same; below it, weights cost accuracy.
MAX_CLASS_RATIO = 3.0
# What the checkpoint of a finished run says besides its arrays.
CHECK_EPOCH = make_record_check(
    "reviews", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy"
)
CHECK_DIAGNOSIS = optional(
    record(
        {"symptom": text(), "causes": many(text(), most=100)},
        required=("symptom", "causes"),
        others=None,
    )
)
_FINISHED = {
    "history": many(CHECK_EPOCH),
    "best_epoch": COUNT,
    "diagnosis": CHECK_DIAGNOSIS,
}
# In `EncodedReviews.epochs`: a review that is read in all of them.
EVERY_EPOCH = -1


@dataclass(frozen=True)
class EncodedReviews:
    """Reviews as numbers.

    Attributes:
        token_ids: one int32 array per review, at least one token long, already cut.
        labels: int8 array of shape `(num_reviews,)`.
        unknown_share: share of the tokens that are not in the vocabulary.
        targets: float32 array of shape `(num_reviews,)`: the probabilities of class 1 to learn,
            from teachers; None learns the labels.
        epochs: int16 array of the same shape: in which epoch, counted from 0, each is read, or
            `EVERY_EPOCH`; None reads all of them in all epochs.
    """

    token_ids: Sequence[npt.NDArray[np.int32]]
    labels: npt.NDArray[np.int8]
    unknown_share: float = 0.0
    targets: npt.NDArray[np.float32] | None = None
    epochs: npt.NDArray[np.int16] | None = None

    def lengths(self) -> npt.NDArray[np.int64]:
        """Returns the number of tokens of each review."""
        return np.array([len(ids) for ids in self.token_ids])

    def rows_of(self, epoch: int) -> npt.NDArray[np.intp]:
        """Returns the rows that are read in an epoch, counted from 0, rising."""
        if self.epochs is None:
            return np.arange(len(self.labels))
        return np.flatnonzero((self.epochs == epoch) | (self.epochs == EVERY_EPOCH))

    def to_learn(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """Returns what the network should answer for some reviews, float32 `(len(rows),)`."""
        wanted = self.labels if self.targets is None else self.targets
        return wanted[rows].astype(np.float32)

    def class_weights(self) -> npt.NDArray[np.float32] | None:
        """Returns the weight of each class in the loss; None where they are about as frequent.

        Targets are weighted by nobody: a class may be rare among them because it is rare.
        """
        if self.targets is not None:
            return None
        counts = np.bincount(self.labels, minlength=2)
        if counts.max() <= MAX_CLASS_RATIO * counts.min():
            return None
        return (len(self.labels) / (2 * counts)).astype(np.float32)

    def fingerprint(self) -> str:
        """Returns the SHA-256, in hexadecimal, of all ids, labels, targets and epochs."""
        digest = hashlib.sha256(self.labels.tobytes())
        digest.update(self.lengths().tobytes())
        for ids in self.token_ids:
            digest.update(ids.tobytes())
        for column in (self.targets, self.epochs):
            if column is not None:
                digest.update(column.tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class FitResult:
    """What training leaves behind; the model holds the weights of the best epoch.

    Attributes:
        history: one record for each epoch.
        best_epoch: the epoch whose weights were kept, counted from 1.
        validation_logits: its logits of class 1, float64 of shape `(num_validation,)`.
        diagnosis: what the alarm had to say, where it was told to go on.
        resumed_at: epochs, and steps of the next one, that a checkpoint saved; None without one.
    """

    history: tuple[Record, ...]
    best_epoch: int
    validation_logits: npt.NDArray[np.float64]
    diagnosis: Diagnosis | None
    resumed_at: Position

    @classmethod
    def from_checkpoint(
        cls, finished: Checkpoint, resumed_at: Position
    ) -> tuple[FitResult, Arrays]:
        """Returns the result that a finished run left, and its weights.

        Raises:
            ValueError: if it is not of a classifier's run.
        """
        check_progress(finished, _FINISHED)
        arrays = split_groups(finished.arrays, ("model", "validation_logits"))
        progress = finished.progress
        result = cls(
            history=tuple(progress["history"]),
            best_epoch=progress["best_epoch"],
            validation_logits=arrays["validation_logits"][""],
            diagnosis=diagnosis_from_json(progress["diagnosis"]),
            resumed_at=resumed_at,
        )
        return result, arrays["model"]


def diagnosis_to_json(diagnosis: Diagnosis | None) -> dict[str, Any] | None:
    """Returns a diagnosis as JSON values."""
    if diagnosis is None:
        return None
    return {"symptom": diagnosis.symptom, "causes": list(diagnosis.causes)}


def diagnosis_from_json(stored: Mapping[str, Any] | None) -> Diagnosis | None:
    """Returns what `diagnosis_to_json` was given."""
    return Diagnosis(stored["symptom"], tuple(stored["causes"])) if stored else None


def loss_and_accuracy(
    y_true: npt.NDArray[np.int8], y_prob: npt.NDArray[np.float64]
) -> tuple[float, float]:
    """Returns the mean cross-entropy, in nats, and the share right at one half.

    Example:

    >>> loss_and_accuracy(np.array([1], np.int8), np.array([1.0]))
    (-0.0, 1.0)
    """
    of_truth = np.where(y_true == 1, y_prob, 1 - y_prob)
    loss = -np.log(np.clip(of_truth, 1e-12, 1)).mean()
    return float(loss), float(((y_prob >= 0.5) == (y_true == 1)).mean())
