"""Plain text, one text a line, as shards."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reelfeel.scoring.csv_shards import find_problem
from reelfeel.scoring.shards import SHARD_ROWS, BadRow, Shard, list_shards
from reelfeel.scoring.streams import read_line_blocks
from reelfeel.terminal.escaping import has_half_character

if TYPE_CHECKING:
    from reelfeel.data.options import TableOptions


def read_line_shards(
    stream: io.BufferedReader, name: str, options: TableOptions, size: int = SHARD_ROWS
) -> Iterator[Shard]:
    """Yields the lines of a text file, each a row of one column, `text`; blank ones are no rows.

    Args:
        stream: its bytes, unpacked.
        name: of the file.
        options: its encoding.
        size: rows of a shard.
    """
    from reelfeel.frame_library import pl

    for part in list_shards(_read_lines(stream, options), size):
        texts: list[str] = part.good  # type: ignore[assignment]
        frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
        yield Shard(texts, tuple(part.bad), part.num_rows, frame)


def _read_lines(stream: io.BufferedReader, options: TableOptions) -> Iterator[str | BadRow]:
    for block in read_line_blocks(stream, options.encoding):
        for raw in block.split("\n"):
            line = raw.rstrip("\r")
            if not line.strip():
                continue
            # A line such as "None" is a text here: there are no columns that could lack a value.
            problem = find_problem(f"{line}.", frozenset())
            if has_half_character(line):
                problem = "bytes that are not valid UTF-8"
            yield BadRow(0, problem, line) if problem else line
