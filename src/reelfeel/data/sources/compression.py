"""Decompresses files in blocks, up to a size limit; detects the format by content."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from reelfeel.data.sources.limits import (
    MAX_FILE_BYTES,
    MAX_PIPE_BYTES,
    XzStream,
    bound_unpacked,
    read_blocks,
    refuse_holes,
)
from reelfeel.errors import ArchiveError, UsageError
from reelfeel.files.inputs import explain_input_errors, refuse_special

COMPRESSED_SUFFIXES = (".gz", ".bz2", ".xz")
_OPENERS: dict[bytes, tuple[str, Callable[[IO[bytes]], Any]]] = {
    b"\x1f\x8b": ("gzip", lambda file: gzip.GzipFile(fileobj=file)),
    b"BZh": ("bzip2", bz2.BZ2File),
    b"\xfd7zXZ\x00": ("xz", XzStream),
}
_UNREADABLE = {
    b"\x28\xb5\x2f\xfd": ("Zstandard", "unzstd"),
    b"7z\xbc\xaf\x27\x1c": ("7-Zip", "7z x"),
    b"Rar!": ("RAR", "unrar x"),
}
_DAMAGES = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, OSError, ValueError)


def read_bytes(path: Path) -> bytes:
    """Returns the content of a plain file, unpacked where it is gzip, bzip2 or xz by content.

    Raises:
        UsageError: if there is no such file, or it is no plain one.
        ArchiveError: if the stream is truncated, damaged or absurdly large.
        DataError: if the file cannot be read, for want of permission for example, or says that it
            is larger than what is stored.
    """
    refuse_special(path)
    with explain_input_errors(path):
        if not path.exists():
            raise UsageError(f"There is no file {path}. Check the path; case counts.")
        with path.open("rb") as file:
            refuse_holes(path, os.fstat(file.fileno()))
            return decompress(file, str(path))


def read_stdin() -> bytes:
    """Returns what standard input holds, unpacked as a file is.

    Raises:
        UsageError: if it is closed.
        ArchiveError: if it is packed and damaged, or never ends.
    """
    name = "standard input"
    if sys.stdin is None:
        raise UsageError(
            "Standard input is closed, and - reads from it. Pipe a table or texts into this "
            "command, or name a file. Received nothing."
        )
    with explain_input_errors(Path(name)):
        return decompress(io.BytesIO(read_blocks(sys.stdin.buffer, name, MAX_PIPE_BYTES)), name)


def find_opener(start: bytes) -> tuple[str, Callable[[IO[bytes]], Any]] | None:
    """Returns the kind of a packed file and what opens it, by its first bytes; None for others.

    Example:

    >>> find_opener(b"BZh91AY")[0], find_opener(b"text,label")
    ('bzip2', None)
    """
    return next((found for mark, found in _OPENERS.items() if start.startswith(mark)), None)


def decompress(file: IO[bytes], name: str) -> bytes:
    """Returns the content of an open file, unpacked where it is compressed.

    Args:
        file: a file that can seek, such as `io.BytesIO`.
        name: of the file, for messages.

    Raises:
        ArchiveError: if the stream is damaged, absurdly large, or of a kind that cannot be read.

    Example:

    >>> decompress(io.BytesIO(bz2.compress(b"A gem.")), "a.txt.bz2")
    b'A gem.'
    """
    num_bytes = file.seek(0, io.SEEK_END)
    file.seek(0)
    start = file.read(6)
    file.seek(0)
    for mark, (kind, command) in _UNREADABLE.items():
        if start.startswith(mark):
            raise ArchiveError(
                f"{name} is packed with {kind}, which ReelFeel does not read. Expected gzip, "
                f"bzip2, xz or zip: unpack it first, with {command}."
            )
    found = find_opener(start)
    if found is None:
        return read_blocks(file, name, MAX_FILE_BYTES)
    kind, opener = found
    try:
        with opener(file) as packed:
            return read_blocks(packed, name, bound_unpacked(num_bytes))
    except ArchiveError:  # it is a ValueError too
        raise
    except _DAMAGES as error:
        raise ArchiveError(
            f"{name} is not a whole {kind} file: {error}. It may be truncated or damaged; copy it "
            f"again. Received {num_bytes:,} bytes."
        ) from error
