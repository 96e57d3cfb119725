"""JSON Lines as shards: each row keeps its object as it is written."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reelfeel.errors import SchemaError
from reelfeel.scoring.csv_shards import find_problem, refuse_missing_column
from reelfeel.scoring.shards import SHARD_ROWS, BadRow, Shard, list_shards
from reelfeel.scoring.streams import read_line_blocks
from reelfeel.terminal.escaping import has_half_character

if TYPE_CHECKING:
    from reelfeel.data.options import TableOptions
    from reelfeel.frame_library import pl


def read_json_shards(
    stream: io.BufferedReader, name: str, options: TableOptions, size: int = SHARD_ROWS
) -> Iterator[Shard]:
    """Yields the rows of a JSON Lines file.

    Args:
        stream: its bytes, unpacked.
        name: of the file, for messages.
        options: how to read it; `text_column` may name a value inside objects: "review.text".
        size: rows of a shard.

    Raises:
        SchemaError: if no row at the start of the file has the column of texts.
    """
    rows = _read_rows(stream, name, options)
    for part in list_shards(rows, size):
        good: list[Any] = part.good
        objects, texts = [line for line, _ in good], [text for _, text in good]
        yield Shard(texts, tuple(part.bad), part.num_rows, objects=objects)


def to_columns(shard: Shard, schema: dict[str, Any] | None) -> pl.DataFrame:
    """Returns the rows of a shard of JSON Lines as columns, for outputs that have columns.

    Args:
        shard: its rows.
        schema: of the shards before; None for the first one.

    Raises:
        SchemaError: if later rows have other names or types than the first.
    """
    from reelfeel.frame_library import pl

    records = [json.loads(line) for line in shard.objects or ()]
    new = {key for record in records for key in record} - set(schema or ())
    try:
        if schema is None:
            return pl.from_dicts(records, infer_schema_length=None) if records else pl.DataFrame()
        if not new:
            return pl.from_dicts(records, schema=schema, strict=True)
        problem = f"new names {', '.join(sorted(new)[:5])}"
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        problem = str(error).splitlines()[0][:200]
    raise SchemaError(
        f"{shard.input}: its rows differ in names or types, which columns cannot hold. "
        f"Expected the same in all; write JSON Lines: --output NAME.jsonl. Received {problem}."
    )


def _read_rows(
    stream: io.BufferedReader, name: str, options: TableOptions
) -> Iterator[tuple[str, str] | BadRow]:
    path = options.text_column
    parts = path.split(".")
    met: list[str] = []
    for block in read_line_blocks(stream, options.encoding):
        for line in block.split("\n"):
            if not line.strip():
                continue
            row = _read_line(line.strip(), path, parts, options)
            if not isinstance(row, BadRow):
                met = []
            elif row.reason == "no text" and len(met) < 1_000:
                met.append(line)
                _refuse_wrong_column(name, path, met)
            yield row


def _read_line(
    line: str, path: str, parts: list[str], options: TableOptions
) -> tuple[str, str] | BadRow:
    if has_half_character(line):
        return BadRow(0, "bytes that are not valid UTF-8", line)
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return BadRow(0, "no JSON object", line)
    if not isinstance(record, dict):
        return BadRow(0, "no JSON object", line)
    text = record.get(path)
    if text is None and len(parts) > 1:
        text = _walk(record, parts)
    problem = find_problem(text, options.missing_words)
    return BadRow(0, problem, line) if problem else (line, str(text))


def _walk(value: Any, parts: list[str]) -> Any:
    for part in parts:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _refuse_wrong_column(name: str, path: str, met: list[str]) -> None:
    """Refuses a file of whose first hundred rows none has the column of texts."""
    if len(met) < 100:
        return
    names = list(json.loads(met[0]))
    if path not in names and len(met) == 100:
        refuse_missing_column(name, path, names)
