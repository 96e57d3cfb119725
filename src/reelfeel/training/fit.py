"""Supervised training: the loop, the best epoch, and where it can be interrupted."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import torch

from reelfeel.config import Config
from reelfeel.errors import NotLearningError
from reelfeel.files import write_whole
from reelfeel.models.classifier import assign_weights, named_weights, read_variable
from reelfeel.text.batching import plan_training_batches
from reelfeel.training.alarm import (
    Evidence,
    diagnose,
    find_symptom,
    predict_with_bag_of_words,
    shows_learning,
)
from reelfeel.training.averaging import AveragedWeights
from reelfeel.training.batches import make_batch, predict_probabilities
from reelfeel.training.checkpoints import Arrays, Checkpoint, load_checkpoint, save_checkpoint
from reelfeel.training.progress import Observer
from reelfeel.training.records import EncodedReviews, EpochRecord, FitResult, RunState

# Classes farther apart than this are weighted to count the same; below it, weights cost accuracy.
MAX_CLASS_RATIO = 3.0
# Below so many numbers in a batch's state, a time step is shorter than waking a second thread; on a
# busy machine two threads then wait for each other all day (mini: 5 s became 300 s).
ONE_THREAD_STATES = 1_024


def run_folder(parent: Path, config: Config, train: EncodedReviews) -> Path:
    """Returns the folder of a run's checkpoint: the same data and results, the same folder."""
    settings = config.to_dict()
    # These two change when a run stops, not what it computes.
    del settings["training"]["alarm"], settings["training"]["checkpoint_every_s"]
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    digest.update(train.fingerprint().encode())
    return parent / digest.hexdigest()[:16]


class Fit:
    """One training run.

    Args:
        model: from `build_classifier`, freshly built.
        train: the reviews to learn from.
        validation: the reviews that choose the epoch.
        config: all settings.
        folder: where the checkpoint and the history go.
        observer: is told of every step and epoch.
    """

    def __init__(
        self,
        model: keras.Model,
        train: EncodedReviews,
        validation: EncodedReviews,
        config: Config,
        folder: Path,
        observer: Observer,
    ) -> None:
        self.model, self.train, self.validation = model, train, validation
        self.config, self.folder, self.observer = config, folder, observer
        self.lengths = train.lengths()
        self.class_weights = _class_weights(train.labels)
        self.parameters = [variable.value for variable in model.trainable_variables]
        self.optimizer = torch.optim.Adam(
            self.parameters,
            lr=config.training.learning_rate,
            eps=1e-7,  # Keras' default; PyTorch's is 1e-8.
            fused=True,
        )
        self.average = AveragedWeights(self.parameters, config.training.average_decay)
        self.start_weights = named_weights(model)
        self.state = RunState()

    @property
    def checkpoint_path(self) -> Path:
        """The file that `run(resume=True)` goes on from."""
        return self.folder / "checkpoint.safetensors"

    def run(self, *, resume: bool = False) -> FitResult:
        """Trains to the end, or from the checkpoint to the end.

        Raises:
            NotLearningError: if the alarm is on and rings.
            BundleError: if the checkpoint is damaged.
            KeyboardInterrupt: after writing a checkpoint.
        """
        checkpoint = load_checkpoint(self.checkpoint_path) if resume else None
        if checkpoint:
            self._restore(checkpoint)
        state = self.state
        self.observer.on_start(
            self.config.training.epochs, len(self.train.labels), (state.epoch, state.num_reviews)
        )
        resumed_at = (checkpoint.epoch, checkpoint.step) if checkpoint else None
        try:
            with _enough_threads(self.config):
                while not self._is_finished():
                    self._run_epoch()
        except KeyboardInterrupt:
            self.save()
            raise
        assign_weights(self.model, self.state.best_weights)
        return FitResult(
            history=tuple(self.state.history),
            best_epoch=self.state.best_epoch,
            validation_prob=self._predict_validation(),
            diagnosis=self.state.diagnosis,
            resumed_at=resumed_at,
        )

    def _is_finished(self) -> bool:
        patience = self.config.training.patience
        epochs_since_best = len(self.state.history) - self.state.best_epoch
        return self.state.epoch >= self.config.training.epochs or bool(
            patience and self.state.history and epochs_since_best >= patience
        )

    def _run_epoch(self) -> None:
        state, started = self.state, time.perf_counter()
        saved = started
        batches = plan_training_batches(
            self.lengths,
            self.config.training.batch_size,
            np.random.default_rng([self.config.training.seed, state.epoch]),
        )
        for rows in batches[state.step :]:
            self._run_step(rows)
            if time.perf_counter() - saved >= self.config.training.checkpoint_every_s:
                self._count_seconds(started)
                self.save()
                started = saved = time.perf_counter()
        self._count_seconds(started)
        self._finish_epoch()

    def _run_step(self, rows: npt.NDArray[np.int64]) -> None:
        labels = torch.from_numpy(self.train.labels[rows].astype(np.float32))
        logits = self.model(make_batch(self.train, rows, self.config.data), training=True)
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, labels, weight=self._row_weights(rows)
        )
        losses.backward()
        if max_norm := self.config.training.max_gradient_norm:
            torch.nn.utils.clip_grad_norm_(self.parameters, max_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        num_correct = int(((logits > 0) == (labels > 0.5)).sum())
        self.state.count_step(len(rows), losses.item(), num_correct)
        self.average.update(self.state.total_steps)
        self.observer.on_step(self.state.epoch, len(rows), *self.state.running_means())

    def _predict_validation(self) -> npt.NDArray[np.float64]:
        return predict_probabilities(self.model, self.validation, self.config.data)

    def _row_weights(self, rows: npt.NDArray[np.int64]) -> torch.Tensor | None:
        if self.class_weights is None:
            return None
        return torch.from_numpy(self.class_weights[self.train.labels[rows]])

    def _finish_epoch(self) -> None:
        state = self.state
        with self.average.applied():
            y_prob, weights = self._predict_validation(), named_weights(self.model)
        loss, accuracy = _loss_and_accuracy(self.validation.labels, y_prob)
        train_loss, train_accuracy = state.running_means()
        record = EpochRecord(
            epoch=state.epoch + 1,
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            validation_loss=loss,
            validation_accuracy=accuracy,
            seconds=round(state.seconds, 3),
            reviews_per_s=round(state.num_reviews / state.seconds, 1),
        )
        state.history.append(record)
        # A run that ends in NaN from its first epoch on still leaves weights to look at.
        is_best = loss < state.best_loss or not state.best_weights
        if is_best:
            state.best_loss, state.best_epoch = loss, record.epoch
            state.best_weights = weights
        state.start_next_epoch()
        self.observer.on_epoch(record, is_best=is_best)
        self._write_history()
        self._check_learning(y_prob, train_loss)
        self.save()

    def _check_learning(self, y_prob: npt.NDArray[np.float64], train_loss: float) -> None:
        state = self.state
        y_true, steps = self.validation.labels, state.total_steps
        state.has_learned |= shows_learning(y_true, y_prob, train_loss, steps)
        symptom = find_symptom(y_true, y_prob, train_loss, steps)
        # A bad epoch of a run that has learned is mended by keeping the best one; NaN stays NaN.
        if symptom is None or (state.has_learned and np.isfinite(y_prob).all()):
            return
        state.diagnosis = diagnose(symptom, self._evidence(y_prob, train_loss))
        if self.config.training.alarm:
            self.save()
            raise NotLearningError(
                f"Training was stopped because the model does not learn. {state.diagnosis}\n"
                "To train on all the same: --resume --set training.alarm=false"
            )

    def _evidence(self, y_prob: npt.NDArray[np.float64], train_loss: float) -> Evidence:
        lengths, data = self.lengths, self.config.data
        timesteps = data.max_tokens if data.fixed_timesteps else None
        return Evidence(
            y_true=self.validation.labels,
            y_prob=y_prob,
            y_bag=predict_with_bag_of_words(
                self.train.token_ids,
                self.train.labels,
                self.validation.token_ids,
                data.vocabulary_size,
            ),
            train_loss=train_loss,
            steps=self.state.total_steps,
            learning_rate=self.config.training.learning_rate,
            weight_change=self._weight_change(),
            masking=self.config.model.masking,
            padding_share=1 - float(lengths.mean()) / timesteps if timesteps else 0.0,
            unknown_share=self.train.unknown_share,
        )

    def _weight_change(self) -> float:
        weights = named_weights(self.model)
        change = sum(
            float(np.square(weights[name] - start).sum())
            for name, start in self.start_weights.items()
        )
        size = sum(float(np.square(start).sum()) for start in self.start_weights.values())
        return float(np.sqrt(change / size))

    def _count_seconds(self, started: float) -> None:
        self.state.seconds += time.perf_counter() - started

    def _write_history(self) -> None:
        lines = [json.dumps(asdict(record)) for record in self.state.history]
        with write_whole(self.folder / "history.jsonl") as path:
            path.write_text("\n".join(lines) + "\n")

    def save(self) -> None:
        """Writes the checkpoint."""
        arrays: Arrays = {f"model.{name}": a for name, a in named_weights(self.model).items()}
        arrays |= {f"best.{name}": a for name, a in self.state.best_weights.items()}
        arrays |= {f"dropout.{index}": seed for index, seed in enumerate(self._dropout_states())}
        for index, parameter in enumerate(self.parameters):
            arrays[f"average.{index}"] = self.average.averages[index].numpy()
            for name, value in self.optimizer.state[parameter].items():
                arrays[f"optimizer.{index}.{name}"] = value.numpy()
        save_checkpoint(
            self.checkpoint_path,
            Checkpoint(self.state.epoch, self.state.step, arrays, self.state.to_progress()),
        )

    def _restore(self, checkpoint: Checkpoint) -> None:
        groups: dict[str, Arrays] = {}
        for name, array in checkpoint.arrays.items():
            group, _, key = name.partition(".")
            groups.setdefault(group, {})[key] = array
        assign_weights(self.model, groups["model"])
        for index, seeds in enumerate(self._dropout_variables()):
            seeds.assign(groups["dropout"][str(index)])
        for name, array in groups.get("optimizer", {}).items():
            index_text, _, key = name.partition(".")
            # A copy: the optimizer updates its state in place.
            value = torch.from_numpy(array.copy())
            self.optimizer.state[self.parameters[int(index_text)]][key] = value
        for name, array in groups["average"].items():
            self.average.averages[int(name)] = torch.from_numpy(array.copy())
        self.state = RunState.from_checkpoint(checkpoint, groups.get("best", {}))

    def _dropout_variables(self) -> list[Any]:
        return [v for v in self.model.non_trainable_variables if "seed" in v.name]

    def _dropout_states(self) -> list[npt.NDArray[Any]]:
        return [read_variable(variable) for variable in self._dropout_variables()]


@contextlib.contextmanager
def _enough_threads(config: Config) -> Iterator[None]:
    before = torch.get_num_threads()
    if config.training.batch_size * max(config.model.units) < ONE_THREAD_STATES:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _class_weights(labels: npt.NDArray[np.int8]) -> npt.NDArray[np.float32] | None:
    counts = np.bincount(labels, minlength=2)
    if counts.max() <= MAX_CLASS_RATIO * counts.min():
        return None
    return (len(labels) / (2 * counts)).astype(np.float32)


def _loss_and_accuracy(
    y_true: npt.NDArray[np.int8], y_prob: npt.NDArray[np.float64]
) -> tuple[float, float]:
    of_truth = np.where(y_true == 1, y_prob, 1 - y_prob)
    loss = -np.log(np.clip(of_truth, 1e-12, 1)).mean()
    return float(loss), float(((y_prob >= 0.5) == (y_true == 1)).mean())
