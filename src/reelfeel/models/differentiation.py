"""The gradient of a classifier's logit by the embeddings of a text."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from reelfeel.config.sections import DataConfig, ModelConfig
from reelfeel.models.classifier import Weights, assign_weights, build_classifier, find_towers
from reelfeel.models.tower import Tower

Array = npt.NDArray[np.float64]

# Cells (texts x tokens x numbers a token) differentiated at once: some 300 MB with the states.
_CELLS = 2_000_000


class DifferentiableClassifier:
    """A classifier in float32 that embeds one text and differentiates its logit.

    Where two networks read the text, one from each end, a token's embedding is both of its
    embeddings, one behind the other.

    Args:
        model: sizes, pooling and direction.
        data: whether texts are padded to one width.
        vocabulary_size: rows of the embedding.
        weights: as `named_weights` gives them.
        temperature: the network's logit is divided by this, as the saved model does.
    """

    def __init__(
        self,
        model: ModelConfig,
        data: DataConfig,
        vocabulary_size: int,
        weights: Weights,
        *,
        temperature: float = 1.0,
    ) -> None:
        network = build_classifier(model, vocabulary_size, seed=0, precision="float32")
        assign_weights(network, weights)
        network.trainable = False
        self._towers = find_towers(network)
        self._device = network.weights[0].value.device
        self._temperature = temperature
        self._timesteps = data.max_tokens if data.fixed_timesteps else 0

    def embed(self, token_ids: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Returns the embeddings of a text in its order, float32 `(length, dim)`."""
        with torch.no_grad():
            parts = [_in_text_order(tower, self._embed(tower, token_ids)) for tower in self._towers]
        return np.asarray(torch.cat(parts, dim=-1)[0].cpu().numpy())

    def differentiate(self, embeddings: npt.NDArray[Any]) -> tuple[Array, Array]:
        """Returns logits and their derivatives by the embeddings.

        Args:
            embeddings: float array of shape `(batch, length, dim)`: texts of one length.

        Returns:
            float64 arrays of the shapes `(batch,)` and `(batch, length, dim)`.
        """
        at_once = max(1, _CELLS // embeddings[0].size)
        parts = [
            self._differentiate(embeddings[start : start + at_once])
            for start in range(0, len(embeddings), at_once)
        ]
        logits, gradients = zip(*parts, strict=True)
        return np.concatenate(logits), np.concatenate(gradients)

    def _differentiate(self, embeddings: npt.NDArray[Any]) -> tuple[Array, Array]:
        inputs = torch.from_numpy(embeddings.astype(np.float32)).to(self._device).requires_grad_()
        parts = torch.chunk(inputs, len(self._towers), dim=-1)
        read = [self._read(tower, part) for tower, part in zip(self._towers, parts, strict=True)]
        logits = torch.stack(read).mean(dim=0) / self._temperature
        (gradients,) = torch.autograd.grad(logits.sum(), inputs)
        return logits.detach().cpu().double().numpy(), gradients.cpu().double().numpy()

    def _read(self, tower: Tower, embeddings: Any) -> Any:
        count, length = embeddings.shape[:2]
        embeddings = _in_text_order(tower, embeddings)
        if length < self._timesteps:
            padding = self._embed(tower, np.zeros(self._timesteps - length, np.int32))
            embeddings = torch.cat([embeddings, padding.expand(count, -1, -1)], dim=1)
        lengths = torch.full((count,), length, device=self._device)
        return tower.read(embeddings, lengths, training=False)

    def _embed(self, tower: Tower, token_ids: npt.NDArray[np.int32]) -> Any:
        return tower.embed(torch.from_numpy(token_ids[None]).to(self._device), training=False)


def _in_text_order(tower: Tower, embeddings: Any) -> Any:
    """Turns a backward reader's embeddings around, either way; without padding that is a flip."""
    is_backward = any(layer.name == "reversed_tokens" for layer in tower.embedding)
    return embeddings.flip(1) if is_backward else embeddings
