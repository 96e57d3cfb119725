"""What a person sees while language models train, one bar a direction; always on stderr."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from reelfeel.terminal.tables import open_console
from reelfeel.training.language_model.state import PassRecord, PretrainingObserver

# Where there is no terminal, a pass of twenty minutes should not be silent.
SECONDS_BETWEEN_LINES = 60.0


class PretrainingDisplay:
    """Shows nothing; a display for people overrides what it shows."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return

    def on_note(self, text: str) -> None:
        """A fact about the run worth a line."""

    def of(self, direction: str) -> PretrainingObserver:
        """Returns the observer of one direction; two may be told things at the same time."""
        return PretrainingObserver()


class ConsoleDisplay(PretrainingDisplay):
    """Shows a bar for each direction, with loss, tokens/s and time left, and a line a pass.

    Args:
        console: to write to; None is stderr.
        name: put before each bar, such as that of a stage.
    """

    def __init__(self, console: Console | None = None, name: str = "") -> None:
        self.console, self.name = console or open_console(stderr=True), name
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            # A log file gets the lines, not the bars.
            disable=not self.console.is_terminal,
            speed_estimate_period=120,
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.progress.stop()

    def on_note(self, text: str) -> None:
        """Prints the line."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def of(self, direction: str) -> PretrainingObserver:
        """Returns the bar of a direction."""
        return _Bar(self, direction)


class _Bar(PretrainingObserver):
    """The bar of one direction."""

    def __init__(self, display: ConsoleDisplay, direction: str) -> None:
        self.display, self.direction = display, direction
        self.task: TaskID | None = None
        self.last_line = time.monotonic()

    def on_note(self, text: str) -> None:
        self.display.on_note(f"{self.direction:8}  {text}")

    def on_start(self, num_steps: int, steps_done: int) -> None:
        if self.task is None:
            self.task = self.display.progress.add_task(
                f"{self.display.name}{self.direction}",
                total=num_steps,
                completed=steps_done,
                figures="",
            )
            self.display.progress.start()

    def on_step(self, passes_done: int, num_tokens: int, loss: float) -> None:
        if self.task is None:
            return
        progress = self.display.progress
        task = progress.tasks[self.task]
        figures = f"loss {loss:.4f}  {(task.speed or 0.0) * num_tokens:,.0f} tokens/s"
        description = f"{self.display.name}{self.direction:8}  pass {passes_done + 1}"
        progress.update(self.task, advance=1, description=description, figures=figures)
        if progress.disable and time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            left = task.time_remaining or 0.0
            self.display.on_note(
                f"{description}  step {task.completed:,.0f}/{task.total:,.0f}  {figures}  "
                f"{left / 60:.0f} min left"
            )

    def on_pass(self, record: PassRecord) -> None:
        self.on_note(
            f"pass {record.number}  loss {record.train_loss:.4f}  held-out loss "
            f"{record.held_out_loss:.4f}  perplexity {record.perplexity:.2f}  "
            f"{record.tokens_per_s:,.0f} tokens/s  {record.seconds:.0f} s"
        )
