"""The two directions of a language model: side by side in two processes, or one after the other.

    python -m reelfeel.training.language_model.jobs FOLDER

runs the job in a folder as a worker of `side_by_side`. Two directions share nothing but their
texts; each in a process with one thread is faster than one after the other with two, since no
thread waits for another.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from reelfeel.config.pretraining import DIRECTIONS, PretrainingConfig
from reelfeel.errors import ReelFeelError
from reelfeel.files.plain_files import read_json
from reelfeel.files.writing import write_whole
from reelfeel.models.language_model import read_language_model
from reelfeel.schema import flag, integer, one_of, optional, record, text
from reelfeel.training.language_model.net2net import widen
from reelfeel.training.language_model.state import PassRecord, PretrainingObserver, StreamState
from reelfeel.training.language_model.task import Pretraining
from reelfeel.training.language_model.token_stream import TokenTexts
from reelfeel.training.loop.checkpoints import (
    Arrays,
    Checkpoint,
    check_arrays,
    explain_damage,
    load_finished,
)
from reelfeel.training.loop.memory import keep_freed_memory
from reelfeel.training.loop.workers import Tell, run_side_by_side, run_worker
from reelfeel.weight_shapes import language_model_shapes
from reelfeel.weights import Weights

_FIELDS = {
    "direction": one_of(*DIRECTIONS),
    "folder": text(),
    "num_words": integer(1, 1 << 24),
    "config": record({}),
    "start": optional(text()),
    "resume": flag,
    "num_threads": integer(0, 1 << 16),
}
_CHECK = record(_FIELDS, required=_FIELDS, others=None)
ObserverOf = Callable[[str], PretrainingObserver]


@dataclass(frozen=True)
class Job:
    """The training of one direction, as plain data in its folder.

    Attributes:
        direction: "forward" or "backward".
        folder: holds `texts.npz`, `held_out.npz`, the checkpoint and at last the result.
        num_words: rows of the embedding.
        config: all settings.
        start: the folder of the language model to start from, or None; with fewer units, widened.
        resume: whether to go on from the checkpoint.
        num_threads: of the matrix products; 0 leaves PyTorch its default.
    """

    direction: str
    folder: Path
    num_words: int
    config: PretrainingConfig
    start: Path | None = None
    resume: bool = False
    num_threads: int = 0

    def write(self, texts: TokenTexts, held_out: TokenTexts) -> None:
        """Writes all that another process needs into the folder."""
        texts.save(self.folder / "texts.npz")
        held_out.save(self.folder / "held_out.npz")
        stored = {
            **asdict(self),
            "folder": str(self.folder),
            "config": self.config.to_dict(),
            "start": str(self.start) if self.start else None,
        }
        with write_whole(self.folder / "job.json") as path:
            path.write_text(json.dumps(stored), "utf-8")

    @classmethod
    def read(cls, folder: Path) -> Job:
        """Reads what `write` wrote."""
        path = folder / "job.json"
        stored = read_json(path)
        with explain_damage(path):
            _CHECK(stored, path.name)
        stored["config"] = PretrainingConfig().updated(stored["config"])
        stored["folder"] = folder
        stored["start"] = Path(stored["start"]) if stored["start"] else None
        return cls(**stored)

    def is_finished(self) -> bool:
        """Whether an equal run has left its result."""
        return self._load_finished() is not None

    def run(self, observer: PretrainingObserver) -> None:
        """Trains; `result` then has the weights."""
        keep_freed_memory()
        if self.num_threads:
            torch.set_num_threads(self.num_threads)
        texts, held_out = (
            TokenTexts.load(self.folder / f"{name}.npz") for name in ("texts", "held_out")
        )
        start = self._read_start(self.start) if self.start else None
        Pretraining(texts, held_out, self.num_words, self.config, self.folder, observer, start).run(
            resume=self.resume
        )
        for name in ("texts.npz", "held_out.npz", "job.json"):
            (self.folder / name).unlink(missing_ok=True)

    def _read_start(self, start: Path) -> Weights:
        earlier = read_language_model(start)
        weights = earlier.weights[self.direction]
        return weights if earlier.config.units == self.config.units else widen(weights, self.config)

    def result(self) -> tuple[Arrays, StreamState]:
        """Returns the weights of a finished run, and its state with all records."""
        finished = self._load_finished()
        if finished is None:
            raise ReelFeelError(
                f"The {self.direction} language model in {self.folder} is not finished. Run the "
                "same command again with --resume."
            )
        return finished

    def _load_finished(self) -> tuple[Arrays, StreamState] | None:
        return load_finished(self.folder / "finished.safetensors", self._read_finished)

    def _read_finished(self, finished: Checkpoint) -> tuple[Arrays, StreamState]:
        shapes = language_model_shapes(self.config.embedding_dim, self.config.units, self.num_words)
        expected = {name: np.empty(shape, np.float32) for name, shape in shapes.items()}
        check_arrays(finished.arrays, expected)
        return finished.arrays, StreamState.from_checkpoint(finished)


def run_in_turn(jobs: Sequence[Job], observer_of: ObserverOf) -> None:
    """Runs jobs one after the other in this process."""
    for job in jobs:
        job.run(observer_of(job.direction))


def run_together(jobs: Sequence[Job], observer_of: ObserverOf) -> None:
    """Runs each job in a process of its own, all at once.

    Raises:
        ReelFeelError: if one fails; the others are told to stop, and write their checkpoints.
        KeyboardInterrupt: after all have written their checkpoints.
    """
    observers = {job.direction: observer_of(job.direction) for job in jobs}

    def pass_on(direction: str, event: str, values: list[Any]) -> None:
        arguments = [PassRecord(**values[0])] if event == "on_pass" else values
        getattr(observers[direction], event)(*arguments)

    module = "reelfeel.training.language_model.jobs"
    run_side_by_side({job.direction: ["-m", module, str(job.folder)] for job in jobs}, pass_on)


class _Reporter(PretrainingObserver):
    """Tells the parent process what it is told."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def on_note(self, text: str) -> None:
        self._tell("on_note", text)

    def on_start(self, num_steps: int, steps_done: int) -> None:
        self._tell("on_start", num_steps, steps_done)

    def on_step(self, passes_done: int, num_tokens: int, loss: float) -> None:
        self._tell("on_step", passes_done, num_tokens, loss)

    def on_pass(self, record: PassRecord) -> None:
        self._tell("on_pass", asdict(record))


if __name__ == "__main__":
    sys.exit(run_worker(lambda tell: Job.read(Path(sys.argv[1])).run(_Reporter(tell))))
