"""What to do about a CSV file that is refused: only what has been tried on that file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from reelfeel.data.reading.csv_dialect import DELIMITERS, Dialect, is_blank
from reelfeel.data.reading.csv_lines import Lines
from reelfeel.data.reading.csv_rows import Row, read_csv_rows
from reelfeel.data.reading.table import Reading
from reelfeel.errors import SchemaError

_SKIP = "drop and count such rows with --skip-bad-rows (in Python: skip_bad_rows=True)"
# Lines before the line of column names: a title, a date, a note.
_MOST_TITLE_LINES = 20
_LONG_FOR_A_NAME = 60


@dataclass(frozen=True)
class File:
    """A file in parts.

    Attributes:
        lines: of it.
        dialect: how its fields are written.
        width: the number of its columns; 0 where their names cannot be read.
        start: index of the line on which its rows begin.
    """

    lines: Lines
    dialect: Dialect
    width: int
    start: int = 0

    def rows(self) -> Lines:
        """Returns the lines from the first row on, to be read again."""
        return Lines(self.lines.lines, self.start)


def describe_broken(reading: Reading, file: File, row: Row, name: str) -> str:
    """Returns the refusal of a row whose quotes do not fit together."""
    if reading.options.skip_bad_rows:
        return ""
    line = file.lines.lines[row.first].rstrip("\r\n")
    return (
        f"{reading.name}, {name}: the quotes do not fit together ({row.problem}). Expected a field "
        "either without quotes or wholly inside double quotes, those within it doubled; "
        f"{_find_mend(file, row)}. Received on line {row.first + 1:,}: {line[:80]!r}."
    )


def describe_long(reading: Reading, file: File, row: Row, name: str) -> str:
    """Returns the refusal of a row with more fields than there are columns."""
    if reading.options.skip_bad_rows:
        return ""
    fields = row.fields or []
    return (
        f"{reading.name}, {name} has {len(fields)} fields, but there are names for "
        f"{file.width}. Expected a text that holds {file.dialect.delimiter!r} in "
        f"double quotes; {_find_mend(file, row)}. "
        f"Received on line {row.first + 1:,}: {file.dialect.delimiter.join(fields)[:80]!r}."
    )


def refuse_title(
    reading: Reading, lines: Lines, dialect: Dialect, names: Sequence[str], row: Row
) -> None:
    """Refuses a file whose first row names no column that is looked for, where a later one does.

    Raises:
        SchemaError: naming the option that leaves out what stands before, or that says that there
            are no names.
    """
    expected = set(reading.expected)
    if not expected or expected & set(names):
        return
    for number, line in enumerate(lines.lines[row.end : row.end + _MOST_TITLE_LINES], row.end):
        for delimiter in (dialect.delimiter, *DELIMITERS):
            later = next(iter(replace(dialect, delimiter=delimiter).reader([line], strict=False)))
            if expected <= {field.strip() for field in later}:
                _refuse_title_lines(reading, lines, row, number)
    if _looks_like_data(names):
        _refuse_missing_names(reading, names)


def _refuse_title_lines(reading: Reading, lines: Lines, row: Row, number: int) -> NoReturn:
    title = lines.lines[row.first].strip()
    raise SchemaError(
        f"{reading.name}: the columns are named on line {number + 1}, not on the first. Expected "
        f"their names first; leave out what stands before them with --skip-rows {number} (in "
        f"Python: skip_rows={number}). Received as first line: {title[:60]!r}."
    )


def _refuse_missing_names(reading: Reading, names: Sequence[str]) -> NoReturn:
    wanted = [
        f"{option} N"
        for option, name in (
            ("--text-column", reading.options.text_column),
            ("--label-column", reading.options.label_column),
        )
        if name in reading.expected
    ]
    shown = ", ".join(f"{place} {name[:30]!r}" for place, name in enumerate(names[:20], 1))
    raise SchemaError(
        f"{reading.name} has no column {reading.expected[0]!r}, and its first row looks like a "
        "review, not like names of columns. If it names none, say so and give the columns by "
        f"number: --no-header {' '.join(wanted)} (in Python: header=False); or name all "
        f"{len(names)} with --columns. If it does, name those to read with "
        f"{' and '.join(one.removesuffix(' N') for one in wanted)}. Received {shown}."
    )


def _looks_like_data(names: Sequence[str]) -> bool:
    return any(
        len(name) > _LONG_FOR_A_NAME or _is_number(name) or len(name.split()) > 8 for name in names
    )


def _is_number(value: str) -> bool:
    return value.replace(".", "", 1).lstrip("-").isdecimal()


def _find_mend(file: File, row: Row) -> str:
    """Returns what makes every row of the file whole, tried on it; at least, dropping the row."""
    dialect = file.dialect
    options = []
    bad = "".join(file.lines.lines[row.first : row.end])
    if "\\" in bad and dialect.escape is None:
        escaped = replace(dialect, escape="\\")
        options.append(
            (escaped, "quotes inside a text have a backslash before them: --escape '\\'")
        )
    if dialect.quoted and '"' in bad:
        plain = replace(dialect, quoted=False)
        options.append((plain, "if a quotation mark is a character like any other: --quoting none"))
    for other, mend in options:
        if _is_whole(file, other):
            return mend
    if any(_is_good(one, file.width) for one in read_csv_rows(file.rows(), dialect)):
        return f"write the file again with a CSV library, or {_SKIP}"
    return "write the file again with a CSV library: no row of it is whole"


def _is_whole(file: File, other: Dialect) -> bool:
    """Whether all rows are whole in another dialect, and quotes do not hold most of them."""
    num_rows = num_wrapped = 0
    for row in read_csv_rows(file.rows(), other):
        if row.fields is not None and is_blank(row.fields):
            continue
        if not _is_good(row, file.width):
            return False
        num_rows += 1
        num_wrapped += any(_is_wrapped(field) for field in row.fields or ())
    return num_wrapped * 2 <= num_rows


def _is_good(row: Row, width: int) -> bool:
    return row.fields is not None and len(row.fields) == (width or len(row.fields))


def _is_wrapped(field: str) -> bool:
    return len(field) > 1 and field[0] == field[-1] == '"'
