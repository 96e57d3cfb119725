"""Reviews from tables, by the names of their columns; every row is accounted for."""

from __future__ import annotations

import difflib
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from reelfeel.data.formats import read_file
from reelfeel.data.labels import map_labels
from reelfeel.data.options import TableOptions
from reelfeel.data.reading.table import Table
from reelfeel.data.sources.limits import refuse_long_text
from reelfeel.errors import SchemaError
from reelfeel.values import UNLABELLED, Reviews

__all__ = ["TableOptions", "read_table", "to_reviews"]

_logger = logging.getLogger(__name__)

# What pandas and databases write for "no value"; no review consists of such a word alone.
_MISSING_WORDS = frozenset({"", "nan", "null", "<na>"})
_NUM_SHOWN = 5
_MOST_COMPARED = 1_000


def read_table(source: Any, options: TableOptions | None = None) -> Reviews:
    r"""Reads reviews from a table, by the names of its columns.

    Delimiter and encoding of text formats are found out, and what is not plain UTF-8 is logged.
    Labels are understood when they are positive/negative, pos/neg, 1/0 or true/false, or when
    `options` say how to read them. Nothing is dropped silently: every row is counted in the
    reviews' summary, and those dropped are logged and named in `source`.

    Args:
        source: a file, "-" or a frame, as `read_file` takes it.
        options: names of columns, meaning of labels, ways of writing. Default: `TableOptions()`.

    Returns:
        Reviews in the order of the file. Ids come from the column `id` where there is one whose
        values are unique, else they are "row 1", "row 2" and so on (the header does not count).

    Raises:
        UsageError: if there is no such file or its name says no known format.
        SchemaError: if a column is missing or not text, rows lack a text or a label, a label is
            unknown, or there are no rows at all.
        ArchiveError: if a packed file is damaged.

    Example:

    >>> import tempfile
    >>> from pathlib import Path
    >>> stars = TableOptions(label_column="stars", positive_from_stars=7, negative_to_stars=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "reviews.csv"
    ...     _ = path.write_text("text;stars\nA joy;10\nA bore;2\nHm;5\n")
    ...     reviews = read_table(path, stars)
    >>> reviews.texts, reviews.labels.tolist(), reviews.ids
    (['A joy', 'A bore'], [1, 0], ['row 1', 'row 2'])
    """
    options = options or TableOptions()
    return to_reviews(read_file(source, options.used_columns, options), options)


def to_reviews(table: Table, options: TableOptions) -> Reviews:
    """Returns the reviews of a table that is read.

    Raises:
        SchemaError: as `read_table` does.
    """
    for name in options.used_columns:
        _refuse_missing_column(table, name, options)
    columns = _Columns(table, options)
    rows = columns.find_good_rows()
    reviews = columns.read(rows)
    if options.labelled:
        reviews = _label(reviews, columns, rows)
    summary = table.log.close(found=table.found, read=len(reviews))
    dropped = [one for one in summary.passed_over if one.reason != "that are blank"]
    said = [f"dropped {one.count:,} rows {one.reason}." for one in dropped]
    notes = [*summary.notes, *summary.doubts, *said]
    for note in notes:
        _logger.warning("%s: %s", table.name, note)
    source = f"{table.name} ({' '.join(notes)})" if notes else table.name
    return replace(reviews, source=source, load_summaries=(summary,))


@dataclass(frozen=True)
class _Columns:
    """A table, and which of its columns mean what."""

    table: Table
    options: TableOptions

    def find_good_rows(self) -> list[int]:
        """Returns the indices of the rows to keep; the others are written down."""
        if not len(self.table):
            raise SchemaError(
                f"{self.table.name} has a header but no rows that can be read. Expected at least "
                f"one review below it. Received {self.table.found:,} rows, and the columns "
                f"{_format_names(self.table.columns)}."
            )
        options, rows = self.options, list(range(len(self.table)))
        for name in [options.text_column, *([options.label_column] if options.labelled else [])]:
            values = self.table.columns[name]
            bad = [row for row in rows if self.is_missing(values[row])]
            if bad and not options.skip_bad_rows:
                raise SchemaError(self._describe_missing(name, bad, len(rows)))
            self._pass_over(f"without a value in {name!r}", bad)
            rows = _without(rows, bad)
        rows = self._keep_readable(rows)
        if not rows:
            raise SchemaError(
                f"{self.table.name} has no row with a text and a label. Expected at least one; "
                "check the names of the columns, --text-column and --label-column. "
                f"Received {len(self.table):,} rows."
            )
        return rows

    def is_missing(self, value: object) -> bool:
        """Whether a value stands for "no value"."""
        return is_missing(value, self.options.missing_words)

    def read(self, rows: list[int]) -> Reviews:
        """Returns these rows as reviews without labels."""
        texts = self.table.columns[self.options.text_column]
        return Reviews(
            texts=[str(texts[row]) for row in rows],
            labels=np.full(len(rows), UNLABELLED, dtype=np.int8),
            ids=self._read_ids(rows),
            movies=self._read_names(rows, self.options.group_column),
            columns={
                name: self._read_names(rows, name) or []
                for name in self.options.slice_columns or ()
            },
        )

    def _keep_readable(self, rows: list[int]) -> list[int]:
        """Leaves out, where asked for, texts that are no str and labels that are several."""
        name = self.options.text_column
        texts = self.table.columns[name]
        no_text = [row for row in rows if not isinstance(texts[row], str)]
        if no_text and not self.options.skip_bad_rows:
            row = no_text[0]
            raise SchemaError(
                f"{self.table.name}, column {name!r}, {self.table.rows[row]} holds no text. "
                "Expected text in every row; choose another column with --text-column, or drop "
                "and count such rows with --skip-bad-rows (in Python: skip_bad_rows=True). "
                f"Received {type(texts[row]).__name__}: {str(texts[row])[:40]}."
            )
        self._pass_over(f"without text in {name!r}", no_text)
        rows = _without(rows, no_text)
        for row in rows:
            where = f"column {name!r}, {self.table.rows[row]}"
            refuse_long_text(self.table.name, str(texts[row]), where)
        if not self.options.labelled:
            return rows
        return self._keep_single_labels(rows)

    def _keep_single_labels(self, rows: list[int]) -> list[int]:
        name = self.options.label_column
        values = self.table.columns[name]
        several = [row for row in rows if isinstance(values[row], (list, tuple, dict))]
        if several and not self.options.skip_bad_rows:
            row = several[0]
            raise SchemaError(
                f"{self.table.name}, column {name!r}, {self.table.rows[row]} holds no single "
                "label. Expected one word or number in every row; choose another column with "
                "--label-column, or drop and count such rows with --skip-bad-rows (in Python: "
                f"skip_bad_rows=True). Received {str(values[row])[:60]}."
            )
        self._pass_over(f"without a single label in {name!r}", several)
        return _without(rows, several)

    def _pass_over(self, reason: str, rows: Sequence[int]) -> None:
        self.table.log.pass_over(reason, *(self.table.rows[row] for row in rows))

    def _describe_missing(self, name: str, bad: Sequence[int], num_rows: int) -> str:
        shown = ", ".join(self.table.rows[row].removeprefix("row ") for row in bad[:_NUM_SHOWN])
        more = f" and {len(bad) - _NUM_SHOWN:,} more" if len(bad) > _NUM_SHOWN else ""
        return (
            f"{self.table.name}, column {name!r}: no value in row {shown}{more}. Expected one in "
            "every row; fill them in, or drop these rows with --skip-bad-rows (in Python: "
            f"skip_bad_rows=True). Received {len(bad):,} such rows of {num_rows:,}."
        )

    def _read_ids(self, rows: list[int]) -> list[str]:
        values = self.table.columns.get("id")
        if values is not None:
            ids = [str(values[row]) for row in rows]
            if len(set(ids)) == len(ids) and not any(map(is_missing, ids)):
                return ids
        return [self.table.rows[row] for row in rows]

    def _read_names(self, rows: list[int], name: str | None) -> list[str] | None:
        if name is None:
            return None
        values = self.table.columns[name]
        return ["" if self.is_missing(values[row]) else str(values[row]) for row in rows]


def _label(reviews: Reviews, columns: _Columns, rows: list[int]) -> Reviews:
    """Returns the reviews with labels, without those that are dropped; these are written down."""
    table, name, label_map = columns.table, columns.options.label_column, columns.options.labels
    values = table.columns[name]
    names = [table.rows[row] for row in rows]
    mapped = map_labels(
        [str(values[row]) for row in rows],
        label_map,
        where=f"{table.name}, column {name!r}",
        rows=names,
    )
    for reason, places in mapped.passed_over.items():
        table.log.pass_over(reason, *(names[place] for place in places))
    reviews = replace(
        reviews, labels=mapped.labels, ratings=mapped.ratings, label_names=mapped.names
    )
    if not mapped.passed_over:
        return reviews
    return reviews.take(np.flatnonzero(mapped.labels != UNLABELLED))


def is_missing(value: object, words: frozenset[str] = frozenset()) -> bool:
    """Whether a value stands for "no value": None, NaN, an empty text, or one of some words.

    Example:

    >>> is_missing(" NaN "), is_missing("N/A"), is_missing("N/A", frozenset({"n/a"}))
    (True, False, True)
    """
    if isinstance(value, str):
        folded = value.strip().casefold()
        return folded in _MISSING_WORDS or folded in words
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return type(value).__name__ in ("NAType", "NaTType")  # what pandas has for missing values


def _without(rows: list[int], bad: Sequence[int]) -> list[int]:
    left_out = set(bad)
    return [row for row in rows if row not in left_out] if left_out else rows


def _refuse_missing_column(table: Table, name: str, options: TableOptions) -> None:
    if name in table.columns:
        return
    option = next(
        (
            option
            for option, column in (
                ("--text-column", options.text_column),
                ("--label-column", options.label_column),
                ("--group-column", options.group_column),
                ("--split-column", options.split_column),
            )
            if column == name
        ),
        "--slice-column",
    )
    lower = {present.lower(): present for present in islice(table.columns, _MOST_COMPARED)}
    leaves = {present.rpartition(".")[2]: spelled for present, spelled in lower.items()}
    near = difflib.get_close_matches(name.lower(), list(lower), n=1, cutoff=0.5)
    found = leaves.get(name.lower()) or (lower[near[0]] if near else None)
    hint = f" Did you mean {found!r}?" if found else ""
    value = repr(found) if found else "NAME"
    raise SchemaError(
        f"{table.name} has no column {name!r}.{hint} Name it with {option} {value}. "
        f"Received the columns {_format_names(table.columns)}."
    )


def _format_names(columns: Mapping[str, object]) -> str:
    names = ", ".join(repr(name[:40]) for name in islice(columns, 20))
    return names + (f" and {len(columns) - 20:,} more" if len(columns) > 20 else "")
