"""Reads and writes `.npz` files; checks sizes and types before loading arrays."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.errors import BundleError
from reelfeel.files.plain_files import open_plain
from reelfeel.schema import require

MAX_ARRAYS_BYTES = 4 << 30
_MAX_HEADER_BYTES = 1_000


def read_arrays(
    path: Path, expected: Mapping[str, tuple[str, int]], most_bytes: int = MAX_ARRAYS_BYTES
) -> dict[str, npt.NDArray[Any]]:
    """Reads what `numpy.savez` wrote.

    Args:
        path: the file.
        expected: of each array its type, such as "float64", and its number of dimensions, by name.
        most_bytes: how large the file may be.

    Raises:
        BundleError: if the file cannot be read, or holds something else.
    """
    try:
        with open_plain(path, most_bytes) as file, zipfile.ZipFile(file) as archive:
            return {name: _read(archive, name, *kind) for name, kind in expected.items()}
    except (OSError, EOFError, ValueError, KeyError, NotImplementedError, zipfile.BadZipFile,
            MemoryError, RuntimeError) as error:  # fmt: skip
        raise BundleError(
            f"{path} does not hold the arrays that it should: {error}. Remove it, and it is made "
            "anew."
        ) from error


def _read(archive: zipfile.ZipFile, name: str, type_name: str, dimensions: int) -> npt.NDArray[Any]:
    member = archive.getinfo(f"{name}.npy")
    # Not compressed, as `savez` leaves them: so none is larger than the file.
    require(member.compress_type == zipfile.ZIP_STORED, name, "stored as it is", "compressed")
    with archive.open(member) as content:
        start = io.BytesIO(content.read(_MAX_HEADER_BYTES))
        np.lib.format.read_magic(start)
        shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(start)
        found = dtype.name, len(shape)
        require(found == (type_name, dimensions), name, f"{type_name}, {dimensions}", found)
        size_bytes = math.prod(shape) * dtype.itemsize
        room = member.file_size - start.tell()
        require(size_bytes == room and not is_fortran, name, f"{room} bytes", size_bytes)
        data = start.read() + content.read()
    return np.frombuffer(bytearray(data), dtype).reshape(shape)
