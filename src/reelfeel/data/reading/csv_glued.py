"""Detects quoted fields that may have swallowed the rows after them.

A review that begins with a quotation mark opens a quoted field in a file that knows no quoting, and
the next one that ends with a quotation mark closes it: all rows in between become one text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reelfeel.data.reading.csv_dialect import Dialect
from reelfeel.data.reading.csv_lines import Lines
from reelfeel.data.reading.csv_rows import Row, split_line

# A column with more different values says nothing by one more.
_MAX_VALUES = 50


@dataclass
class LineReadings:
    """What rows on one line look like, column by column, and which rows stand on several.

    Attributes:
        dialect: how fields are written.
        width: the number of columns.
        text_place: the column of texts, whose values say nothing; None where there is none.
    """

    dialect: Dialect
    width: int
    text_place: int | None
    _several: list[Row] = field(default_factory=list)
    _values: dict[int, set[str]] = field(default_factory=dict)
    _has_stray_quotes: bool = False

    def add(self, row: Row, line: str) -> None:
        """Takes note of a row; `line` is its first."""
        if row.fields is None:
            self._has_stray_quotes = True
            return
        if row.end - row.first > 1:
            self._several.append(row)
        for place, value in enumerate(row.fields):
            if place != self.text_place and "\n" not in value and "\r" not in value:
                values = self._values.setdefault(place, set())
                if len(values) <= _MAX_VALUES:
                    values.add(value.strip())
        if '"' in line and row.end - row.first == 1 and not self._has_stray_quotes:
            # Whoever writes quoted fields quotes those with a quotation mark.
            pieces = split_line(line, self.dialect.delimiter)
            self._has_stray_quotes = len(pieces) == len(row.fields) and any(
                '"' in piece and not piece.lstrip(" ").startswith('"') for piece in pieces
            )

    @property
    def several(self) -> Sequence[Row]:
        """Rows that stand on several lines."""
        return self._several

    def forget_several(self) -> None:
        """Goes on with another block of the file, whose lines are others."""
        self._several = []

    def find_glued(self, lines: Lines) -> tuple[Row, list[list[str]]] | None:
        """Returns the first row whose lines look like rows, and these; None where none does.

        Where quotation marks stand that quote nothing, no field on several lines is believed.
        """
        for row in self._several:
            spans = [line for line in lines.lines[row.first : row.end] if line.strip()]
            apart = [split_line(line, self.dialect.delimiter) for line in spans]
            num = sum(map(self._looks_like_a_row, apart))
            # Of a text with line ends in it, the first or the last line may look like a row.
            if self._has_stray_quotes or (num > 1 and num * 2 > len(apart)):
                return row, apart
        return None

    def _looks_like_a_row(self, fields: list[str]) -> bool:
        if self.width == 1:
            return False
        while len(fields) > self.width and not fields[-1].strip():
            fields = fields[:-1]
        return len(fields) == self.width and all(
            _fits(value.strip().strip('"'), self._values.get(place))
            for place, value in enumerate(fields)
            if place != self.text_place
        )


def _fits(value: str, known: set[str] | None) -> bool:
    """Whether a value may stand in a column of which these values are known."""
    if not known:
        return True
    if len(known) <= _MAX_VALUES and value in known:
        return True
    if all(map(_is_number, known - {""})):
        return _is_number(value)
    return len(known) > min(_MAX_VALUES, 10)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def describe_glued(
    where: str, row: Row, apart: Sequence[Sequence[str]], columns: Mapping[str, int]
) -> str:
    """Returns the refusal, with both readings and the options that settle it."""
    first = (row.fields or [""])[0]
    labels = ""
    for name, place in columns.items():
        values = ", ".join(repr("".join(fields[place : place + 1])[:20]) for fields in apart[:5])
        labels = f" with {values}{', ...' if len(apart) > 5 else ''} as {name!r}"
    return (
        f"{where}, lines {row.first + 1:,} to {row.end:,}: a quotation mark opens a field on the "
        "first of these lines that ends on the last, and they look like rows of "
        f"their own. They are 1 row if quotes hold a field together, or {len(apart):,} rows"
        f"{labels} if a quotation mark is a character like any other. Say which it is: --quoting "
        "none for rows of their own, --quoting double for one row (in Python: quoting='none' or "
        "quoting='double'). "
        f"Received a field that begins with {first[:40]!r}."
    )
