"""The two directions of a language model: side by side in two processes, or one after the other.

    python -m reelfeel.training.pretraining_jobs FOLDER

runs the job in a folder and reports on standard output, one JSON list a line. Two directions share
nothing but their texts; each in a process with one thread is faster than one after the other with
two, since no thread waits for another. A process whose reader is gone stops at its next report.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from reelfeel import errors
from reelfeel.errors import ReelFeelError
from reelfeel.files import write_whole
from reelfeel.models.language_model import read_language_model
from reelfeel.pretraining_config import PretrainingConfig
from reelfeel.training.checkpoints import Arrays, load_checkpoint
from reelfeel.training.memory import keep_freed_memory
from reelfeel.training.pretraining import Pretraining
from reelfeel.training.pretraining_records import PassRecord, PretrainingObserver, StreamState
from reelfeel.training.token_stream import TokenTexts

ObserverOf = Callable[[str], PretrainingObserver]


@dataclass(frozen=True)
class Job:
    """The training of one direction, as plain data in its folder.

    Attributes:
        direction: "forward" or "backward".
        folder: holds `texts.npz`, `held_out.npz`, the checkpoint and at last the result.
        num_words: rows of the embedding.
        config: all settings.
        start: the folder of the language model to start from, or None.
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
        stored = json.loads((folder / "job.json").read_text("utf-8"))
        stored["config"] = PretrainingConfig().updated(stored["config"])
        stored["folder"] = folder
        stored["start"] = Path(stored["start"]) if stored["start"] else None
        return cls(**stored)

    def is_finished(self) -> bool:
        """Whether an equal run has left its result."""
        return (self.folder / "finished.safetensors").exists()

    def run(self, observer: PretrainingObserver) -> None:
        """Trains; `result` then has the weights."""
        keep_freed_memory()
        if self.num_threads:
            torch.set_num_threads(self.num_threads)
        texts, held_out = (
            TokenTexts.load(self.folder / f"{name}.npz") for name in ("texts", "held_out")
        )
        start = read_language_model(self.start).weights[self.direction] if self.start else None
        Pretraining(texts, held_out, self.num_words, self.config, self.folder, observer, start).run(
            resume=self.resume
        )
        for name in ("texts.npz", "held_out.npz", "job.json"):
            (self.folder / name).unlink(missing_ok=True)

    def result(self) -> tuple[Arrays, StreamState]:
        """Returns the weights of a finished run, and its state with all records."""
        finished = load_checkpoint(self.folder / "finished.safetensors")
        if finished is None:
            raise ReelFeelError(
                f"The {self.direction} language model in {self.folder} is not finished. Run the "
                "same command again with --resume."
            )
        return finished.arrays, StreamState.from_checkpoint(finished)


def run_in_turn(jobs: Sequence[Job], observer_of: ObserverOf) -> None:
    """Runs jobs one after the other in this process."""
    for job in jobs:
        job.run(observer_of(job.direction))


def run_side_by_side(jobs: Sequence[Job], observer_of: ObserverOf) -> None:
    """Runs each job in a process of its own, all at once.

    Raises:
        ReelFeelError: if one fails; the others are told to stop, and write their checkpoints.
        KeyboardInterrupt: after all have written their checkpoints.
    """
    processes = [_start(job) for job in jobs]
    failures: list[ReelFeelError] = []
    readers = [
        threading.Thread(
            target=_forward, args=(process, observer_of(job.direction), failures, processes)
        )
        for job, process in zip(jobs, processes, strict=True)
    ]
    for reader in readers:
        reader.start()
    try:
        for reader in readers:
            reader.join()
    except KeyboardInterrupt:
        _stop(processes)
        for reader in readers:
            reader.join()
        raise
    if failures:
        raise failures[0]


def _start(job: Job) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "reelfeel.training.pretraining_jobs", str(job.folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(job.num_threads)}
    # A session of its own: Ctrl-C reaches it from here only, and once.
    return subprocess.Popen(  # noqa: S603
        command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def _stop(processes: Sequence[subprocess.Popen[str]]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()


def _forward(
    process: subprocess.Popen[str],
    observer: PretrainingObserver,
    failures: list[ReelFeelError],
    processes: Sequence[subprocess.Popen[str]],
) -> None:
    with process:
        for line in process.stdout or ():
            event, *values = json.loads(line)
            if event == "failure":
                failures.append(getattr(errors, values[0], ReelFeelError)(values[1]))
            elif event == "on_pass":
                observer.on_pass(PassRecord(**values[0]))
            else:
                getattr(observer, event)(*values)
    if process.returncode and not failures:
        failures.append(
            ReelFeelError(
                f"A process that trained a language model ended with code {process.returncode}. "
                "Run the same command again with --resume; with --direction forward, then "
                "backward, if the memory is too small for both."
            )
        )
    if failures:
        _stop(processes)


class _Reporter(PretrainingObserver):
    """Writes what it is told to standard output."""

    def on_note(self, text: str) -> None:
        self._write("on_note", text)

    def on_start(self, num_steps: int, steps_done: int) -> None:
        self._write("on_start", num_steps, steps_done)

    def on_step(self, passes_done: int, num_tokens: int, loss: float) -> None:
        self._write("on_step", passes_done, num_tokens, loss)

    def on_pass(self, record: PassRecord) -> None:
        self._write("on_pass", asdict(record))

    @staticmethod
    def _write(*values: Any) -> None:
        sys.stdout.write(json.dumps(values) + "\n")
        sys.stdout.flush()


def _run_reporting(folder: Path) -> int:
    import signal

    # As Ctrl-C: the run writes its checkpoint and ends.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        Job.read(folder).run(_Reporter())
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Nobody listens any more, so the run that started this one is dead; its successor may
        # already be at work in the same folder. Not a word, and not through the buffers' flush.
        os._exit(1)
    except ReelFeelError as error:
        sys.stdout.write(json.dumps(["failure", type(error).__name__, str(error)]) + "\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(_run_reporting(Path(sys.argv[1])))
