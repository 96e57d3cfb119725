"""A saved classifier as plain arrays: towers that read token ids, and heads that judge.

Each tower is Embedding, LSTMs and pooling; its head is perhaps a hidden layer, and the logit. A
model that reads in both directions has two of each, and its logit is their mean. The runtimes that
read arrays and not a graph start here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import DataConfig, ModelConfig
from reelfeel.inference.bundle import Bundle
from reelfeel.native.inference import LayerWeights
from reelfeel.text.batching import round_timesteps
from reelfeel.text.token_ids import TokenIds
from reelfeel.weights import WeightArray

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class HeadArrays:
    """What makes a logit of a tower's pooled outputs.

    Attributes:
        dense: kernel and bias of the hidden ReLU layer, or None.
        logit: kernel and bias of the last layer.
    """

    dense: tuple[Floats, Floats] | None
    logit: tuple[Floats, Floats]

    def logits(self, features: Floats) -> Floats:
        """Returns the logits, float32 `(num_texts,)`, of pooled outputs `(num_texts, width)`.

        A text's logit does not depend on the texts beside it, bit for bit.
        """
        if self.dense is not None:
            features = np.maximum(_multiply(features, *self.dense), 0)
        return _multiply(features, *self.logit)[:, 0]


@dataclass(frozen=True)
class TowerArrays:
    """The network of one direction.

    Attributes:
        embeddings: float32 or float16 `(vocabulary_size, embedding_dim)`.
        layers: the LSTMs, first to last.
        pooling: "last" or "last_max_mean".
        is_reversed: whether texts are read from their last token to their first.
        head: what judges its pooled outputs.
    """

    embeddings: WeightArray
    layers: tuple[LayerWeights, ...]
    pooling: str
    is_reversed: bool
    head: HeadArrays

    def logits(self, features: Floats) -> Floats:
        """Returns what the head makes of pooled outputs."""
        return self.head.logits(features)


def read_towers(bundle: Bundle) -> list[TowerArrays]:
    """Reads the towers of a saved model, one for each direction that it reads in."""
    return pick_towers(bundle.weights(), bundle.config.model)


def pick_towers(weights: Mapping[str, WeightArray], model: ModelConfig) -> list[TowerArrays]:
    """Picks the towers of a classifier, one for each direction, out of its weights by name."""
    if model.direction != "both":
        return [read_tower(weights, model, model.direction, "")]
    return [read_tower(weights, model, name, f"{name}/") for name in ("forward", "backward")]


def add_padding(token_ids: TokenIds, data: DataConfig, model: ModelConfig) -> TokenIds:
    """Adds the padding that a network without masking was trained to read.

    Returns:
        The same ids for every other network. Padding to the longest text beside it would make a
        text's answer depend on its company; here it depends on the text alone.
    """
    if model.masking:
        return token_ids
    lengths = token_ids.lengths
    widths = count_timesteps(lengths, data, model)
    padded = np.zeros(int(widths.sum()), np.int32)
    starts = np.cumsum(widths) - widths
    places = np.arange(len(token_ids.flat)) + np.repeat(
        starts - (np.cumsum(lengths) - lengths), lengths
    )
    padded[places] = token_ids.flat
    return TokenIds(padded, widths)


def count_timesteps(
    lengths: npt.NDArray[np.int64], data: DataConfig, model: ModelConfig
) -> npt.NDArray[np.int64]:
    """Returns how many steps a network makes for texts of so many tokens."""
    if model.masking:
        return lengths
    if data.fixed_timesteps:
        return np.full_like(lengths, data.max_tokens)
    return np.array([round_timesteps(n, most=data.max_tokens) for n in lengths.tolist()], np.int64)


def read_tower(
    weights: Mapping[str, WeightArray], model: ModelConfig, direction: str, prefix: str = ""
) -> TowerArrays:
    """Picks the tower of one direction out of weights.

    Args:
        weights: by name, in Keras' layout; the embeddings and LSTMs stay in the precision they
            have.
        model: sizes and pooling.
        direction: "forward" or "backward".
        prefix: of the names of its weights.
    """

    def pair(name: str) -> tuple[WeightArray, WeightArray]:
        return weights[f"{prefix}{name}/kernel"], weights[f"{prefix}{name}/bias"]

    def float32_pair(name: str) -> tuple[Floats, Floats]:
        kernel, bias = pair(name)
        return kernel.astype(np.float32, copy=False), bias.astype(np.float32, copy=False)

    layers = []
    for index in range(len(model.units)):
        name = f"lstm_{index}/lstm_cell"
        kernel, bias = pair(name)
        recurrent_kernel = weights[f"{prefix}{name}/recurrent_kernel"]
        layers.append(LayerWeights(kernel, recurrent_kernel, bias))
    return TowerArrays(
        embeddings=weights[f"{prefix}embedding/embeddings"],
        layers=tuple(layers),
        pooling=model.pooling,
        is_reversed=direction == "backward",
        head=HeadArrays(
            dense=float32_pair("dense") if model.dense_units else None,
            logit=float32_pair("logit"),
        ),
    )


def _multiply(features: Floats, kernel: Floats, bias: Floats) -> Floats:
    # Not `@`: how BLAS orders its sums depends on the number of rows.
    return np.asarray(np.einsum("ij,jk->ik", features, kernel) + bias)
