"""The moving average of the weights: steadier than the weights of any one step."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch

from reelfeel.training.loop.checkpoints import Arrays


class AveragedWeights:
    """An exponential moving average of parameters, which validation and the saved model use.

    Args:
        parameters: the tensors that an optimizer updates.
        decay: share in [0, 1) of the average that a step keeps; 0.999 averages over some 1,000
            steps, 0 is the parameters themselves.

    Source:
        Polyak and Juditsky, 1992, SIAM Journal on Control and Optimization 30; the warm-up is
        TensorFlow's `ExponentialMovingAverage`.
    """

    def __init__(self, parameters: Sequence[torch.Tensor], decay: float) -> None:
        self.parameters, self.decay = parameters, decay
        self.averages = [parameter.detach().clone() for parameter in parameters]

    def update(self, step: int) -> None:
        """Moves the average towards the parameters after step number `step`, counted from 1."""
        # Early on the average would be made of the initial weights; so it starts by following.
        decay = min(self.decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for average, parameter in zip(self.averages, self.parameters, strict=True):
                average.lerp_(parameter, 1 - decay)

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Puts the average in the place of the parameters, and takes it out again."""
        kept = [parameter.detach().clone() for parameter in self.parameters]
        self._assign(self.averages)
        try:
            yield
        finally:
            self._assign(kept)

    def to_arrays(self) -> Arrays:
        """Returns the average by the number of the parameter, for a checkpoint."""
        return {str(index): mean.cpu().numpy() for index, mean in enumerate(self.averages)}

    def restore(self, arrays: Arrays) -> None:
        """Takes up the average that `to_arrays` gave."""
        for index, average in enumerate(self.averages):
            average.copy_(torch.from_numpy(arrays[str(index)]))

    def _assign(self, values: Sequence[torch.Tensor]) -> None:
        with torch.no_grad():
            for parameter, value in zip(self.parameters, values, strict=True):
                parameter.copy_(value)
