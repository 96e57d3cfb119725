"""Linear heads, and the scale on which they are looked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[Any]
ClassLabels = npt.NDArray[np.int8]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Head:
    """A linear head.

    Attributes:
        kernel: float array of shape `(width,)`.
        bias: float.

    Example:

    >>> Head(np.array([2.0, 0.0]), -1.0).logits(np.array([[1.0, 5.0], [0.0, 5.0]])).tolist()
    [1.0, -1.0]
    """

    kernel: FloatArray
    bias: float

    def logits(self, features: FloatArray) -> FloatArray:
        """Returns the logits, `(num_texts,)`, of features `(num_texts, width)`."""
        return np.asarray(features @ self.kernel + self.bias)

    def scaled(self, factor: float) -> Head:
        """Returns the head whose logits are so many times as large."""
        return Head(self.kernel * factor, self.bias * factor)


@dataclass(frozen=True)
class Scale:
    """Brings features to mean 0 and one spread, and rows to length 1 on average.

    Attributes:
        mean: `(width,)`.
        spread: `(width,)`.
    """

    mean: FloatArray
    spread: FloatArray

    @classmethod
    def of(cls, features: FloatArray) -> Scale:
        """Measures features `(num_texts, width)`."""
        # A unit that never moves is left at 0.
        deviation = np.maximum(features.std(axis=0), 1e-6)
        return cls(features.mean(axis=0), deviation * np.sqrt(features.shape[1]))

    def apply(self, features: FloatArray) -> FloatArray:
        """Returns features, scaled."""
        return np.asarray((features - self.mean) / self.spread)

    def convert(self, head: Head) -> Head:
        """Returns the head that gives scaled features the logits of a head on features as they are.

        Example:

        >>> scale = Scale.of(np.array([[1.0, 5.0], [3.0, 5.5]]))
        >>> head = scale.convert(scale.restore(Head(np.array([1.0, 2.0]), 0.5)))
        >>> head.kernel.round(6).tolist(), round(head.bias, 6)
        ([1.0, 2.0], 0.5)
        """
        return Head(head.kernel * self.spread, head.bias + float(self.mean @ head.kernel))

    def restore(self, head: Head) -> Head:
        """Returns the head that gives features as they are the same logits."""
        kernel = head.kernel / self.spread
        return Head(kernel, head.bias - float(self.mean @ kernel))


# From some of the labelled reviews to a head.
Fit = Callable[[Rows], Head]
