"""Converts probabilities to logits and back, and computes log losses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reelfeel.metrics.checks import Labels, Probabilities

# As scikit-learn keeps probabilities away from 0 and 1: a logit of 36, a loss of 36.
_SMALLEST = float(np.finfo(np.float64).eps)


def to_logits(y_prob: npt.ArrayLike, *, smallest: float = _SMALLEST) -> npt.NDArray[np.float64]:
    """Returns the log-odds of probabilities, finite even for 0 and 1.

    Args:
        y_prob: float array of any shape, from 0 to 1.
        smallest: what is nearer than this to 0 or 1 is taken to be as near.

    Example:

    >>> to_logits([0.5, 1.0]).round().tolist()
    [0.0, 36.0]
    >>> to_logits([0.5, 1.0], smallest=1e-7).round(1).tolist()
    [0.0, 16.1]
    """
    clipped = _clip(np.asarray(y_prob, np.float64), smallest)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def to_probabilities(logits: npt.ArrayLike) -> Probabilities:
    """Returns the probabilities, from 0 to 1, that have these log-odds.

    Example:

    >>> to_probabilities([0.0, -2000.0]).tolist()
    [0.5, 0.0]
    """
    values = np.asarray(logits, np.float64)
    # Without overflow: exp only ever sees what is not positive.
    decay = np.exp(-np.abs(values))
    return np.asarray(np.where(values >= 0, 1, decay) / (1 + decay))


def log_losses(labels: Labels, y_prob: Probabilities) -> npt.NDArray[np.float64]:
    """Returns the log loss of each review, in nats; finite even where it is surely wrong.

    Example:

    >>> log_losses(np.array([1, 0]), np.array([0.5, 0.9])).round(2).tolist()
    [0.69, 2.3]
    """
    clipped = _clip(y_prob, _SMALLEST)
    return -np.log(np.where(labels == 1, clipped, 1 - clipped))


def _clip(probabilities: Probabilities, smallest: float) -> Probabilities:
    return np.clip(probabilities, smallest, 1 - smallest)
