"""CSV rows one after another, each with the lines it stands on, however broken the file is."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reelfeel.data.reading.csv_dialect import Dialect, is_blank
from reelfeel.data.reading.csv_lines import Lines

# A file with more has another way of quoting; each costs a fresh start.
_MAX_BROKEN = 1_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        fields: None where its quotes do not fit together.
        first: index of its first line.
        end: index behind its last line.
        problem: what is wrong with its quotes.
    """

    fields: list[str] | None
    first: int
    end: int
    problem: str = ""


def read_csv_rows(lines: Lines, dialect: Dialect) -> Iterator[Row]:
    """Yields the rows from where `lines` stands, blank ones too.

    After a row whose quotes do not fit together, reading goes on with the line behind its first:
    what that row may have swallowed is read as rows again.
    """
    num_broken = 0
    reader = dialect.reader(lines)
    while True:
        first = lines.place
        try:
            fields = next(reader, None)
        except csv.Error as error:
            num_broken += 1
            yield Row(None, first, first + 1, str(error))
            if num_broken > _MAX_BROKEN:
                return
            lines.place = first + 1
            reader = dialect.reader(lines)
            continue
        if fields is None:
            return
        yield Row(lines.restore(fields), first, lines.place)


def fit(fields: Sequence[str], width: int) -> list[str | None] | None:
    """Returns a row with as many fields as there are columns; None where it has too many.

    Empty fields behind the last column are left out, such as a delimiter at the end of each row;
    missing ones are None.

    Example:

    >>> fit(["a", "1", ""], 2), fit(["a"], 2), fit(["a", "1", "2"], 2)
    (['a', '1'], ['a', None], None)
    """
    if len(fields) > width and not is_blank(fields[width:]):
        return None
    return [*fields[:width], *[None] * (width - len(fields))]


def split_line(line: str, delimiter: str) -> list[str]:
    """Returns the fields of a line in which a quotation mark is a character like any other."""
    return line.rstrip("\r\n").split(delimiter)
