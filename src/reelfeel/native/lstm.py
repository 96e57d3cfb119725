"""The bfloat16 LSTM for processors with AMX or AVX512-BF16, by address.

The kernels read and write buffers of PyTorch or NumPy, which owns them; `sources/lstm_bf16.hpp` has
their layouts. Here are only the argument lists, so that a wrong one cannot be written twice.
"""

from __future__ import annotations

import ctypes

from reelfeel.native.arrays import check_arguments
from reelfeel.native.library import load_library, processor_features

_COUNTS = ("steps", "rows", "features", "units")
TILE_ROWS = 16
TILE_DEPTH = 32
_Address = ctypes.c_void_p


class LstmForward(ctypes.Structure):
    """Arguments of the forward pass; `sources/lstm.hpp` describes each."""

    _fields_ = (
        ("steps", ctypes.c_int),
        ("rows", ctypes.c_int),
        ("features", ctypes.c_int),
        ("units", ctypes.c_int),
        ("inputs", _Address),
        ("cells", _Address),
        ("gates", _Address),
        ("lengths", _Address),
        ("weights", _Address),
        ("bias", _Address),
    )


class LstmBackward(ctypes.Structure):
    """Arguments of the backward pass; `sources/lstm.hpp` describes each."""

    _fields_ = (
        ("steps", ctypes.c_int),
        ("rows", ctypes.c_int),
        ("features", ctypes.c_int),
        ("units", ctypes.c_int),
        ("gates", _Address),
        ("cells", _Address),
        ("lengths", _Address),
        ("weights", _Address),
        ("d_outputs", _Address),
        ("d_last", _Address),
        ("d_hidden", _Address),
        ("d_cell", _Address),
        ("d_features", _Address),
    )


class LstmGradients(ctypes.Structure):
    """Arguments of the weights' gradients; `sources/lstm.hpp` describes each."""

    _fields_ = (
        ("steps", ctypes.c_int),
        ("rows", ctypes.c_int),
        ("features", ctypes.c_int),
        ("units", ctypes.c_int),
        ("inputs", _Address),
        ("d_gates", _Address),
        ("d_weights", _Address),
        ("d_bias", _Address),
    )


class Arrangement(ctypes.Structure):
    """Arguments of `arrange`; `sources/lstm.hpp` describes each."""

    _fields_ = (
        ("batch", ctypes.c_int),
        ("steps", ctypes.c_int),
        ("width", ctypes.c_int),
        ("rows", ctypes.c_int),
        ("num_blocks", ctypes.c_int),
        ("block_width", ctypes.c_int),
        ("plain", _Address),
        ("blocks", _Address),
    )


def can_train(units: int) -> bool:
    """Returns whether this machine has the kernel, and the kernel this size (multiples of 16)."""
    return (
        units % TILE_ROWS == 0
        and "avx512_bf16" in processor_features()
        and load_library() is not None
    )


def num_blocks(numbers: int) -> int:
    """Returns how many blocks of 32 columns hold so many columns.

    Example:

    >>> num_blocks(100)
    4
    """
    return -(-numbers // TILE_DEPTH)


def packed_size(features: int, units: int) -> int:
    """Returns how many bfloat16 numbers the weights take, packed for either pass."""
    return 4 * units * TILE_DEPTH * (num_blocks(features) + num_blocks(units))


def pack_weights(
    kernel: int, recurrent_kernel: int, sizes: tuple[int, int], forward: int, backward: int | None
) -> None:
    """Rounds the weights to bfloat16 and lays them out in tiles.

    Args:
        kernel: address of float32 `(features, 4 * units)`, gates in Keras' order i, f, c, o.
        recurrent_kernel: address of float32 `(units, 4 * units)`.
        sizes: features and units.
        forward: address of `packed_size` numbers to write.
        backward: address of `packed_size` numbers to write; None to leave them out.
    """
    _library().reelfeel_lstm_pack(
        _Address(kernel),
        _Address(recurrent_kernel),
        ctypes.c_int(sizes[0]),
        ctypes.c_int(sizes[1]),
        _Address(forward),
        _Address(backward),
    )


def arrange(arguments: Arrangement, num_threads: int, *, into_blocks: bool) -> None:
    """Copies numbers from float32 `(batch, steps, width)` into blocks in bfloat16, or back."""
    counts = ("batch", "steps", "width", "rows", "num_blocks", "block_width")
    check_arguments(arguments, num_threads, counts)
    _library().reelfeel_arrange(
        ctypes.byref(arguments), ctypes.c_int(into_blocks), ctypes.c_int(num_threads)
    )


def run_forward(arguments: LstmForward, num_threads: int) -> None:
    """Runs all time steps forward."""
    check_arguments(arguments, num_threads, _COUNTS)
    _library().reelfeel_lstm_forward(ctypes.byref(arguments), ctypes.c_int(num_threads))


def run_backward(arguments: LstmBackward, num_threads: int) -> None:
    """Runs all time steps backward; overwrites the gates with the gradients of their sums."""
    check_arguments(arguments, num_threads, _COUNTS, may_lack=("d_outputs", "d_last"))
    _library().reelfeel_lstm_backward(ctypes.byref(arguments), ctypes.c_int(num_threads))


def run_gradients(arguments: LstmGradients, num_threads: int) -> None:
    """Multiplies all inputs with the gradients of all gates: the gradients of the weights."""
    check_arguments(arguments, num_threads, _COUNTS)
    _library().reelfeel_lstm_gradients(ctypes.byref(arguments), ctypes.c_int(num_threads))


def _library() -> ctypes.CDLL:
    library = load_library()
    if library is None:
        raise RuntimeError("The native library is missing; ask can_train first.")
    return library
