"""The network in NumPy: slow, on every machine, and the equations as a textbook has them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import Config
from reelfeel.inference.network import TowerArrays, add_padding
from reelfeel.native.inference import LayerWeights
from reelfeel.text.batching import plan_scoring_batches
from reelfeel.text.token_ids import TokenIds

Floats = npt.NDArray[np.float32]


class NumpySession:
    """A model in float32 without anything compiled of ours; safe to share between threads.

    Args:
        config: all settings of the model.
        towers: its networks.
    """

    def __init__(self, config: Config, towers: Sequence[TowerArrays]) -> None:
        self._config, self._towers = config, towers

    def __call__(self, token_ids: TokenIds) -> Floats:
        """Returns the logits, float32 `(num_texts,)`, of texts none of which is empty."""
        token_ids = add_padding(token_ids, self._config.data, self._config.model)
        logits = np.empty(len(token_ids), np.float32)
        for rows in plan_scoring_batches(token_ids.lengths):
            lengths = token_ids.lengths[rows]
            padded = token_ids.pad(rows, int(lengths.max()))
            judged = [tower.logits(pool_outputs(tower, padded, lengths)) for tower in self._towers]
            logits[rows] = np.mean(judged, axis=0)
        return logits


def pool_outputs(
    tower: TowerArrays, padded: npt.NDArray[np.int32], lengths: npt.NDArray[np.int64]
) -> Floats:
    """Returns the pooled outputs of texts.

    Args:
        tower: the network of one direction.
        padded: int32 array of shape `(num_texts, timesteps)`, padded on the right.
        lengths: int64 array of shape `(num_texts,)`, each at least 1.

    Returns:
        float32 array of shape `(num_texts, units)` or `(num_texts, 3 * units)`.
    """
    steps = np.arange(padded.shape[1])
    real = steps < lengths[:, None]
    if tower.is_reversed:
        turned = np.where(real, lengths[:, None] - 1 - steps, steps)
        padded = np.take_along_axis(padded, turned, axis=1)
    outputs = np.asarray(tower.embeddings[padded], np.float32)
    for layer in tower.layers:
        outputs = run_layer(layer, outputs)
    last = outputs[np.arange(len(outputs)), lengths - 1]
    if tower.pooling == "last":
        return last
    kept = real[:, :, None]
    largest = np.where(kept, outputs, -np.inf).max(axis=1)
    mean = np.where(kept, outputs, 0).sum(axis=1) / lengths[:, None]
    return np.concatenate([last, largest, mean], axis=1).astype(np.float32)


def run_layer(layer: LayerWeights, inputs: Floats) -> Floats:
    """Returns all outputs of an LSTM, float32 `(batch, timesteps, units)`."""
    hidden = cell = np.zeros((len(inputs), layer.units), np.float32)
    outputs = np.empty((*inputs.shape[:2], layer.units), np.float32)
    for step in range(inputs.shape[1]):
        sums = inputs[:, step] @ layer.kernel + hidden @ layer.recurrent_kernel + layer.bias
        i, f, c, o = np.split(np.asarray(sums, np.float32), 4, axis=1)
        cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(c)
        hidden = _sigmoid(o) * np.tanh(cell)
        outputs[:, step] = hidden
    return outputs


def _sigmoid(values: Floats) -> Floats:
    # By tanh, which does not overflow.
    return np.asarray(0.5 * np.tanh(0.5 * values) + 0.5, np.float32)
