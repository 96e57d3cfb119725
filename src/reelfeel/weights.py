"""Weights in a file: safetensors, in 32 or in 16 bits; read as float32 or as they are."""

from __future__ import annotations

import json
import math
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save

from reelfeel.errors import BundleError

# As a file holds them.
WeightArray = npt.NDArray[np.float32] | npt.NDArray[np.float16]
Weights = Mapping[str, npt.NDArray[np.float32]]


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


def read_weights(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Reads weights by name, as float32.

    Raises:
        OSError: if the file cannot be read.
        safetensors.SafetensorError: if it is damaged.
    """
    return {name: array.astype(np.float32, copy=False) for name, array in load_file(path).items()}


def map_weights(path: Path) -> dict[str, WeightArray]:
    """Opens weights by name in the precision of the file, which stays where it is: no copy.

    Args:
        path: a file that was checked and does not change while the arrays are in use.

    Returns:
        Arrays that cannot be written to.

    Raises:
        OSError: if the file cannot be read.
    """
    layout = read_layout(path)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return {
        name: np.frombuffer(
            mapped, stored.precision, math.prod(stored.shape), stored.offset
        ).reshape(stored.shape)
        for name, stored in layout.items()
    }


def read_layout(path: Path) -> dict[str, Stored]:
    """Reads by name where the weights lie in a file, and not the weights themselves.

    Raises:
        OSError: if the file cannot be read.
    """
    # A safetensors file: the header's size in 8 bytes, the header as JSON, then the arrays.
    with path.open("rb") as file:
        (header_size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(header_size))
    header.pop("__metadata__", None)
    layout = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        precision = {"F32": "float32", "F16": "float16"}[entry["dtype"]]
        shape = tuple(entry["shape"])
        layout[name] = Stored(precision, shape, 8 + header_size + begin, end - begin)
    return layout


def _cast(weights: Weights, precision: str) -> dict[str, npt.NDArray[np.floating]]:
    # safetensors (0.8) writes an array that is not contiguous in the wrong order, silently.
    with np.errstate(over="ignore"):
        stored = {name: np.ascontiguousarray(array, precision) for name, array in weights.items()}
    for name, array in stored.items():
        if not np.isfinite(array).all():
            raise BundleError(
                f"The weights cannot be saved: {name} holds values that are no finite numbers in "
                f"{precision}. Expected values that {precision} can hold, up to "
                f"{np.finfo(array.dtype).max:g}. Train with a lower learning rate, or set "
                f"weight_precision=float32. Received {_describe(weights[name])}."
            )
    return stored


def _describe(array: npt.NDArray[np.float32]) -> str:
    lost = int((~np.isfinite(array)).sum())
    if lost:
        return f"{lost:,} of {array.size:,} that are infinite or not a number"
    return f"values up to {float(np.abs(array).max()):g}"
