"""A contestant as a process: loaded, warmed up, asleep, and measured when it is told to.

The protocol is in `contestants/protocol.py`: a line "go" in, a line of JSON out. Between its turns
a contestant is stopped by a signal, with all its threads and children: whatever its libraries do
while they wait, such as spinning at a barrier, they do not do it in another's turn. No library's
own settings for waiting are touched, because they would also slow its measured turns.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.machine import available_cores, busy_seconds, session_seconds
from harness.suite import Contestant

CONTESTANTS = Path(__file__).parents[1] / "contestants"
# XLA compiles some seconds for every distinct shape before it is ready.
LOAD_TIMEOUT_S = 3_600.0
ROUND_TIMEOUT_S = 3_600.0


class ContestantFailed(Exception):  # noqa: N818
    """A contestant cannot be loaded or ended in its turn; the message has its last words."""


class Worker:
    """A contestant's process.

    Args:
        contestant: what runs.
        python: the interpreter of its environment.
        log: file for what it writes to stderr.
        cores: processor cores it may use.
    """

    def __init__(self, contestant: Contestant, python: str, log: Path, cores: int) -> None:
        self.contestant, self.log, self.cores = contestant, log, contestant.cores or cores
        command = [python, CONTESTANTS / contestant.script, json.dumps(dict(contestant.settings))]
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=worker_environment(contestant, self.cores),
                # A session of its own: one signal reaches its children too.
                start_new_session=True,
                preexec_fn=pin_to_cores(self.cores),
            )

    def load(self) -> dict[str, Any]:
        """Waits until it is ready; returns what it says about itself.

        Raises:
            ContestantFailed: if it ends or takes too long.
        """
        ready = self._receive(LOAD_TIMEOUT_S)
        self.pause()
        return ready

    def measure(self) -> dict[str, Any]:
        """Runs one turn; returns what it reports, with the cores that others were using.

        Raises:
            ContestantFailed: if it ends or takes too long.
        """
        os.killpg(self.process.pid, signal.SIGCONT)
        busy, own = busy_seconds(), session_seconds(self.process.pid)
        assert self.process.stdin is not None  # noqa: S101  # a pipe, as asked for above
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()
        result = self._receive(ROUND_TIMEOUT_S)
        result["other_cores"] = round(
            busy_seconds().cores_since(busy, session_seconds(self.process.pid) - own), 3
        )
        self.pause()
        return result

    def pause(self) -> None:
        """Stops it, with all its threads and children."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def close(self) -> None:
        """Ends it."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()

    def _receive(self, timeout_s: float) -> dict[str, Any]:
        readable, _, _ = select.select([self.process.stdout], [], [], timeout_s)
        line = self.process.stdout.readline() if readable and self.process.stdout else b""
        if not line:
            reason = "ended" if readable else f"did not answer for {timeout_s:.0f} s"
            raise ContestantFailed(
                f"{self.contestant.label} {reason}: {last_words(self.log)} The whole of what it "
                f"wrote is in {self.log.name}."
            )
        return dict(json.loads(line))


def worker_environment(contestant: Contestant, cores: int) -> dict[str, str]:
    """Returns the environment variables of a contestant.

    The caller's own settings of threads are not inherited: a shell that has them set for other
    work would decide the result.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OMP_", "KMP_", "GOMP_", "MKL_", "ONEDNN_", "DNNL_", "TF_", "XLA_"))
        and name not in ("PYTHONPATH", "KERAS_BACKEND", "REELFEEL_NATIVE")
    }
    return {**inherited, "OMP_NUM_THREADS": str(cores), **contestant.variables}


def pin_to_cores(cores: int) -> Callable[[], None]:
    """Returns a function that keeps the calling process on the first `cores` cores it has."""
    chosen = sorted(available_cores())[:cores]
    return lambda: os.sched_setaffinity(0, chosen)


def last_words(log: Path) -> str:
    """Returns the last line of a log that says something."""
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines()]
    return next((line for line in reversed(lines) if line), "it said nothing.")
