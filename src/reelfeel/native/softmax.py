"""The bfloat16 sampled softmax for processors with AMX or AVX512-BF16, by address.

The kernel reads and writes buffers of PyTorch or NumPy, which owns them;
`sources/softmax_bf16.hpp` says how it works.
"""

from __future__ import annotations

import ctypes

from reelfeel.native.arrays import check_arguments
from reelfeel.native.library import load_library, processor_features

_DIM_MULTIPLE = 32
_Address = ctypes.c_void_p


class SoftmaxArguments(ctypes.Structure):
    """Arguments of the kernel; `sources/softmax.hpp` describes each."""

    _fields_ = (
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


def can_train(dim: int) -> bool:
    """Returns whether this machine has the kernel, and the kernel this size (multiples of 32).

    Example:

    >>> can_train(33)
    False
    """
    return (
        dim % _DIM_MULTIPLE == 0
        and "avx512_bf16" in processor_features()
        and load_library() is not None
    )


def run_softmax(arguments: SoftmaxArguments, num_threads: int) -> None:
    """Writes the loss and its gradients; the same bits for the same number of threads.

    Raises:
        IndexError: if an id is not a row of the embeddings.
        MemoryError: if there is no memory for the probabilities.
    """
    library = load_library()
    if library is None:
        raise RuntimeError("The native library is missing; ask can_train first.")
    check_arguments(arguments, num_threads, ("num_tokens", "dim", "num_words", "num_negatives"))
    problem = library.reelfeel_softmax(ctypes.byref(arguments), ctypes.c_int(num_threads))
    if problem == 2:
        raise IndexError(
            "A target or negative id is not a row of the embeddings. Expected ids from 0 to "
            f"{arguments.num_words - 1}."
        )
    if problem:
        raise MemoryError(
            f"The softmax over {arguments.num_negatives} words found no memory. "
            "Draw fewer words a step (num_negatives)."
        )
