"""Inference of one tower (Embedding, LSTMs, pooling) by the native kernels."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reelfeel.native.library import load_library, processor_features

if TYPE_CHECKING:
    from reelfeel.weights import WeightArray

Floats = npt.NDArray[np.float32]
POOLINGS = ("last", "last_max_mean")
# The kernels work on so many units at a time.
UNIT_MULTIPLE = 16


@dataclass(frozen=True)
class LayerWeights:
    """One LSTM layer in Keras' layout, gates in the order i, f, c, o.

    Attributes:
        kernel: float32 or float16 `(features, 4 * units)`.
        recurrent_kernel: `(units, 4 * units)`.
        bias: `(4 * units,)`.
    """

    kernel: WeightArray
    recurrent_kernel: WeightArray
    bias: WeightArray

    @property
    def units(self) -> int:
        """Size of the state."""
        return len(self.recurrent_kernel)

    def padded(self, features: int) -> LayerWeights:
        """Returns the layer with units and features rounded up; those added stay at 0."""
        units = self.units - self.units % -UNIT_MULTIPLE
        return LayerWeights(
            _pad_gates(self.kernel, features, units),
            _pad_gates(self.recurrent_kernel, units, units),
            _pad_gates(self.bias[None], 1, units)[0],
        )


def _pad_gates(matrix: WeightArray, num_rows: int, units: int) -> WeightArray:
    gates = matrix.reshape(len(matrix), 4, -1)
    if gates.shape == (num_rows, 4, units):
        return matrix
    padded = np.zeros((num_rows, 4, units), matrix.dtype)
    padded[: len(gates), :, : gates.shape[2]] = gates
    return padded.reshape(num_rows, -1)


class _Description(ctypes.Structure):
    _fields_ = (
        ("vocabulary_size", ctypes.c_int32),
        ("features", ctypes.c_int32),
        ("num_layers", ctypes.c_int32),
        ("reversed", ctypes.c_int32),
        ("pooling", ctypes.c_int32),
        ("bf16", ctypes.c_int32),
        ("half_weights", ctypes.c_int32),
        ("units", ctypes.c_void_p),
        ("embeddings", ctypes.c_void_p),
        ("kernels", ctypes.c_void_p),
        ("recurrent_kernels", ctypes.c_void_p),
        ("biases", ctypes.c_void_p),
    )


def has_kernel(precision: str) -> bool:
    """Returns whether the library is there and has a kernel of "float32" or "bfloat16" here."""
    if load_library() is None:
        return False
    return precision == "float32" or "avx512_bf16" in processor_features()


class NativeTower:
    """The part of a network from token ids to pooled LSTM outputs, ready to run.

    Safe to call from several threads at once. A text's answer does not depend on the texts beside
    it, bit for bit.

    Args:
        embeddings: float32 or float16 `(vocabulary_size, embedding_dim)`.
        layers: the LSTMs, first to last. Where all weights are float16, they are kept so.
        pooling: one of `POOLINGS`.
        is_reversed: whether texts are read from their last token to their first.
        precision: "float32" or "bfloat16"; ask `has_kernel` first.

    Attributes:
        width: numbers per text in the result: the last layer's units, three times that with
            "last_max_mean".
    """

    def __init__(
        self,
        embeddings: WeightArray,
        layers: Sequence[LayerWeights],
        *,
        pooling: str,
        is_reversed: bool,
        precision: str,
    ) -> None:
        if not has_kernel(precision):
            raise RuntimeError(f"There is no native kernel in {precision} here.")
        self._units = layers[-1].units
        self.width = self._units * (1 if pooling == "last" else 3)
        self._num_words = len(embeddings)
        padded = _pad_layers(layers)
        self._padded_units = padded[-1].units
        self._library = load_library()
        self._library.reelfeel_tower_create.restype = ctypes.c_void_p  # type: ignore[union-attr]
        self._handle = self._create(
            embeddings, padded, POOLINGS.index(pooling), is_reversed, precision
        )
        free = self._library.reelfeel_tower_free  # type: ignore[union-attr]
        weakref.finalize(self, free, ctypes.c_void_p(self._handle))

    def _create(
        self,
        embeddings: WeightArray,
        layers: Sequence[LayerWeights],
        pooling: int,
        is_reversed: bool,
        precision: str,
    ) -> int:
        # float16 stays as it is: half as many bytes, and the kernels read it themselves.
        are_half = all(array.dtype == np.float16 for array in (embeddings, *_arrays_of(layers)))
        dtype = np.float16 if are_half else np.float32
        table = np.require(embeddings, dtype, ("C", "A"))
        units = np.array([layer.units for layer in layers], np.int32)
        # Kept until the call is over: the addresses point into them.
        arrays = [
            [np.require(getattr(layer, name), dtype, ("C", "A")) for layer in layers]
            for name in ("kernel", "recurrent_kernel", "bias")
        ]
        addresses = [
            (ctypes.c_void_p * len(group))(*(a.ctypes.data for a in group)) for group in arrays
        ]
        description = _Description(
            *(*table.shape, len(layers), is_reversed, pooling, precision == "bfloat16", are_half),
            units.ctypes.data,
            table.ctypes.data,
            *(ctypes.addressof(group) for group in addresses),
        )
        return int(self._library.reelfeel_tower_create(ctypes.byref(description)))  # type: ignore[union-attr]

    def run(
        self, token_ids: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64], num_threads: int
    ) -> Floats:
        """Reads texts.

        Args:
            token_ids: int32 array: the ids of all texts, one text after the other.
            offsets: int64 array of shape `(num_texts + 1,)`: where each text begins, and the end.
                No text is empty.
            num_threads: at least 1.

        Returns:
            float32 array of shape `(num_texts, width)`: each text's last output, or its last, its
            largest and its mean output.

        Raises:
            ValueError: if an id is not in the vocabulary, or a text is empty.
        """
        token_ids = np.ascontiguousarray(token_ids, np.int32)
        offsets = np.ascontiguousarray(offsets, np.int64)
        self._check(token_ids, offsets)
        num_texts = len(offsets) - 1
        pools = self.width // self._units
        outputs = np.empty((num_texts, pools, self._padded_units), np.float32)
        if num_texts:
            self._library.reelfeel_tower_run(  # type: ignore[union-attr]
                ctypes.c_void_p(self._handle),
                ctypes.c_void_p(token_ids.ctypes.data),
                ctypes.c_void_p(offsets.ctypes.data),
                ctypes.c_int64(num_texts),
                ctypes.c_int(num_threads),
                ctypes.c_void_p(outputs.ctypes.data),
            )
        return outputs[:, :, : self._units].reshape(num_texts, self.width)

    def _check(self, token_ids: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64]) -> None:
        # The kernel would read beyond its table.
        if len(token_ids) and not 0 <= token_ids.min() <= token_ids.max() < self._num_words:
            raise ValueError(
                f"Token ids must be from 0 to {self._num_words - 1}. Received ids from "
                f"{token_ids.min()} to {token_ids.max()}."
            )
        if offsets[0] != 0 or offsets[-1] != len(token_ids) or (np.diff(offsets) < 1).any():
            raise ValueError("Offsets must rise from 0 to the number of ids; no text may be empty.")


def _arrays_of(layers: Sequence[LayerWeights]) -> list[WeightArray]:
    return [
        array for layer in layers for array in (layer.kernel, layer.recurrent_kernel, layer.bias)
    ]


def _pad_layers(layers: Sequence[LayerWeights]) -> list[LayerWeights]:
    padded: list[LayerWeights] = []
    for layer in layers:
        features = padded[-1].units if padded else len(layer.kernel)
        padded.append(layer.padded(features))
    return padded
