"""Caches parsed tables as Parquet files with a checksum in their name."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from reelfeel.files.writing import write_whole
from reelfeel.frame_library import pl

_DIGITS = 32


def write_cached_frame(frame: pl.DataFrame, folder: Path, name: str) -> Path:
    """Writes a table to a file that is called after its name and its content.

    One file is replaced in one step, so two runs that write it at once do not disturb each other.

    Args:
        frame: the table.
        folder: made when missing.
        name: of the table, such as "train".

    Returns:
        The path of the file, such as `train-0f3a....parquet`.

    Raises:
        ReelFeelError: if the disk refuses.
    """
    stored = io.BytesIO()
    frame.write_parquet(stored, compression="zstd")
    content = stored.getvalue()
    path = folder / f"{name}-{_hash(content)}.parquet"
    with write_whole(path) as unfinished:
        unfinished.write_bytes(content)
    return path


def read_cached_frame(folder: Path, name: str) -> pl.DataFrame | None:
    """Returns a table that `write_cached_frame` wrote; None where it is missing or has changed.

    A file that has changed is removed.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_cached_frame(pl.DataFrame({"a": [1]}), Path(folder), "train")
    ...     read_cached_frame(Path(folder), "train").rows()
    ...     _ = path.write_bytes(path.read_bytes()[:-1])
    ...     read_cached_frame(Path(folder), "train") is None, path.exists()
    [(1,)]
    (True, False)
    """
    for path in sorted(folder.glob(f"{name}-*.parquet")):
        try:
            content = path.read_bytes()
        except OSError:
            continue
        if path.name == f"{name}-{_hash(content)}.parquet":
            return pl.read_parquet(io.BytesIO(content))
        path.unlink(missing_ok=True)
    return None


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGITS]
