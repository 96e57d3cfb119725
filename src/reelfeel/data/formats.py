"""Table files, CSV, TSV, JSON Lines and Parquet, as named columns of values."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from reelfeel.data.decoding import Decoded, decode_text, read_bytes
from reelfeel.data.limits import refuse_columns, refuse_shape
from reelfeel.data.parquet_probe import refuse_bomb
from reelfeel.errors import SchemaError, UsageError
from reelfeel.inputs import refuse_special

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_DELIMITERS = ",\t;|"
# Python's own limit of 131,072 characters is less than a long review.
_MAX_FIELD = 2**31 - 1


@dataclass(frozen=True)
class Table:
    """A table as it stands in a file, before anything is said about its meaning.

    Attributes:
        path: the file.
        columns: the values by column name, all of the same length; None where one is missing. A
            value is a str in CSV files and whatever the file says in JSON Lines and Parquet.
        blank_rows: indices of the rows that hold nothing at all, such as blank lines.
        notes: what the reader should know, such as an encoding that was found, in sentences.
    """

    path: Path
    columns: Mapping[str, Sequence[object]]
    blank_rows: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()


def find_format(path: Path) -> str | None:
    """Returns "csv", "jsonl" or "parquet" by the name of a file, or None for another kind.

    Example:

    >>> find_format(Path("reviews.TSV.gz")), find_format(Path("reviews.xlsx"))
    ('csv', None)
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes = suffixes[:-1]
    return SUFFIXES.get(suffixes[-1]) if suffixes else None


def read_file(path: Path, expected_columns: Sequence[str]) -> Table:
    """Reads a table file.

    Args:
        path: a `.csv`, `.tsv`, `.txt`, `.jsonl`, `.ndjson` or `.parquet` file; all but the last
            may be gzipped (`.csv.gz`). The first row of a CSV file names the columns.
        expected_columns: names that the caller will look for; they help to find the delimiter.

    Raises:
        UsageError: if the file does not exist or its name says no known format.
        SchemaError: if the content is not of that format.
        ArchiveError: if a gzipped file is damaged.
    """
    refuse_special(path)
    kind = find_format(path)
    if kind is None:
        raise UsageError(
            f"{path} has no known ending. Expected one of {', '.join(SUFFIXES)} (text formats also "
            f"with .gz); convert or rename it. Received {path.suffix or 'no ending'!r}."
        )
    content = read_bytes(path)
    if not content.strip():
        raise SchemaError(f"{path} is empty. Expected a table with rows. Received 0 bytes of text.")
    if kind == "parquet":
        return _read_parquet(path, content)
    decoded = decode_text(content)
    refuse_shape(path, decoded.text)
    read = _read_csv if kind == "csv" else _read_json_lines
    return read(path, decoded, expected_columns)


def _read_parquet(path: Path, content: bytes) -> Table:
    refuse_bomb(path, content)
    try:
        frame = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise SchemaError(
            f"{path} is not a whole Parquet file: {str(error).splitlines()[0]}. Expected what its "
            f"name says; write or copy it again. Received {len(content):,} bytes."
        ) from error
    return Table(path, frame.to_dict(as_series=False))


def _read_csv(path: Path, decoded: Decoded, expected_columns: Sequence[str]) -> Table:
    text = decoded.text
    if "\n" not in text:  # the line ends of an old Mac, which Polars does not know
        text = text.replace("\r", "\n")
    delimiter, names = _find_delimiter(path, text, expected_columns)
    refuse_columns(path, names)
    _refuse_twice_named(path, names)
    try:
        frame = pl.read_csv(text.encode("utf-8"), separator=delimiter, infer_schema=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        # Polars refuses a stray quote inside a field without quotes, common in TSV files, and says
        # no row where it stumbles; Python's own strict reader takes the one and says the other.
        rows = _read_rows(path, text, delimiter, names)
        frame = pl.DataFrame(
            rows, schema=dict.fromkeys(map(str, range(len(names))), pl.String), orient="row"
        )
    is_blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    columns = dict(zip(names, frame.to_dict(as_series=False).values(), strict=True))
    return Table(path, columns, frozenset(is_blank.arg_true().to_list()), _notes(path, decoded))


def _find_delimiter(path: Path, text: str, expected: Sequence[str]) -> tuple[str, list[str]]:
    """Returns the delimiter with which the header names most of what is looked for."""
    csv.field_size_limit(_MAX_FIELD)
    preferred = "\t" if ".tsv" in path.name.lower() else ","
    headers = {}
    for delimiter in _DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        header: list[str] = next((row for row in reader if row), [])
        headers[delimiter] = [name.strip() for name in header]

    def rank(delimiter: str) -> tuple[int, bool, int]:
        names = headers[delimiter]
        return (len(set(expected) & set(names)), delimiter == preferred, len(names))

    best = max(_DELIMITERS, key=rank)
    if not rank(best)[0]:  # nothing found: the split into most columns reads best in the message
        best = max(_DELIMITERS, key=lambda delimiter: len(headers[delimiter]))
    return best, headers[best]


def _refuse_twice_named(path: Path, names: Sequence[str]) -> None:
    twice = sorted(name for name, num in Counter(names).items() if num > 1 and name)
    if twice:
        shown, all_names = (", ".join(map(repr, some))[:400] for some in (twice, names))
        raise SchemaError(
            f"{path} names a column twice: {shown}. Expected one column of each name; rename one "
            f"of them. Received {all_names}."
        )


def _read_rows(
    path: Path, text: str, delimiter: str, names: Sequence[str]
) -> list[list[str | None]]:
    """Returns the rows below the header, filled up with None where they are short."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str | None]] = []
    has_header = False
    try:
        for fields in reader:
            if has_header:
                _refuse_long_row(path, fields, delimiter, names, f"row {len(rows) + 1}")
                rows.append([*fields, *[None] * (len(names) - len(fields))])
            has_header = has_header or bool(fields)
    except csv.Error as error:
        raise SchemaError(
            f"{path}, row {len(rows) + 1}: the quotes do not fit together ({error}). Expected a "
            "field either without quotes or wholly inside double quotes, those within it doubled; "
            "write the file again with a CSV library. "
            f"Received a field that ends near line {reader.line_num}."
        ) from error
    return rows


def _refuse_long_row(
    path: Path, fields: Sequence[str], delimiter: str, names: Sequence[str], row: str
) -> None:
    if len(fields) > len(names):
        raise SchemaError(
            f"{path}, {row} has {len(fields)} fields, but the header names {len(names)}. Expected "
            f"a text that holds {delimiter!r} in double quotes; quote it. "
            f"Received {delimiter.join(fields)[:80]!r}."
        )


def _read_json_lines(path: Path, decoded: Decoded, expected_columns: Sequence[str]) -> Table:
    # Python's parser and not Polars', which infers types from the first rows and, where a later
    # row differs, does not say which.
    rows = [
        _parse_line(path, number, line)
        for number, line in enumerate(decoded.text.split("\n"), start=1)
        if line.strip()
    ]
    names = dict.fromkeys(name for row in rows for name in row)
    refuse_columns(path, list(names), len(rows))
    columns = {name: [row.get(name) for row in rows] for name in names}
    return Table(path, columns, notes=_notes(path, decoded))


def _parse_line(path: Path, number: int, line: str) -> dict[str, object]:
    try:
        row = json.loads(line, object_pairs_hook=_refuse_twice_given)
        reason = f"a JSON {type(row).__name__}"
    except (ValueError, RecursionError) as error:
        row, reason = None, str(error)
    if not isinstance(row, dict):
        raise SchemaError(
            f"{path}, line {number} is no JSON object: {reason}. Expected one object a line, such "
            f'as {{"text": "...", "label": "pos"}}. Received {line.strip()[:60]!r}.'
        )
    return row


def _refuse_twice_given(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a name stands twice in it")
    return row


def _notes(path: Path, decoded: Decoded) -> tuple[str, ...]:
    notes = []
    if decoded.encoding not in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        notes.append(f"{path} is not UTF-8; it was read as {decoded.encoding}.")
    if decoded.num_replaced:
        notes.append(
            f"{path} holds {decoded.num_replaced:,} byte sequences that are not valid "
            f"{decoded.encoding}; each became U+FFFD."
        )
    return tuple(notes)
