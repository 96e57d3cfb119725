"""Bytes of an input as a stream: unpacked and decoded on the way, never whole in memory."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reelfeel.data.sources.compression import COMPRESSED_SUFFIXES, find_opener
from reelfeel.data.sources.decoding import decode_text
from reelfeel.errors import ArchiveError, ReelFeelError, UsageError
from reelfeel.extras import require_extra
from reelfeel.files.inputs import explain_input_errors, refuse_special

STDIN = "-"
_HEAD_BYTES = 1 << 20
_BLOCK_CHARACTERS = 1 << 22
# Of files that are scored, read and written.
PACKED = (*COMPRESSED_SUFFIXES, ".zst")
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_DAMAGES = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, ValueError)


@contextlib.contextmanager
def open_bytes(source: str | Path) -> Iterator[io.BufferedReader]:
    """Opens a file or standard input, unpacked where it is packed, by content.

    Raises:
        UsageError: if there is no such file, or it is no plain one.
        ArchiveError: inside the block, if the packed stream is damaged.
        MissingExtraError: if it is packed with Zstandard, and the package for it is missing.
    """
    name = "standard input" if str(source) == STDIN else str(source)
    with contextlib.ExitStack() as stack:
        if str(source) == STDIN:
            if sys.stdin is None:
                raise UsageError("Standard input is closed, and - reads from it. Name a file.")
            file: Any = sys.stdin.buffer
        else:
            path = Path(source).expanduser()
            refuse_special(path)
            stack.enter_context(explain_input_errors(path))
            file = stack.enter_context(path.open("rb"))
        packed = _unpack(io.BufferedReader(_Reading(file), _HEAD_BYTES))
        try:
            yield io.BufferedReader(_Reading(packed), _HEAD_BYTES)
        except (ReelFeelError, UnicodeError):  # some are ValueErrors too
            raise
        except _DAMAGES as error:
            raise ArchiveError(
                f"{name} is not a whole packed file: {error}. It may be truncated or damaged; "
                "copy it again. What came before is scored, and --resume goes on from there."
            ) from error


def read_line_blocks(
    stream: io.BufferedReader, encoding: str | None, *, row_end: str | None = None
) -> Iterator[str]:
    """Yields the text of a stream in blocks of some million characters, each of whole lines.

    Bytes that are not valid in the encoding become lone surrogates, so that a reader can tell the
    rows that hold some.

    Args:
        stream: of bytes.
        encoding: None finds it out from the first million bytes.
        row_end: what ends a line; None is a line feed.
    """
    end = row_end or "\n"
    decoder = _make_decoder(stream, encoding)
    rest = ""
    while block := stream.read(_BLOCK_CHARACTERS):
        text = rest + decoder.decode(block)
        place = text.rfind(end) + len(end)
        if place < len(end):
            rest = text
            continue
        yield text[:place]
        rest = text[place:]
    if text := rest + decoder.decode(b"", True):
        yield text


def peek_text(stream: io.BufferedReader, encoding: str | None) -> str:
    """Returns the first text of a stream, without moving on."""
    head = stream.peek(_HEAD_BYTES)
    return decode_text(head, encoding).text


def _make_decoder(stream: io.BufferedReader, encoding: str | None) -> Any:
    head = stream.peek(_HEAD_BYTES)
    found = encoding or _find_encoding(head)
    errors = "surrogateescape" if found.lower().startswith("utf-8") else "replace"
    return codecs.getincrementaldecoder(found)(errors)


def _find_encoding(head: bytes) -> str:
    # The head may end inside a character: its last line is left out.
    found = decode_text(head[: head.rfind(b"\n") + 1] or head)
    return "utf-8-sig" if found.encoding == "utf-8" else found.encoding


def _unpack(file: io.BufferedReader) -> Any:
    head = file.peek(6)
    if head.startswith(_ZSTANDARD):
        require_extra("score", "zstandard")
        import zstandard

        return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    found = find_opener(head)
    return found[1](file) if found else file


class _Reading(io.RawIOBase):
    """Any stream of bytes as one that can be buffered."""

    def __init__(self, stream: Any) -> None:
        self._read = getattr(stream, "read1", stream.read)

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Reads into a buffer; returns how many bytes, 0 at the end."""
        block = self._read(len(buffer))
        buffer[: len(block)] = block
        return len(block)
