"""The training loop: epochs of steps, checkpoints, and where a run can be interrupted.

It knows no task. What is learned, from what and how well, a `Task` knows.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from reelfeel.files.writing import write_whole
from reelfeel.schema import Check, require
from reelfeel.signals import Interruption, delayed_interruption
from reelfeel.training.loop.checkpoints import (
    Arrays,
    Checkpoint,
    explain_damage,
    join_groups,
    load_checkpoint,
    save_checkpoint,
    split_groups,
)
from reelfeel.training.loop.progress import Observer
from reelfeel.training.loop.state import LoopState, Position, Record, StepResult

# Names of files in a run's folder.
CHECKPOINT, FINISHED, HISTORY = "checkpoint.safetensors", "finished.safetensors", "history.jsonl"


class Task(Protocol):
    """What is trained, with all of its state besides the counts of the loop.

    Attributes:
        unit: what is counted, such as "reviews".
        num_epochs: at most.
        num_threads: of the steps; None leaves PyTorch's number.
        checkpoint_every_s: seconds between two checkpoints within an epoch.
        check_record: the check of an epoch's record, from `make_record_check`.
    """

    unit: str
    num_epochs: int
    num_threads: int | None
    checkpoint_every_s: float
    check_record: Check

    def count_epoch(self, epoch: int) -> tuple[int, int]:
        """Returns the steps and the items of an epoch, counted from 0."""

    def plan_epoch(self, epoch: int, first_step: int) -> Iterable[Any]:
        """Yields the batches of an epoch from some step on."""

    def take_step(self, batch: Any, number: int) -> StepResult:
        """Learns from a batch; steps are counted from 0 over all epochs."""

    def evaluate(self, state: LoopState) -> tuple[dict[str, float], str]:
        """Returns the figures of the epoch whose last step is done, and a remark for people."""

    def check_learning(self) -> None:
        """Raises NotLearningError where it is no use to go on after the last evaluation."""

    def is_finished(self, state: LoopState) -> bool:
        """Whether no further epoch would help."""

    def to_arrays(self) -> dict[str, Arrays]:
        """Returns all arrays that the next step depends on, in groups."""

    def to_progress(self) -> dict[str, Any]:
        """Returns what else it depends on, as JSON values."""

    def restore(self, groups: Mapping[str, Arrays], progress: Any) -> None:
        """Takes over what `to_arrays` and `to_progress` returned; ValueError if it does not fit."""

    def finish(self) -> tuple[Arrays, dict[str, Any]]:
        """Returns what the run leaves behind: arrays, and JSON values."""


class Trainer:
    """One training run.

    Args:
        task: what is trained.
        folder: where the checkpoint, the history and at last the result go.
        observer: is told of every step and epoch.
    """

    def __init__(self, task: Task, folder: Path, observer: Observer) -> None:
        self.task, self.folder, self.observer = task, folder, observer
        self.state = LoopState()
        self.resumed_at: Position = None
        self._counted_at = self._saved_at = 0.0

    @property
    def checkpoint_path(self) -> Path:
        """The file that `run(resume=True)` goes on from."""
        return self.folder / CHECKPOINT

    def run(self, *, resume: bool = False) -> Checkpoint:
        """Trains to the end, or from the checkpoint to the end; returns what is left behind.

        Raises:
            NotLearningError: if the task raises it.
            BundleError: if the checkpoint is damaged.
            KeyboardInterrupt: after writing a checkpoint.
        """
        checkpoint = load_checkpoint(self.checkpoint_path) if resume else None
        if checkpoint:
            with explain_damage(self.checkpoint_path):
                self.restore(checkpoint)
        self._tell_of_start()
        threads = limited_threads(self.task.num_threads)
        with threads, delayed_interruption() as interruption:
            try:
                for batch in self._batches():
                    result = self.task.take_step(batch, self.state.total_steps)
                    self._count_step(result, interruption)
            except KeyboardInterrupt:
                self.save()
                raise
        return self._finish()

    def _tell_of_start(self) -> None:
        sizes = [self.task.count_epoch(epoch)[1] for epoch in range(self.task.num_epochs)]
        done = sum(sizes[: self.state.epoch]) + self.state.num_items
        self.observer.on_start(len(sizes), sum(sizes), done, self.task.unit)

    def _is_finished(self) -> bool:
        return self.state.epoch >= self.task.num_epochs or self.task.is_finished(self.state)

    def _batches(self) -> Iterator[Any]:
        """Yields the batches of all epochs, and finishes each epoch after its last one."""
        while not self._is_finished():
            self._counted_at = self._saved_at = time.perf_counter()
            yield from self.task.plan_epoch(self.state.epoch, self.state.step)
            self._finish_epoch()

    def _count_step(self, result: StepResult, interruption: Interruption) -> None:
        state, now = self.state, time.perf_counter()
        state.count_step(result)
        state.seconds, self._counted_at = state.seconds + now - self._counted_at, now
        # First the signal: a terminal that is gone cannot be told of the step.
        interruption.raise_if_come()
        self.observer.on_step(state.epoch, result.num_items, state.means())
        if now - self._saved_at >= self.task.checkpoint_every_s:
            self.save()
            self._saved_at = time.perf_counter()

    def _finish_epoch(self) -> None:
        state, started = self.state, time.perf_counter()
        figures, remark = self.task.evaluate(state)
        record: Record = {
            "epoch": state.epoch + 1,
            **{f"train_{name}": mean for name, mean in state.means().items()},
            **figures,
            "seconds": round(state.seconds, 3),
            f"{self.task.unit}_per_s": round(state.num_items / state.seconds, 1),
            "validation_s": round(time.perf_counter() - started, 3),
        }
        state.start_next_epoch(record)
        self.observer.on_epoch(record, remark)
        self._write_history()
        self.save()
        self.task.check_learning()

    def _finish(self) -> Checkpoint:
        arrays, progress = self.task.finish()
        progress = {"history": self.state.history, **progress}
        finished = Checkpoint(self.state.epoch, 0, arrays, progress)
        save_checkpoint(self.folder / FINISHED, finished)
        return finished

    def _write_history(self) -> None:
        lines = [json.dumps(record) for record in self.state.history]
        with write_whole(self.folder / HISTORY) as path:
            path.write_text("\n".join(lines) + "\n")

    def save(self) -> None:
        """Writes the checkpoint."""
        arrays = join_groups(self.task.to_arrays())
        progress = {"loop": self.state.to_progress(), "task": self.task.to_progress()}
        checkpoint = Checkpoint(self.state.epoch, self.state.step, arrays, progress)
        save_checkpoint(self.checkpoint_path, checkpoint)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Takes over a checkpoint.

        Raises:
            ValueError: if it does not fit, as other errors that `explain_damage` knows.
        """
        state = LoopState.from_checkpoint(checkpoint, self.task.check_record)
        most = self.task.num_epochs
        require(state.epoch <= most, "epoch", f"at most {most}", state.epoch)
        num_steps = self.task.count_epoch(state.epoch)[0] if state.step else 0
        require(state.step <= num_steps, "step", f"at most {num_steps}", state.step)
        groups = split_groups(checkpoint.arrays, self.task.to_arrays())
        self.task.restore(groups, checkpoint.progress["task"])
        self.state, self.resumed_at = state, (state.epoch, state.step)


@contextlib.contextmanager
def limited_threads(number: int | None) -> Iterator[None]:
    """Lets PyTorch use so many threads inside the block; None changes nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
