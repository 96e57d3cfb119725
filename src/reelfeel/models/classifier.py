"""The classifier: Embedding, LSTM, Dropout, Dense, sigmoid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from reelfeel.config import ModelConfig
from reelfeel.models.lstm import FusedLSTM

Weights = Mapping[str, npt.NDArray[np.float32]]


def build_classifier(
    config: ModelConfig, vocabulary_size: int, *, seed: int, precision: str = "auto"
) -> keras.Model:
    """Builds the network that maps token ids to a logit; `sigmoid(logit)` is the probability.

    Args:
        config: sizes, dropout and masking.
        vocabulary_size: rows of the embedding; ids are 0 (padding) to `vocabulary_size - 1`.
        seed: of the initial weights and of the dropout.
        precision: of the LSTM's matrix products; see `select_kernel`.

    Returns:
        A model with input int `(batch, timesteps)`, padded on the right with 0, and output float32
        `(batch,)`: the logit of the positive class. Training and scoring both want the logit: it
        keeps its precision where a probability has rounded to 1.
    """

    def lstm(units: int, **kwargs: Any) -> keras.layers.Layer:
        return FusedLSTM(units, precision=precision, **kwargs)

    token_ids, logit = _network(config, vocabulary_size, lstm, seed)
    return keras.Model(token_ids, keras.ops.squeeze(logit, axis=-1))


def build_stock_classifier(
    config: ModelConfig, vocabulary_size: int, weights: Weights
) -> keras.Model:
    """Builds the same network from Keras' own layers only, ending in the sigmoid.

    Args:
        config: sizes, dropout and masking.
        vocabulary_size: rows of the embedding.
        weights: as `named_weights` gives them.

    Returns:
        A model with input int `(batch, timesteps)` and output `(batch, 1)`: the probability of the
        positive class. It saves to a `.keras` file that loads where ReelFeel is not installed.
    """
    token_ids, logit = _network(config, vocabulary_size, keras.layers.LSTM, seed=0)
    model = keras.Model(token_ids, keras.layers.Activation("sigmoid", name="probability")(logit))
    assign_weights(model, weights)
    return model


def export_keras(config: ModelConfig, vocabulary_size: int, weights: Weights, path: Path) -> None:
    """Writes the network as a `.keras` file of stock layers; `path` must end in `.keras`."""
    build_stock_classifier(config, vocabulary_size, weights).save(path)


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


def _network(
    config: ModelConfig,
    vocabulary_size: int,
    lstm: Callable[..., keras.layers.Layer],
    seed: int,
) -> tuple[Any, Any]:
    layers = keras.layers
    # One seed for the model, one of its own for each layer that draws; Keras wants int32.
    seeds = iter((np.random.SeedSequence(seed).generate_state(64) >> 1).tolist())
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    outputs = layers.Embedding(
        vocabulary_size,
        config.embedding_dim,
        mask_zero=config.masking,
        embeddings_initializer=keras.initializers.RandomUniform(seed=next(seeds)),
        name="embedding",
    )(token_ids)
    for index, units in enumerate(config.units):
        outputs = lstm(
            units,
            return_sequences=index + 1 < len(config.units),
            kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
            recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
            name=f"lstm_{index}",
        )(outputs)
        outputs = layers.Dropout(config.dropout_rate, seed=next(seeds), name=f"dropout_{index}")(
            outputs
        )
    if config.dense_units:
        initializer = keras.initializers.GlorotUniform(seed=next(seeds))
        outputs = layers.Dense(
            config.dense_units, activation="relu", kernel_initializer=initializer, name="dense"
        )(outputs)
        outputs = layers.Dropout(config.dense_dropout_rate, seed=next(seeds), name="dense_dropout")(
            outputs
        )
    initializer = keras.initializers.GlorotUniform(seed=next(seeds))
    return token_ids, layers.Dense(1, kernel_initializer=initializer, name="logit")(outputs)
