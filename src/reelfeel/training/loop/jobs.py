"""Runs that share nothing: one after the other, or side by side in processes of one thread each.

A module that defines a kind of job ends in `sys.exit(work(ITS_JOB))`, so that

    python -m reelfeel.training.ROOM.jobs FOLDER

runs the job that a folder describes. Two jobs in processes of one thread each are faster than one
after the other with two threads, since no thread waits for another.
"""

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import torch
from safetensors.numpy import save

from reelfeel.errors import ReelFeelError
from reelfeel.files.plain_files import read_json_file
from reelfeel.files.writing import write_whole
from reelfeel.native.cores import available_cores
from reelfeel.schema import flag, record
from reelfeel.training.loop.checkpoints import (
    MAX_CHECKPOINT_BYTES,
    Arrays,
    Checkpoint,
    explain_damage,
    load_checkpoint,
    load_finished,
)
from reelfeel.training.loop.memory import keep_freed_memory
from reelfeel.training.loop.progress import Observer
from reelfeel.training.loop.state import Position, Record, count_seconds
from reelfeel.training.loop.trainer import CHECKPOINT, FINISHED, Task, Trainer
from reelfeel.training.loop.workers import Tell, run_side_by_side, run_worker
from reelfeel.weights import load_arrays, read_layout

R = TypeVar("R")

_SETTINGS, _ARRAYS = "job.json", "job.safetensors"
_FIELDS = {"settings": record({}), "resume": flag}
_CHECK = record(_FIELDS, required=_FIELDS, others=None)


class Job(ABC, Generic[R]):
    """A training run that another process can do, and that is done once.

    Attributes:
        name: such as the direction of a network.
        folder: where its checkpoint and its result are.
        is_worth_a_process: whether it takes much longer than starting a process.
    """

    name: str
    folder: Path
    is_worth_a_process: bool

    @abstractmethod
    def make_task(self) -> Task:
        """Returns what is trained, at its beginning."""

    @abstractmethod
    def to_parts(self) -> tuple[dict[str, Any], Arrays]:
        """Returns the whole job as JSON values and arrays."""

    @classmethod
    @abstractmethod
    def from_parts(cls, folder: Path, settings: dict[str, Any], arrays: Arrays) -> Self:
        """Returns the job that `to_parts` described; raises what `explain_damage` knows."""

    @abstractmethod
    def read_finished(self, finished: Checkpoint, resumed_at: Position) -> R:
        """Returns what a run left behind.

        Args:
            finished: from `Trainer.run`.
            resumed_at: epochs, and steps of the next one, that a checkpoint saved.

        Raises:
            ValueError: if it is not of such a job.
        """

    def find_result(self) -> R | None:
        """Returns what an equal run left that went to its end; None without one."""

        def read(finished: Checkpoint) -> R:
            return self.read_finished(finished, (finished.epoch, finished.step))

        return load_finished(self.folder / FINISHED, read)

    def tidy(self) -> None:
        """Removes what only an unfinished run needs."""
        for name in (CHECKPOINT, _SETTINGS, _ARRAYS):
            (self.folder / name).unlink(missing_ok=True)

    def take_result(self, resumed_at: Position) -> R:
        """Returns what another process left behind.

        Raises:
            ReelFeelError: if it did not come to its end.
        """
        finished = load_checkpoint(self.folder / FINISHED)
        if finished is None:
            raise ReelFeelError(
                f"The {self.name} network in {self.folder} is not finished. Run the same command "
                "again with --resume."
            )
        with explain_damage(self.folder / FINISHED):
            return self.read_finished(finished, resumed_at)

    def find_position(self) -> Position:
        """Returns epochs, and steps of the next one, that a checkpoint saved; None without one."""
        checkpoint = load_checkpoint(self.folder / CHECKPOINT)
        return (checkpoint.epoch, checkpoint.step) if checkpoint else None

    def write(self, *, resume: bool) -> None:
        """Writes what another process needs to run the job into its folder."""
        settings, arrays = self.to_parts()
        self.folder.mkdir(parents=True, exist_ok=True)
        with write_whole(self.folder / _ARRAYS) as path:
            path.write_bytes(save(arrays))
        with write_whole(self.folder / _SETTINGS) as path:
            path.write_text(json.dumps({"settings": settings, "resume": resume}), "utf-8")

    @classmethod
    def read(cls, folder: Path) -> tuple[Self, bool]:
        """Returns the job that `write` wrote, and whether to resume it."""
        with explain_damage(folder / _ARRAYS):
            stored = read_json_file(folder / _SETTINGS)
            _CHECK(stored, _SETTINGS)
            read_layout(folder / _ARRAYS, MAX_CHECKPOINT_BYTES)
            job = cls.from_parts(folder, stored["settings"], load_arrays(folder / _ARRAYS))
            return job, stored["resume"]


def run_jobs(jobs: Mapping[str, Job[R]], observer: Observer, *, resume: bool) -> dict[str, R]:
    """Trains all that are not finished, whether `resume` says so or not.

    Args:
        jobs: by name.
        observer: is told of progress.
        resume: whether to go on from their checkpoints.

    Raises:
        ReelFeelError: if one fails; the others are told to stop, and write their checkpoints.
        KeyboardInterrupt: after all have written their checkpoints.
    """
    if run_at_once(jobs):
        return run_in_processes(jobs, observer, resume=resume)
    results = {}
    for name, job in jobs.items():
        own = observer.of(name) if len(jobs) > 1 else observer
        result = _find_finished(job, own)
        if result is None:
            keep_freed_memory()
            trainer = Trainer(job.make_task(), job.folder, own)
            result = job.read_finished(trainer.run(resume=resume), trainer.resumed_at)
            job.tidy()
        results[name] = result
    return results


def run_at_once(jobs: Mapping[str, Job[R]]) -> bool:
    """Whether this machine does several jobs faster at once than one after the other."""
    # A GPU is faster with one run at a time.
    has_room = available_cores() >= len(jobs) > 1 and not torch.cuda.is_available()
    return has_room and all(job.is_worth_a_process for job in jobs.values())


def run_in_processes(
    jobs: Mapping[str, Job[R]], observer: Observer, *, resume: bool
) -> dict[str, R]:
    """Trains each in a process of its own, all at once; takes what `run_jobs` does."""
    observers = {name: observer.of(name) for name in jobs}
    found = {name: _find_finished(job, observers[name]) for name, job in jobs.items()}
    waiting = {name: job for name, job in jobs.items() if found[name] is None}
    resumed_at = {name: job.find_position() if resume else None for name, job in waiting.items()}
    for job in waiting.values():
        job.write(resume=resume)
    workers = {name: ["-m", type(job).__module__, str(job.folder)] for name, job in waiting.items()}
    run_side_by_side(workers, lambda name, event, values: getattr(observers[name], event)(*values))
    left = {name: job.take_result(resumed_at[name]) for name, job in waiting.items()}
    return {name: left[name] if result is None else result for name, result in found.items()}


def _find_finished(job: Job[R], observer: Observer) -> R | None:
    result = job.find_result()
    if result is not None:
        observer.on_note(
            f"The {job.name} network is finished already, from equal texts and settings."
        )
    return result


def count_job_seconds(
    jobs: Mapping[str, Job[Any]], histories: Iterable[list[Record] | tuple[Record, ...]]
) -> float:
    """Returns how long jobs trained, whatever interrupted them."""
    seconds = [count_seconds(history) for history in histories]
    return max(seconds) if run_at_once(jobs) else sum(seconds)


class _Teller(Observer):
    """Tells another process what it is told."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell

    def on_note(self, text: str) -> None:
        self.tell("on_note", text)

    def on_start(self, num_epochs: int, num_items: int, done: int, unit: str) -> None:
        self.tell("on_start", num_epochs, num_items, done, unit)

    def on_step(self, epoch: int, num_items: int, means: Mapping[str, float]) -> None:
        self.tell("on_step", epoch, num_items, means)

    def on_epoch(self, record: Record, remark: str) -> None:
        self.tell("on_epoch", record, remark)


def work(kind: type[Job[Any]]) -> int:
    """Runs the job in the folder that the command line names; returns the exit code."""

    def run(tell: Tell) -> None:
        torch.set_num_threads(1)
        job, resume = kind.read(Path(sys.argv[1]))
        run_jobs({job.name: job}, _Teller(tell), resume=resume)

    return run_worker(run)
