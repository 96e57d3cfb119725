"""Builds the classifier from Keras' own layers, so that it loads without ReelFeel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from reelfeel.config.sections import ModelConfig
from reelfeel.models.classifier import Weights, assign_weights, split_directions


def build_stock_classifier(
    config: ModelConfig, vocabulary_size: int, weights: Weights
) -> keras.Model:
    """Builds the network of `build_classifier` from Keras' own parts, ending in the sigmoid.

    Args:
        config: sizes, masking, pooling and direction.
        vocabulary_size: rows of the embedding.
        weights: as `named_weights` gives them.

    Returns:
        A model with input int `(batch, timesteps)` and output `(batch, 1)`: the probability of the
        positive class. It saves to a `.keras` file that loads where ReelFeel is not installed.
    """
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    if config.direction != "both":
        logit = _read(config, vocabulary_size, token_ids)
    else:
        towers = [
            _build_tower(name, part, vocabulary_size)
            for name, part in split_directions(config).items()
        ]
        logit = keras.layers.Average(name="mean_logit")([tower(token_ids) for tower in towers])
    probability = keras.layers.Activation("sigmoid", name="probability")(logit)
    model = keras.Model(token_ids, probability)
    assign_weights(model, weights)
    return model


def export_keras(config: ModelConfig, vocabulary_size: int, weights: Weights, path: Path) -> None:
    """Writes the network as a `.keras` file of stock layers; `path` must end in `.keras`."""
    build_stock_classifier(config, vocabulary_size, weights).save(path)


def _build_tower(name: str, config: ModelConfig, vocabulary_size: int) -> keras.Model:
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    with keras.name_scope(name):
        logit = _read(config, vocabulary_size, token_ids)
    return keras.Model(token_ids, logit, name=name)


def _read(config: ModelConfig, vocabulary_size: int, token_ids: Any) -> Any:
    layers = keras.layers
    if config.direction == "backward":
        # The padding comes first then, which Keras' own loop passes over.
        token_ids = keras.ops.flip(token_ids, axis=1)
    outputs = layers.Embedding(
        vocabulary_size, config.embedding_dim, mask_zero=config.masking, name="embedding"
    )(token_ids)
    for index, units in enumerate(config.units):
        is_last = index + 1 == len(config.units)
        if is_last and config.pooling != "last":
            outputs = _pool(outputs, units, f"lstm_{index}", token_ids)
        else:
            outputs = layers.LSTM(units, return_sequences=not is_last, name=f"lstm_{index}")(
                outputs
            )
        outputs = layers.Dropout(config.dropout_rate, name=f"dropout_{index}")(outputs)
    if config.dense_units:
        outputs = layers.Dense(config.dense_units, activation="relu", name="dense")(outputs)
        outputs = layers.Dropout(config.dense_dropout_rate, name="dense_dropout")(outputs)
    return layers.Dense(1, name="logit")(outputs)


def _pool(inputs: Any, units: int, name: str, token_ids: Any) -> Any:
    layers = keras.layers
    sequences, last, _ = layers.LSTM(units, return_sequences=True, return_state=True, name=name)(
        inputs
    )
    real = keras.ops.expand_dims(keras.ops.not_equal(token_ids, 0), axis=-1)
    # An LSTM's outputs lie above -1.
    largest = keras.ops.max(keras.ops.where(real, sequences, -1.0), axis=1)
    mean = layers.GlobalAveragePooling1D(name="mean")(sequences)
    return layers.Concatenate(name="pooling")([last, largest, mean])
