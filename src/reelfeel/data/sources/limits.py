"""Limits on sources: plain files of bounded size and shape.

A file from elsewhere can be a pipe that never ends, a device, or some kilobytes that unpack to
terabytes. So everything is read in blocks, and counted before it is parsed.
"""

from __future__ import annotations

import io
import lzma
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from reelfeel.errors import ArchiveError, DataError, SchemaError

# More than any table that was made to be read at once.
MAX_FILE_BYTES = 8 * 2**30
# A pipe has no size to be asked for, and may never end; these are some 400,000 reviews.
MAX_PIPE_BYTES = 512 * 2**20
# What a packed file may unpack to however small it is, and beyond that how many times its size:
# packed reviews have a third to a tenth of their size, and a bomb has a thousandth.
FREE_UNPACKED_BYTES = 64 * 2**20
MAX_RATIO = 40
# Polars and Python's own readers need seconds for so many, and no end for a million.
MAX_COLUMNS = 10_000
# A novel has some million characters; the longest review of IMDB has 14,106.
MAX_TEXT_CHARACTERS = 10_000_000
# Of a decoder of xz: `xz -9` needs 65 MB, a copy of IMDB was seen with 193; a file may claim 4 GB.
_XZ_MEMORY_BYTES = 320 * 2**20
_BLOCK_BYTES = 2**20
# What stands in a text, how many of it cost little, and how long each is at least in a sane file.
_SHAPES = (
    ("rows", "\n", 2_000_000, 24),
    ("fields", ",;\t|", 16_000_000, 6),
    ("lists and objects", "[{", 1_000_000, 32),
)


def bound_unpacked(packed_bytes: int) -> int:
    """Returns how many bytes a packed file may unpack to.

    Example:

    >>> bound_unpacked(204), bound_unpacked(100_000_000)
    (67108864, 4000000000)
    """
    return min(max(FREE_UNPACKED_BYTES, MAX_RATIO * packed_bytes), MAX_FILE_BYTES)


def read_blocks(stream: IO[bytes] | Any, name: str | Path, most_bytes: int) -> bytes:
    """Reads a stream to its end in blocks, and reserves no more than is there.

    Raises:
        ArchiveError: if it has more than `most_bytes`.
    """
    content = bytearray()
    while block := stream.read(_BLOCK_BYTES):
        content += block
        if len(content) > most_bytes:
            raise ArchiveError(
                f"{name} is refused: it holds more than {most_bytes:,} bytes, as no table of its "
                "size does. Unpack it yourself if you trust it, and cut it into smaller tables."
            )
    return bytes(content)


def refuse_shape(name: str | Path, text: str) -> None:
    r"""Refuses a text of millions of rows, fields or lists with nearly nothing in them.

    Such a file costs fifty times its size as values of Python, and no table of reviews is like it.

    Raises:
        SchemaError: if it is.

    Example:

    >>> refuse_shape(Path("a.jsonl"), "{}\n" * 3_000_000)
    Traceback (most recent call last):
    ...
    reelfeel.errors.SchemaError: a.jsonl has 3,000,000 rows in 9,000,000 characters, ...
    """
    for what, signs, few, fewest_characters in _SHAPES:
        num = max(map(text.count, signs)) if what == "fields" else sum(map(text.count, signs))
        if num > few and len(text) < num * fewest_characters:
            raise SchemaError(
                f"{name} has {num:,} {what} in {len(text):,} characters, nearly nothing in each. "
                "Expected a table of reviews; leave out what is empty, or cut it into smaller "
                "tables."
            )


def refuse_columns(name: str | Path, names: Sequence[str], num_rows: int = 1) -> None:
    """Refuses a table with too many columns, or with so many for its rows that none can be full.

    Raises:
        SchemaError: if it has.
    """
    if len(names) > MAX_COLUMNS or len(names) * num_rows > 50_000_000:
        shown = ", ".join(repr(column[:40]) for column in names[:5])
        raise SchemaError(
            f"{name} has {len(names):,} columns. Expected at most {MAX_COLUMNS:,}, and fewer where "
            "there are many rows; keep those of the text, the label and what else you need. "
            f"Received {shown}, ..."
        )


def refuse_long_text(name: str | Path, text: str, where: str) -> None:
    """Refuses a single text that is longer than any review.

    Raises:
        SchemaError: if it is.
    """
    if len(text) > MAX_TEXT_CHARACTERS:
        raise SchemaError(
            f"{name}, {where} holds a text of {len(text):,} characters. Expected at most "
            f"{MAX_TEXT_CHARACTERS:,}, as no review is longer; the quotes may not fit together, or "
            "the lines not be separated."
        )


class XzStream(io.RawIOBase):
    """A stream out of an xz file whose decoder may not take more memory than a sane file needs."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._decoder = file, self._start()

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Returns at most `size` bytes, none at the end.

        Raises:
            lzma.LZMAError: if the stream is damaged, or wants too much memory.
            EOFError: if it ends too early.
        """
        size = _BLOCK_BYTES if size < 0 else size
        while True:
            if self._decoder.eof:
                rest = self._decoder.unused_data or self._file.read(_BLOCK_BYTES)
                rest = rest.lstrip(b"\0")  # streams are padded with zeros
                if not rest:
                    return b""
                self._decoder, fed = self._start(), rest
            else:
                fed = self._file.read(_BLOCK_BYTES) if self._decoder.needs_input else b""
                if self._decoder.needs_input and not fed:
                    raise EOFError("the xz stream ends before its end is marked")
            if block := self._decoder.decompress(fed, size):
                return block

    @staticmethod
    def _start() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)


def refuse_holes(path: Path, found: os.stat_result) -> None:
    """Refuses a file of terabytes that takes no room on the disk, and one that is too large.

    Raises:
        DataError: if it is one.
    """
    stored = getattr(found, "st_blocks", found.st_size) * 512
    if found.st_size > min(MAX_FILE_BYTES, max(FREE_UNPACKED_BYTES, MAX_RATIO * stored)):
        raise DataError(
            f"{path} is refused: it says that it has {found.st_size:,} bytes, and {stored:,} are "
            "stored. Expected a table that fits into memory; cut it into smaller tables."
        )
