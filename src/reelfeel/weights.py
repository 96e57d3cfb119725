"""Reads and writes weights as safetensors, in 32 or 16 bits.

A file may be untrusted. Its header is read and compared with what is expected before any
array is: its names, shapes, precisions, and that the arrays lie one behind the other and fill it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from reelfeel.errors import BundleError
from reelfeel.files.plain_files import open_plain, parse_json
from reelfeel.schema import integer, many, record, require, shorten
from reelfeel.weight_shapes import Shapes

# As a file holds them.
WeightArray = npt.NDArray[np.float32] | npt.NDArray[np.float16]
Weights = Mapping[str, npt.NDArray[np.float32]]

# Large enough for 100 million numbers (`config.MAX_PARAMETERS`).
MAX_WEIGHTS_BYTES = 512 << 20
MAX_HEADER_BYTES = 1 << 20
# No network learns such a weight, and no sum of so many of them is more than float32 holds.
MAX_WEIGHT = 1e6

_PRECISIONS = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BOOL": "bool", "U8": "uint8",
    "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U64": "uint64", "U32": "uint32",
    "U16": "uint16",
}  # fmt: skip
_LARGEST = 1 << 40
_SIZES = integer(0, _LARGEST)


@dataclass(frozen=True)
class Stored:
    """An array in a file: its precision, its shape, and where its bytes lie."""

    precision: str
    shape: tuple[int, ...]
    offset: int
    size_bytes: int


def round_weights(weights: Weights, precision: str) -> dict[str, npt.NDArray[np.float32]]:
    """Returns weights as they come back from a file: what golden answers have to be made from.

    Args:
        weights: by name.
        precision: "float32", which rounds nothing, or "float16".

    Raises:
        BundleError: if a weight is not a finite number, or too large for the precision.

    Example:

    >>> round_weights({"bias": np.array([0.1], np.float32)}, "float16")["bias"].item()
    0.0999755859375
    """
    return {name: array.astype(np.float32) for name, array in _cast(weights, precision).items()}


def write_weights(path: Path, weights: Weights, precision: str) -> None:
    """Writes weights to a file; takes and raises what `round_weights` does."""
    path.write_bytes(save(_cast(weights, precision)))


def read_weights(path: Path, shapes: Shapes, precision: str) -> dict[str, npt.NDArray[np.float32]]:
    """Reads weights by name, as float32.

    Args:
        path: the file.
        shapes: of the arrays that have to be in it, by name; no others may be.
        precision: of all of them, "float32" or "float16".

    Raises:
        BundleError: if the file cannot be read, is damaged, holds other arrays, or a weight is not
            a finite number of at most `MAX_WEIGHT`.
    """
    stored = read_stored_weights(path, shapes, precision)
    return {name: array.astype(np.float32, copy=False) for name, array in stored.items()}


def read_stored_weights(path: Path, shapes: Shapes, precision: str) -> dict[str, WeightArray]:
    """Reads weights by name in the precision of the file, else as `read_weights` does."""
    check_layout(path, read_layout(path), shapes, precision)
    # Of these two precisions, as their layout says.
    weights = cast("dict[str, WeightArray]", load_arrays(path))
    for name, array in weights.items():
        _check_values(path, name, array)
    return weights


def load_arrays(path: Path) -> dict[str, npt.NDArray[np.generic]]:
    """Reads all arrays of a file whose layout was checked.

    Raises:
        BundleError: if that fails.
    """
    try:
        return dict(load_file(path))
    except (SafetensorError, OSError, ValueError, MemoryError) as error:
        reason = "not enough memory" if isinstance(error, MemoryError) else error
        raise _refusal(path, f"its arrays cannot be read ({reason})") from error


def read_layout(path: Path, most_bytes: int = MAX_WEIGHTS_BYTES) -> dict[str, Stored]:
    """Reads by name where the weights lie in a file, and not the weights themselves.

    Args:
        path: the file.
        most_bytes: how large it may be.

    Raises:
        BundleError: if the file cannot be read, or its header does not describe it.
    """
    # A safetensors file: the header's size in 8 bytes, the header as JSON, then the arrays.
    with open_plain(path, most_bytes) as file:
        size_bytes = file.seek(0, 2)
        file.seek(0)
        start = file.read(8)
        header_size = struct.unpack("<Q", start)[0] if len(start) == 8 else MAX_HEADER_BYTES + 1
        if header_size > min(MAX_HEADER_BYTES, size_bytes - 8):
            raise _refusal(path, "it does not begin with the header of a safetensors file")
        header = parse_json(file.read(header_size), f"The header of {path}")
    try:
        return _read_header(header, 8 + header_size, size_bytes)
    except ValueError as error:
        raise _refusal(path, f"its header does not describe it: {error}") from error


def check_layout(path: Path, layout: Mapping[str, Stored], shapes: Shapes, precision: str) -> None:
    """Refuses a file that holds other arrays than it should.

    Args:
        path: the file, for messages.
        layout: what is in it.
        shapes: of the arrays that have to be in it, by name; no others may be.
        precision: of all of them.

    Raises:
        BundleError: naming the first array that is missing, too many, or different.
    """
    for name in sorted({*shapes, *layout}):
        wanted = f"{precision} of shape {shapes[name]}" if name in shapes else "no such array"
        stored = layout.get(name)
        found = f"{stored.precision} of shape {stored.shape}" if stored else "none"
        if name not in shapes or stored is None or found != wanted:
            raise _refusal(
                path,
                f"its arrays are not those of its settings: {shorten(name)} is {found}",
                wanted,
            )


def _read_header(header: object, first_byte: int, size_bytes: int) -> dict[str, Stored]:
    require(isinstance(header, dict), "the header", "an object", header)
    layout = {}
    for name, entry in header.items():  # type: ignore[attr-defined]
        if name != "__metadata__":
            layout[name] = _read_entry(entry, name, first_byte)
    place = first_byte
    for name, stored in sorted(layout.items(), key=lambda item: (item[1].offset, item[0])):
        expected = "where the array before it ends"
        require(stored.offset == place, f"{shorten(name)}'s place", expected, stored.offset)
        place += stored.size_bytes
    require(place == size_bytes, "the end of the last array", "that of the file", place)
    return layout


_ENTRY = record(
    {
        "dtype": lambda value, name: require(
            isinstance(value, str) and value in _PRECISIONS, name, "a known precision", value
        ),
        "shape": many(_SIZES, most=8),
        "data_offsets": many(_SIZES, least=2, most=2),
    },
    required=("dtype", "shape", "data_offsets"),
    others=None,
)


def _read_entry(entry: object, name: str, first_byte: int) -> Stored:
    _ENTRY(entry, shorten(name))
    precision = _PRECISIONS[entry["dtype"]]  # type: ignore[index]
    shape = tuple(entry["shape"])  # type: ignore[index]
    begin, end = entry["data_offsets"]  # type: ignore[index]
    needed = math.prod(shape) * np.dtype(precision).itemsize
    require(end - begin == needed, f"the bytes of {shorten(name)}", f"{needed}", end - begin)
    return Stored(precision, shape, first_byte + begin, end - begin)


def _check_values(path: Path, name: str, array: WeightArray) -> None:
    largest = _largest(array) if array.size else 0.0
    if not largest <= MAX_WEIGHT:
        found = f"{name} holds weights of up to {largest:g}"
        raise _refusal(path, found, f"finite numbers of at most {MAX_WEIGHT:,.0f}")


def _largest(array: WeightArray) -> float:
    """Returns the largest size of a number; NaN or infinity where there is one."""
    if array.dtype == np.float16:
        # Without their sign halves are in the order of their bits, NaN last; NumPy compares them
        # sixty times as fast so.
        return float((array.view(np.uint16) & 0x7FFF).max().view(np.float16))
    # The extremes are NaN where any number is.
    return float(np.maximum(-array.min(), array.max()))


def _refusal(
    path: Path, reason: str, expected: str = "the file that ReelFeel wrote"
) -> BundleError:
    return BundleError(
        f"{path} cannot be used: {reason}. Expected {expected}. Restore the model from a copy, or "
        "train again."
    )


def _cast(weights: Weights, precision: str) -> dict[str, npt.NDArray[np.floating]]:
    # safetensors (0.8) writes an array that is not contiguous in the wrong order, silently.
    with np.errstate(over="ignore"):
        stored = {name: np.ascontiguousarray(array, precision) for name, array in weights.items()}
    for name, array in stored.items():
        if not np.isfinite(array).all() or _find_largest(array) > MAX_WEIGHT:
            most = min(MAX_WEIGHT, float(np.finfo(array.dtype).max))
            raise BundleError(
                f"The weights cannot be saved: {name} holds values that are no finite numbers in "
                f"{precision}. Expected values that {precision} can hold, up to {most:g}. Train "
                "with a lower learning rate, or set weight_precision=float32. Received "
                f"{_describe(weights[name])}."
            )
    return stored


def _describe(array: npt.NDArray[np.float32]) -> str:
    lost = int((~np.isfinite(array)).sum())
    if lost:
        return f"{lost:,} of {array.size:,} that are infinite or not a number"
    return f"values up to {_find_largest(array):g}"


def _find_largest(array: npt.NDArray[np.floating]) -> float:
    return float(np.abs(array).max()) if array.size else 0.0
