"""What a person sees while a model trains; always on stderr, so that stdout stays data."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from reelfeel.terminal.tables import open_console
from reelfeel.training.classifier.records import EpochRecord
from reelfeel.training.language_model.progress import (
    SECONDS_BETWEEN_LINES,
    ConsoleDisplay,
    PretrainingDisplay,
)


class Observer:
    """Is told how training goes, and says nothing; a display overrides what it shows."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return

    def of(self, direction: str) -> Observer:
        """Returns who is told of the network of one direction, where there are two."""
        return self

    def pretraining_display(self) -> PretrainingDisplay:
        """Returns who is told how a language model trains, where that is a stage."""
        return PretrainingDisplay()

    def on_stage(self, number: int, names: Sequence[str]) -> None:
        """A stage begins: the `number`-th, counted from 1, of those named."""

    def on_note(self, text: str) -> None:
        """A fact about the run worth a line."""

    def on_work(self, name: str, done: int, total: int) -> None:
        """Some of the work before training is done, such as `done` of `total` texts."""

    def on_start(self, num_epochs: int, num_reviews: int, start: tuple[int, int]) -> None:
        """Training begins, at `start`: epochs done, reviews of the running epoch done."""

    def on_step(self, epoch: int, num_reviews: int, loss: float, accuracy: float) -> None:
        """A step is done."""

    def on_epoch(self, record: EpochRecord, *, is_best: bool) -> None:
        """An epoch is done and validated."""


class ConsoleObserver(Observer):
    """Shows a bar with loss, accuracy, reviews/s and time left, and a line for every epoch."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or open_console(stderr=True)
        self.name = ""
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            # A log file gets the lines, not the bar.
            disable=not self.console.is_terminal,
            speed_estimate_period=120,
        )
        self.task: TaskID | None = None
        self.work: TaskID | None = None
        self.num_epochs = 0
        self.last_line = time.monotonic()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.progress.stop()
        for task in self.progress.tasks:
            self.progress.update(task.id, visible=False)

    def of(self, direction: str) -> ConsoleObserver:
        """Returns one that shows a bar of its own beside the others, and lines with the name."""
        other = copy.copy(self)
        other.name, other.task = f"{self.name}{direction}  ", None
        return other

    def pretraining_display(self) -> PretrainingDisplay:
        """Returns the display of `reelfeel pretrain`, on the same console."""
        return ConsoleDisplay(self.console, self.name)

    def on_stage(self, number: int, names: Sequence[str]) -> None:
        """Prints a line, and puts the stage before what follows."""
        self.on_note(f"Stage {number} of {len(names)}: {names[number - 1]}")
        self.name = f"{number}/{len(names)}  "

    def on_note(self, text: str) -> None:
        """Prints the line."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def on_work(self, name: str, done: int, total: int) -> None:
        """Shows a bar until all is done."""
        if self.work is None:
            self.work = self.progress.add_task(f"{self.name}{name}", total=total, figures="")
            self.progress.start()
        self.progress.update(self.work, completed=done)
        if done >= total:
            # Hidden, not removed: tasks are found by their place in a list.
            self.progress.update(self.work, visible=False)
            self.work = None

    def on_start(self, num_epochs: int, num_reviews: int, start: tuple[int, int]) -> None:
        """Shows the bar."""
        self.num_epochs = num_epochs
        epochs_done, reviews_done = start
        self.task = self.progress.add_task(
            f"{self.name}training",
            total=num_epochs * num_reviews,
            completed=epochs_done * num_reviews + reviews_done,
            figures="",
        )
        self.progress.start()

    def on_step(self, epoch: int, num_reviews: int, loss: float, accuracy: float) -> None:
        """Moves the bar."""
        if self.task is None:
            return
        speed = self.progress.tasks[self.task].speed or 0.0
        description = f"{self.name}epoch {epoch + 1}/{self.num_epochs}"
        figures = f"loss {loss:.4f}  accuracy {accuracy:.4f}  {speed:,.0f} reviews/s"
        self.progress.update(
            self.task, advance=num_reviews, description=description, figures=figures
        )
        if self.progress.disable and time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            left = self.progress.tasks[self.task].time_remaining or 0.0
            self.on_note(f"{description}  {figures}  {left / 60:.0f} min left")

    def on_epoch(self, record: EpochRecord, *, is_best: bool) -> None:
        """Prints the line of the epoch."""
        self.on_note(
            f"{self.name}epoch {record.epoch:>2}/{self.num_epochs}  "
            f"loss {record.train_loss:.4f}  accuracy {record.train_accuracy:.4f}  "
            f"validation loss {record.validation_loss:.4f}  "
            f"accuracy {record.validation_accuracy:.4f}  "
            f"{record.reviews_per_s:,.0f} reviews/s  {record.seconds:.0f} s"
            f"{'  best so far' if is_best else ''}"
        )
