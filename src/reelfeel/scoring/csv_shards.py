"""CSV as shards: the same rules as for a whole file, a block at a time."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reelfeel.data.reading.csv_dialect import Dialect, find_dialect, is_blank
from reelfeel.data.reading.csv_glued import LineReadings, describe_glued
from reelfeel.data.reading.csv_lines import Lines
from reelfeel.data.reading.csv_rows import Row, fit, read_csv_rows
from reelfeel.data.reading.csv_tables import read_names
from reelfeel.data.reading.table import Reading
from reelfeel.data.sources.limits import MAX_TEXT_CHARACTERS
from reelfeel.errors import SchemaError
from reelfeel.scoring.shards import SHARD_ROWS, BadRow, Shard, list_shards
from reelfeel.scoring.streams import peek_text, read_line_blocks
from reelfeel.terminal.escaping import has_half_character

if TYPE_CHECKING:
    from reelfeel.data.options import TableOptions

# What Python's csv says where a quoted field is still open at the end of what it was given.
_STILL_OPEN = "unexpected end of data"


def read_csv_shards(
    stream: io.BufferedReader, name: str, options: TableOptions, size: int = SHARD_ROWS
) -> Iterator[Shard]:
    """Yields the rows of a CSV file, all columns as text.

    Args:
        stream: its bytes, unpacked.
        name: of the file, for messages.
        options: how to read it.
        size: rows of a shard.

    Raises:
        SchemaError: if it has no such column, or quotes may mean two things.
    """
    from reelfeel.frame_library import pl

    reader = _CsvStream.open(stream, name, options)
    schema = dict.fromkeys(reader.names, pl.String)
    for part in list_shards(reader.rows(), size):
        columns = list(map(list, zip(*part.good, strict=True))) or [[] for _ in schema]
        frame = pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)
        texts = columns[reader.text_place]
        yield Shard(texts, tuple(part.bad), part.num_rows, frame)


@dataclass
class _CsvStream:
    """A file whose column names are read, and whose rows are next."""

    name: str
    options: TableOptions
    dialect: Dialect
    names: Sequence[str]
    row_end: str
    first: Lines
    stream: io.BufferedReader
    seen: LineReadings = field(init=False)
    text_place: int = field(init=False)

    def __post_init__(self) -> None:
        self.text_place = list(self.names).index(self.options.text_column)
        self.seen = LineReadings(self.dialect, len(self.names), self.text_place)

    @classmethod
    def open(cls, stream: io.BufferedReader, name: str, options: TableOptions) -> _CsvStream:
        """Finds the dialect and the names in the first million bytes."""
        quoted = options.quoting != "none"
        head = peek_text(stream, options.encoding)
        lines = Lines.split(head, quoted=quoted, skip_rows=options.skip_rows)
        row_end = lines.row_end
        expected = [options.text_column]
        dialect = find_dialect(name, lines, options, expected)
        reading = Reading.start(name, options, expected)
        names = read_names(reading, lines, dialect)
        refuse_missing_column(name, options.text_column, names)
        return cls(name, options, dialect, names, row_end, lines, stream)

    def rows(self) -> Iterator[object]:
        """Yields the fields of each row, or why it is a bad one."""
        rest, skipped = "", False
        blocks = read_line_blocks(self.stream, self.options.encoding, row_end=self.row_end)
        for block in blocks:
            lines = Lines.split_block(rest + block, self.row_end)
            if not skipped:
                lines.place, skipped = self.first.place, True
            rest = yield from self._read_block(lines)
        if rest:
            yield BadRow(0, "a quoted field that never ends", rest)

    def _read_block(self, lines: Lines) -> Generator[object, None, str]:
        """Yields the rows of a block; returns the lines of a row that goes on in the next."""
        for row in read_csv_rows(lines, self.dialect):
            if row.fields is None and row.problem == _STILL_OPEN:
                rest = lines.text_from(row.first)
                if len(rest) <= MAX_TEXT_CHARACTERS:
                    return rest
            yield from self._take(row, lines)
        self._refuse_glued(lines)
        return ""

    def _take(self, row: Row, lines: Lines) -> Iterator[object]:
        if row.fields is None:
            yield BadRow(0, f"broken quotes: {row.problem}", lines.lines[row.first])
            return
        if is_blank(row.fields):
            return
        self.seen.add(row, lines.lines[row.first])
        fields = fit(row.fields, len(self.names))
        if fields is None:
            reason = f"more than {len(self.names)} fields"
            yield BadRow(0, reason, "".join(lines.lines[row.first : row.end]))
            return
        problem = find_problem(fields[self.text_place], self.options.missing_words)
        if problem or has_half_character("".join(filter(None, fields))):
            received = "".join(lines.lines[row.first : row.end])
            yield BadRow(0, problem or "bytes that are not valid UTF-8", received)
            return
        yield fields

    def _refuse_glued(self, lines: Lines) -> None:
        glued = self.seen.find_glued(lines) if self.options.quoting is None else None
        if glued:
            raise SchemaError(describe_glued(self.name, *glued, {}))
        self.seen.forget_several()


def find_problem(text: object, missing: frozenset[str]) -> str:
    """Returns why a value cannot be scored; nothing where it can."""
    from reelfeel.data.tables import is_missing

    if is_missing(text, missing):
        return "no text"
    if not isinstance(text, str):
        return f"no text but {type(text).__name__}"
    if len(text) > MAX_TEXT_CHARACTERS:
        return f"a text of more than {MAX_TEXT_CHARACTERS:,} characters"
    return ""


def refuse_missing_column(name: str, wanted: str, columns: Sequence[str]) -> None:
    """Refuses a table that lacks the column of texts, and proposes a likely one.

    Raises:
        SchemaError: naming the columns that are there.
    """
    if wanted in columns:
        return
    likely = propose_text_column(columns)
    hint = f" Did you mean --text-column {likely!r}?" if likely else ""
    shown = ", ".join(repr(column[:40]) for column in columns[:20])
    raise SchemaError(
        f"{name} has no column {wanted!r}.{hint} Name the column of texts with --text-column. "
        f"Received the columns {shown}."
    )


_LIKELY = (
    "text",
    "review",
    "comment",
    "content",
    "body",
    "sentence",
    "message",
    "feedback",
    "tweet",
)


def propose_text_column(columns: Sequence[str]) -> str | None:
    """Returns the column whose name says that it holds texts, or None.

    Example:

    >>> propose_text_column(["id", "Review_Text", "stars"])
    'Review_Text'
    """
    for word in _LIKELY:
        for column in columns:
            if word in column.lower():
                return column
    return None
