"""Detects the delimiter and the quoting of a CSV file."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from reelfeel.data.options import TableOptions
from reelfeel.data.reading.csv_lines import Lines

DELIMITERS = ",\t;|"
_SAMPLE_ROWS = 50
# A header of a million columns is no table of reviews; every delimiter is tried on it.
_SAMPLE_CHARACTERS = 1_000_000
# Python's own limit of 131,072 characters is less than a long review.
_MAX_FIELD = 2**31 - 1


@dataclass(frozen=True)
class Dialect:
    """How fields are written.

    Attributes:
        delimiter: what stands between them.
        quoted: whether double quotes hold a field together.
        escape: the character before a quotation mark inside a quoted field; None where it is
            doubled.
        skips_space: whether a space may stand before an opening quote.
    """

    delimiter: str
    quoted: bool = True
    escape: str | None = None
    skips_space: bool = False

    def reader(self, lines: Iterable[str], *, strict: bool = True) -> Any:
        """Returns Python's reader of such lines."""
        csv.field_size_limit(_MAX_FIELD)
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quoting=csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE,
            escapechar=self.escape,
            doublequote=self.escape is None,
            skipinitialspace=self.skips_space,
            strict=strict,
        )

    def sample(self, lines: Lines, number: int = _SAMPLE_ROWS) -> list[list[str]]:
        """Returns the first rows that are not blank, without moving on; of any quality."""
        rows = []
        try:
            for row in self.reader(_bounded(lines), strict=False):
                if not is_blank(row):
                    rows.append(row)
                if len(rows) == number:
                    break
        except csv.Error:
            pass
        return rows


def _bounded(lines: Lines) -> Iterator[str]:
    left = _SAMPLE_CHARACTERS
    for line in islice(lines.lines, lines.place, None):
        yield line
        left -= len(line)
        if left < 0:
            return


def is_blank(row: Sequence[str]) -> bool:
    """Whether a row holds nothing at all."""
    return not any(field.strip() for field in row)


def find_dialect(
    name: str, lines: Lines, options: TableOptions, expected: Sequence[str]
) -> Dialect:
    """Returns how fields are written: as the options say, else as the first rows show.

    Args:
        name: of the file: one with ".tsv" in it probably has tabs.
        lines: of the file, from the line of column names on.
        options: what is known.
        expected: the names of columns that will be looked for.
    """
    base = Dialect(",", options.quoting != "none", options.escape)
    known = options.delimiter or lines.separator
    preferred = "\t" if ".tsv" in name.lower() else ","
    if known:
        dialect = replace(base, delimiter=known)
    else:
        candidates = [replace(base, delimiter=delimiter) for delimiter in DELIMITERS]
        width = len(options.columns or ())
        dialect = max(
            candidates,
            key=lambda one: _rank(one.sample(lines), expected, width, one.delimiter == preferred),
        )
    return replace(dialect, skips_space=_has_spaced_quotes(dialect, lines))


def _rank(
    rows: list[list[str]], expected: Sequence[str], width: int, is_preferred: bool
) -> tuple[float, ...]:
    if not rows:
        return (0,)
    names = {field.strip() for field in rows[0]}
    counts = Counter(len(row) for row in rows)
    usual, share = counts.most_common(1)[0]
    # All rows alike say more than many fields do: commas stand in any text.
    agreement = share / len(rows) if usual > 1 else 0.0
    return (len(set(expected) & names), width == usual, agreement, is_preferred, usual)


def _has_spaced_quotes(dialect: Dialect, lines: Lines) -> bool:
    r"""Whether a space stands before opening quotes, as in `"text", "label"`."""
    if not dialect.quoted or dialect.delimiter.isspace():
        return False
    rows = dialect.sample(lines)
    spaced = [any(field.startswith(' ') and field.lstrip(" ")[:1] == '"' for field in row)
              for row in rows]  # fmt: skip
    return bool(spaced) and (spaced[0] or sum(spaced) * 2 > len(spaced))
