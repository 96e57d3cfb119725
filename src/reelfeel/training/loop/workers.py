"""Work that shares nothing, in processes of one thread each: faster there than on two threads.

A worker says how it goes on standard output, one JSON list a line: the name of an event, then its
values. A worker whose reader is gone stops at its next line; one that is told to stop ends as after
Ctrl-C, with its checkpoint written.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reelfeel import errors
from reelfeel.errors import ReelFeelError
from reelfeel.signals import raised_signals

Tell = Callable[..., None]

_INTERRUPTED = 130


def run_side_by_side(
    workers: Mapping[str, Sequence[str]], on_event: Callable[[str, str, list[Any]], None]
) -> None:
    """Runs workers at once and waits for all of them.

    Args:
        workers: for each name the arguments of a Python that ends in `run_worker`, such as
            `["-m", "package.module", "folder"]`.
        on_event: is called with the name of the worker, the event and its values.

    Raises:
        ReelFeelError: what the first worker to fail raised; the others are told to stop.
        KeyboardInterrupt: after all have stopped.
    """
    group = _Group()
    try:
        for name, arguments in workers.items():
            group.start(name, arguments)
        failure = group.follow(on_event)
    except BaseException:
        group.stop()
        group.follow(lambda name, event, values: None)
        raise
    if failure:
        raise failure


def run_worker(work: Callable[[Tell], None]) -> int:
    """Runs a worker's work, and returns its exit code.

    Args:
        work: is given a function that tells the parent of an event: `tell("on_step", 3)`.
    """
    try:
        with raised_signals():
            work(_tell)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The parent is dead, and its successor may be at work in the same folder already: not
        # another word, not even from a buffer.
        os._exit(1)
    except ReelFeelError as error:
        _tell("failure", type(error).__name__, str(error))
        return error.exit_code
    return 0


def _tell(event: str, *values: Any) -> None:
    sys.stdout.write(json.dumps([event, *values]) + "\n")
    sys.stdout.flush()


class _Group:
    """Workers that stop together, and the one queue of what they say."""

    def __init__(self) -> None:
        self.running: dict[str, subprocess.Popen[str]] = {}
        self.said: queue.SimpleQueue[tuple[str, list[Any]]] = queue.SimpleQueue()

    def start(self, name: str, arguments: Sequence[str]) -> None:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, *arguments],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            text=True,
            # A session of its own: Ctrl-C reaches it from here only, and once.
            start_new_session=True,
        )
        self.running[name] = process
        threading.Thread(target=self._listen, args=(name, process), daemon=True).start()

    def follow(self, on_event: Callable[[str, str, list[Any]], None]) -> ReelFeelError | None:
        """Passes on what the workers say until all have ended; returns the first failure."""
        failures: list[ReelFeelError] = []
        while self.running:
            name, (event, *values) = self.said.get()
            if event == "failure":
                failures.append(getattr(errors, values[0], ReelFeelError)(values[1]))
            elif event == "end":
                del self.running[name]
                if values[0] and not failures:
                    failures.append(_explain_end(name, values[0]))
                if failures:
                    self.stop()
            else:
                on_event(name, event, values)
        return failures[0] if failures else None

    def stop(self) -> None:
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()

    def _listen(self, name: str, process: subprocess.Popen[str]) -> None:
        with process:  # which waits for its end, and closes the pipe
            for line in process.stdout or ():
                self.said.put((name, json.loads(line)))
        self.said.put((name, ["end", process.returncode]))


def _explain_end(name: str, code: int) -> ReelFeelError:
    return ReelFeelError(
        f"The process for the part {name!r} ended with code {code}; it may have run out of memory. "
        "Go on with the same command and --resume."
    )
