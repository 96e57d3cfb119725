"""The state of PyTorch's Adam as named arrays, for checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from reelfeel.schema import require
from reelfeel.training.loop.checkpoints import Arrays, check_arrays

_PARTS = ("step", "exp_avg", "exp_avg_sq")


def read_adam(adam: torch.optim.Optimizer, parameters: Sequence[torch.Tensor]) -> Arrays:
    """Returns Adam's state by the number of the parameter and its name there: `3.exp_avg`."""
    return {
        # As a checkpoint holds it: a single number is an array of one.
        f"{index}.{name}": np.atleast_1d(value.cpu().numpy())
        for index, parameter in enumerate(parameters)
        for name, value in adam.state[parameter].items()
    }


def restore_adam(
    adam: torch.optim.Optimizer, parameters: Sequence[torch.Tensor], arrays: Arrays
) -> None:
    """Takes over what `read_adam` returned; some parameters may have no state yet.

    Raises:
        ValueError: naming the first array that does not fit; see `explain_damage`.
    """
    expected = {}
    for name in arrays:
        number, _, part = name.partition(".")
        known = number in map(str, range(len(parameters))) and part in _PARTS
        require(known, "the optimizer's state", "one of a parameter", name)
        shape = () if part == "step" else tuple(parameters[int(number)].shape)
        expected[name] = np.empty(shape, np.float32)
    check_arrays(arrays, expected)
    for name, array in arrays.items():
        number, _, part = name.partition(".")
        parameter = parameters[int(number)]
        # A copy: Adam updates its state in place.
        adam.state[parameter][part] = torch.from_numpy(array.copy()).to(parameter.device)
