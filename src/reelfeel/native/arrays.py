"""What is handed to compiled code, looked over once more: it reads and writes where it is told."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.schema import require as require

__all__ = ["as_integers", "check_arguments", "require"]


def as_integers(array: npt.ArrayLike, dtype: npt.DTypeLike, name: str) -> npt.NDArray[Any]:
    """Returns whole numbers as a row of another width, one after the other in memory.

    Args:
        array: whole numbers, in one dimension.
        dtype: a type of whole numbers.
        name: of the array, for messages.

    Raises:
        ValueError: if they are no row of whole numbers, or one does not fit: NumPy would wrap it.

    Example:

    >>> as_integers([1, 2**32], np.int32, "ids")
    Traceback (most recent call last):
        ...
    ValueError: ids must be whole numbers from -2147483648 to 2147483647. Received: 4294967296
    """
    row = np.asarray(array)
    require(row.ndim == 1, name, "in one dimension", row.shape)
    is_whole = row.dtype.kind in "iu" or not row.size
    require(is_whole, name, "whole numbers", str(row.dtype))
    bounds = np.iinfo(dtype)
    if row.size and row.dtype != dtype:
        for extreme in (int(row.min()), int(row.max())):
            expected = f"whole numbers from {bounds.min} to {bounds.max}"
            require(bounds.min <= extreme <= bounds.max, name, expected, extreme)
    return np.ascontiguousarray(row, dtype)


def check_arguments(
    arguments: ctypes.Structure,
    num_threads: int,
    counts: Sequence[str],
    may_lack: Sequence[str] = (),
) -> None:
    """Refuses arguments of a kernel that were forgotten, or have wrapped on their way to C.

    Args:
        arguments: numbers and addresses.
        num_threads: that share the work.
        counts: the fields that count something, each at least 1.
        may_lack: addresses that need not be given.

    Raises:
        ValueError: naming the field.
    """
    require(num_threads >= 1, "num_threads", "at least 1", num_threads)
    for name, *_ in arguments._fields_:
        value = getattr(arguments, name)
        if name in counts:
            require(value >= 1, name, "at least 1", value)
        elif name not in may_lack:
            require(bool(value), name, "an address", value)
