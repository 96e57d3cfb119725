"""The training of a classifier's network of one direction: its steps, and its best epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import torch

from reelfeel.config.sections import Config
from reelfeel.errors import NotLearningError
from reelfeel.metrics.logits import to_probabilities
from reelfeel.models.classifier import assign_weights, named_weights, read_variable
from reelfeel.models.tower import Tower, dropout_variables
from reelfeel.schema import flag, record, require
from reelfeel.text.batching import plan_training_batches
from reelfeel.training.classifier.batches import (
    IdLists,
    UnlabelledStream,
    make_batch,
    predict_logits,
)
from reelfeel.training.classifier.losses import Batch, Steps, mean_norm
from reelfeel.training.classifier.monitor import NotLearningMonitor
from reelfeel.training.classifier.optimizer import Optimizer
from reelfeel.training.classifier.records import (
    CHECK_DIAGNOSIS,
    CHECK_EPOCH,
    EncodedReviews,
    diagnosis_from_json,
    diagnosis_to_json,
    loss_and_accuracy,
)
from reelfeel.training.loop.alarm import Diagnosis
from reelfeel.training.loop.checkpoints import COUNT, Arrays, check_arrays, join_groups
from reelfeel.training.loop.ema import AveragedWeights
from reelfeel.training.loop.state import LOSS, LoopState, StepResult

# Below so many numbers in a batch's state, a time step is shorter than waking a second thread; on a
# busy machine two threads then wait for each other all day (mini: 5 s became 300 s).
ONE_THREAD_STATES = 1_024
_PROGRESS = {
    "best_loss": LOSS,
    "best_epoch": COUNT,
    "has_learned": flag,
    "diagnosis": CHECK_DIAGNOSIS,
}


def is_small(config: Config) -> bool:
    """Whether a network is so small that a second thread would only be in its way."""
    return config.training.batch_size * max(config.model.units) < ONE_THREAD_STATES


class ClassifierTask:
    """The training of the network of one direction; see `Task` for what a trainer calls.

    Args:
        model: from `build_classifier`, with the weights to start from.
        train: the reviews to learn from.
        validation: the reviews that choose the epoch.
        config: all settings.
        unlabelled: the ids of reviews for the virtual adversarial loss, one int32 array each; None
            takes those of `train`.
    """

    unit, check_record = "reviews", staticmethod(CHECK_EPOCH)

    def __init__(
        self,
        model: keras.Model,
        train: EncodedReviews,
        validation: EncodedReviews,
        config: Config,
        unlabelled: IdLists | None = None,
    ) -> None:
        self.model, self.train, self.validation, self.config = model, train, validation, config
        training, start_weights = config.training, named_weights(model)
        self.num_epochs, self.checkpoint_every_s = training.epochs, training.checkpoint_every_s
        self.num_threads = 1 if is_small(config) else None
        self.lengths, self.class_weights = train.lengths(), train.class_weights()
        self.monitor = NotLearningMonitor(train, validation, config, start_weights)
        num_steps = sum(self.count_epoch(epoch)[0] for epoch in range(training.epochs))
        self.optimizer = Optimizer(model, training, num_steps)
        self.average = AveragedWeights(self.optimizer.parameters, training.average_decay)
        unit = mean_norm(start_weights["embedding/embeddings"], train.token_ids)
        self.steps = Steps(Tower.of(model), training, unit)
        self.stream = None
        if training.virtual_adversarial_norm:
            ids = train.token_ids if unlabelled is None else unlabelled
            self.stream = UnlabelledStream(
                ids, training.virtual_batch_size, training.seed, config.data
            )
        self.best_loss, self.best_epoch = float("inf"), 0
        self.best_weights: Arrays = {}
        self.diagnosis: Diagnosis | None = None
        self.is_stuck = False

    def count_epoch(self, epoch: int) -> tuple[int, int]:
        """Returns steps and reviews; epochs may differ by some, only the last batch is not full."""
        num_reviews = len(self.train.rows_of(epoch))
        return -(-num_reviews // self.config.training.batch_size), num_reviews

    def plan_epoch(self, epoch: int, first_step: int) -> Iterator[npt.NDArray[np.intp]]:
        """Yields the rows of each batch."""
        self.optimizer.start_epoch(epoch)
        training, rows = self.config.training, self.train.rows_of(epoch)
        rng = np.random.default_rng([training.seed, epoch])
        batches = plan_training_batches(self.lengths[rows], training.batch_size, rng)
        yield from (rows[batch] for batch in batches[first_step:])

    def take_step(self, batch: npt.NDArray[np.intp], number: int) -> StepResult:
        """Learns from some rows, and with the virtual adversarial loss from texts without label."""
        outcome = self.steps.learn(self.make_batch(batch))
        if self.stream:
            ids, lengths = self.stream.batch(number)
            self.steps.learn_virtually(ids.to(self._device), lengths.to(self._device))
        self.optimizer.step(number)
        self.average.update(number + 1)
        sums = {"loss": outcome.loss * len(batch), "accuracy": outcome.num_correct}
        return StepResult(len(batch), sums)

    def make_batch(self, rows: npt.NDArray[np.intp]) -> Batch:
        """Returns some training reviews as tensors."""
        labels, device = self.train.labels[rows], self._device
        weights = None if self.class_weights is None else self.class_weights[labels]
        return Batch(
            make_batch(self.train.token_ids, rows, self.config.data).to(device),
            torch.from_numpy(self.lengths[rows]).to(device),
            torch.from_numpy(self.train.to_learn(rows)).to(device),
            None if weights is None else torch.from_numpy(weights).to(device),
        )

    @property
    def _device(self) -> torch.device:
        return self.optimizer.parameters[0].device

    def _score_validation(self) -> npt.NDArray[np.float64]:
        return predict_logits(self.model, self.validation, self.config.data)

    def evaluate(self, state: LoopState) -> tuple[dict[str, float], str]:
        """Validates the averaged weights, and keeps them if they are the best."""
        with self.average.applied():
            y_prob = to_probabilities(self._score_validation())
            weights = named_weights(self.model)
        loss, accuracy = loss_and_accuracy(self.validation.labels, y_prob)
        # A run that ends in NaN from its first epoch on still leaves weights to look at.
        is_last_kept = self.config.training.last_epoch_kept
        is_best = is_last_kept or loss < self.best_loss or not self.best_weights
        if is_best:
            self.best_loss, self.best_epoch = loss, state.epoch + 1
            self.best_weights = weights
        train_loss, weights = state.means()["loss"], named_weights(self.model)
        diagnosis = self.monitor.look(state.total_steps, y_prob, train_loss, weights)
        self.is_stuck, self.diagnosis = diagnosis is not None, diagnosis or self.diagnosis
        figures = {"validation_loss": loss, "validation_accuracy": accuracy}
        return figures, "best so far" if is_best else ""

    def check_learning(self) -> None:
        """Stops a run that does not learn, if the alarm is on."""
        if self.is_stuck and self.config.training.alarm:
            raise NotLearningError(
                f"Training was stopped because the model does not learn. {self.diagnosis}\n"
                "To train on all the same: --resume --set training.alarm=false"
            )

    def is_finished(self, state: LoopState) -> bool:
        """Whether the best epoch lies too far back."""
        patience = self.config.training.patience
        return bool(patience and state.epoch and state.epoch - self.best_epoch >= patience)

    def to_arrays(self) -> dict[str, Arrays]:
        """Returns the weights, the best ones, the state of the optimizer and of the dropout."""
        seeds = dropout_variables(self.model)
        return {
            "model": named_weights(self.model),
            "best": self.best_weights,
            "dropout": {str(index): read_variable(seed) for index, seed in enumerate(seeds)},
            "average": self.average.to_arrays(),
            "optimizer": self.optimizer.to_arrays(),
        }

    def to_progress(self) -> dict[str, Any]:
        """Returns what is known of the best epoch, and whether anything was learned."""
        return {
            "best_loss": self.best_loss,
            "best_epoch": self.best_epoch,
            "has_learned": self.monitor.has_learned,
            "diagnosis": diagnosis_to_json(self.diagnosis),
        }

    def restore(self, groups: Mapping[str, Arrays], progress: Any) -> None:
        """Takes over what `to_arrays` and `to_progress` returned."""
        record(_PROGRESS, required=_PROGRESS, others=None)(progress, "task")
        most = self.num_epochs
        require(progress["best_epoch"] <= most, "best_epoch", "an epoch", progress["best_epoch"])
        own = self.to_arrays()
        own["best"] = own["model"] if groups["best"] else {}
        for group in ("model", "best", "dropout", "average"):
            check_arrays(groups[group], own[group])
        self.optimizer.restore(groups["optimizer"])
        assign_weights(self.model, groups["model"])
        for index, seed in enumerate(dropout_variables(self.model)):
            seed.assign(groups["dropout"][str(index)])
        self.average.restore(groups["average"])
        self.best_weights = groups["best"]
        self.best_loss, self.best_epoch = progress["best_loss"], progress["best_epoch"]
        self.monitor.has_learned = progress["has_learned"]
        self.diagnosis = diagnosis_from_json(progress["diagnosis"])

    def finish(self) -> tuple[Arrays, dict[str, Any]]:
        """Returns the weights of the best epoch with their logits for the validation reviews."""
        assign_weights(self.model, self.best_weights)
        arrays = join_groups({"model": named_weights(self.model)})
        arrays["validation_logits"] = self._score_validation()
        return arrays, {
            "best_epoch": self.best_epoch,
            "diagnosis": diagnosis_to_json(self.diagnosis),
        }
