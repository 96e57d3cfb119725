"""Reviews from CSV, TSV, JSON Lines and Parquet files, by column name."""

from __future__ import annotations

import difflib
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from reelfeel.data.formats import Table, read_file
from reelfeel.data.labels import LabelMap, map_labels
from reelfeel.data.limits import refuse_long_text
from reelfeel.errors import SchemaError
from reelfeel.types import UNLABELLED, Reviews

_logger = logging.getLogger(__name__)

# What pandas and databases write for "no value"; no review consists of such a word alone.
_MISSING_WORDS = frozenset({"", "nan", "null", "<na>"})
_NUM_SHOWN = 5


@dataclass(frozen=True)
class TableOptions:
    """How to read a table of reviews: one field for each option of the command line.

    Attributes:
        text_column: the column of texts.
        label_column: the column of labels.
        group_column: a column of names, such as of the movie, whose reviews must stay on one side
            of a split. An empty name is a group of its own.
        positive: the label that means positive; the only other label is then negative.
        negative: the label that means negative; the only other label is then positive.
        positive_from_stars: labels are stars, and this many or more are positive.
        negative_to_stars: labels are stars, and this many or fewer are negative; rows in between
            are dropped and counted.
        slice_columns: further columns to keep, such as those whose values are judged apart.
        labelled: whether there are labels to read. If not, every label is -1.
        skip_bad_rows: whether rows without a text or a label are dropped and counted, not refused.
    """

    text_column: str = "text"
    label_column: str = "label"
    group_column: str | None = None
    positive: str | None = None
    negative: str | None = None
    positive_from_stars: float | None = None
    negative_to_stars: float | None = None
    slice_columns: Sequence[str] | None = None
    labelled: bool = True
    skip_bad_rows: bool = False

    def __post_init__(self) -> None:
        _ = self.labels  # refuses contradictions at once, before a large file is read

    @property
    def labels(self) -> LabelMap:
        """How to read the labels."""
        return LabelMap(
            self.positive, self.negative, self.positive_from_stars, self.negative_to_stars
        )

    @property
    def used_columns(self) -> list[str]:
        """The columns that have to be there."""
        label = [self.label_column] if self.labelled else []
        group = [self.group_column] if self.group_column is not None else []
        return [self.text_column, *label, *group, *(self.slice_columns or ())]


def read_table(path: str | Path, options: TableOptions | None = None) -> Reviews:
    r"""Reads reviews from a table, by the names of its columns.

    Delimiter and encoding of text formats are found out, and what is not plain UTF-8 is logged.
    Labels are understood when they are positive/negative, pos/neg, 1/0 or true/false, or when
    `options` say how to read them. Nothing is dropped silently: every dropped row is counted in a
    logged warning and in `source`; blank lines are no rows.

    Args:
        path: a `.csv`, `.tsv`, `.jsonl` or `.parquet` file; text formats may end in `.gz`.
        options: names of columns and meaning of labels. Default: `TableOptions()`.

    Returns:
        Reviews in the order of the file. Ids come from the column `id` where there is one whose
        values are unique, else they are "row 1", "row 2" and so on (the header does not count).

    Raises:
        UsageError: if there is no such file or its name says no known format.
        SchemaError: if a column is missing or not text, rows lack a text or a label, a label is
            unknown, or there are no rows at all.
        ArchiveError: if a gzipped file is damaged.

    Example:

    >>> import tempfile
    >>> stars = TableOptions(label_column="stars", positive_from_stars=7, negative_to_stars=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "reviews.csv"
    ...     _ = path.write_text("text;stars\nA joy;10\nA bore;2\nHm;5\n")
    ...     reviews = read_table(path, stars)
    >>> reviews.texts, reviews.labels.tolist(), reviews.ids
    (['A joy', 'A bore'], [1, 0], ['row 1', 'row 2'])
    """
    path, options = Path(path).expanduser(), options or TableOptions()
    table = read_file(path, options.used_columns)
    for name in options.used_columns:
        _refuse_missing_column(table, name)
    columns = _Columns(table, options)
    rows, notes = columns.find_good_rows()
    reviews = _read_unlabelled(columns, rows)
    if options.labelled:
        reviews, dropped = _label(reviews, columns, rows)
        notes += dropped
    for note in notes:
        _logger.warning(note)
    return replace(reviews, source=f"{path} ({' '.join(notes)})") if notes else reviews


@dataclass(frozen=True)
class _Columns:
    """A table, and which of its columns mean what."""

    table: Table
    options: TableOptions

    @property
    def path(self) -> Path:
        return self.table.path

    def find_good_rows(self) -> tuple[list[int], tuple[str, ...]]:
        """Returns the indices of the rows to keep and what there is to say about the others."""
        texts = self.table.columns[self.options.text_column]
        rows = [row for row in range(len(texts)) if row not in self.table.blank_rows]
        if not rows:
            raise SchemaError(
                f"{self.path} has a header but no rows. Expected at least one review below it. "
                f"Received the columns {_spell_names(self.table.columns)}."
            )
        notes = list(self.table.notes)
        options = self.options
        for name in [options.text_column, *([options.label_column] if options.labelled else [])]:
            values = self.table.columns[name]
            bad = {row for row in rows if _is_missing(values[row])}
            if bad and not options.skip_bad_rows:
                raise SchemaError(self._describe_missing(name, sorted(bad), len(rows)))
            if bad:
                notes.append(f"{self.path}: dropped {len(bad):,} rows without a value in {name!r}.")
            rows = [row for row in rows if row not in bad]
        if not rows:
            raise SchemaError(
                f"{self.path} has no row with a text and a label. Expected at least one; check the "
                f"names of the columns. Received {len(texts):,} rows."
            )
        return rows, tuple(notes)

    def _describe_missing(self, name: str, bad: Sequence[int], num_rows: int) -> str:
        shown = ", ".join(str(row + 1) for row in bad[:_NUM_SHOWN])
        more = f" and {len(bad) - _NUM_SHOWN:,} more" if len(bad) > _NUM_SHOWN else ""
        return (
            f"{self.path}, column {name!r}: no value in row {shown}{more}. Expected one in "
            "every row; fill them in, or drop these rows with --skip-bad-rows (in Python: "
            f"skip_bad_rows=True). Received {len(bad):,} such rows of {num_rows:,}."
        )


def _read_unlabelled(columns: _Columns, rows: list[int]) -> Reviews:
    return Reviews(
        texts=_read_texts(columns, rows),
        labels=np.full(len(rows), UNLABELLED, dtype=np.int8),
        ids=_read_ids(columns.table.columns, rows),
        movies=_read_names(columns, rows, columns.options.group_column),
        source=str(columns.path),
        columns={
            name: _read_names(columns, rows, name) or []
            for name in columns.options.slice_columns or ()
        },
    )


def _label(reviews: Reviews, columns: _Columns, rows: list[int]) -> tuple[Reviews, tuple[str, ...]]:
    """Returns the reviews with labels, without stars in between, and a note about these."""
    name, label_map = columns.options.label_column, columns.options.labels
    values = columns.table.columns[name]
    mapped = map_labels(
        [str(values[row]) for row in rows],
        label_map,
        where=f"{columns.path}, column {name!r}",
        rows=[f"row {row + 1}" for row in rows],
    )
    reviews = replace(
        reviews, labels=mapped.labels, ratings=mapped.ratings, label_names=mapped.names
    )
    kept = np.flatnonzero(mapped.labels != UNLABELLED)
    if len(kept) == len(rows):
        return reviews, ()
    lowest, highest = label_map.limits
    note = (
        f"{columns.path}: dropped {len(rows) - len(kept):,} rows with more than {lowest:g} and "
        f"fewer than {highest:g} stars."
    )
    return reviews.take(kept), (note,)


def _refuse_missing_column(table: Table, name: str) -> None:
    if name in table.columns:
        return
    lower = {present.lower(): present for present in table.columns}
    near = difflib.get_close_matches(name.lower(), list(lower), n=1, cutoff=0.5)
    hint = f" Did you mean {lower[near[0]]!r}?" if near else ""
    raise SchemaError(
        f"{table.path} has no column {name!r}.{hint} Name it with --text-column, --label-column, "
        f"--group-column or --slice-column. Received the columns {_spell_names(table.columns)}."
    )


def _spell_names(columns: Mapping[str, object]) -> str:
    names = [repr(name[:40]) for name in columns]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _is_missing(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().casefold() in _MISSING_WORDS
    return value is None or (isinstance(value, float) and math.isnan(value))


def _read_texts(columns: _Columns, rows: list[int]) -> list[str]:
    name = columns.options.text_column
    values = columns.table.columns[name]
    texts = []
    for row in rows:
        text = values[row]
        if not isinstance(text, str):
            raise SchemaError(
                f"{columns.path}, column {name!r}, row {row + 1} holds no text. Expected "
                "text in every row; choose another column with --text-column. Received "
                f"{type(text).__name__}: {str(text)[:40]}."
            )
        refuse_long_text(columns.path, text, f"column {name!r}, row {row + 1}")
        texts.append(text)
    return texts


def _read_ids(columns: Mapping[str, Sequence[object]], rows: list[int]) -> list[str]:
    if "id" in columns:
        ids = [str(columns["id"][row]) for row in rows]
        if len(set(ids)) == len(ids) and not any(map(_is_missing, ids)):
            return ids
    return [f"row {row + 1}" for row in rows]


def _read_names(columns: _Columns, rows: list[int], name: str | None) -> list[str] | None:
    if name is None:
        return None
    values = columns.table.columns[name]
    return ["" if _is_missing(values[row]) else str(values[row]) for row in rows]
