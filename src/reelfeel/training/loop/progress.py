"""What a person sees while a model trains; always on stderr, so that stdout stays data."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
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
from reelfeel.training.loop.state import Record

# Where there is no terminal, an epoch of twenty minutes should not be silent.
SECONDS_BETWEEN_LINES = 60.0


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

    def on_stage(self, number: int, names: Sequence[str]) -> None:
        """A stage begins: the `number`-th, counted from 1, of those named."""

    def on_note(self, text: str) -> None:
        """A fact about the run worth a line."""

    def on_work(self, name: str, done: int, total: int) -> None:
        """Some of the work before training is done, such as `done` of `total` texts."""

    def on_start(self, num_epochs: int, num_items: int, done: int, unit: str) -> None:
        """Training begins: of `num_items` in all epochs, such as reviews, some may be done."""

    def on_step(self, epoch: int, num_items: int, means: Mapping[str, float]) -> None:
        """A step is done; `means` are those of the running epoch, such as its loss."""

    def on_epoch(self, record: Record, remark: str) -> None:
        """An epoch is done and evaluated."""


class ConsoleObserver(Observer):
    """Shows a bar with losses, speed and time left, and a line for every epoch."""

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
        self.num_epochs, self.unit = 0, ""
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

    def on_start(self, num_epochs: int, num_items: int, done: int, unit: str) -> None:
        """Shows the bar."""
        self.num_epochs, self.unit = num_epochs, unit
        self.task = self.progress.add_task(
            f"{self.name}training", total=num_items, completed=done, figures=""
        )
        self.progress.start()

    def on_step(self, epoch: int, num_items: int, means: Mapping[str, float]) -> None:
        """Moves the bar."""
        if self.task is None:
            return
        speed = self.progress.tasks[self.task].speed or 0.0
        description = f"{self.name}epoch {epoch + 1}/{self.num_epochs}"
        figures = f"{_format(means)}  {speed:,.0f} {self.unit}/s"
        self.progress.update(self.task, advance=num_items, description=description, figures=figures)
        if self.progress.disable and time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            left = self.progress.tasks[self.task].time_remaining or 0.0
            self.on_note(f"{description}  {figures}  {left / 60:.0f} min left")

    def on_epoch(self, record: Record, remark: str) -> None:
        """Prints the line of the epoch."""
        figures = {
            name.removeprefix("train_").replace("_", " "): value
            for name, value in record.items()
            if name.endswith(("loss", "accuracy"))
        }
        line = (
            f"{self.name}epoch {record['epoch']:>2}/{self.num_epochs}  {_format(figures)}  "
            f"{record[f'{self.unit}_per_s']:,.0f} {self.unit}/s  {record['seconds']:.0f} s"
        )
        self.on_note(f"{line}  {remark}" if remark else line)


def _format(figures: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
