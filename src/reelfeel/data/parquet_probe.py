"""Whether a Parquet file can be read: tried in a process that may fail.

    python -m reelfeel.data.parquet_probe BYTES < FILE

A few kilobytes of Parquet can stand for terabytes, and the library that reads it then ends the
process, or takes all memory. So it is read first where that does no harm.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from reelfeel.data.limits import MAX_COLUMNS, MAX_RATIO
from reelfeel.errors import SchemaError

# What a small file may need as values of Python, and a large one as a multiple of its size.
_FREE_BYTES = 512 * 2**20
# Of a value in a row, besides its text: an object of Python and its place in a list.
_VALUE_BYTES = 64
# Of address space that Polars takes before it has read anything.
_OWN_BYTES = 2**30
_SECONDS, _BYTES_PER_S = 15.0, 20e6


def refuse_bomb(path: Path, content: bytes) -> None:
    """Refuses a Parquet file that cannot be read, or whose values would fill the memory.

    Raises:
        SchemaError: if it is one.
    """
    budget = max(_FREE_BYTES, MAX_RATIO * len(content))
    try:
        result = subprocess.run(  # noqa: S603 - this interpreter, and a number
            [sys.executable, "-m", "reelfeel.data.parquet_probe", str(budget)],
            input=content,
            capture_output=True,
            env={**os.environ, "POLARS_MAX_THREADS": "1"},
            timeout=_SECONDS + len(content) / _BYTES_PER_S,
            check=False,
        )
        found = json.loads(result.stdout) if result.returncode == 0 else None
        reason = _judge(found, budget)
    except subprocess.TimeoutExpired:
        reason = "is refused: it takes longer to read than any table of its size"
    except (OSError, ValueError):  # no process to be had: then it is read without
        return
    if reason:
        raise SchemaError(
            f"{path} {reason}. Expected a Parquet file of reviews; write or copy it again, with "
            f"the columns that are needed. Received {len(content):,} bytes."
        )


def _judge(found: dict[str, Any] | None, budget: int) -> str | None:
    if found is None:
        return "is not a whole Parquet file, or takes more memory to read than any of its size"
    if "error" in found:
        return str(found["error"])
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


def _measure(content: bytes) -> dict[str, Any]:
    """Reads the file, and returns how large its values are in Python."""
    import polars as pl

    try:
        schema = pl.read_parquet_schema(io.BytesIO(content))
        if len(schema) > MAX_COLUMNS:
            return {"columns": len(schema)}
        frame = pl.read_parquet(io.BytesIO(content))
        texts = sum(int(frame[name].str.len_bytes().sum()) for name in _text_columns(frame))
    except (pl.exceptions.PolarsError, OSError) as error:
        return {"error": f"is not a whole Parquet file: {str(error).splitlines()[0]}"}
    size = frame.height * frame.width * _VALUE_BYTES + texts
    return {"columns": frame.width, "rows": frame.height, "bytes": size}


def _text_columns(frame: Any) -> list[str]:
    import polars as pl

    return [name for name, kind in frame.schema.items() if kind == pl.String]


if __name__ == "__main__":
    _limit_memory(int(sys.argv[1]) + _OWN_BYTES)
    print(json.dumps(_measure(sys.stdin.buffer.read())))
