"""Supervised training: the loop, the best epoch, and where it can be interrupted."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import torch

from reelfeel.config.sections import Config
from reelfeel.errors import NotLearningError
from reelfeel.files.writing import write_whole
from reelfeel.metrics.logits import to_probabilities
from reelfeel.models.classifier import assign_weights, named_weights, read_variable
from reelfeel.models.tower import Tower, dropout_variables
from reelfeel.schema import require
from reelfeel.signals import Interruption, delayed_interruption
from reelfeel.text.batching import plan_training_batches
from reelfeel.training.classifier.batches import (
    TokenIds,
    UnlabelledStream,
    make_batch,
    predict_logits,
)
from reelfeel.training.classifier.losses import Batch, Steps, mean_norm
from reelfeel.training.classifier.monitor import Watch
from reelfeel.training.classifier.optimizer import Optimizer
from reelfeel.training.classifier.records import (
    EncodedReviews,
    EpochRecord,
    FitResult,
    RunState,
    loss_and_accuracy,
)
from reelfeel.training.loop.checkpoints import (
    Arrays,
    Checkpoint,
    check_adam,
    check_arrays,
    explain_damage,
    load_checkpoint,
    save_checkpoint,
)
from reelfeel.training.loop.ema import AveragedWeights
from reelfeel.training.loop.progress import Observer
from reelfeel.training.loop.run_folder import enough_threads

# Name of the checkpoint in a run's folder.
CHECKPOINT = "checkpoint.safetensors"
# What the names of a checkpoint's arrays begin with.
_GROUPS = ("model", "best", "dropout", "average", "optimizer")


class Fit:
    """One training run of the network of one direction.

    Args:
        model: from `build_classifier`, with the weights to start from.
        train: the reviews to learn from.
        validation: the reviews that choose the epoch.
        config: all settings.
        folder: where the checkpoint and the history go.
        observer: is told of every step and epoch.
        unlabelled: the ids of reviews for the virtual adversarial loss, one int32 array each; None
            takes those of `train`.
    """

    def __init__(
        self,
        model: keras.Model,
        train: EncodedReviews,
        validation: EncodedReviews,
        config: Config,
        folder: Path,
        observer: Observer,
        unlabelled: TokenIds | None = None,
    ) -> None:
        self.model, self.train, self.validation = model, train, validation
        self.config, self.folder, self.observer = config, folder, observer
        self.lengths = train.lengths()
        self.class_weights = train.class_weights()
        training, start_weights = config.training, named_weights(model)
        self.watch = Watch(train, validation, config, start_weights)
        self.optimizer = Optimizer(model, training, self._count_steps())
        self.average = AveragedWeights(self.optimizer.parameters, training.average_decay)
        unit = mean_norm(start_weights["embedding/embeddings"], train.token_ids)
        self.steps = Steps(Tower.of(model), training, unit)
        self.stream = (
            UnlabelledStream(
                train.token_ids if unlabelled is None else unlabelled,
                training.virtual_batch_size,
                training.seed,
                config.data,
            )
            if training.virtual_adversarial_norm
            else None
        )
        self.state = RunState()

    @property
    def checkpoint_path(self) -> Path:
        """The file that `run(resume=True)` goes on from."""
        return self.folder / CHECKPOINT

    def run(self, *, resume: bool = False) -> FitResult:
        """Trains to the end, or from the checkpoint to the end.

        Raises:
            NotLearningError: if the alarm is on and rings.
            BundleError: if the checkpoint is damaged.
            KeyboardInterrupt: after writing a checkpoint.
        """
        checkpoint = load_checkpoint(self.checkpoint_path) if resume else None
        if checkpoint:
            with explain_damage(self.checkpoint_path):
                self._restore(checkpoint)
        state = self.state
        num_reviews = len(self.train.rows_of(state.epoch))
        self.observer.on_start(
            self.config.training.epochs, num_reviews, (state.epoch, state.num_reviews)
        )
        resumed_at = (checkpoint.epoch, checkpoint.step) if checkpoint else None
        with enough_threads(self.config), delayed_interruption() as interruption:
            try:
                while not self._is_finished():
                    self._run_epoch(interruption)
            except KeyboardInterrupt:
                self.save()
                raise
        assign_weights(self.model, self.state.best_weights)
        return FitResult(
            history=tuple(self.state.history),
            best_epoch=self.state.best_epoch,
            validation_logits=self._score_validation(),
            diagnosis=self.state.diagnosis,
            resumed_at=resumed_at,
        )

    def _is_finished(self) -> bool:
        patience = self.config.training.patience
        epochs_since_best = len(self.state.history) - self.state.best_epoch
        return self.state.epoch >= self.config.training.epochs or bool(
            patience and self.state.history and epochs_since_best >= patience
        )

    def _plan_epoch(self, epoch: int) -> list[npt.NDArray[np.intp]]:
        training, rows = self.config.training, self.train.rows_of(epoch)
        rng = np.random.default_rng([training.seed, epoch])
        batches = plan_training_batches(self.lengths[rows], training.batch_size, rng)
        return [rows[batch] for batch in batches]

    def _count_steps(self) -> int:
        # Epochs may differ by a review, and so by a step; only an epoch's last batch is not full.
        training = self.config.training
        sizes = [len(self.train.rows_of(epoch)) for epoch in range(training.epochs)]
        return sum(-(-size // training.batch_size) for size in sizes)

    def _run_epoch(self, interruption: Interruption) -> None:
        state, started = self.state, time.perf_counter()
        saved = started
        self.optimizer.start_epoch(state.epoch)
        for rows in self._plan_epoch(state.epoch)[state.step :]:
            self._run_step(rows)
            # First the signal: a terminal that is gone cannot be told of the step.
            interruption.raise_if_come()
            self.observer.on_step(state.epoch, len(rows), *state.running_means())
            if time.perf_counter() - saved >= self.config.training.checkpoint_every_s:
                self._count_seconds(started)
                self.save()
                started = saved = time.perf_counter()
        self._count_seconds(started)
        self._finish_epoch()

    def _run_step(self, rows: npt.NDArray[np.intp]) -> None:
        state = self.state
        outcome = self.steps.learn(self._make_batch(rows))
        if self.stream:
            ids, lengths = self.stream.batch(state.total_steps)
            self.steps.learn_virtually(ids.to(self._device), lengths.to(self._device))
        self.optimizer.step(state.total_steps)
        state.count_step(len(rows), outcome.loss, outcome.num_correct)
        self.average.update(state.total_steps)

    def _make_batch(self, rows: npt.NDArray[np.intp]) -> Batch:
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

    def _finish_epoch(self) -> None:
        state, started = self.state, time.perf_counter()
        with self.average.applied():
            y_prob = to_probabilities(self._score_validation())
            weights = named_weights(self.model)
        loss, accuracy = loss_and_accuracy(self.validation.labels, y_prob)
        train_loss, train_accuracy = state.running_means()
        record = EpochRecord(
            epoch=state.epoch + 1,
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            validation_loss=loss,
            validation_accuracy=accuracy,
            seconds=round(state.seconds, 3),
            reviews_per_s=round(state.num_reviews / state.seconds, 1),
            validation_s=round(time.perf_counter() - started, 3),
        )
        state.history.append(record)
        # A run that ends in NaN from its first epoch on still leaves weights to look at.
        is_last_kept = self.config.training.last_epoch_kept
        is_best = is_last_kept or loss < state.best_loss or not state.best_weights
        if is_best:
            state.best_loss, state.best_epoch = loss, record.epoch
            state.best_weights = weights
        state.start_next_epoch()
        self.observer.on_epoch(record, is_best=is_best)
        self._write_history()
        self._check_learning(y_prob, train_loss)
        self.save()

    def _check_learning(self, y_prob: npt.NDArray[np.float64], train_loss: float) -> None:
        weights = named_weights(self.model)
        diagnosis = self.watch.look(self.state, y_prob, train_loss, weights)
        if diagnosis is None:
            return
        self.state.diagnosis = diagnosis
        if self.config.training.alarm:
            self.save()
            raise NotLearningError(
                f"Training was stopped because the model does not learn. {diagnosis}\n"
                "To train on all the same: --resume --set training.alarm=false"
            )

    def _count_seconds(self, started: float) -> None:
        self.state.seconds += time.perf_counter() - started

    def _write_history(self) -> None:
        lines = [json.dumps(asdict(record)) for record in self.state.history]
        with write_whole(self.folder / "history.jsonl") as path:
            path.write_text("\n".join(lines) + "\n")

    def save(self) -> None:
        """Writes the checkpoint."""
        seeds = dropout_variables(self.model)
        groups: dict[str, Arrays] = {
            "model": named_weights(self.model),
            "best": self.state.best_weights,
            "dropout": {str(index): read_variable(seed) for index, seed in enumerate(seeds)},
            "average": self.average.to_arrays(),
            "optimizer": self.optimizer.to_arrays(),
        }
        arrays = {
            f"{group}.{name}": array
            for group, members in groups.items()
            for name, array in members.items()
        }
        save_checkpoint(
            self.checkpoint_path,
            Checkpoint(self.state.epoch, self.state.step, arrays, self.state.to_progress()),
        )

    def _restore(self, checkpoint: Checkpoint) -> None:
        groups: dict[str, Arrays] = {name: {} for name in _GROUPS}
        for name, array in checkpoint.arrays.items():
            group, _, key = name.partition(".")
            groups[group][key] = array
        self._check(groups)
        assign_weights(self.model, groups["model"])
        for index, seed in enumerate(dropout_variables(self.model)):
            seed.assign(groups["dropout"][str(index)])
        self.optimizer.restore(groups["optimizer"])
        self.average.restore(groups["average"])
        self.state = RunState.from_checkpoint(checkpoint, groups["best"])
        num_epochs, step = self.config.training.epochs, self.state.step
        require(self.state.epoch <= num_epochs, "epoch", f"at most {num_epochs}", self.state.epoch)
        num_steps = len(self._plan_epoch(self.state.epoch)) if step else 0
        require(step <= num_steps, "step", f"at most {num_steps}", step)

    def _check(self, groups: dict[str, Arrays]) -> None:
        """Refuses arrays that could not take the place of those that are here."""
        weights = named_weights(self.model)
        check_arrays(groups["model"], weights)
        if groups["best"]:
            check_arrays(groups["best"], weights)
        check_arrays(groups["average"], self.average.to_arrays())
        check_adam(groups["optimizer"], self.optimizer.parameters)
        seeds = dropout_variables(self.model)
        check_arrays(
            groups["dropout"], {str(index): read_variable(seed) for index, seed in enumerate(seeds)}
        )
