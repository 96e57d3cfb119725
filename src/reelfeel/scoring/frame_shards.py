"""Tables with typed columns as shards: Parquet and Arrow in pieces, other formats read whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelfeel.scoring.csv_shards import find_problem, refuse_missing_column
from reelfeel.scoring.shards import SHARD_ROWS, BadRow, Shard

if TYPE_CHECKING:
    from reelfeel.data.options import TableOptions
    from reelfeel.frame_library import pl


def read_columnar_shards(
    path: Path, kind: str, options: TableOptions, size: int = SHARD_ROWS, skip: int = 0
) -> Iterator[Shard]:
    """Yields the rows of a Parquet or an Arrow file, of which one shard is in memory at a time.

    Args:
        path: of the file.
        kind: "parquet" or "arrow".
        options: how to read it.
        size: rows of a shard.
        skip: shards at the start to leave out.

    Raises:
        SchemaError: if it lacks the column of texts, or is no such file.
    """
    from reelfeel.errors import SchemaError
    from reelfeel.frame_library import pl

    try:
        rows = pl.scan_parquet(path, glob=False) if kind == "parquet" else pl.scan_ipc(path)
        names = rows.collect_schema().names()
        total = int(rows.select(pl.len()).collect().item())
        refuse_missing_column(str(path), options.text_column, names)
        for start in range(skip * size, total, size):
            yield cut_shard(rows.slice(start, size).collect(), options, start)
    except pl.exceptions.PolarsError as error:
        raise SchemaError(
            f"{path} is no whole {kind} file: {str(error).splitlines()[0][:200]}. Expected one as "
            "Polars or PyArrow writes it; export it again, or name another --format."
        ) from error


def read_whole_shards(
    source: Any, options: TableOptions, size: int = SHARD_ROWS, skip: int = 0
) -> Iterator[Shard]:
    """Yields the rows of what can only be read whole: JSON arrays, Excel, fastText, frames.

    Raises:
        SchemaError: as `read_file` does.
    """
    from reelfeel.data.formats import read_file

    table = read_file(source, [options.text_column], options)
    refuse_missing_column(table.name, options.text_column, list(table.columns))
    frame = _to_frame(table.columns)
    for start in range(skip * size, len(frame), size):
        yield cut_shard(frame.slice(start, size), options, start)


def read_file_shards(
    names: list[str], read: Callable[[str], str], size: int = SHARD_ROWS, skip: int = 0
) -> Iterator[Shard]:
    """Yields text files as rows of two columns, `file` and `text`.

    Args:
        names: of the files, in order.
        read: returns the text of one.
        size: files of a shard.
        skip: shards at the start to leave out.
    """
    from reelfeel.data.options import TableOptions
    from reelfeel.frame_library import pl

    options = TableOptions(labelled=False)
    for start in range(skip * size, len(names), size):
        part = names[start : start + size]
        frame = pl.DataFrame({"file": part, "text": [read(name) for name in part]})
        yield cut_shard(frame, options, start)


def cut_shard(frame: pl.DataFrame, options: TableOptions, start: int) -> Shard:
    """Returns a frame as a shard; rows without a text are bad ones.

    Args:
        frame: the rows.
        options: which column holds the texts, and what stands for no value.
        start: how many rows came before.
    """
    import numpy as np

    texts = frame[options.text_column].to_list()
    problems = [find_problem(text, options.missing_words) for text in texts]
    if not any(problems):
        return Shard(texts, (), len(texts), frame)
    bad = [
        BadRow(start + place + 1, problem, str(frame.row(place, named=True)))
        for place, problem in enumerate(problems)
        if problem
    ]
    good = np.array([not problem for problem in problems])
    kept = [text for text, problem in zip(texts, problems, strict=True) if not problem]
    return Shard(kept, tuple(bad), len(texts), frame.filter(good))


def _to_frame(columns: Any) -> pl.DataFrame:
    """Returns columns as Python has them as a frame; a column of mixed values as text."""
    from reelfeel.frame_library import pl

    series = []
    for name, values in columns.items():
        try:
            series.append(pl.Series(name, values, strict=True))
        except (TypeError, pl.exceptions.PolarsError, OverflowError):
            as_text = [None if value is None else str(value) for value in values]
            series.append(pl.Series(name, as_text, dtype=pl.String))
    return pl.DataFrame(series)
