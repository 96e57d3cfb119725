"""Any classifier's probabilities, from a table: what it said beside what is true."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reelfeel.data.formats import find_format, read_file
from reelfeel.data.labels import map_labels
from reelfeel.data.options import TableOptions
from reelfeel.data.reading.table import Table
from reelfeel.data.tables import is_missing
from reelfeel.errors import SchemaError
from reelfeel.load_summary import LoadSummary
from reelfeel.text_hashes import add_texts

PROBABILITY_COLUMN = "probability"


@dataclass(frozen=True)
class Predictions:
    """What a classifier said about labelled reviews; entry `i` of everything is about review `i`.

    Attributes:
        name: of the file.
        y_true: int array of shape `(num_reviews,)`, 1 positive, 0 negative.
        y_prob: float array of shape `(num_reviews,)`, the probability of class 1.
        label_names: the user's own names of class 0 and class 1.
        ids: the column `id`; None where there is none.
        texts: the column of texts; None where there is none.
        columns: the user's own columns that were asked for, as text.
        load_summary: what became of every row of the table.
    """

    name: str
    y_true: npt.NDArray[np.int64]
    y_prob: npt.NDArray[np.float64]
    label_names: tuple[str, str]
    ids: Sequence[str] | None
    texts: Sequence[str] | None
    columns: Mapping[str, Sequence[str]]
    load_summary: LoadSummary | None = None

    def __len__(self) -> int:
        return len(self.y_true)

    def fingerprint(self) -> str:
        """Returns the SHA-256, in hexadecimal, of labels, ids and texts in their order."""
        digest = hashlib.sha256(self.y_true.astype(np.int8).tobytes())
        for column in (self.ids or (), self.texts or ()):
            add_texts(digest, column)
        return digest.hexdigest()


def is_predictions(path: str | os.PathLike[str]) -> bool:
    """Whether a path is a table, and so may hold predictions: a saved model is a folder."""
    if not isinstance(path, str | os.PathLike):
        return False
    place = Path(path).expanduser()
    return place.is_file() and find_format(place) is not None


def read_predictions(
    path: str | Path,
    options: TableOptions | None = None,
    *,
    probability_column: str = PROBABILITY_COLUMN,
) -> Predictions:
    r"""Reads labels and probabilities of class 1 from a table.

    Args:
        path: a CSV, TSV, JSON Lines or Parquet file.
        options: names of columns and meaning of labels. The column of texts may be missing.
        probability_column: the column of probabilities of class 1, in [0, 1].

    Raises:
        UsageError: if there is no such file or its name says no known format.
        SchemaError: if a column is missing, a label is unknown, or a probability is none.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "said.csv"
    ...     _ = path.write_text("y,p\n1,0.9\n0,0.2\n")
    ...     said = read_predictions(path, TableOptions(label_column="y"), probability_column="p")
    >>> said.y_true.tolist(), said.y_prob.tolist()
    ([1, 0], [0.9, 0.2])
    """
    options, path = options or TableOptions(), Path(path).expanduser()
    needed = [options.label_column, probability_column, *(options.slice_columns or ())]
    table = read_file(path, needed, options)
    for name in needed:
        _refuse_missing_column(table, name)
    rows = _find_good_rows(table, needed[:2], options)
    if not rows:
        raise SchemaError(
            f"{path} has no rows to judge. Expected at least one prediction. "
            f"Received {table.found:,} rows."
        )
    names = [table.rows[row] for row in rows]
    mapped = map_labels(
        [str(table.columns[options.label_column][row]) for row in rows],
        options.labels,
        where=f"{path}, column {options.label_column!r}",
        rows=names,
    )
    for reason, places in mapped.passed_over.items():
        table.log.pass_over(reason, *(names[place] for place in places))
    kept = np.flatnonzero(mapped.labels >= 0)
    rows = [rows[place] for place in kept.tolist()]
    return Predictions(
        name=path.name,
        y_true=mapped.labels[kept].astype(np.int64),
        y_prob=_read_probabilities(table, probability_column, rows),
        label_names=mapped.names,
        ids=_read_column(table, "id", rows),
        texts=_read_column(table, options.text_column, rows),
        columns={name: _read_column(table, name, rows) or [] for name in needed[2:]},
        load_summary=table.log.close(found=table.found, read=len(rows)),
    )


def _read_probabilities(table: Table, name: str, rows: Sequence[int]) -> npt.NDArray[np.float64]:
    return np.array([_parse(table, name, row) for row in rows], np.float64)


def _parse(table: Table, name: str, row: int) -> float:
    value = table.columns[name][row]
    try:
        number = float(value)  # type: ignore[arg-type]  # what is no number raises
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number <= 1:
        raise SchemaError(
            f"{table.name}, column {name!r}, {table.rows[row]}: expected the probability of class "
            "1, a number from 0 to 1; turn logits into it with 1 / (1 + exp(-logit)), or name "
            f"another column with --probability-column. Received {str(value)[:40]!r}."
        )
    return number


def _find_good_rows(table: Table, needed: Sequence[str], options: TableOptions) -> list[int]:
    rows = list(range(len(table)))
    for name in needed:
        values = table.columns[name]
        bad = [row for row in rows if _is_empty(values[row], options.missing_words)]
        if bad and not options.skip_bad_rows:
            raise SchemaError(
                f"{table.name}, column {name!r}, {table.rows[bad[0]]} is empty. Expected a value "
                "in every row; fill it in, or drop and count such rows with --skip-bad-rows (in "
                f"Python: skip_bad_rows=True). Received {len(bad):,} such rows."
            )
        table.log.pass_over(f"without a value in {name!r}", *(table.rows[row] for row in bad))
        left_out = set(bad)
        rows = [row for row in rows if row not in left_out]
    return rows


def _is_empty(value: object, missing: frozenset[str]) -> bool:
    # NaN is what a broken classifier says, and told as such.
    return is_missing(value, missing) and str(value).strip().casefold() != "nan"


def _read_column(table: Table, name: str, rows: Sequence[int]) -> list[str] | None:
    if name not in table.columns:
        return None
    values = table.columns[name]
    return ["" if values[row] is None else str(values[row]) for row in rows]


def _refuse_missing_column(table: Table, name: str) -> None:
    if name not in table.columns:
        received = ", ".join(repr(column[:40]) for column in list(table.columns)[:20])
        raise SchemaError(
            f"{table.name} has no column {name!r}. Name the columns with --label-column, "
            f"--probability-column and --slice-column. Received the columns {received}."
        )
