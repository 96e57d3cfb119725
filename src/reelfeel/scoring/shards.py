"""A shard: some thousand rows of an input, those that can be scored and those that cannot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reelfeel.frame_library import pl

# Rows of a shard, good and bad: some 40 MB of reviews. A killed run repeats at most one.
SHARD_ROWS = 32_768
# What the quarantine shows of a bad row.
_SHOWN_CHARACTERS = 10_000


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be scored.

    Attributes:
        row: its number in the input, from 1; the line of column names does not count.
        reason: why, in some words that such rows share.
        received: the row as it stands in the input, as far as it can be shown.
        input: the name of the input.
    """

    row: int
    reason: str
    received: str = ""
    input: str = ""

    def to_dict(self) -> dict[str, object]:
        """Returns plain values, ready for JSON."""
        return {
            "input": self.input,
            "row": self.row,
            "reason": self.reason,
            "received": self.received[:_SHOWN_CHARACTERS],
        }


def to_lines(bad: Iterable[BadRow]) -> str:
    """Returns bad rows as JSON, one object a line: what a quarantine file holds."""
    return "".join(f"{json.dumps(one.to_dict())}\n" for one in bad)


@dataclass(frozen=True)
class Shard:
    """Rows of one input that follow each other.

    Attributes:
        texts: of the rows that can be scored.
        bad: the other rows.
        num_rows: how many rows of the input these are.
        frame: the rows that can be scored, with all of their columns; None for JSON Lines.
        objects: of JSON Lines, each good row as it is written in the input; else None.
        input: the name of the input.
    """

    texts: Sequence[str]
    bad: tuple[BadRow, ...] = ()
    num_rows: int = 0
    frame: pl.DataFrame | None = None
    objects: Sequence[str] | None = None
    input: str = ""


@dataclass
class RowList:
    """Rows of a shard while it is read.

    Attributes:
        good: the rows that can be scored, in the order of the input.
        bad: the others.
        start: how many rows came before this shard.
    """

    good: list[object] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    start: int = 0

    @property
    def num_rows(self) -> int:
        """How many rows were read."""
        return len(self.good) + len(self.bad)

    @property
    def next_row(self) -> int:
        """The number of the row that comes next."""
        return self.start + self.num_rows + 1

    def refuse(self, reason: str, received: str) -> None:
        """Takes the next row as a bad one."""
        self.bad.append(BadRow(self.next_row, reason, received))


def list_shards(rows: Iterable[object], size: int) -> Iterator[RowList]:
    """Cuts rows into shards of equal size, whatever pieces they were read in.

    Args:
        rows: a good row each, or a `BadRow` without its number.
        size: rows of a shard.
    """
    part = RowList()
    for row in rows:
        if isinstance(row, BadRow):
            part.refuse(row.reason, row.received)
        else:
            part.good.append(row)
        if part.num_rows == size:
            yield part
            part = RowList(start=part.start + size)
    if part.num_rows:
        yield part
