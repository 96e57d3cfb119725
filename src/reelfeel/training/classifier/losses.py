"""What one training step computes: the losses, and their gradients by all parameters.

A review's embeddings are cut off from the table they came from, so that the network above them runs
forward and backward for each loss by itself, with one loss's intermediate values in memory at a
time; what reaches the embeddings is summed and handed to the table once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from reelfeel.config.sections import TrainingConfig
from reelfeel.models.tower import Tower
from reelfeel.training.classifier.adversarial import divergence, raise_loss, shake_answer
from reelfeel.training.classifier.batches import IdLists


@dataclass(frozen=True)
class Batch:
    """Labelled reviews as tensors.

    Attributes:
        token_ids: int32 `(batch, timesteps)`, padded on the right with 0.
        lengths: int64 `(batch,)`: real tokens of each row.
        labels: float32 `(batch,)`: 0 or 1, or from teachers anything between.
        weights: float32 `(batch,)` of the reviews in the loss; None weighs all alike.
    """

    token_ids: torch.Tensor
    lengths: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor | None = None

    def loss(self, logits: torch.Tensor) -> torch.Tensor:
        """Returns the mean cross-entropy, in nats."""
        return torch.nn.functional.binary_cross_entropy_with_logits(
            logits, self.labels, weight=self.weights
        )


@dataclass(frozen=True)
class Outcome:
    """What a step says of the reviews as they are: mean loss, and how many it has right."""

    loss: float
    num_correct: int

    @classmethod
    def of(cls, batch: Batch, logits: torch.Tensor, loss: torch.Tensor) -> Outcome:
        """Reads it off the logits."""
        return cls(loss.item(), int(((logits > 0) == (batch.labels > 0.5)).sum()))


class Steps:
    """Computes gradients; the optimizer is another's business.

    Args:
        tower: the network.
        config: which losses there are, and how far embeddings are moved.
        unit: what those norms are measured in: the mean norm of a word's embedding.
    """

    def __init__(self, tower: Tower, config: TrainingConfig, unit: float) -> None:
        self.tower, self.weight = tower, config.virtual_adversarial_weight
        self.adversarial_norm = config.adversarial_norm * unit
        self.virtual_norm = config.virtual_adversarial_norm * unit

    def learn(self, batch: Batch) -> Outcome:
        """Adds the gradients of the loss on labelled reviews, and on what hurts them most."""
        if self.adversarial_norm:
            return self._learn_adversarially(batch)
        logits = self.tower.model(batch.token_ids, training=True)
        loss = batch.loss(logits)
        loss.backward()
        return Outcome.of(batch, logits, loss)

    def _learn_adversarially(self, batch: Batch) -> Outcome:
        embeddings = self.tower.embed(batch.token_ids, training=True)
        rewind_dropout = self.tower.remember_dropout()
        clean = _cut_off(embeddings)
        logits = self.tower.read(clean, batch.lengths, training=True)
        loss = batch.loss(logits)
        loss.backward()
        gradients = _gradients(clean)
        rewind_dropout()
        moved = _cut_off(clean + raise_loss(gradients, self.adversarial_norm))
        batch.loss(self.tower.read(moved, batch.lengths, training=True)).backward()
        _hand_down(embeddings, gradients.add_(_gradients(moved)))
        return Outcome.of(batch, logits, loss)

    def learn_virtually(self, token_ids: torch.Tensor, lengths: torch.Tensor) -> None:
        """Adds the gradients of the virtual adversarial loss on reviews without labels."""
        embeddings = self.tower.embed(token_ids, training=True)
        rewind_dropout = self.tower.remember_dropout()
        clean = _cut_off(embeddings)
        with self._parameters_fixed():
            logits = self.tower.read(clean, lengths, training=True)
            (slopes,) = torch.autograd.grad(logits.sum(), clean)
        rewind_dropout()
        change = shake_answer(slopes, logits.detach(), self.virtual_norm)
        moved = _cut_off(clean + change)
        shaken = self.tower.read(moved, lengths, training=True)
        (self.weight * divergence(logits, shaken)).backward()
        _hand_down(embeddings, _gradients(moved))

    @contextlib.contextmanager
    def _parameters_fixed(self) -> Iterator[None]:
        # Only the embeddings' gradient is wanted: a third of the work less.
        parameters = [v.value for layer in self.tower.reading for v in layer.trainable_variables]
        learning = [parameter for parameter in parameters if parameter.requires_grad]
        for parameter in learning:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in learning:
                parameter.requires_grad_(True)


def _cut_off(embeddings: torch.Tensor) -> torch.Tensor:
    return embeddings.detach().requires_grad_()


def _gradients(embeddings: torch.Tensor) -> torch.Tensor:
    if embeddings.grad is None:
        raise RuntimeError("The loss does not depend on the embeddings.")
    return embeddings.grad


def _hand_down(embeddings: torch.Tensor, gradients: torch.Tensor) -> None:
    if embeddings.requires_grad:  # not while the table stands still
        embeddings.backward(gradients)


def mean_norm(embeddings: npt.NDArray[np.float32], token_ids: IdLists) -> float:
    """Returns the mean L2 norm of a word's embedding, over all words of some reviews.

    Example:

    >>> mean_norm(np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]), [np.array([1, 2, 2, 2])])
    2.0
    """
    counts = np.bincount(np.concatenate(list(token_ids)), minlength=len(embeddings))
    return float(np.average(np.linalg.norm(embeddings, axis=1), weights=counts))
