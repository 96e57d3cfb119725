"""Inference of one tower (Embedding, LSTMs, pooling) by the native kernels."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, SupportsIndex

import numpy as np
import numpy.typing as npt

from reelfeel.errors import UsageError
from reelfeel.native.kernels import find_target
from reelfeel.native.library import bound_threads, load_library, raise_unless_done
from reelfeel.schema import require

if TYPE_CHECKING:
    from reelfeel.weights import WeightArray

Floats = npt.NDArray[np.float32]
POOLINGS = ("last", "last_max_mean")
# The kernels work on so many units at a time.
UNIT_MULTIPLE = 16
# Its C structure counts in 32 bits; far below that lies what memory holds.
MAX_SIZE = 1 << 24


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
    return find_target(precision) is not None


def require_kernel(precision: str) -> None:
    """Refuses a precision that has no kernel here.

    Raises:
        UsageError: if `has_kernel` is false.
    """
    if not has_kernel(precision):
        raise UsageError(
            f"{precision} needs the native backend and a processor with AMX or AVX512-BF16. Leave "
            "--precision out to take the fastest that is here, or use --precision float32. "
            f"Received: {precision}, without a native kernel for it"
        )


class NativeTower:
    """The part of a network from token ids to pooled LSTM outputs, ready to run.

    Safe to call from several threads at once, with other towers beside it, and in a process that
    was forked, also while threads were calling: nothing of a call outlives it, and Python's other
    threads run meanwhile. A text's answer does not depend on the texts beside it, bit for bit, nor
    on the number of threads. It cannot be copied or pickled: it is an address.

    Args:
        embeddings: float32 or float16 `(vocabulary_size, embedding_dim)`.
        layers: the LSTMs, first to last. Where all weights are float16, they are kept so.
        pooling: one of `POOLINGS`.
        is_reversed: whether texts are read from their last token to their first.
        precision: "float32" or "bfloat16".

    Attributes:
        width: numbers per text in the result: the last layer's units, three times that with
            "last_max_mean".

    Raises:
        ValueError: if the arrays do not fit each other.
        MemoryError: if there is no memory for them.
        UsageError: if there is no such kernel here.
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
        require_kernel(precision)
        _check_weights(embeddings, layers)
        require(pooling in POOLINGS, "pooling", f"one of {POOLINGS}", pooling)
        self._units = layers[-1].units
        self.width = self._units * (1 if pooling == "last" else 3)
        self._num_words = len(embeddings)
        padded = _pad_layers(layers)
        self._padded_units = padded[-1].units
        self._library = load_library()
        self._handle = self._create(
            embeddings, padded, POOLINGS.index(pooling), is_reversed, precision
        )
        free = self._library.reelfeel_tower_free  # type: ignore[union-attr]
        # Not at the end of the process, which frees everything: a thread may be reading texts then.
        weakref.finalize(self, free, ctypes.c_void_p(self._handle)).atexit = False

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(
            "A tower of the native kernels is an address in this process and cannot be copied or "
            "pickled. Copy or pickle the classifier that has it."
        )

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
        handle = ctypes.c_void_p()
        outcome = self._library.reelfeel_tower_create(  # type: ignore[union-attr]
            ctypes.byref(description), ctypes.byref(handle)
        )
        received = f"{len(table)} words of {table.shape[1]} features, units {units.tolist()}"
        raise_unless_done(outcome, f"make a tower in {precision}", received)
        return handle.value or 0

    def run(
        self, token_ids: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64], num_threads: int
    ) -> Floats:
        """Reads texts.

        Args:
            token_ids: int32 array: the ids of all texts, one text after the other.
            offsets: int64 array of shape `(num_texts + 1,)`: where each text begins, and the end.
                No text is empty.
            num_threads: at least 1; where the system refuses threads, fewer do the work.

        Returns:
            float32 array of shape `(num_texts, width)`: each text's last output, or its last, its
            largest and its mean output.

        Raises:
            UsageError: if an id is not in the vocabulary, or a text is empty.
            MemoryError: if there is not enough memory.
        """
        token_ids, offsets = np.asarray(token_ids), np.asarray(offsets)
        self._check(token_ids, offsets)
        # Only now: an id beyond 32 bits would become another one.
        token_ids = np.ascontiguousarray(token_ids, np.int32)
        offsets = np.ascontiguousarray(offsets, np.int64)
        num_texts = len(offsets) - 1
        pools = self.width // self._units
        outputs = np.empty((num_texts, pools, self._padded_units), np.float32)
        if num_texts:
            outcome = self._library.reelfeel_tower_run(  # type: ignore[union-attr]
                ctypes.c_void_p(self._handle),
                ctypes.c_void_p(token_ids.ctypes.data),
                ctypes.c_int64(len(token_ids)),
                ctypes.c_void_p(offsets.ctypes.data),
                ctypes.c_int64(num_texts),
                ctypes.c_int(bound_threads(num_threads)),
                ctypes.c_void_p(outputs.ctypes.data),
                ctypes.c_int64(outputs.size),
            )
            received = f"{num_texts} texts of {len(token_ids)} tokens"
            raise_unless_done(outcome, "read texts", received)
        return outputs[:, :, : self._units].reshape(num_texts, self.width)

    def _check(self, token_ids: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64]) -> None:
        # The kernel would read beyond its table.
        if len(token_ids) and not 0 <= token_ids.min() <= token_ids.max() < self._num_words:
            raise UsageError(
                f"Token ids must be from 0 to {self._num_words - 1}. Received ids from "
                f"{token_ids.min()} to {token_ids.max()}."
            )
        rises = len(offsets) and offsets[0] == 0 and offsets[-1] == len(token_ids)
        if not rises or (np.diff(offsets) < 1).any():
            raise UsageError("Offsets must rise from 0 to the number of ids; no text may be empty.")


def _check_weights(embeddings: WeightArray, layers: Sequence[LayerWeights]) -> None:
    """Refuses arrays that do not fit each other: the kernels read as far as the sizes say."""
    require(len(layers) >= 1, "layers", "at least one", len(layers))
    require(embeddings.ndim == 2, "embeddings", "of two dimensions", embeddings.shape)
    holds = all(1 <= size <= MAX_SIZE for size in embeddings.shape)
    require(holds, "embeddings", f"of sizes from 1 to {MAX_SIZE}", embeddings.shape)
    features = embeddings.shape[1]
    for place, layer in enumerate(layers):
        units = layer.recurrent_kernel.shape[0] if layer.recurrent_kernel.ndim else 0
        require(1 <= units <= MAX_SIZE, f"units of layer {place}", f"from 1 to {MAX_SIZE}", units)
        for name, shape in (
            ("kernel", (features, 4 * units)),
            ("recurrent_kernel", (units, 4 * units)),
            ("bias", (4 * units,)),
        ):
            found = getattr(layer, name).shape
            require(found == shape, f"{name} of layer {place}", f"of shape {shape}", found)
        features = units


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
