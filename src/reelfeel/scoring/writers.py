"""Scored rows as bytes: a shard each, which put one behind the other are the output."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import json
import lzma
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelfeel.errors import ReelFeelError, UsageError
from reelfeel.extras import require_extra
from reelfeel.inference.answers.columns import ANSWERS, Columns, add_columns, refuse_collisions
from reelfeel.scoring.json_shards import to_columns
from reelfeel.scoring.shards import Shard
from reelfeel.scoring.streams import PACKED, open_bytes
from reelfeel.terminal.escaping import for_spreadsheet

if TYPE_CHECKING:
    from reelfeel.frame_library import pl

OUTPUT_FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
_ENDS_BYTES = 1 << 16
_TEXT = ("csv", "tsv", "jsonl")


def find_output_format(path: str) -> tuple[str, str]:
    """Returns the format and the packing of an output by its name.

    Raises:
        UsageError: if the name says none, or a packing that the format does not have.

    Example:

    >>> find_output_format("scored.csv.gz"), find_output_format("-")
    (('csv', '.gz'), ('jsonl', ''))
    """
    if path == "-":
        return "jsonl", ""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    packing = suffixes.pop() if suffixes and suffixes[-1] in PACKED else ""
    kind = OUTPUT_FORMATS.get(suffixes[-1]) if suffixes else None
    if kind is None or (packing and kind not in _TEXT):
        raise UsageError(
            f"The output {path} has no known ending. Expected {', '.join(OUTPUT_FORMATS)}; .csv, "
            f".tsv and .jsonl also with {', '.join(PACKED)}. Received {Path(path).suffix!r}."
        )
    return kind, packing


def holds_answers(path: Path) -> bool:
    """Whether a file is an output of scoring: only such a one may be replaced."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        ends = file.read(_ENDS_BYTES)
        file.seek(max(0, path.stat().st_size - _ENDS_BYTES))
        ends += file.read()
    with contextlib.suppress(ReelFeelError), open_bytes(path) as stream:
        ends += stream.peek(_ENDS_BYTES)
    return ANSWERS[0].encode() in ends


@dataclass
class Writer:
    """Turns shards into bytes of one format.

    Attributes:
        kind: "csv", "tsv", "jsonl", "parquet" or "arrow".
        packing: ".gz", ".bz2", ".xz", ".zst" or nothing.
        prefix: of the names of added columns.
        for_spreadsheets: whether cells that a spreadsheet would run are made text.
    """

    kind: str
    packing: str = ""
    prefix: str = ""
    for_spreadsheets: bool = False
    schema: dict[str, Any] | None = field(default=None, init=False)

    def write(self, path: Path, shard: Shard, columns: Columns) -> list[str]:
        """Writes a shard with the columns that are added to its rows.

        Returns:
            The names of the columns of the output; none of JSON Lines.

        Raises:
            SchemaError: if a column has the name of an added one, or JSON rows have no one shape.
        """
        if self.kind == "jsonl":
            path.write_bytes(self.pack(self.to_json_lines(shard, columns).encode()))
            return []
        frame = add_columns(self.to_frame(shard), columns, self.prefix)
        if self.kind == "parquet":
            frame.write_parquet(path, compression="zstd", statistics=False)
        elif self.kind == "arrow":
            frame.write_ipc(path, compression="uncompressed")
        else:
            path.write_bytes(self.pack(self._to_csv(frame)))
        return frame.columns

    def header(self, names: Sequence[str]) -> bytes:
        """Returns what stands in the output before the first shard."""
        if self.kind not in ("csv", "tsv"):
            return b""
        from reelfeel.frame_library import pl

        head = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
        return self.pack(head.write_csv(separator=self._separator).encode())

    def pack(self, content: bytes) -> bytes:
        """Returns content packed as the output is; such pieces may be put one behind the other."""
        if self.packing == ".gz":
            return gzip.compress(content, compresslevel=5, mtime=0)
        if self.packing == ".bz2":
            return bz2.compress(content)
        if self.packing == ".xz":
            return lzma.compress(content, preset=2)
        if self.packing == ".zst":
            require_extra("score", "zstandard")
            import zstandard

            return bytes(zstandard.compress(content))
        return content

    def join(self, parts: Iterable[Path], output: Path, names: Sequence[str]) -> None:
        """Makes the output of its shards, in bounded memory."""
        parts = list(parts)
        if self.kind in ("parquet", "arrow"):
            _join_frames(parts, output, self.kind)
            return
        with output.open("wb") as file:
            file.write(self.header(names))
            for part in parts:
                with part.open("rb") as piece:
                    shutil.copyfileobj(piece, file, 1 << 20)

    @property
    def _separator(self) -> str:
        return "\t" if self.kind == "tsv" else ","

    def to_frame(self, shard: Shard) -> pl.DataFrame:
        """Returns the rows of a shard as columns; the first rows of JSON say names and types.

        Raises:
            SchemaError: if JSON rows have others than the first.
        """
        if shard.frame is not None:
            return shard.frame
        frame = to_columns(shard, self.schema)
        if self.schema is None:
            self.schema = dict(frame.schema)
        return frame

    def _to_csv(self, frame: pl.DataFrame) -> bytes:
        from reelfeel.frame_library import pl

        nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
        frame = frame.with_columns(
            pl.Series(name, [json.dumps(value, default=str) for value in frame[name].to_list()])
            for name in nested
        )
        if self.for_spreadsheets:
            texts = [name for name, kind in frame.schema.items() if kind == pl.String]
            frame = frame.with_columns(
                pl.Series(name, list(map(for_spreadsheet, frame[name].to_list())), pl.String)
                for name in texts
            )
        return frame.write_csv(include_header=False, separator=self._separator).encode()

    def to_json_lines(self, shard: Shard, columns: Columns) -> str:
        """Returns the rows of a shard as JSON, one object a line."""
        if shard.frame is not None:
            frame = add_columns(shard.frame, columns, self.prefix)
            lines = [
                json.dumps(row, ensure_ascii=False, default=str)
                for row in frame.iter_rows(named=True)
            ]
            return "".join(f"{line}\n" for line in lines)
        objects = shard.objects or ()
        for line in objects:
            # As text first: to parse every row again would cost as much as to score it.
            if any(f'"{name}"' in line for name in columns):
                refuse_collisions(json.loads(line), self.prefix)
        added = [
            json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False)[1:]
            for row in zip(*columns.values(), strict=True)
        ]
        lines = [_insert(line, more) for line, more in zip(objects, added, strict=True)]
        return "".join(f"{line}\n" for line in lines)


def _insert(line: str, more: str) -> str:
    """Returns a JSON object with more names at its end; what it holds stays as it is written."""
    head = line[: line.rindex("}")].rstrip()
    return f"{head}{'' if head == '{' else ', '}{more}"


def _join_frames(parts: Sequence[Path], output: Path, kind: str) -> None:
    from reelfeel.frame_library import pl

    if kind == "parquet":
        rows = pl.concat([pl.scan_parquet(part, glob=False) for part in parts], rechunk=False)
        rows.sink_parquet(output, compression="zstd", row_group_size=32_768, maintain_order=True)
        return
    rows = pl.concat([pl.scan_ipc(part) for part in parts], rechunk=False)
    rows.sink_ipc(output, compression="uncompressed", maintain_order=True)
