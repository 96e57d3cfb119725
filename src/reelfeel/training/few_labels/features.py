"""A network of one direction up to what its head reads, run over texts once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt
import torch

from reelfeel.config.sections import DataConfig, ModelConfig
from reelfeel.inference.network import read_tower
from reelfeel.models.classifier import assign_weights, build_classifier
from reelfeel.models.lstm import select_kernel
from reelfeel.native.cores import available_cores
from reelfeel.native.inference import NativeTower, has_kernel
from reelfeel.text.batching import plan_scoring_batches
from reelfeel.text.token_ids import TokenIds
from reelfeel.training.classifier.batches import make_batch
from reelfeel.training.classifier.directions import ClassifierJob
from reelfeel.training.classifier.pretrained import Pretrained
from reelfeel.training.few_labels.linear_head import Head
from reelfeel.training.loop.checkpoints import Arrays

Features = npt.NDArray[np.float32]

# Bounds the memory of a batch: the last LSTM's outputs, in float32.
_MAX_BATCH_OUTPUTS, _MAX_BATCH_SIZE = 16_000_000, 256


@dataclass(frozen=True)
class FeatureExtractor:
    """The network of one direction, without its head.

    Attributes:
        config: its sizes.
        precision: of its matrix products, as in `select_kernel`.
        weights: of the whole network, by name.
        columns: the features that are made use of.
        head: the head that the network came with, on them; None where it came with none.
    """

    config: ModelConfig
    precision: str
    weights: Arrays
    columns: slice
    head: Head | None

    @classmethod
    def of(cls, job: ClassifierJob, pretrained: Pretrained | None) -> FeatureExtractor:
        """Takes the start weights of a job, and what they were taken from."""
        config, weights = job.config.model, job.start_weights
        # Of a language model's outputs the last and the largest ones are 5 points worse than the
        # mean ones at 200 labels, and beside them bring nothing (docs/log.md).
        is_plain = pretrained is None or pretrained.classifier is None
        first = 2 * config.units[-1] if is_plain and config.pooling == "last_max_mean" else 0
        columns, head = slice(first, None), None
        if pretrained and "logit/kernel" in pretrained.weights[config.direction]:
            kernel = weights["logit/kernel"][columns, 0]
            head = Head(kernel, float(weights["logit/bias"][0]))
        return cls(config, job.config.training.precision, weights, columns, head)

    def extract(self, token_ids: Sequence[npt.NDArray[np.int32]], data: DataConfig) -> Features:
        """Returns the features of texts, float32 `(num_texts, width)`."""
        is_bfloat16 = select_kernel(self.precision).dtype == torch.bfloat16
        precision = "bfloat16" if is_bfloat16 else "float32"
        is_native = self.config.masking and not self.config.dense_units and has_kernel(precision)
        if is_native and not torch.cuda.is_available():
            features = self._extract_natively(TokenIds.of(token_ids), precision)
        else:
            features = self._extract_by_keras(token_ids, data)
        return features[:, self.columns]

    def weights_with(self, head: Head) -> Arrays:
        """Returns the weights of the whole network with another head."""
        kernel = np.zeros_like(self.weights["logit/kernel"])
        kernel[self.columns, 0] = head.kernel
        bias = np.array([head.bias], np.float32)
        return self.weights | {"logit/kernel": kernel, "logit/bias": bias}

    def _extract_natively(self, token_ids: TokenIds, precision: str) -> Features:
        arrays = read_tower(self.weights, self.config, self.config.direction)
        tower = NativeTower(
            arrays.embeddings,
            arrays.layers,
            pooling=arrays.pooling,
            is_reversed=arrays.is_reversed,
            precision=precision,
        )
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(token_ids.lengths)])
        return tower.run(token_ids.flat, offsets, available_cores())

    def _extract_by_keras(
        self, token_ids: Sequence[npt.NDArray[np.int32]], data: DataConfig
    ) -> Features:
        whole = build_classifier(
            self.config,
            len(self.weights["embedding/embeddings"]),
            seed=0,
            precision=self.precision,
        )
        assign_weights(whole, self.weights)
        model = keras.Model(whole.input, whole.get_layer("logit").input)
        width = model.output.shape[-1]
        features = np.empty((len(token_ids), width), np.float32)
        lengths = np.array([len(ids) for ids in token_ids], np.int64)
        most = max(1, _MAX_BATCH_OUTPUTS // width)
        with torch.no_grad():
            for rows in plan_scoring_batches(lengths, most, _MAX_BATCH_SIZE):
                batch = make_batch(token_ids, rows, data)
                features[rows] = model(batch, training=False).cpu().numpy()
        return features
