"""One reader of reviews: the layers of one direction, from token ids to a logit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import torch

from reelfeel.config.sections import ModelConfig
from reelfeel.models.lstm import FusedLSTM
from reelfeel.models.pooling import LastMaxMeanPool, ReversedTokens, count_real_tokens

Layers = tuple[keras.layers.Layer, ...]

# Layers of the half that gives embeddings; the other half reads them.
_EMBEDDING_LAYERS = ("reversed_tokens", "embedding", "word_dropout", "embedding_dropout")


def build_tower(
    config: ModelConfig, vocabulary_size: int, *, seed: int, precision: str
) -> keras.Model:
    """Builds the network of one direction; takes and gives what `build_classifier` does.

    Args:
        config: sizes, dropout, pooling; its direction is "forward" or "backward".
        vocabulary_size: rows of the embedding.
        seed: of the initial weights and of the dropout.
        precision: of the LSTM's matrix products.
    """
    # One seed for the model, one of its own for each layer that draws; Keras wants int32.
    seeds = (np.random.SeedSequence(seed).generate_state(64) >> 1).tolist()
    # Those of the dropout on embeddings come from the other end: they came later, and the weights
    # of a network without it shall stay what they were.
    first_seeds, last_seeds = iter(seeds), iter(reversed(seeds))
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    outputs = token_ids
    if config.direction == "backward":
        outputs = ReversedTokens(name="reversed_tokens")(outputs)
    outputs = _embedding(config, vocabulary_size, next(first_seeds))(outputs)
    for layer in _embedding_dropout(config, last_seeds):
        outputs = layer(outputs)
    for index in range(len(config.units)):
        outputs = _lstm(config, index, first_seeds, precision)(outputs)
        if index + 1 == len(config.units) and config.pooling != "last":
            outputs = LastMaxMeanPool(name="pooling")(outputs, count_real_tokens(token_ids))
        outputs = keras.layers.Dropout(
            config.dropout_rate, seed=next(first_seeds), name=f"dropout_{index}"
        )(outputs)
    for layer in _head(config, first_seeds):
        outputs = layer(outputs)
    return keras.Model(token_ids, keras.ops.squeeze(outputs, axis=-1))


@dataclass(frozen=True)
class Tower:
    """The network of one direction in two halves, so that embeddings can be changed between them.

    Attributes:
        model: the whole, from `build_tower`.
        embedding: its layers that turn token ids into embeddings, dropout included.
        reading: its layers from there to the logit.
    """

    model: keras.Model
    embedding: Layers
    reading: Layers

    @classmethod
    def of(cls, model: keras.Model) -> Tower:
        """Splits a model that `build_tower` made; both share its weights and its dropout."""
        layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
        first = tuple(layer for layer in layers if layer.name in _EMBEDDING_LAYERS)
        return cls(model, first, tuple(layer for layer in layers if layer not in first))

    def embed(self, token_ids: Any, *, training: bool) -> Any:
        """Returns the embeddings, `(batch, timesteps, embedding_dim)`, of int `(batch, timesteps)`.

        A backward reader's are in its own order: the last word first.
        """
        outputs = token_ids
        for layer in self.embedding:
            outputs = _call(layer, outputs, training)
        return outputs

    def read(self, embeddings: Any, lengths: Any, *, training: bool) -> Any:
        """Returns the logits, float32 `(batch,)`, of embeddings with so many real words each."""
        outputs, mask = embeddings, None
        if self.model.get_layer("embedding").mask_zero:
            steps = torch.arange(embeddings.shape[1], device=embeddings.device)
            mask = steps[None] < lengths[:, None]
        for layer in self.reading:
            if isinstance(layer, keras.layers.LSTM):
                outputs = layer(outputs, mask=mask)
            elif isinstance(layer, LastMaxMeanPool):
                outputs = layer(outputs, lengths)
            else:
                outputs = _call(layer, outputs, training)
        return outputs.squeeze(-1)

    def remember_dropout(self) -> Callable[[], None]:
        """Returns a function that sets the dropout back to where it stands now.

        The passes after it drop what the passes after this call drop.
        """
        states = [(seeds, seeds.value.clone()) for seeds in dropout_variables(self.model)]

        def rewind() -> None:
            for seeds, state in states:
                seeds.assign(state)

        return rewind


def dropout_variables(model: keras.Model) -> list[Any]:
    """Returns the states of the generators that a model's dropout draws from."""
    return [variable for variable in model.non_trainable_variables if "seed" in variable.name]


def _call(layer: keras.layers.Layer, inputs: Any, training: bool) -> Any:
    drops = isinstance(layer, keras.layers.Dropout)
    return layer(inputs, training=training) if drops else layer(inputs)


def _embedding(config: ModelConfig, vocabulary_size: int, seed: int) -> keras.layers.Layer:
    return keras.layers.Embedding(
        vocabulary_size,
        config.embedding_dim,
        # Pooling leaves the padding out by itself; a mask would make every LSTM fill it in first.
        mask_zero=config.masking and config.pooling == "last",
        embeddings_initializer=keras.initializers.RandomUniform(seed=seed),
        name="embedding",
    )


def _embedding_dropout(config: ModelConfig, seeds: Iterator[int]) -> Iterator[keras.layers.Layer]:
    word_seed, channel_seed = next(seeds), next(seeds)
    if config.word_dropout_rate:
        yield keras.layers.Dropout(
            config.word_dropout_rate,
            noise_shape=(None, None, 1),
            seed=word_seed,
            name="word_dropout",
        )
    if config.embedding_dropout_rate:
        yield keras.layers.SpatialDropout1D(
            config.embedding_dropout_rate, seed=channel_seed, name="embedding_dropout"
        )


def _lstm(
    config: ModelConfig, index: int, seeds: Iterator[int], precision: str
) -> keras.layers.Layer:
    is_last = index + 1 == len(config.units)
    return FusedLSTM(
        config.units[index],
        precision=precision,
        return_sequences=not is_last or config.pooling != "last",
        kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
        recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
        name=f"lstm_{index}",
    )


def _head(config: ModelConfig, seeds: Iterator[int]) -> Iterator[keras.layers.Layer]:
    if config.dense_units:
        yield _dense(config.dense_units, next(seeds), "dense", activation="relu")
        yield keras.layers.Dropout(
            config.dense_dropout_rate, seed=next(seeds), name="dense_dropout"
        )
    yield _dense(1, next(seeds), "logit")


def _dense(units: int, seed: int, name: str, **kwargs: Any) -> keras.layers.Layer:
    initializer = keras.initializers.GlorotUniform(seed=seed)
    return keras.layers.Dense(units, kernel_initializer=initializer, name=name, **kwargs)
