"""Widening: a language model with more units that at first predicts what the narrow one did.

A narrow language model learns most of what it will ever know at a fraction of a wide one's cost per
token. What it lacks at the end is room: so training goes on in a wider one that starts where it
stopped (Chen et al., "Net2Net: Accelerating Learning via Knowledge Transfer", ICLR 2016).
"""

from __future__ import annotations

import numpy as np

from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.errors import UsageError
from reelfeel.models.language_model import LanguageNetwork
from reelfeel.weights import Weights

_NUM_GATES = 4


def widen(weights: Weights, config: PretrainingConfig) -> Weights:
    """Returns the weights of a wider language model that predicts the same.

    Units are added with initial weights of their own, so that they read something different from
    the first step on, but nothing that was there reads them yet: the weights from them to the old
    units and to the output are zero.

    Args:
        weights: of the narrow one, as `LanguageNetwork.named_weights` gives them.
        config: of the wide one: as many layers, each at least as wide; the seed draws what is new.
    """
    num_rows = len(weights["embedding/embeddings"])
    wide = LanguageNetwork(config, num_rows, seed=config.seed).named_weights()
    for name, array in weights.items():
        num_gates = _NUM_GATES if name.startswith("lstm_") else 1
        old, new = _by_gate(array, num_gates), _by_gate(wide[name], num_gates)
        height, _, width = old.shape
        new[height:, :, :width] = 0
        new[:height, :, :width] = old
    return wide


def check_wider(units: tuple[int, ...], narrow_units: tuple[int, ...]) -> None:
    """Refuses sizes that an LSTM of `narrow_units` cannot be widened to.

    Raises:
        UsageError: if a layer would be narrower, or there are more layers or fewer.

    Example:

    >>> check_wider((1024,), (512,))
    """
    if len(units) != len(narrow_units) or any(np.less(units, narrow_units)):
        raise UsageError(
            "A language model is widened to as many layers, each at least as wide as before: "
            f"{list(narrow_units)} units. Choose them with --set units. Received: {list(units)}"
        )


def _by_gate(array: np.ndarray, num_gates: int) -> np.ndarray:
    # Keras lays the gates side by side along the last axis. A view: it is written to.
    return array.reshape(-1 if array.ndim > 1 else 1, num_gates, array.shape[-1] // num_gates)
