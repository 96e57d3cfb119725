"""Calls the sampled-softmax training kernels, in float32 and in bfloat16.

The kernel reads and writes buffers of PyTorch or NumPy, which owns them;
`src/softmax/kernel.cpp` says how it works.
"""

from __future__ import annotations

import ctypes

from reelfeel.native.kernels import find_target
from reelfeel.native.library import bound_threads, load_library, raise_unless_done

_DIM_MULTIPLE = 32
_Address = ctypes.c_void_p


class SoftmaxArguments(ctypes.Structure):
    """Arguments of the kernel; `src/softmax/softmax.hpp` describes each."""

    _fields_ = (
        ("is_bf16", ctypes.c_int),
        ("num_tokens", ctypes.c_int),
        ("dim", ctypes.c_int),
        ("num_words", ctypes.c_int),
        ("num_negatives", ctypes.c_int),
        ("hidden", _Address),
        ("embeddings", _Address),
        ("bias", _Address),
        ("target_ids", _Address),
        ("negative_ids", _Address),
        ("inclusion", _Address),
        ("d_hidden", _Address),
        ("d_embeddings", _Address),
        ("d_bias", _Address),
        ("loss", _Address),
    )


def can_train_softmax(dim: int, precision: str) -> bool:
    """Returns whether this machine has the kernel, and the kernel this size (multiples of 32).

    Args:
        dim: of the words' embeddings.
        precision: "float32" or "bfloat16".

    Example:

    >>> can_train_softmax(33, "float32")
    False
    """
    return dim % _DIM_MULTIPLE == 0 and find_target(precision) is not None


def run_softmax(arguments: SoftmaxArguments, num_threads: int) -> None:
    """Writes the loss and its gradients; the same bits for the same number of threads.

    Raises:
        UsageError: if an id is not a row of the embeddings, or a size is out of range.
        MemoryError: if there is no memory for the probabilities.
    """
    library = load_library()
    if library is None:
        raise RuntimeError("The native library is missing; call can_train_softmax first.")
    outcome = library.reelfeel_softmax(
        ctypes.byref(arguments), ctypes.c_int(bound_threads(num_threads))
    )
    received = (
        f"{arguments.num_tokens} tokens of {arguments.dim} numbers, {arguments.num_words} words, "
        f"{arguments.num_negatives} of them drawn (num_negatives)"
    )
    raise_unless_done(outcome, "take the softmax over drawn words", received)
