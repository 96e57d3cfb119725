"""From a file, a pipe or a frame to a table: which format it is in, and the one reader of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import Any

from reelfeel.data.options import TableOptions
from reelfeel.data.reading.csv_tables import read_csv
from reelfeel.data.reading.frames import (
    is_frame,
    read_arrow,
    read_excel,
    read_frame,
    read_parquet,
)
from reelfeel.data.reading.json_tables import read_json_lines, read_json_table
from reelfeel.data.reading.table import Reading, Table
from reelfeel.data.reading.text_lines import is_fasttext, read_fasttext, read_line_table
from reelfeel.data.sources.compression import COMPRESSED_SUFFIXES, read_bytes, read_stdin
from reelfeel.data.sources.decoding import decode_text
from reelfeel.data.sources.limits import refuse_shape
from reelfeel.errors import SchemaError, UsageError
from reelfeel.files.inputs import refuse_special

STDIN = "-"
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".xlsx": "excel",
    ".xls": "excel",
    ".xlsb": "excel",
    ".ods": "excel",
}
_OF_BYTES: dict[str, Callable[[Reading, bytes], Table]] = {
    "parquet": read_parquet,
    "arrow": read_arrow,
    "excel": read_excel,
}
_OF_TEXT: dict[str, Callable[[Reading, str], Table]] = {
    "csv": read_csv,
    "jsonl": read_json_lines,
    "json": read_json_table,
    "fasttext": read_fasttext,
    "lines": read_line_table,
}


def find_format(path: PurePath) -> str | None:
    """Returns the format by the name of a file, such as "csv", or None for another kind.

    Example:

    >>> find_format(PurePath("reviews.TSV.gz")), find_format(PurePath("reviews.docx"))
    ('csv', None)
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSED_SUFFIXES:
        suffixes = suffixes[:-1]
    return SUFFIXES.get(suffixes[-1]) if suffixes else None


def read_file(
    source: Any, expected_columns: Sequence[str], options: TableOptions | None = None
) -> Table:
    """Reads a table from a file, from standard input or from a frame.

    Args:
        source: a path whose name says the format, of the kinds in `SUFFIXES`; text formats may be
            packed with gzip, bzip2 or xz. "-" is standard input. Or a frame of pandas or Polars, an
            Arrow table, a data set, or a dict of columns.
        expected_columns: names that the caller will look for; they help to find the delimiter.
        options: how to read it.

    Raises:
        UsageError: if the file does not exist, is a pipe or a device, or its name says no known
            format.
        SchemaError: if the content is not of that format, or of no sane shape.
        ArchiveError: if a packed file is damaged or a bomb.
    """
    options = options or TableOptions()
    if is_frame(source):
        name = f"a {type(source).__name__}"
        return read_frame(Reading.start(name, options, expected_columns), source)
    if str(source) == STDIN:
        return read_content("standard input", read_stdin(), expected_columns, options)
    path = Path(source).expanduser()
    refuse_special(path)
    if options.format is None and find_format(path) is None:
        raise UsageError(
            f"{path} has no known ending. Expected one of {', '.join(SUFFIXES)} (text formats also "
            f"with {', '.join(COMPRESSED_SUFFIXES)}); if its content is one of them, say which "
            f"with --format, such as --format csv. Received {path.suffix or 'no ending'!r}."
        )
    return read_content(str(path), read_bytes(path), expected_columns, options)


def read_content(
    name: str, content: bytes, expected_columns: Sequence[str], options: TableOptions
) -> Table:
    """Reads a table from the bytes of a file.

    Args:
        name: of the file: its ending says the format, unless the options do.
        content: not packed any more.
        expected_columns: names that the caller will look for.
        options: how to read it.

    Raises:
        SchemaError: if the content is not of that format.
    """
    reading = Reading.start(name, options, expected_columns)
    if not content.strip():
        raise SchemaError(f"{name} is empty. Expected a table with rows. Received 0 bytes of text.")
    kind = options.format or _find_content_format(content) or find_format(PurePath(name)) or "csv"
    if kind in _OF_BYTES:
        return _OF_BYTES[kind](reading, content)
    decoded = decode_text(content, options.encoding)
    refuse_shape(name, decoded.text)
    reading.log.notes += decoded.notes()
    reading.log.doubts += decoded.doubts()
    if options.format is None and kind == "csv" and is_fasttext(decoded.text):
        kind = "fasttext"
    if kind in ("json", "jsonl"):
        # The content decides: arrays are found in files named .jsonl, and lines in .json.
        kind = "json" if decoded.text.lstrip()[:1] == "[" or kind == "json" else "jsonl"
    return _OF_TEXT[kind](reading, decoded.text)


def _find_content_format(content: bytes) -> str | None:
    marks = {b"PAR1": "parquet", b"ARROW1": "arrow"}
    return next((kind for mark, kind in marks.items() if content.startswith(mark)), None)
