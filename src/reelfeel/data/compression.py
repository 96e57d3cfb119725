"""Unpacks compressed files in blocks, known by their content; no more than a bound."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from reelfeel.errors import ArchiveError, DataError, UsageError

# A table of 50,000 reviews has about 66 MB; a bomb of a few kilobytes has terabytes.
MAX_FILE_BYTES = 8 * 2**30
_BLOCK_BYTES = 2**20

COMPRESSED_SUFFIXES = (".gz", ".bz2", ".xz")
_OPENERS: dict[bytes, tuple[str, Callable[[IO[bytes]], Any]]] = {
    b"\x1f\x8b": ("gzip", lambda file: gzip.GzipFile(fileobj=file)),
    b"BZh": ("bzip2", bz2.BZ2File),
    b"\xfd7zXZ\x00": ("xz", lzma.LZMAFile),
}
_UNREADABLE = {
    b"\x28\xb5\x2f\xfd": ("Zstandard", "unzstd"),
    b"7z\xbc\xaf\x27\x1c": ("7-Zip", "7z x"),
    b"Rar!": ("RAR", "unrar x"),
}


def read_bytes(path: Path) -> bytes:
    """Returns the content of a file, unpacked where it is gzip, bzip2 or xz by content.

    Raises:
        UsageError: if there is no such file.
        ArchiveError: if the stream is truncated, damaged or absurdly large.
        DataError: if the file cannot be read, for want of permission for example.
    """
    try:
        with path.open("rb") as file:
            return unpack(file, str(path))
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}. Check the path; case counts.") from None
    except OSError as error:
        raise DataError(
            f"Could not read {path}: {error.strerror or error}. Expected a readable file."
        ) from error


def unpack(file: IO[bytes], name: str) -> bytes:
    """Returns the content of an open file, unpacked where it is compressed.

    Args:
        file: a file that can seek, such as `io.BytesIO`.
        name: of the file, for messages.

    Raises:
        ArchiveError: if the stream is damaged, absurdly large, or of a kind that cannot be read.

    Example:

    >>> unpack(io.BytesIO(bz2.compress(b"A gem.")), "a.txt.bz2")
    b'A gem.'
    """
    start = file.read(6)
    file.seek(0)
    for mark, (kind, command) in _UNREADABLE.items():
        if start.startswith(mark):
            raise ArchiveError(
                f"{name} is packed with {kind}, which ReelFeel does not read. Expected gzip, "
                f"bzip2, xz or zip: unpack it first, with {command}."
            )
    found = [opener for mark, opener in _OPENERS.items() if start.startswith(mark)]
    if not found:
        return _read_blocks(file, name)
    kind, opener = found[0]
    try:
        with opener(file) as packed:
            return _read_blocks(packed, name)
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, OSError, ValueError) as error:
        raise ArchiveError(
            f"{name} is not a whole {kind} file: {error}. It may be truncated or damaged; copy it "
            f"again. Received {file.seek(0, io.SEEK_END):,} bytes."
        ) from error


def _read_blocks(file: IO[bytes], name: str) -> bytes:
    blocks, size = [], 0
    while block := file.read(_BLOCK_BYTES):
        blocks.append(block)
        size += len(block)
        if size > MAX_FILE_BYTES:
            raise ArchiveError(
                f"{name} is refused: it unpacks to more than {MAX_FILE_BYTES:,} bytes. Unpack it "
                "yourself and cut it into smaller tables."
            )
    return b"".join(blocks)
