"""Which layers learn how fast, and when."""

from __future__ import annotations

from typing import Any

import keras
import torch

from reelfeel.config.sections import TrainingConfig
from reelfeel.training.loop.adam import read_adam, restore_adam
from reelfeel.training.loop.checkpoints import Arrays

HEAD = ("dense", "logit")


class Optimizer:
    """Adam over the layers of one network, with the rates that the settings give them.

    Args:
        model: the network.
        config: learning rate, its decay, what share of it lower layers get, how long they stand
            still, and the largest norm of a gradient.
        num_steps: of the whole run, at whose end a decaying rate is 0.
    """

    def __init__(self, model: keras.Model, config: TrainingConfig, num_steps: int) -> None:
        self.config, self.num_steps = config, num_steps
        self.parameters = [variable.value for variable in model.trainable_variables]
        layers = [layer for layer in model.layers if layer.trainable_variables]
        self.body = [
            v.value for layer in layers if layer.name not in HEAD for v in layer.trainable_variables
        ]
        self.adam = torch.optim.Adam(
            _group_by_rate(layers, config),
            lr=config.learning_rate,
            eps=1e-7,  # Keras' default; PyTorch's is 1e-8.
            fused=True,
        )
        self.rates = [group["lr"] for group in self.adam.param_groups]

    def start_epoch(self, epoch: int) -> None:
        """Lets the layers below the head stand still, or learn, in an epoch counted from 0."""
        for parameter in self.body:
            parameter.requires_grad_(epoch >= self.config.frozen_epochs)

    def step(self, steps_done: int) -> None:
        """Takes one step down the gradients, and forgets them."""
        if self.config.max_gradient_norm:
            torch.nn.utils.clip_grad_norm_(self.parameters, self.config.max_gradient_norm)
        left = rate_left(self.config.learning_rate_decay, steps_done, self.num_steps)
        for group, rate in zip(self.adam.param_groups, self.rates, strict=True):
            group["lr"] = rate * left
        self.adam.step()
        self.adam.zero_grad()

    def to_arrays(self) -> Arrays:
        """Returns the state by name, for a checkpoint."""
        return read_adam(self.adam, self.parameters)

    def restore(self, arrays: Arrays) -> None:
        """Takes up the state that `to_arrays` gave; ValueError if it does not fit."""
        restore_adam(self.adam, self.parameters, arrays)


def rate_left(decay: str, steps_done: int, num_steps: int) -> float:
    """Returns the share of the learning rate that is left after some steps.

    Args:
        decay: "none" or "linear".
        steps_done: steps before this one.
        num_steps: of the whole run.

    Example:

    >>> [rate_left("linear", steps_done, 4) for steps_done in range(4)]
    [1.0, 0.75, 0.5, 0.25]
    """
    return 1.0 if decay == "none" else 1.0 - steps_done / num_steps


def _group_by_rate(
    layers: list[keras.layers.Layer], config: TrainingConfig
) -> list[dict[str, Any]]:
    groups: dict[int, list[Any]] = {}
    body = [layer for layer in layers if layer.name not in HEAD]
    for layer in layers:
        # The head has depth 0, and each layer below it one more.
        depth = 0 if layer.name in HEAD else len(body) - body.index(layer)
        key = 0 if config.rate_factor_per_layer == 1 else depth
        groups.setdefault(key, []).extend(v.value for v in layer.trainable_variables)
    factor = config.rate_factor_per_layer
    return [
        {"params": parameters, "lr": config.learning_rate * factor**depth}
        for depth, parameters in groups.items()
    ]
