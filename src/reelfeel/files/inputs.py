"""Files that users name: plain ones, since a pipe or a device can be read without end."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path

from reelfeel.errors import DataError, UsageError

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def refuse_special(path: Path) -> None:
    """Refuses what is neither a plain file nor a folder; a path that is not there is left alone.

    Raises:
        UsageError: if it is a pipe, a socket or a device, which could be read without end.
        DataError: if it cannot be looked at.

    Example:

    >>> refuse_special(Path("/dev/null"))
    Traceback (most recent call last):
    ...
    reelfeel.errors.UsageError: /dev/null is a device. Expected a file or a folder; ...
    """
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if kind in _KINDS:
        raise UsageError(
            f"{path} is {_KINDS[kind]}. Expected a file or a folder; write what it gives to a file "
            "first, and name that."
        )


@contextlib.contextmanager
def explain_input_errors(path: Path) -> Iterator[None]:
    """Turns what the system refuses inside the block into a DataError that names `path`."""
    try:
        yield
    except (OSError, MemoryError) as error:
        raise _unreadable(path, error) from error


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """Returns the content of a plain file that is small.

    Raises:
        UsageError: if it is no plain file.
        DataError: if it is missing, cannot be read, or is larger.
    """
    refuse_special(path)
    with explain_input_errors(path), path.open("rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise DataError(
            f"{path} has more than {most_bytes:,} bytes. Expected a smaller file; check the path."
        )
    return content


def _unreadable(path: Path, error: Exception) -> DataError:
    reason = "the memory is not enough" if isinstance(error, MemoryError) else str(error)
    if isinstance(error, OSError):
        reason = error.strerror or reason
    return DataError(f"Could not read {path}: {reason}. Expected a readable file.")
