"""Trains the network of each direction: one after the other, or side by side.

    python -m reelfeel.training.classifier.jobs FOLDER

trains the one that a folder describes. Two directions share nothing but their reviews, so each is a
run of its own, with its own loss, best epoch and checkpoint.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save

from reelfeel.config.sections import Config
from reelfeel.files.plain_files import read_json
from reelfeel.files.writing import write_whole
from reelfeel.models.classifier import assign_weights, build_classifier, named_weights
from reelfeel.native.cores import available_cores
from reelfeel.schema import flag, number, record, require
from reelfeel.text.token_ids import TokenIds
from reelfeel.training.classifier.records import EncodedReviews, EpochRecord, FitResult
from reelfeel.training.classifier.task import CHECKPOINT, Fit
from reelfeel.training.loop.checkpoints import (
    MAX_CHECKPOINT_BYTES,
    Arrays,
    Checkpoint,
    check_arrays,
    explain_damage,
    load_checkpoint,
    load_finished,
    save_checkpoint,
)
from reelfeel.training.loop.memory import keep_freed_memory
from reelfeel.training.loop.progress import Observer
from reelfeel.training.loop.run_folder import is_small
from reelfeel.training.loop.workers import Tell, run_side_by_side, run_worker
from reelfeel.weights import load_arrays, read_layout

_FIELDS = {"config": record({}), "unknown_share": number(0, 1), "resume": flag}
_CHECK = record(_FIELDS, required=_FIELDS, others=None)
_SETTINGS, _ARRAYS, _FINISHED = "job.json", "job.safetensors", "finished.safetensors"


@dataclass(frozen=True)
class Job:
    """The training of one direction.

    Attributes:
        config: all settings; its direction is "forward" or "backward".
        folder: where the checkpoint goes.
        start_weights: of the network, by name.
        train: the reviews to learn from.
        validation: the reviews that choose the epoch.
        unlabelled: ids of reviews for the virtual adversarial loss; None takes those of `train`.
    """

    config: Config
    folder: Path
    start_weights: Arrays
    train: EncodedReviews
    validation: EncodedReviews
    unlabelled: TokenIds | None = None

    def run(self, observer: Observer, *, resume: bool) -> tuple[FitResult, Arrays]:
        """Trains, unless that was done; returns the result with the weights of the best epoch."""
        finished = self.read_result()
        if finished:
            observer.on_note(
                f"The {self.config.model.direction} network is finished already, from equal "
                "reviews and settings."
            )
            return finished
        keep_freed_memory()
        model = build_classifier(
            self.config.model,
            len(self.start_weights["embedding/embeddings"]),
            seed=self.config.training.seed,
            precision=self.config.training.precision,
        )
        assign_weights(model, self.start_weights)
        fit = Fit(
            model,
            self.train,
            self.validation,
            self.config,
            self.folder,
            observer,
            self.unlabelled,
        )
        result, weights = fit.run(resume=resume), named_weights(model)
        save_checkpoint(self.folder / _FINISHED, result.to_checkpoint(weights))
        for name in (CHECKPOINT, _SETTINGS, _ARRAYS):
            (self.folder / name).unlink(missing_ok=True)
        return result, weights

    def read_result(self) -> tuple[FitResult, Arrays] | None:
        """Returns what an equal run left that went to its end; None without one."""
        return load_finished(self.folder / _FINISHED, self._read_finished)

    def _read_finished(self, finished: Checkpoint) -> tuple[FitResult, Arrays]:
        result, weights = FitResult.from_checkpoint(finished)
        check_arrays(weights, self.start_weights)
        logits = np.empty(len(self.validation.labels))
        check_arrays({"logits": result.validation_logits}, {"logits": logits})
        return result, weights

    def find_position(self) -> tuple[int, int] | None:
        """Returns epochs, and steps of the next one, that a checkpoint saved; None without one."""
        checkpoint = load_checkpoint(self.folder / CHECKPOINT)
        return (checkpoint.epoch, checkpoint.step) if checkpoint else None

    def write(self, *, resume: bool) -> None:
        """Writes what another process needs to run the job into its folder."""
        arrays: Arrays = {f"start.{name}": array for name, array in self.start_weights.items()}
        for name, reviews in (("train", self.train), ("validation", self.validation)):
            arrays |= {f"{name}.labels": reviews.labels, **_flatten(name, reviews.token_ids)}
        if self.unlabelled is not None:
            arrays |= _flatten("unlabelled", self.unlabelled)
        for name in ("targets", "epochs"):
            column = getattr(self.train, name)
            if column is not None:
                arrays[f"train.{name}"] = column
        settings = {
            "config": self.config.to_dict(),
            "unknown_share": self.train.unknown_share,
            "resume": resume,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        with write_whole(self.folder / _ARRAYS) as path:
            path.write_bytes(save(arrays))
        with write_whole(self.folder / _SETTINGS) as path:
            path.write_text(json.dumps(settings), "utf-8")

    @classmethod
    def read(cls, folder: Path) -> tuple[Job, bool]:
        """Returns the job that `write` wrote, and whether to resume it."""
        with explain_damage(folder / _ARRAYS):
            return cls._read(folder)

    @classmethod
    def _read(cls, folder: Path) -> tuple[Job, bool]:
        settings = read_json(folder / _SETTINGS)
        _CHECK(settings, _SETTINGS)
        read_layout(folder / _ARRAYS, MAX_CHECKPOINT_BYTES)
        arrays: Arrays = load_arrays(folder / _ARRAYS)
        train, validation = (
            EncodedReviews(
                _unflatten(name, arrays),
                arrays[f"{name}.labels"],
                unknown_share,
                arrays.get(f"{name}.targets"),
                arrays.get(f"{name}.epochs"),
            )
            for name, unknown_share in (("train", settings["unknown_share"]), ("validation", 0.0))
        )
        job = cls(
            config=Config().updated(settings["config"]),
            folder=folder,
            start_weights={
                name.removeprefix("start."): array
                for name, array in arrays.items()
                if name.startswith("start.")
            },
            train=train,
            validation=validation,
            unlabelled=_unflatten("unlabelled", arrays) if "unlabelled.ids" in arrays else None,
        )
        return job, bool(settings["resume"])


def run_jobs(
    jobs: Mapping[str, Job], observer: Observer, *, resume: bool
) -> dict[str, tuple[FitResult, Arrays]]:
    """Trains all directions that are not finished, whether `resume` says so or not.

    Two of them go side by side on a processor with two cores or more, if they are worth it.

    Args:
        jobs: by direction.
        observer: is told of progress.
        resume: whether to go on from their checkpoints.

    Returns:
        For each direction the result and the weights of its best epoch.
    """
    if len(jobs) > 1 and worth_two_processes(next(iter(jobs.values())).config):
        return run_in_processes(jobs, observer, resume=resume)
    return {
        name: job.run(observer.of(name) if len(jobs) > 1 else observer, resume=resume)
        for name, job in jobs.items()
    }


def worth_two_processes(config: Config) -> bool:
    """Whether this machine trains two such networks faster at once than one after the other."""
    return not torch.cuda.is_available() and available_cores() > 1 and not is_small(config)


def run_in_processes(
    jobs: Mapping[str, Job], observer: Observer, *, resume: bool
) -> dict[str, tuple[FitResult, Arrays]]:
    """Trains each direction in a process of its own, all at once; takes what `run_jobs` does."""
    observers = {name: observer.of(name) for name in jobs}

    def pass_on(name: str, event: str, values: list[Any]) -> None:
        if event == "on_epoch":
            observers[name].on_epoch(EpochRecord(**values[0]), is_best=values[1])
        else:
            getattr(observers[name], event)(*values)

    waiting = {name: job for name, job in jobs.items() if not job.read_result()}
    resumed_at = {name: job.find_position() if resume else None for name, job in waiting.items()}
    for job in waiting.values():
        job.write(resume=resume)
    module = ["-m", "reelfeel.training.classifier.jobs"]
    run_side_by_side({name: [*module, str(job.folder)] for name, job in waiting.items()}, pass_on)
    results = {}
    for name, job in jobs.items():
        if name in waiting:
            result, weights = job.run(Observer(), resume=True)
            results[name] = replace(result, resumed_at=resumed_at[name]), weights
        else:
            results[name] = job.run(observers[name], resume=True)
    return results


def count_seconds(results: Mapping[str, tuple[FitResult, Arrays]], config: Config) -> float:
    """Returns how long directions trained, whatever interrupted them.

    Args:
        results: from `run_jobs`.
        config: of one of them: says whether they go side by side.
    """
    seconds = [result.seconds for result, _ in results.values()]
    return max(seconds) if worth_two_processes(config) else sum(seconds)


class _Teller(Observer):
    """Tells another process what it is told."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell

    def on_note(self, text: str) -> None:
        self.tell("on_note", text)

    def on_start(self, num_epochs: int, num_reviews: int, start: tuple[int, int]) -> None:
        self.tell("on_start", num_epochs, num_reviews, start)

    def on_step(self, epoch: int, num_reviews: int, loss: float, accuracy: float) -> None:
        self.tell("on_step", epoch, num_reviews, loss, accuracy)

    def on_epoch(self, record: EpochRecord, *, is_best: bool) -> None:
        self.tell("on_epoch", asdict(record), is_best)


def _flatten(name: str, token_ids: Any) -> Arrays:
    ids = TokenIds.of(token_ids)
    return {f"{name}.ids": ids.flat, f"{name}.lengths": np.asarray(ids.lengths)}


def _unflatten(name: str, arrays: Arrays) -> TokenIds:
    ids, lengths = arrays[f"{name}.ids"], arrays[f"{name}.lengths"]
    num_words = len(arrays["start.embedding/embeddings"])
    holds = not ids.size or 0 <= ids.min() <= ids.max() < num_words
    require(holds, f"{name}.ids", f"from 0 to {num_words - 1}", "others")
    require(int(lengths.sum()) == len(ids), f"{name}.lengths", f"{len(ids)} together", "others")
    return TokenIds(ids, lengths)


def _run_here(tell: Tell) -> None:
    torch.set_num_threads(1)
    job, resume = Job.read(Path(sys.argv[1]))
    job.run(_Teller(tell), resume=resume)


if __name__ == "__main__":
    sys.exit(run_worker(_run_here))
