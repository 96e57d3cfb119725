"""Prints lines on a terminal, escaped."""

from __future__ import annotations

import contextlib
import sys
from typing import IO, Any

from reelfeel.terminal.escaping import for_terminal

_RED, _PLAIN = "\x1b[31m", "\x1b[0m"


def say(text: object, *, err: bool = False, is_error: bool = False) -> None:
    """Writes a line to stdout, or with `err` to stderr, where a terminal that is gone is no error.

    Args:
        text: what to say; what could steer a terminal is spelled out.
        err: whether it is a note or an error, and no answer.
        is_error: whether a terminal shows it in red.
    """
    stream: Any = LostStream() if err else sys.stdout
    line = encodable(for_terminal(text), stream)
    if is_error and stream.isatty():
        line = f"{_RED}{line}{_PLAIN}"
    stream.write(f"{line}\n")
    stream.flush()


def encodable(text: str, stream: Any) -> str:
    """Returns a text that a stream can write, with what its encoding lacks spelled out."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


class LostStream:
    """The standard error as it is at each moment, without an error where it is gone.

    A training whose terminal is closed must end with its checkpoint, not with a failed write.
    """

    @property
    def _stream(self) -> IO[str]:
        return sys.stderr

    def write(self, text: str) -> int:
        """Writes what can be written."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            self._stream.write(encodable(text, self._stream))
        return len(text)

    def flush(self) -> None:
        """Flushes what can be flushed."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            self._stream.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        try:
            return self._stream.isatty()
        except (OSError, ValueError, AttributeError):
            return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
