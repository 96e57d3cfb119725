"""The names and shapes of a network's weights, computed from its settings.

`E` is `embedding_dim`, `U` the units of an LSTM and `P` the width that the pooling hands on:

    embedding/embeddings               (vocabulary size, E)
    lstm_0/lstm_cell/kernel            (E, 4 U), of lstm_1 (U of lstm_0, 4 U), and so on
    lstm_0/lstm_cell/recurrent_kernel  (U, 4 U)
    lstm_0/lstm_cell/bias              (4 U,)
    dense/kernel, dense/bias           (P, D), (D,)
    logit/kernel, logit/bias           (P or D, 1), (1,)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reelfeel.config.sections import ModelConfig

Shapes = Mapping[str, tuple[int, ...]]


def list_directions(direction: str) -> tuple[str, ...]:
    """Returns the direction of each network of a classifier: one, or two for "both"."""
    return ("forward", "backward") if direction == "both" else (direction,)


def classifier_shapes(model: ModelConfig, vocabulary_size: int) -> Shapes:
    """Returns the weights of a classifier.

    Args:
        model: sizes, pooling and direction.
        vocabulary_size: rows of the embedding.

    Example:

    >>> from reelfeel.config.sections import ModelConfig
    >>> classifier_shapes(ModelConfig(), 500)["lstm_0/lstm_cell/kernel"]
    (128, 256)
    """
    directions = list_directions(model.direction)
    prefixes = [f"{name}/" for name in directions] if len(directions) > 1 else [""]
    tower = {**_reader_shapes(vocabulary_size, model.embedding_dim, model.units)}
    width = model.units[-1] * (1 if model.pooling == "last" else 3)
    if model.dense_units:
        tower |= _dense_shapes("dense", width, model.dense_units)
        width = model.dense_units
    tower |= _dense_shapes("logit", width, 1)
    return {f"{prefix}{name}": shape for prefix in prefixes for name, shape in tower.items()}


def language_model_shapes(embedding_dim: int, units: Sequence[int], num_rows: int) -> Shapes:
    """Returns the weights of a language model of one direction, its softmax included."""
    return {
        **_reader_shapes(num_rows, embedding_dim, units),
        **_dense_shapes("projection", units[-1], embedding_dim),
        "softmax/bias": (num_rows,),
    }


def count_parameters(shapes: Mapping[str, Sequence[int]]) -> int:
    """Returns how many numbers weights are.

    Example:

    >>> count_parameters({"kernel": (2, 3), "bias": (3,)})
    9
    """
    return sum(math.prod(shape) for shape in shapes.values())


def _reader_shapes(num_rows: int, embedding_dim: int, units: Sequence[int]) -> Shapes:
    shapes: dict[str, tuple[int, ...]] = {"embedding/embeddings": (num_rows, embedding_dim)}
    features = embedding_dim
    for index, size in enumerate(units):
        cell = f"lstm_{index}/lstm_cell"
        shapes[f"{cell}/kernel"] = (features, 4 * size)
        shapes[f"{cell}/recurrent_kernel"] = (size, 4 * size)
        shapes[f"{cell}/bias"] = (4 * size,)
        features = size
    return shapes


def _dense_shapes(name: str, inputs: int, outputs: int) -> Shapes:
    return {f"{name}/kernel": (inputs, outputs), f"{name}/bias": (outputs,)}
