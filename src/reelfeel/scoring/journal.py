"""What a job has done, line by line on the disk, so that a killed one can go on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reelfeel.errors import UsageError
from reelfeel.files.plain_files import hash_plain
from reelfeel.files.writing import write_whole

FORMAT_VERSION = 1
_FILE = "journal.jsonl"
_MAX_PART_BYTES = 4 << 30


@dataclass
class Journal:
    """The shards that are done, and the job they belong to.

    Attributes:
        folder: where the shards and the journal lie, beside the output.
        job: what the answers depend on: inputs, model, options.
        entries: one for each finished shard, in order.
    """

    folder: Path
    job: Mapping[str, Any]
    entries: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path, job: Mapping[str, Any], *, resume: bool) -> Journal:
        """Starts a journal, or goes on with the one that is there.

        Raises:
            UsageError: if another job left it, or one is there and nothing was said of resuming.
        """
        journal = cls(folder, json.loads(json.dumps(job)))
        if not (folder / _FILE).exists():
            folder.mkdir(parents=True, exist_ok=True)
            journal._append({"format_version": FORMAT_VERSION, "job": journal.job})
            return journal
        if not resume:
            raise UsageError(
                f"An earlier scoring of this output was not finished; {folder} holds what it did. "
                "Go on with --resume, or start anew with --force."
            )
        journal._read()
        return journal

    @property
    def parts(self) -> list[Path]:
        """The files of finished shards, in order."""
        return [self.folder / entry["part"] for entry in self.entries]

    def add(self, part: Path, entry: Mapping[str, Any]) -> None:
        """Notes a finished shard, once its file is on the disk."""
        _sync(part)
        noted = {"part": part.name, "sha256": hash_plain(part, _MAX_PART_BYTES), **entry}
        self._append(noted)
        self.entries.append(noted)

    def _append(self, line: Mapping[str, Any]) -> None:
        with (self.folder / _FILE).open("ab") as file:
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> None:
        content = (self.folder / _FILE).read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        lines = [json.loads(line) for line in whole.splitlines()]
        if not lines or lines[0].get("format_version") != FORMAT_VERSION:
            raise UsageError(
                f"{self.folder} is of another version of ReelFeel. Start anew with --force."
            )
        self._refuse_other_job(lines[0]["job"])
        for entry in lines[1:]:
            if not self._is_whole(entry):
                break
            self.entries.append(entry)
        # A line that was being written at the kill, and shards that are damaged, are done again.
        kept = [lines[0], *self.entries]
        text = "".join(f"{json.dumps(one)}\n" for one in kept)
        with write_whole(self.folder / _FILE) as path:
            path.write_text(text, "utf-8")

    def _is_whole(self, entry: Mapping[str, Any]) -> bool:
        part = self.folder / entry["part"]
        return part.is_file() and bool(hash_plain(part, _MAX_PART_BYTES) == entry["sha256"])

    def _refuse_other_job(self, before: Mapping[str, Any]) -> None:
        changed = [key for key in {**before, **self.job} if before.get(key) != self.job.get(key)]
        if changed:
            said = "; ".join(
                f"{key} was {_shorten(before.get(key))} and is {_shorten(self.job.get(key))}"
                for key in changed
            )
            raise UsageError(
                f"The unfinished scoring in {self.folder} is of another job: {said}. Go on with "
                "the same input, model and options, or start anew with --force."
            )


def fingerprint(value: object) -> str:
    """Returns a short name of plain values."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _shorten(value: object) -> str:
    said = json.dumps(value, default=str)
    return said if len(said) < 300 else f"{said[:300]}..."


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
