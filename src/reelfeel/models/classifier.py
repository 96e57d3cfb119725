"""The classifier: one network for each direction, and the mean of their logits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import ModelConfig
from reelfeel.models.tower import Tower, build_tower

Weights = Mapping[str, npt.NDArray[np.float32]]


def build_classifier(
    config: ModelConfig, vocabulary_size: int, *, seed: int, precision: str = "auto"
) -> keras.Model:
    """Builds the network that maps token ids to a logit; `sigmoid(logit)` is the probability.

    Args:
        config: sizes, dropout, masking, pooling and direction.
        vocabulary_size: rows of the embedding; ids are 0 (padding) to `vocabulary_size - 1`.
        seed: of the initial weights and of the dropout.
        precision: of the LSTM's matrix products; see `select_kernel`.

    Returns:
        A model with input int `(batch, timesteps)`, padded on the right with 0, and output float32
        `(batch,)`: the logit of the positive class. Training and scoring both want the logit: it
        keeps its precision where a probability has rounded to 1. In direction "both" the names of
        the weights begin with `forward/` and `backward/`.
    """
    if config.direction != "both":
        return build_tower(config, vocabulary_size, seed=seed, precision=precision)
    towers = []
    for name, part in split_directions(config).items():
        with keras.name_scope(name):
            towers.append(build_tower(part, vocabulary_size, seed=seed, precision=precision))
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    return keras.Model(token_ids, keras.layers.average([tower(token_ids) for tower in towers]))


def find_towers(model: keras.Model) -> tuple[Tower, ...]:
    """Returns the networks, one for each direction, of a model that `build_classifier` made."""
    parts = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    return tuple(Tower.of(part) for part in parts or [model])


def split_directions(config: ModelConfig) -> dict[str, ModelConfig]:
    """Returns the settings of each network by its direction: one, or two for "both".

    Example:

    >>> list(split_directions(ModelConfig(direction="both")))
    ['forward', 'backward']
    """
    names = ("forward", "backward") if config.direction == "both" else (config.direction,)
    return {name: replace(config, direction=name) for name in names}


def join_directions(weights: Mapping[str, Weights]) -> dict[str, npt.NDArray[np.float32]]:
    """Returns the weights of a classifier from those of its networks.

    Args:
        weights: for each direction its own, such as `{"forward": {...}, "backward": {...}}`.

    Returns:
        The weights by name; `forward/` and `backward/` are put before them where there are two.

    Example:

    >>> join_directions({"forward": {"a": 1}, "backward": {"a": 2}})
    {'forward/a': 1, 'backward/a': 2}
    >>> join_directions({"backward": {"a": 2}})
    {'a': 2}
    """
    if len(weights) == 1:
        return dict(next(iter(weights.values())))
    return {
        f"{direction}/{name}": array
        for direction, arrays in weights.items()
        for name, array in arrays.items()
    }


def named_weights(model: keras.Model) -> dict[str, npt.NDArray[np.float32]]:
    """Returns the trained arrays by name, such as `lstm_0/lstm_cell/kernel`, in Keras' layout."""
    return {variable.path: read_variable(variable) for variable in model.weights}


def read_variable(variable: keras.Variable) -> npt.NDArray[Any]:
    """Returns a copy of a variable's value."""
    return np.array(variable.value.detach().cpu().numpy())


def assign_weights(model: keras.Model, weights: Weights) -> None:
    """Sets a model's weights by name.

    Raises:
        ValueError: if a name is missing or too many, or a shape differs.
    """
    variables = {variable.path: variable for variable in model.weights}
    if variables.keys() != weights.keys():
        raise ValueError(
            f"The weights must be named {sorted(variables)}. Received: {sorted(weights)}"
        )
    for name, variable in variables.items():
        variable.assign(weights[name])
