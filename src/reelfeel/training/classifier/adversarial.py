"""Small changes of a review's embeddings that hurt most, and how much they hurt.

Miyato, Dai and Goodfellow (2017, ICLR) let a classifier learn from the change that raises its loss
most (adversarial), and from the change that moves its answer most, whatever the label says
(virtual adversarial, which needs none). Both changes have a bounded L2 norm over a whole review.

For one logit the second has a closed form. Near a review, the divergence between the answer before
and after a change `r` depends on `r` only through `slope * r`, the change of the logit, so that the
worst direction is plus or minus the slope: the power iteration of the paper ends there after one
step, from any start. And of the two signs the one towards the other answer costs more, because the
divergence grows faster where the answer is less certain.
"""

from __future__ import annotations

import torch

# Divides no gradient by zero: that of a review whose loss has vanished stays zero.
_SMALLEST_NORM = 1e-30


def scale_rows(directions: torch.Tensor, norm: float) -> torch.Tensor:
    """Gives each review's direction the same length.

    Args:
        directions: float tensor of shape `(batch, timesteps, dim)`.
        norm: L2 norm over timesteps and dim together.

    Returns:
        Tensor of the same shape; a review of zeros stays zeros.

    Example:

    >>> scale_rows(torch.tensor([[[3.0, 4.0]], [[0.0, 0.0]]]), 10.0).tolist()
    [[[6.0, 8.0]], [[0.0, 0.0]]]
    """
    norms = torch.linalg.vector_norm(directions, dim=(1, 2), keepdim=True)
    return directions * (norm / norms.clamp(min=_SMALLEST_NORM))


def raise_loss(gradients: torch.Tensor, norm: float) -> torch.Tensor:
    """Returns the changes that raise each review's loss most, to first order.

    Args:
        gradients: of the loss by the embeddings, `(batch, timesteps, dim)`. The loss may be a mean
            over the batch: the size of a row's gradient does not matter.
        norm: L2 norm of each change.
    """
    return scale_rows(gradients, norm)


def shake_answer(slopes: torch.Tensor, logits: torch.Tensor, norm: float) -> torch.Tensor:
    """Returns the changes that move each review's answer most.

    Args:
        slopes: of each logit by its review's embeddings, `(batch, timesteps, dim)`.
        logits: `(batch,)`, before the change.
        norm: L2 norm of each change.
    """
    towards_doubt = torch.where(logits > 0, -1.0, 1.0)
    return scale_rows(slopes, norm) * towards_doubt[:, None, None]


def divergence(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Returns the mean Kullback-Leibler divergence of two answers to each review, in nats.

    Args:
        before: logits `(batch,)`, taken as given: they get no gradient.
        after: logits `(batch,)`.

    Example:

    >>> divergence(torch.tensor([0.0]), torch.tensor([0.0])).item()
    0.0
    """
    before = before.detach()
    probability = torch.sigmoid(before)
    softplus = torch.nn.functional.softplus
    # KL = p (ln p - ln q) + (1 - p) (ln (1 - p) - ln (1 - q)), all of it from logits.
    return (probability * (before - after) + softplus(after) - softplus(before)).mean()
