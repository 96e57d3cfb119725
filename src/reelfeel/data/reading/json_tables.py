"""JSON as a table: one object a line, an array of objects, and what common programs export."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reelfeel.data.reading.label_studio import is_label_studio, read_task
from reelfeel.data.reading.table import Reading, Table, pivot
from reelfeel.errors import SchemaError

_EXPECTED = 'Expected objects such as {"text": "...", "label": "pos"}, one a line or in an array'
# Deeper values are left as they are; nobody names a column by so many words.
_MAX_DEPTH = 20


def read_json_lines(reading: Reading, text: str) -> Table:
    """Reads one object a line.

    Raises:
        SchemaError: if a line is no object, unless bad rows are to be skipped.
    """
    # Python's parser and not Polars', which infers types from the first rows and, where a later
    # row differs, does not say which.
    lines = text.split("\n") if "\n" in text else text.split("\r")
    records, rows, found = [], [], 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        found += 1
        try:
            record, reason = _parse(line), None
        except ValueError as error:
            record, reason = None, str(error)
        if isinstance(record, dict):
            records.append(_flatten(record))
            rows.append(f"row {found}")
            continue
        reason = reason or f"a JSON {type(record).__name__}"
        message = (
            f"{reading.name}, line {number} is no JSON object: {reason}. {_EXPECTED}; correct it, "
            "or drop and count such lines with --skip-bad-rows (in Python: skip_bad_rows=True). "
            f"Received {line.strip()[:60]!r}."
        )
        reading.refuse(f"row {found}", "that are no JSON object", message)
    return pivot(reading, records, rows, found)


def read_json_table(reading: Reading, text: str) -> Table:
    """Reads a JSON file: an array of objects, what pandas writes, Label Studio, or one a line.

    Raises:
        SchemaError: if it is none of these.
    """
    try:
        content = _parse(text)
    except ValueError as error:
        if "Extra data" in str(error):  # several values: one a line
            return read_json_lines(reading, text)
        raise SchemaError(
            f"{reading.name} is no JSON: {error}. {_EXPECTED}; export it again. "
            f"Received {text.strip()[:60]!r}."
        ) from error
    items = _find_items(reading, content)
    records, rows = [], []
    for number, item in enumerate(items, start=1):
        row = f"row {number}"
        if not isinstance(item, dict):
            message = (
                f"{reading.name}, {row} is no JSON object but a {type(item).__name__}. {_EXPECTED}"
                "; drop and count such rows with --skip-bad-rows (in Python: skip_bad_rows=True). "
                f"Received {str(item)[:60]!r}."
            )
            reading.refuse(row, "that are no JSON object", message)
            continue
        records.append(read_task(reading, item) if is_label_studio(item) else _flatten(item))
        rows.append(row)
    return pivot(reading, records, rows, len(items))


def _parse(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_refuse_twice_given)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def _refuse_twice_given(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a name stands twice in it")
    return row


def _find_items(reading: Reading, content: Any) -> Sequence[Any]:
    """Returns the rows of a JSON file, whichever way they are written."""
    if isinstance(content, list):
        return content
    if isinstance(content, dict):
        columns, data = content.get("columns"), content.get("data")
        if isinstance(columns, list) and isinstance(data, list):  # pandas, orient="split"
            width = len(columns)
            return [
                dict(zip(map(str, columns), row, strict=True))
                if isinstance(row, list) and len(row) == width
                else row
                for row in data
            ]
        lists = [value for value in content.values() if isinstance(value, list)]
        if len(lists) == 1 and lists[0] and all(isinstance(item, dict) for item in lists[0]):
            return lists[0]
        values = list(content.values())
        if values and all(isinstance(value, dict) for value in values):
            return _unfold(content)
        return _unfold_lists(content) if values and len(lists) == len(values) else [content]
    raise SchemaError(
        f"{reading.name} holds no rows. {_EXPECTED}. Received a JSON {type(content).__name__}."
    )


def _unfold(content: Mapping[str, dict[str, Any]]) -> Sequence[Any]:
    """Returns rows of what pandas writes with orient="columns" or "index"."""
    keys = [list(value) for value in content.values()]
    are_columns = all(one == keys[0] for one in keys) and all(key.isdecimal() for key in keys[0])
    if not are_columns:
        return list(content.values())
    return [{name: column[key] for name, column in content.items()} for key in keys[0]]


def _unfold_lists(content: Mapping[str, list[Any]]) -> Sequence[Any]:
    """Returns rows of lists by column name; the lists of one row where they differ in length."""
    length = len(next(iter(content.values())))
    if any(len(column) != length for column in content.values()):
        return [content]
    return [dict(zip(content, row, strict=True)) for row in zip(*content.values(), strict=True)]


def _flatten(record: Mapping[str, object]) -> dict[str, object]:
    """Returns a record without objects inside: {"review": {"text": 1}} has "review.text".

    A list of one element is that element.
    """
    return dict(_list_leaves(record, "", 0))


def _list_leaves(
    value: Mapping[str, object], prefix: str, depth: int
) -> Iterator[tuple[str, object]]:
    for name, inner in value.items():
        while isinstance(inner, list) and len(inner) == 1:
            inner = inner[0]
        if isinstance(inner, dict) and depth < _MAX_DEPTH:
            yield from _list_leaves(inner, f"{prefix}{name}.", depth + 1)
        else:
            yield f"{prefix}{name}", inner
