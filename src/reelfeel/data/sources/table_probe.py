"""Tries to read a Parquet, Arrow or Excel file in a process of its own, which may crash.

    python -m reelfeel.data.sources.table_probe KIND BYTES < FILE

A few kilobytes of such a file can stand for terabytes, and the library that reads it then ends the
process, or takes all memory. So it is read first where that does no harm.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from typing import Any

from reelfeel.data.sources.limits import MAX_COLUMNS, MAX_RATIO
from reelfeel.errors import SchemaError

# What a small file may need as values of Python, and a large one as a multiple of its size.
_FREE_BYTES = 512 * 2**20
# Of a value in a row, besides its text: an object of Python and its place in a list.
_VALUE_BYTES = 64
# Of a list or record inside a value: an object of Python for every eight bytes, or for each byte.
_NESTED_RATIO = 8
# Of address space that Polars takes before it has read anything.
_OWN_BYTES = 2**30
_SECONDS, _BYTES_PER_S = 15.0, 20e6


def refuse_bomb(name: str, kind: str, content: bytes) -> None:
    """Refuses a file that cannot be read, or whose values would fill the memory.

    Args:
        name: of the file, for messages.
        kind: "Parquet", "Arrow" or "Excel".
        content: of the file.

    Raises:
        SchemaError: if it is one.
    """
    budget = max(_FREE_BYTES, MAX_RATIO * len(content))
    try:
        result = subprocess.run(  # noqa: S603 - this interpreter, a known word and a number
            [sys.executable, "-m", "reelfeel.data.sources.table_probe", kind, str(budget)],
            input=content,
            capture_output=True,
            env={**os.environ, "POLARS_MAX_THREADS": "1"},
            timeout=_SECONDS + len(content) / _BYTES_PER_S,
            check=False,
        )
        found = json.loads(result.stdout) if result.returncode == 0 else None
        reason = _judge(found, budget, kind)
    except subprocess.TimeoutExpired:
        reason = "is refused: it takes longer to read than any table of its size"
    except (OSError, ValueError):  # no process to be had: then it is read without
        return
    if reason:
        raise SchemaError(
            f"{name} {reason}. Expected a whole {kind} file of reviews; write or copy it again, "
            f"with the columns that are needed. Received {len(content):,} bytes."
        )


def _judge(found: dict[str, Any] | None, budget: int, kind: str) -> str | None:
    if found is None:
        return f"is not a whole {kind} file, or takes more memory to read than any of its size"
    if "error" in found:
        return f"is not a whole {kind} file: {found['error']}"
    if found["columns"] > MAX_COLUMNS:
        return f"has {found['columns']:,} columns, and at most {MAX_COLUMNS:,} are read"
    if found["bytes"] > budget:
        return (
            f"is refused: its {found['rows']:,} rows would take {found['bytes']:,} bytes of memory"
        )
    return None


def _limit_memory(num_bytes: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # no such limits on Windows
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = num_bytes if hard == resource.RLIM_INFINITY else min(num_bytes, hard)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


def _measure(kind: str, content: bytes) -> dict[str, Any]:
    """Reads the file, and returns how large its values are in Python."""
    from reelfeel.data.reading.typed_files import TYPED
    from reelfeel.frame_library import pl

    try:
        width = len(pl.read_parquet_schema(io.BytesIO(content))) if kind == "Parquet" else 0
        if width > MAX_COLUMNS:
            return {"columns": width}
        frames = list(TYPED[kind](content).values())
        return {
            "columns": max((frame.width for frame in frames), default=0),
            "rows": sum(frame.height for frame in frames),
            "bytes": sum(map(_measure_frame, frames)),
        }
    # Whatever the library makes of damage; memory that is not there ends the process.
    except Exception as error:
        return {"error": (str(error).splitlines() or [type(error).__name__])[0]}


def _measure_frame(frame: Any) -> int:
    from reelfeel.frame_library import pl

    size: int = frame.height * frame.width * _VALUE_BYTES
    for name, kind in frame.schema.items():
        if kind == pl.String:
            size += int(frame[name].str.len_bytes().sum())
        elif kind.is_nested() or kind == pl.Binary:
            size += _NESTED_RATIO * int(frame[name].estimated_size())
    return size


if __name__ == "__main__":
    _limit_memory(int(sys.argv[2]) + _OWN_BYTES)
    print(json.dumps(_measure(sys.argv[1], sys.stdin.buffer.read())))
