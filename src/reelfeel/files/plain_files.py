"""Files that a stranger may have made: read whole, plain and of bounded size, or refused in a line.

A folder can hold a pipe, a device or a file of a terabyte that takes no room on the disk, under the
name of any file. Whoever opens one of these waits for ever, or reads until the memory is full.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from reelfeel.errors import BundleError

MAX_JSON_BYTES = 64 << 20
# Far more than anything here nests, far less than what Python's recursion allows.
MAX_DEPTH = 64

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@contextlib.contextmanager
def open_plain(path: Path, most_bytes: int) -> Iterator[io.BufferedReader]:
    """Opens a plain file for reading in bytes.

    Args:
        path: the file, or a link to one.
        most_bytes: how large it may be.

    Raises:
        BundleError: if it is missing, cannot be read, is no plain file, or is larger.
    """
    try:
        # Before it is opened, as that may already do something to a device; and after it, because
        # another file may have its name by then. O_NONBLOCK: a pipe without a writer would wait.
        _refuse_special(path, path.stat())
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with io.open(os.open(path, flags), "rb") as file:  # noqa: UP020
            found = os.fstat(file.fileno())
            _refuse_special(path, found)
            if found.st_size > most_bytes:
                raise _refusal(path, f"has {found.st_size:,} bytes, and {most_bytes:,} are allowed")
            yield file
    except OSError as error:
        raise _refusal(path, f"cannot be read ({error.strerror or error})") from error


def read_plain(path: Path, most_bytes: int) -> bytes:
    """Returns what is in a plain file; takes and raises what `open_plain` does."""
    with open_plain(path, most_bytes) as file:
        # One byte more would show that it has grown.
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise _refusal(path, f"grows while it is read, and {most_bytes:,} bytes are allowed")
    return content


def read_json_file(path: Path, most_bytes: int = MAX_JSON_BYTES) -> Any:
    """Returns the value in a JSON file.

    Raises:
        BundleError: if it is no plain file of that size, no JSON in UTF-8, or nested too deep.
    """
    return parse_json(read_plain(path, most_bytes), str(path))


def parse_json(content: bytes | str, name: str) -> Any:
    """Returns the value that a JSON document stands for.

    Args:
        content: the document; bytes are UTF-8.
        name: of the document, for messages.

    Raises:
        BundleError: if it is no JSON in UTF-8, or nested too deep.

    Example:

    >>> parse_json("[1]", "answers")
    [1]
    >>> parse_json("[" * 100_000, "answers")
    Traceback (most recent call last):
        ...
    reelfeel.errors.BundleError: answers is not JSON in UTF-8 that can be used: it is nested ...
    """
    try:
        decoded = content if isinstance(content, str) else content.decode("utf-8")
        # Two counts spare nearly every document the walk.
        is_flat = decoded.count("[") + decoded.count("{") <= MAX_DEPTH
        value = json.loads(decoded)
        if not is_flat:
            _refuse_depth(value)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise BundleError(
            f"{name} is not JSON in UTF-8 that can be used: {reason}. Expected the file that "
            "ReelFeel wrote; restore it from a copy."
        ) from error
    return value


@contextlib.contextmanager
def explain_bundle_errors(name: str) -> Iterator[None]:
    """Turns what the system refuses inside the block into a BundleError that names what is read.

    Args:
        name: such as "The model runs/mine".
    """
    try:
        yield
    except OSError as error:
        raise BundleError(
            f"{name} cannot be read: {error.strerror or error}. Expected a folder with plain files "
            "that this user may read."
        ) from error
    except MemoryError as error:
        raise BundleError(
            f"{name} cannot be read: there is not enough memory for it. Free some, or take a "
            "smaller model."
        ) from error


def hash_plain(path: Path, most_bytes: int) -> str:
    """Returns the SHA-256, in hexadecimal, of a plain file; raises what `open_plain` does."""
    with open_plain(path, most_bytes) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refuse_depth(value: Any) -> None:
    level = _containers([value])
    for _ in range(MAX_DEPTH):
        parts = [one.values() if isinstance(one, dict) else one for one in level]
        level = [one for part in parts for one in _containers(part)]
    if level:
        raise RecursionError


def _containers(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, (dict, list))]


def _refuse_special(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise _refusal(path, f"is {kind}")


def _refusal(path: Path, reason: str) -> BundleError:
    return BundleError(
        f"{path} {reason}. Expected the plain file that ReelFeel wrote; restore it from a copy."
    )
