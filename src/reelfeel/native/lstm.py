"""Calls the LSTM training kernels, in float32 and in bfloat16.

The kernels read and write buffers of PyTorch or NumPy, which owns them; `src/lstm/kernel.cpp` has
their layouts. Here are only the argument lists, so that a wrong one cannot be written twice.
"""

from __future__ import annotations

import ctypes

from reelfeel.native.kernels import find_target
from reelfeel.native.library import bound_threads, load_library, raise_unless_done

TILE_ROWS = 16
TILE_DEPTH = 32
_Address = ctypes.c_void_p


class LstmForward(ctypes.Structure):
    """Arguments of the forward pass; `src/lstm/lstm.hpp` describes each."""

    _fields_ = (
        ("is_bf16", ctypes.c_int),
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
    """Arguments of the backward pass; `src/lstm/lstm.hpp` describes each."""

    _fields_ = (
        ("is_bf16", ctypes.c_int),
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
    """Arguments of the weights' gradients; `src/lstm/lstm.hpp` describes each."""

    _fields_ = (
        ("is_bf16", ctypes.c_int),
        ("batch", ctypes.c_int),
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
    """Arguments of `arrange`; `src/lstm/lstm.hpp` describes each."""

    _fields_ = (
        ("is_bf16", ctypes.c_int),
        ("batch", ctypes.c_int),
        ("steps", ctypes.c_int),
        ("width", ctypes.c_int),
        ("rows", ctypes.c_int),
        ("num_blocks", ctypes.c_int),
        ("block_width", ctypes.c_int),
        ("plain", _Address),
        ("blocks", _Address),
    )


def can_train(units: int, precision: str) -> bool:
    """Returns whether this machine has the kernel, and the kernel this size (multiples of 16).

    Args:
        units: of the layer.
        precision: "float32" or "bfloat16".

    Example:

    >>> can_train(20, "float32")
    False
    """
    return units % TILE_ROWS == 0 and find_target(precision) is not None


def num_blocks(numbers: int) -> int:
    """Returns how many blocks of 32 columns hold so many columns.

    Example:

    >>> num_blocks(100)
    4
    """
    return -(-numbers // TILE_DEPTH)


def packed_size(features: int, units: int) -> int:
    """Returns how many numbers the weights take, packed for either pass."""
    return 4 * units * TILE_DEPTH * (num_blocks(features) + num_blocks(units))


def pack_weights(
    kernel: int,
    recurrent_kernel: int,
    sizes: tuple[int, int, bool],
    forward: int,
    backward: int | None,
) -> None:
    """Lays the weights out in tiles, in bfloat16 rounded.

    Args:
        kernel: address of float32 `(features, 4 * units)`, gates in Keras' order i, f, c, o.
        recurrent_kernel: address of float32 `(units, 4 * units)`.
        sizes: features, units, and whether numbers are bfloat16, not float32.
        forward: address of `packed_size` numbers to write.
        backward: address of `packed_size` numbers to write; None to leave them out.
    """
    outcome = _library().reelfeel_lstm_pack(
        _Address(kernel),
        _Address(recurrent_kernel),
        *(ctypes.c_int(size) for size in sizes),
        _Address(forward),
        _Address(backward),
    )
    received = f"{sizes[0]} features, {sizes[1]} units"
    raise_unless_done(outcome, "pack the weights of an LSTM", received)


def arrange(arguments: Arrangement, num_threads: int, *, into_blocks: bool) -> None:
    """Copies numbers from float32 `(batch, steps, width)` into blocks of numbers, or back."""
    outcome = _library().reelfeel_arrange(
        ctypes.byref(arguments), ctypes.c_int(into_blocks), _threads(num_threads)
    )
    raise_unless_done(outcome, "arrange the numbers of a batch", _sizes_of(arguments))


def run_forward(arguments: LstmForward, num_threads: int) -> None:
    """Runs all time steps forward."""
    outcome = _library().reelfeel_lstm_forward(ctypes.byref(arguments), _threads(num_threads))
    raise_unless_done(outcome, "run an LSTM forward", _sizes_of(arguments))


def run_backward(arguments: LstmBackward, num_threads: int) -> None:
    """Runs all time steps backward; overwrites the gates with the gradients of their sums."""
    outcome = _library().reelfeel_lstm_backward(ctypes.byref(arguments), _threads(num_threads))
    raise_unless_done(outcome, "run an LSTM backward", _sizes_of(arguments))


def run_gradients(arguments: LstmGradients, num_threads: int) -> None:
    """Multiplies all inputs with the gradients of all gates: the gradients of the weights."""
    outcome = _library().reelfeel_lstm_gradients(ctypes.byref(arguments), _threads(num_threads))
    raise_unless_done(outcome, "sum the gradients of an LSTM", _sizes_of(arguments))


def _threads(number: int) -> ctypes.c_int:
    return ctypes.c_int(bound_threads(number))


def _sizes_of(arguments: ctypes.Structure) -> dict[str, int]:
    names = [name for name, kind, *_ in arguments._fields_ if kind is ctypes.c_int]
    return {name: getattr(arguments, name) for name in names}


def _library() -> ctypes.CDLL:
    library = load_library()
    if library is None:
        raise RuntimeError("The native library is missing; call can_train first.")
    return library
