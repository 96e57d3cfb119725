"""Standard input as texts, one a line: each as soon as it comes, many at once where they come fast.

A thread reads what is there, so a source is never waited for while a line waits for its answer: a
bot or `tail -f` gets each answer at once, a file is answered some thousand lines at a time.
"""

from __future__ import annotations

import codecs
import io
import json
import os
import queue
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

from reelfeel.errors import DataError, UsageError

# Lines answered together, where so many are there.
MOST_LINES = 4_096
# How long a line waits for others to be answered with: not noticed by people, long for a pipe.
PATIENCE_S = 0.005
# How often a waiting reader looks for Ctrl-C, where the system does not break waiting off.
_LOOK_UP_S = 1.0
_BLOCK_BYTES = 2**18
# A longer line is no text but a stream without lines.
_MAX_LINE_BYTES = 2**28
# Enough for any mark of an encoding or a format at the beginning of a file.
_MARK_BYTES = 8
_MARKS = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "a zip archive or an Excel file",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow",
}
_DELIMITERS = ",;\t|"
# Names that columns have: two of them, and nothing but names, make a header.
_COLUMN_NAMES = {
    *("id", "text", "texts", "review", "reviews", "comment", "sentence", "label", "labels"),
    *("sentiment", "rating", "stars", "class", "target", "category", "polarity", "score", "split"),
}

Read = Callable[[], bytes]


def stream_lines(stream: Any, encoding: str | None = None) -> Iterator[list[str]]:
    """Yields the lines of standard input, without their ends, as many together as have come.

    Bytes are decoded as those of a table are: a byte-order mark decides, UTF-16 is found without
    one, and a line that is not UTF-8 is read as Windows-1252.

    Args:
        stream: `sys.stdin`, which is None where it is closed.
        encoding: as Python names it; None finds it out.

    Raises:
        UsageError: if it is closed.
        DataError: if it holds nothing, or no lines of text: an archive, a table, binary data.
    """
    if stream is None:
        raise UsageError(
            "Standard input is closed, and - reads texts from it. Pipe texts into this command, "
            "one a line, or name a file with --data. Received nothing."
        )
    lines = _Lines(encoding)
    chunks = _start_reading(_find_reader(stream))
    waiting: list[str] = []
    while waiting or not lines.at_end:
        if not waiting:
            waiting += lines.take(_wait_for(chunks))
        while not lines.at_end and 0 < len(waiting) < MOST_LINES:
            try:
                waiting += lines.take(_checked(chunks.get(timeout=PATIENCE_S)))
            except queue.Empty:
                break
        if waiting:
            yield waiting[:MOST_LINES]
            del waiting[:MOST_LINES]
    lines.refuse_nothing()


class _Lines:
    """Cuts a stream of bytes into lines of text.

    Attributes:
        at_end: whether the stream has ended.
    """

    def __init__(self, encoding: str | None = None) -> None:
        self._encoding = encoding
        self.at_end = False
        self._begun = False
        self._parts: list[bytes] = []
        self._to_utf8: Callable[[bytes], bytes] = bytes
        self._num_taken = 0

    def take(self, chunk: bytes) -> list[str]:
        """Returns the lines that end in `chunk`; an empty one is the end of the stream."""
        self.at_end = not chunk
        if not self._begun:
            self._parts.append(chunk)
            chunk = b"".join(self._parts)
            if not (self.at_end or len(chunk) >= _MARK_BYTES or b"\n" in chunk):
                return []
            self._parts.clear()
            self._begin(chunk)
            chunk = chunk.removeprefix(codecs.BOM_UTF8)
        return self._refuse_tables(self._cut(self._to_utf8(chunk)))

    def refuse_nothing(self) -> None:
        """Raises DataError unless there was a line."""
        if not self._num_taken:
            raise DataError(
                "Standard input is empty. Expected texts, one a line. Received no line."
            )

    def _begin(self, head: bytes) -> None:
        from reelfeel.data.sources.decoding import decode_text

        self._begun = True
        for mark, name in _MARKS.items():
            if head.startswith(mark):
                raise _describe_bytes(f"begins as {name} does")
        encoding = self._encoding or decode_text(head).encoding
        if self._encoding or encoding.startswith(("utf-16", "utf-32")):
            decoder = codecs.getincrementaldecoder(encoding)("replace")
            self._to_utf8 = lambda part: decoder.decode(part, not part).encode()
        elif b"\0" in head:
            raise _describe_bytes("holds zero bytes, which no text has")

    def _cut(self, part: bytes) -> list[str]:
        # A \r at the end may be half of \r\n.
        end = len(part) if self.at_end else max(part.rfind(b"\n"), part.rfind(b"\r", 0, -1)) + 1
        if not end and not self.at_end:
            self._parts.append(part)
            if sum(map(len, self._parts)) > _MAX_LINE_BYTES:
                raise _describe_bytes(f"has no end of line in {_MAX_LINE_BYTES:,} bytes")
            return []
        whole = b"".join([*self._parts, part[:end]])
        self._parts = [part[end:]]
        return _decode_lines(whole)

    def _refuse_tables(self, lines: list[str]) -> list[str]:
        if lines and not self._num_taken:
            lines[0] = lines[0].removeprefix("\ufeff")  # the mark of an encoding is no text
            _refuse_table(lines[0])
        self._num_taken += len(lines)
        return lines


def _decode_lines(content: bytes) -> list[str]:
    if not content:
        return []
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        from reelfeel.data.plain_texts import decode_line

        return [decode_line(line) for line in content.splitlines()]
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if not lines[-1] else lines


def _refuse_table(line: str) -> None:
    """Raises DataError where the first line is no text but names columns, or is a JSON object."""
    kind = None
    if line.lstrip()[:1] == "{" and _is_object(line):
        kind = "is a JSON object"
    for delimiter in _DELIMITERS:
        names = [name.strip('" ').lower() for name in line.split(delimiter)]
        are_names = all(re.fullmatch(r"[a-z_][a-z0-9_.-]*", name) for name in names)
        if are_names and len(_COLUMN_NAMES.intersection(names)) >= min(2, len(names)):
            kind = "names columns"
    if kind:
        raise DataError(
            f"Standard input is a table and no list of texts: its first line {kind}. Expected one "
            "text a line. Save it as a file, and name it and its column: --data FILE "
            f"--text-column NAME. Received {line[:80]!r}."
        )


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _describe_bytes(problem: str) -> DataError:
    return DataError(
        f"Standard input {problem}. Expected texts, one a line. Unpack it first, or name the file "
        f"of a table with --data FILE --text-column NAME. Received no text."
    )


def _find_reader(stream: Any) -> Read:
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, io.UnsupportedOperation):
        return lambda: bytes(stream.buffer.read(_BLOCK_BYTES))
    # Not through the stream: it waits for full blocks, and cannot be left alone at the end.
    return lambda: os.read(descriptor, _BLOCK_BYTES)


def _start_reading(read: Read) -> queue.Queue[bytes | OSError]:
    chunks: queue.Queue[bytes | OSError] = queue.Queue(maxsize=64)
    try:
        threading.Thread(target=_read_all, args=(read, chunks), daemon=True).start()
    except RuntimeError:
        # The system gives no thread: all is read first, and answered then.
        chunks = queue.Queue()
        _read_all(read, chunks)
    return chunks


def _read_all(read: Read, chunks: queue.Queue[bytes | OSError]) -> None:
    chunk: bytes | OSError = b"begin"
    while chunk and isinstance(chunk, bytes):
        try:
            chunk = read()
        except OSError as error:
            chunk = error
        chunks.put(chunk)


def _wait_for(chunks: queue.Queue[bytes | OSError]) -> bytes:
    while True:
        try:
            return _checked(chunks.get(timeout=_LOOK_UP_S))
        except queue.Empty:
            continue


def _checked(chunk: bytes | OSError) -> bytes:
    if isinstance(chunk, bytes):
        return chunk
    raise DataError(
        f"Standard input cannot be read: {chunk.strerror or chunk}. Expected texts, one a line."
    ) from chunk
