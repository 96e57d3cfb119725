"""Opens Parquet, Arrow and Excel files as Polars frames."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

from reelfeel.frame_library import pl

Frames = Mapping[str, pl.DataFrame]


def _read_parquet(content: bytes) -> Frames:
    return {"": pl.read_parquet(io.BytesIO(content))}


def _read_arrow(content: bytes) -> Frames:
    read = pl.read_ipc if content.startswith(b"ARROW1") else pl.read_ipc_stream
    return {"": read(io.BytesIO(content))}


def _read_excel(content: bytes) -> Frames:
    # Cells as they stand: a type that the first rows have is not that of all others.
    return pl.read_excel(
        io.BytesIO(content),
        sheet_id=0,
        has_header=False,
        raise_if_empty=False,
        infer_schema_length=0,
    )


# By the kind: from the content to one frame a sheet; what has no sheets has one without a name.
TYPED: Mapping[str, Callable[[bytes], Frames]] = {
    "Parquet": _read_parquet,
    "Arrow": _read_arrow,
    "Excel": _read_excel,
}
