"""Handles standard output that is closed, full, in another encoding, or a broken pipe."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import Any, NoReturn

from reelfeel.errors import ReelFeelError

# What a process has that SIGPIPE ends: nobody reads its answers any more.
READER_LEFT = 128 + 13


class ReaderLeftError(Exception):
    """Nobody reads standard output any more, as behind `| head`; no reason for words."""


def prepare_streams() -> None:
    """Makes standard output say what goes wrong, and keeps the places of closed streams.

    A file that is opened while one of the first three numbers is free takes it, and then gets what
    is written to that stream.
    """
    with contextlib.suppress(OSError):
        while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(descriptor)
    sys.stdout = _ClosedOutput() if sys.stdout is None else _Output.of(sys.stdout)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")


def finish_output() -> None:
    """Writes what is still held back, while an error can be told.

    Raises:
        ReelFeelError: if it cannot be written.
        ReaderLeftError: if nobody reads it.
    """
    sys.stdout.flush()


def give_up_output() -> None:
    """Lets the interpreter end in silence after standard output has failed."""
    with contextlib.suppress(OSError, ValueError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, 1)
        os.close(devnull)


class _Output(io.TextIOWrapper):
    """Standard output whose failures are errors of ours; characters it lacks are spelled out."""

    @classmethod
    def of(cls, stream: Any) -> Any:
        """Returns `stream` with these rules; as it is where it is no stream of the system."""
        if type(stream) is not io.TextIOWrapper:
            return stream
        encoding, buffered = stream.encoding, stream.line_buffering
        return cls(
            stream.detach(), encoding, "backslashreplace", line_buffering=buffered, newline=None
        )

    def write(self, text: str) -> int:
        """Writes a text."""
        try:
            return super().write(text)
        except OSError as error:
            _fail(error)

    def flush(self) -> None:
        """Writes what is held back."""
        try:
            super().flush()
        except OSError as error:
            _fail(error)


class _ClosedOutput(io.TextIOBase):
    """Standard output where there is none."""

    encoding = "utf-8"

    def write(self, text: str) -> NoReturn:
        """Refuses a text."""
        raise _describe("it is closed")

    def flush(self) -> None:
        """Has nothing to write."""


def _fail(error: OSError) -> NoReturn:
    if isinstance(error, BrokenPipeError):
        raise ReaderLeftError from error
    raise _describe(error.strerror or str(error)) from error


def _describe(problem: str) -> ReelFeelError:
    return ReelFeelError(
        f"The answers cannot be written to standard output: {problem}. Expected a terminal, a pipe "
        "or a file on a disk with room; send them elsewhere, such as > answers.txt"
    )
