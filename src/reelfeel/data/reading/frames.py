"""Tables with types: Parquet, Arrow and Excel files, and the frames of Python programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from reelfeel.data.reading.table import Reading, Table
from reelfeel.data.reading.typed_files import TYPED, Frames
from reelfeel.data.sources.limits import refuse_columns
from reelfeel.data.sources.table_probe import refuse_bomb
from reelfeel.errors import SchemaError, UsageError
from reelfeel.extras import require_extra

_FRAME_MODULES = ("polars", "pandas", "pyarrow", "datasets", "modin")


def read_parquet(reading: Reading, content: bytes) -> Table:
    """Reads a Parquet file.

    Raises:
        SchemaError: if it is damaged or a bomb.
    """
    return _from_polars(reading, _read_whole(reading, content, "Parquet")[""])


def read_arrow(reading: Reading, content: bytes) -> Table:
    """Reads an Arrow (Feather) file or stream.

    Raises:
        SchemaError: if it is damaged or a bomb.
    """
    return _from_polars(reading, _read_whole(reading, content, "Arrow")[""])


def read_excel(reading: Reading, content: bytes) -> Table:
    """Reads a sheet of an Excel file; the first row names the columns unless options say not.

    Raises:
        MissingExtraError: if fastexcel is not installed.
        SchemaError: if the file is damaged or a bomb, or has several sheets and none was named.
    """
    require_extra("excel", "fastexcel")
    sheets = _read_whole(reading, content, "Excel")
    frame = _choose_sheet(reading, {name: one for name, one in sheets.items() if one.height})
    rows = frame.rows()[reading.options.skip_rows :]
    options = reading.options
    names = list(options.columns or ())
    if options.header and rows:
        names = ["" if name is None else str(name).strip() for name in rows.pop(0)]
    names += [str(place) for place in range(len(names) + 1, frame.width + 1)]
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    return _to_table(reading, columns, len(rows))


def is_frame(source: Any) -> bool:
    """Whether a Python value is a table: a frame, an Arrow table, a data set, a dict of columns."""
    if isinstance(source, Mapping):
        return True
    module = type(source).__module__.partition(".")[0]
    names = ("collect_schema", "columns", "column_names")  # of a lazy frame, the first is cheap
    has_columns = any(hasattr(source, name) for name in names)
    return module in _FRAME_MODULES and has_columns


def read_frame(reading: Reading, source: Any) -> Table:
    """Reads a table that a Python program holds.

    Args:
        reading: how.
        source: a frame of pandas or Polars, an Arrow table, a data set of Hugging Face, or a dict
            of columns.

    Raises:
        UsageError: if it is none of these, or its columns differ in length.
    """
    if hasattr(source, "collect") and hasattr(source, "collect_schema"):  # a lazy frame
        source = source.collect()
    if hasattr(source, "iloc"):  # pandas; by position, for two columns may have one name
        columns = {
            str(name): source.iloc[:, place].tolist() for place, name in enumerate(source.columns)
        }
    elif isinstance(source, Mapping):
        columns = {str(name): list(values) for name, values in source.items()}
    else:
        for method in ("to_pydict", "to_dict"):
            if hasattr(source, method):
                found = getattr(source, method)()
                columns = {str(name): list(values) for name, values in found.items()}
                break
        else:
            raise UsageError(
                "Expected a frame of pandas or Polars, an Arrow table, a data set or a dict of "
                f"columns. Received {type(source).__name__}."
            )
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise UsageError(f"Expected columns of one length. Received {lengths}.")
    return _to_table(reading, columns, next(iter(lengths.values()), 0))


def _read_whole(reading: Reading, content: bytes, kind: str) -> Frames:
    refuse_bomb(reading.name, kind, content)
    try:
        return TYPED[kind](content)
    # Polars lets panics of its Rust code through; they are no subclass of Exception.
    except (Exception, pl.exceptions.PanicException) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise SchemaError(
            f"{reading.name} is not a whole {kind} file: {reason}. Expected what its name says; "
            f"write or copy it again. Received {len(content):,} bytes."
        ) from error


def _choose_sheet(reading: Reading, sheets: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    wanted = reading.options.sheet
    if wanted is None and len(sheets) == 1:
        return next(iter(sheets.values()))
    if wanted is not None and wanted in sheets:
        return sheets[wanted]
    first = next(iter(sheets), "NAME")
    raise SchemaError(
        f"{reading.name} has {len(sheets)} sheets that are not empty. Expected one; name it, such "
        f"as --sheet '{first}' (in Python: sheet='{first}'). "
        f"Received {', '.join(map(repr, sheets)) or 'none'}."
    )


def _from_polars(reading: Reading, frame: pl.DataFrame) -> Table:
    return _to_table(reading, frame.to_dict(as_series=False), frame.height)


def _to_table(reading: Reading, columns: Mapping[str, list[object]], height: int) -> Table:
    refuse_columns(reading.name, list(columns))
    names = [f"row {number}" for number in range(1, height + 1)]
    unwrapped = {name: [_unwrap(value) for value in values] for name, values in columns.items()}
    return Table(reading.name, unwrapped, names, height, reading.log)


def _unwrap(value: object) -> object:
    """Returns the element of a list of one: labels of a set that allows for several."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
