"""Inputs to score: files, globs, folders, archives, pipes; their formats and identities."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelfeel.data.options import TableOptions
from reelfeel.errors import UsageError
from reelfeel.scoring.shards import SHARD_ROWS, BadRow, Shard
from reelfeel.scoring.streams import PACKED, STDIN, open_bytes

if TYPE_CHECKING:
    import io

_ENDS_BYTES = 1 << 20
_STREAMED = ("csv", "jsonl", "lines")


@dataclass(frozen=True)
class Input:
    """One file, folder, archive or pipe.

    Attributes:
        place: as the user named it.
        options: how to read it.
    """

    place: str
    options: TableOptions

    @property
    def kind(self) -> str:
        """Its format: one of `FORMATS`, or "files" for a folder or an archive of text files."""
        from reelfeel.data.formats import find_format
        from reelfeel.data.sources.trees import is_archive

        if self.options.format:
            return self.options.format
        if self.place == STDIN:
            return "lines"
        path = Path(self.place).expanduser()
        if path.is_dir() or is_archive(path):
            return "files"
        packing = path.suffix if path.suffix.lower() in PACKED else ""
        plain = path.with_name(path.name.removesuffix(packing))
        if plain.suffix.lower() == ".txt":
            return "lines"
        found = find_format(plain)
        if found is None:
            raise UsageError(
                f"{self.place} has no known ending. Expected a table such as .csv, .tsv, .jsonl, "
                ".parquet, .arrow, .xlsx, a .txt file of one text a line, a folder or an archive; "
                f"say the format with --format, such as --format csv. Received {path.suffix!r}."
            )
        return found

    def identify(self) -> dict[str, Any]:
        """Returns what tells this input from another, or from itself after a change."""
        if self.place == STDIN:
            raise UsageError(
                "Standard input cannot be read a second time, so there is no --resume for it. "
                "Write it to a file first."
            )
        path = self._find()
        if path.is_dir():
            found = sorted(file for file in path.rglob("*") if file.is_file())
            said = "".join(
                f"{file}{file.stat().st_size}{file.stat().st_mtime_ns}" for file in found
            )
            return {
                "path": self.place,
                "sum": hashlib.sha256(said.encode(errors="replace")).hexdigest(),
            }
        size = path.stat().st_size
        with path.open("rb") as file:
            digest = hashlib.sha256(file.read(_ENDS_BYTES))
            file.seek(max(0, size - _ENDS_BYTES))
            digest.update(file.read(_ENDS_BYTES))
        return {
            "path": self.place,
            "size_bytes": size,
            "changed_ns": path.stat().st_mtime_ns,
            "sum": digest.hexdigest(),
        }

    def read(self, *, skip: int = 0, size: int = SHARD_ROWS) -> Iterator[Shard]:
        """Yields its rows, some thousand at a time.

        Args:
            skip: shards at the start that are not needed.
            size: rows of a shard.

        Raises:
            UsageError: if it is not there or of no known format.
            SchemaError: if it is not what its format promises.
            ArchiveError: if it is packed and damaged.
        """
        for shard in self._open(skip, size):
            yield replace(
                shard,
                input=self.place,
                bad=tuple(replace(bad, input=self.place) for bad in shard.bad),
            )

    def _open(self, skip: int, size: int) -> Iterator[Shard]:
        from reelfeel.scoring import frame_shards

        kind, options = self.kind, replace(self.options, labelled=False)
        path = Path(STDIN) if self.place == STDIN else self._find()
        if kind in _STREAMED:
            yield from islice(self._stream(kind, options, size), skip, None)
        elif kind in ("parquet", "arrow") and self.place != STDIN:
            yield from frame_shards.read_columnar_shards(path, kind, options, size, skip)
        elif kind == "files":
            yield from self._read_files(path, options, size, skip)
        else:
            options = replace(options, format=kind)
            yield from frame_shards.read_whole_shards(path, options, size, skip)

    def _find(self) -> Path:
        """Returns where it is, if it is there and no pipe or device."""
        from reelfeel.files.inputs import refuse_special

        path = Path(self.place).expanduser()
        if not path.exists():
            raise UsageError(f"There is no file {self.place}. Check the path; case counts.")
        refuse_special(path)
        return path

    def _stream(self, kind: str, options: TableOptions, size: int) -> Iterator[Shard]:
        from reelfeel.scoring.csv_shards import read_csv_shards
        from reelfeel.scoring.json_shards import read_json_shards
        from reelfeel.scoring.line_shards import read_line_shards

        readers = {"csv": read_csv_shards, "jsonl": read_json_shards, "lines": read_line_shards}
        with open_bytes(self.place) as stream:
            self._refuse_empty(stream)
            yield from readers[kind](stream, self.place, options, size)

    def _refuse_empty(self, stream: io.BufferedReader) -> None:
        from reelfeel.errors import SchemaError

        if not stream.peek(1):
            raise SchemaError(f"{self.place} is empty. Expected rows with texts. Received 0 bytes.")

    def _read_files(
        self, path: Path, options: TableOptions, size: int, skip: int
    ) -> Iterator[Shard]:
        from reelfeel.data.sources.decoding import decode_text
        from reelfeel.data.sources.trees import is_about_data, is_junk, open_tree
        from reelfeel.scoring.frame_shards import read_file_shards

        tree = open_tree(path)
        names = [
            name
            for name in tree.files
            if name.lower().endswith((".txt", ".html", ".htm", ".md"))
            and not is_junk(name)
            and not is_about_data(name)
        ]
        if not names:
            raise UsageError(
                f"{self.place} holds no text files. Expected .txt files, each one text; name "
                f"tables by a glob, such as '{self.place}/*.csv'. Received {len(tree.files):,} "
                "other files."
            )

        def read(name: str) -> str:
            return decode_text(tree.files[name](), options.encoding).text

        yield from read_file_shards(names, read, size, skip)


def find_inputs(places: Sequence[str], options: TableOptions) -> list[Input]:
    """Returns the inputs that some paths and globs name, in order, each once.

    Raises:
        UsageError: if a path or glob names nothing.
    """
    found: dict[str, Input] = {}
    for place in places:
        matches = [place] if place == STDIN or Path(place).expanduser().exists() else None
        if matches is None:
            matches = sorted(glob.glob(str(Path(place).expanduser()), recursive=True))  # noqa: PTH207
        if not matches:
            raise UsageError(
                f"There is no file {place}. Check the path; case counts. A glob goes in quotes, "
                "such as 'reviews/*.csv'."
            )
        found |= {match: Input(match, options) for match in matches}
    return list(found.values())


__all__ = ["STDIN", "BadRow", "Input", "find_inputs"]
