"""What goes into training and what comes out of it, as plain values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.schema import flag, many, number, optional, record, require, text
from reelfeel.training.loop.alarm import Diagnosis
from reelfeel.training.loop.checkpoints import COUNT, Arrays, Checkpoint, check_progress

# Classes farther apart than this are weighted to count the same; below it, weights cost accuracy.
MAX_CLASS_RATIO = 3.0
_SECONDS, _LOSS = number(0, 1e12), number(is_finite=False)
_DIAGNOSIS = record(
    {"symptom": text(), "causes": many(text(), most=100)},
    required=("symptom", "causes"),
    others=None,
)
_EPOCH = {
    "epoch": COUNT,
    "train_loss": _LOSS,
    "train_accuracy": _LOSS,
    "validation_loss": _LOSS,
    "validation_accuracy": _LOSS,
    "seconds": _SECONDS,
    "reviews_per_s": number(0),
    "validation_s": _SECONDS,
}
# What a checkpoint says besides its arrays: of a finished run, and of one between two steps.
_FINISHED = {
    "history": many(record(_EPOCH, required=_EPOCH, others=None), most=1_000_000),
    "best_epoch": COUNT,
    "diagnosis": optional(_DIAGNOSIS),
}
_RUNNING = {
    **_FINISHED,
    "total_steps": COUNT,
    "num_reviews": COUNT,
    "num_correct": COUNT,
    "loss_sum": _LOSS,
    "seconds": _SECONDS,
    "best_loss": _LOSS,
    "has_learned": flag,
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
class EpochRecord:
    """One line of a run's history; losses in nats per review.

    `seconds` are those of training, and `validation_s` those of validating after it.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float
    reviews_per_s: float
    validation_s: float = 0.0


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

    history: tuple[EpochRecord, ...]
    best_epoch: int
    validation_logits: npt.NDArray[np.float64]
    diagnosis: Diagnosis | None
    resumed_at: tuple[int, int] | None

    @property
    def seconds(self) -> float:
        """That training and validating took, whatever interrupted it."""
        return sum(record.seconds + record.validation_s for record in self.history)

    def to_checkpoint(self, weights: Arrays) -> Checkpoint:
        """Returns what a finished run leaves behind, with the weights of its best epoch."""
        arrays = {f"model.{name}": array for name, array in weights.items()}
        arrays["validation_logits"] = self.validation_logits
        progress = {
            "history": [asdict(record) for record in self.history],
            "best_epoch": self.best_epoch,
            "diagnosis": asdict(self.diagnosis) if self.diagnosis else None,
        }
        return Checkpoint(len(self.history), 0, arrays, progress)

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> tuple[FitResult, Arrays]:
        """Rebuilds what `to_checkpoint` described: the result and the weights.

        Raises:
            ValueError: if it describes none.
        """
        check_progress(checkpoint, _FINISHED)
        arrays = dict(checkpoint.arrays)
        logits = arrays.pop("validation_logits")
        weights = {name.removeprefix("model."): array for name, array in arrays.items()}
        progress = checkpoint.progress
        result = cls(
            history=tuple(EpochRecord(**record) for record in progress["history"]),
            best_epoch=progress["best_epoch"],
            validation_logits=logits,
            diagnosis=_read_diagnosis(progress["diagnosis"]),
            resumed_at=(checkpoint.epoch, checkpoint.step),
        )
        return result, weights


@dataclass
class RunState:
    """Where a run stands between two steps; all of it goes into the checkpoint."""

    epoch: int = 0
    step: int = 0
    total_steps: int = 0
    num_reviews: int = 0
    num_correct: int = 0
    loss_sum: float = 0.0
    seconds: float = 0.0
    best_loss: float = float("inf")
    best_epoch: int = 0
    has_learned: bool = False
    history: list[EpochRecord] = field(default_factory=list)
    best_weights: Arrays = field(default_factory=dict)
    diagnosis: Diagnosis | None = None

    def count_step(self, num_reviews: int, loss: float, num_correct: int) -> None:
        """Adds a step; `loss` is its mean over the reviews."""
        self.step += 1
        self.total_steps += 1
        self.num_reviews += num_reviews
        self.num_correct += num_correct
        self.loss_sum += loss * num_reviews

    def running_means(self) -> tuple[float, float]:
        """Returns loss and accuracy over the running epoch so far."""
        return self.loss_sum / self.num_reviews, self.num_correct / self.num_reviews

    def start_next_epoch(self) -> None:
        """Sets the sums of the running epoch back to nothing."""
        self.epoch += 1
        self.step = self.num_reviews = self.num_correct = 0
        self.loss_sum = self.seconds = 0.0

    def to_progress(self) -> dict[str, Any]:
        """Returns what is not an array, as JSON values."""
        progress = asdict(self)
        for elsewhere in ("epoch", "step", "best_weights"):
            del progress[elsewhere]
        return progress

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint, best_weights: Arrays) -> RunState:
        """Rebuilds the state that `to_progress` described.

        Raises:
            ValueError: if it describes none.
        """
        check_progress(checkpoint, _RUNNING)
        progress = dict(checkpoint.progress)
        progress["history"] = [EpochRecord(**record) for record in progress["history"]]
        progress["diagnosis"] = _read_diagnosis(progress["diagnosis"])
        state = cls(checkpoint.epoch, checkpoint.step, best_weights=best_weights, **progress)
        num_epochs = len(state.history)
        require(state.epoch == num_epochs, "epoch", f"{num_epochs}, as in history", state.epoch)
        require(state.best_epoch <= num_epochs, "best_epoch", "an epoch", state.best_epoch)
        holds = (state.step == 0) == (state.num_reviews == 0)
        require(holds, "num_reviews", "above 0 after a step", state.num_reviews)
        return state


def _read_diagnosis(stored: Mapping[str, Any] | None) -> Diagnosis | None:
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
