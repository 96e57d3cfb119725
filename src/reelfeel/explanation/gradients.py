"""Integrated gradients: attributions from the gradient of the logit.

The network comes as an object with two abilities, so that this room needs no library of gradients;
`reelfeel.models.differentiation` makes one, where Keras and PyTorch are installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from reelfeel.explanation.occlusion import Scores, TextIds

Embeddings = npt.NDArray[np.floating[Any]]

# Steps of the straight line from the baseline to the text: doubled from the first number up to the
# second for as long as the scores miss their sum by more than this, in log-odds.
FIRST_STEPS, MAX_STEPS, TOLERANCE = 32, 256, 0.05


class Differentiable(Protocol):
    """A network that can be asked for its slope."""

    def embed(self, token_ids: TextIds) -> Embeddings:
        """Returns the embeddings of a text, of shape `(length, dim)`."""

    def differentiate(self, embeddings: Embeddings) -> tuple[Scores, Embeddings]:
        """Returns logits and slopes.

        Args:
            embeddings: float array of shape `(batch, length, dim)`.

        Returns:
            The logits, of shape `(batch,)`, and the derivative of each by its own embeddings, of
            the shape of `embeddings`.
        """


@dataclass(frozen=True)
class PathAttributions:
    """What integrated gradients found.

    Attributes:
        scores: float64 array of shape `(length,)`, in log-odds of the positive class.
        convergence_error: how far their sum is from the difference of the logits at both ends of
            the path, at least 0.
    """

    scores: Scores
    convergence_error: float


def integrate_gradients(
    network: Differentiable,
    token_ids: TextIds,
    *,
    tolerance: float = TOLERANCE,
    max_steps: int = MAX_STEPS,
) -> PathAttributions:
    """Attributes the logit to tokens by the gradients on the way from nothing to the text.

    Nothing is the zero vector for every token. The middle of each step stands for the step.

    Args:
        network: embeds token ids and differentiates the logit.
        token_ids: int32 array of shape `(length,)`, at least one.
        tolerance: steps are halved while the error is larger than this, in log-odds.
        max_steps: and while there are fewer than this.

    Returns:
        One score for each token, and the error of their sum.

    Source:
        Sundararajan, Taly and Yan, 2017, ICML (arXiv:1703.01365).
    """
    embeddings = network.embed(token_ids).astype(np.float64)
    num_steps = FIRST_STEPS
    found = _follow_path(network, embeddings, num_steps)
    while found.convergence_error > tolerance and num_steps < max_steps:
        num_steps *= 2
        found = _follow_path(network, embeddings, num_steps)
    return found


def multiply_gradient(network: Differentiable, token_ids: TextIds) -> Scores:
    """Attributes the logit to tokens by the gradient at the text itself, times the embedding.

    What a straight continuation of the slope would promise: the plain method that others have to
    beat.

    Args:
        network: embeds token ids and differentiates the logit.
        token_ids: int32 array of shape `(length,)`, at least one.

    Returns:
        float64 array of shape `(length,)`, in log-odds of the positive class.

    Source:
        Denil, Demiraj and de Freitas, 2014, arXiv:1412.6815.
    """
    embeddings = network.embed(token_ids).astype(np.float64)
    _, gradients = network.differentiate(embeddings[None])
    return np.asarray((gradients[0] * embeddings).sum(axis=-1))


def _follow_path(
    network: Differentiable, embeddings: Embeddings, num_steps: int
) -> PathAttributions:
    places = np.append((np.arange(num_steps) + 0.5) / num_steps, (0.0, 1.0))
    logits, gradients = network.differentiate(places[:, None, None] * embeddings)
    scores = (gradients[:-2].mean(axis=0) * embeddings).sum(axis=-1)
    error = abs(float(scores.sum() - (logits[-1] - logits[-2])))
    return PathAttributions(scores, error)
