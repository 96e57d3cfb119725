"""One step of a language model: what it computes, and all that the next step depends on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.models.language_model import LanguageNetwork
from reelfeel.models.lstm import select_kernel
from reelfeel.training.language_model.sampled_softmax import draw_negatives, sampled_softmax
from reelfeel.training.language_model.sparse_adam import RowAdam
from reelfeel.training.language_model.token_stream import IdArray
from reelfeel.training.loop.adam import read_adam, restore_adam
from reelfeel.training.loop.checkpoints import Arrays, check_arrays, split_groups
from reelfeel.weights import Weights


class LanguageModelStep:
    """A language model, its optimizers, and the LSTMs' states between two windows.

    Args:
        counts: int array of shape `(num_words,)`: how often each id stands in the texts.
        config: all settings.
        start: weights to start from, as `LanguageNetwork.named_weights` gives them.
    """

    def __init__(
        self,
        counts: npt.NDArray[np.int64],
        config: PretrainingConfig,
        start: Weights | None = None,
    ) -> None:
        self.config = config
        self.network = LanguageNetwork(config, len(counts), seed=config.seed)
        self.rates = np.power(counts, config.negative_power) * (counts > 0)
        if start is None:
            self._start_at_frequencies(counts)
        else:
            self.network.assign(start)
        self.dtype = select_kernel(config.precision).dtype
        self._make_optimizers()

    def _start_at_frequencies(self, counts: npt.NDArray[np.int64]) -> None:
        # The first thing that a language model would learn, and the slowest for rare words.
        self.network.softmax_bias.assign(np.log((counts + 1) / (counts + 1).sum()))

    def _make_optimizers(self) -> None:
        network, rate = self.network, self.config.learning_rate
        self.table = network.embedding.embeddings.value
        self.bias = network.softmax_bias.value
        self.dense = [
            variable.value
            for layer in (*network.lstms, network.projection)
            for variable in layer.trainable_variables
        ]
        # Keras' default epsilon; PyTorch's is 1e-8.
        self.dense_adam = torch.optim.Adam(self.dense, lr=rate, eps=1e-7, fused=True)
        self.row_adams = {"embedding": RowAdam(self.table), "bias": RowAdam(self.bias)}
        self.forget()

    def forget(self) -> None:
        """Sets the LSTMs' states to zero, as at the beginning of a pass."""
        self.states = self.network.zero_states(self.config.batch_size)

    def run(self, inputs: IdArray, targets: IdArray, number: int, num_steps: int) -> float:
        """Learns from one step of all rows.

        Args:
            inputs: int32 array of shape `(batch_size, bptt_length)`.
            targets: the next token of each, of the same shape.
            number: of the step, from 0.
            num_steps: planned in all.

        Returns:
            The loss before the step, in nats per token.
        """
        # All that is random in a step follows from its number, so nothing of it need be stored.
        config = self.config
        generator = np.random.default_rng([config.seed, 1, number])
        negatives = draw_negatives(self.rates, config.num_negatives, generator)
        used = _UsedRows(len(self.bias), inputs, targets, negatives.ids)
        rows = torch.from_numpy(used.rows).to(self.table.device)
        table = self.table.detach().index_select(0, rows).requires_grad_()
        bias = self.bias.detach()[rows].requires_grad_()
        hidden = self._run_network(table, used.positions(inputs), generator)
        loss = sampled_softmax(
            hidden,
            table,
            bias,
            self._to_device(used.positions(targets).reshape(-1)),
            self._to_device(used.positions(negatives.ids)),
            self._to_device(negatives.inclusion),
            self.dtype,
        )
        loss.backward()
        self._update(rows, table, bias, learning_rate(config, number, num_steps))
        return float(loss.item())

    def _run_network(
        self, table: torch.Tensor, ids: npt.NDArray[np.int64], generator: np.random.Generator
    ) -> torch.Tensor:
        config, network = self.config, self.network
        words = self._keep_mask((len(table), 1), config.word_dropout_rate, generator)
        channels = self._keep_mask(
            (len(ids), 1, config.embedding_dim), config.embedding_dropout_rate, generator
        )
        dropped = table if words is None else table * words
        outputs = torch.nn.functional.embedding(self._to_device(ids), dropped)
        outputs = outputs if channels is None else outputs.mul_(channels)
        for index, lstm in enumerate(network.lstms):
            outputs, *states = lstm(outputs, initial_state=self.states[index])
            self.states[index] = [state.detach() for state in states]
            kept = self._keep_mask((len(ids), 1, lstm.units), config.output_dropout_rate, generator)
            outputs = outputs if kept is None else outputs * kept
        with torch.autocast(
            outputs.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16
        ):
            hidden = network.projection(outputs)
        return hidden.float().reshape(-1, config.embedding_dim)

    def _keep_mask(
        self, shape: tuple[int, ...], rate: float, generator: np.random.Generator
    ) -> torch.Tensor | None:
        if not rate:
            return None
        kept = (generator.random(shape, dtype=np.float32) >= rate) / np.float32(1 - rate)
        return self._to_device(kept)

    def _to_device(self, array: npt.NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(array).to(self.table.device)

    def _update(
        self, rows: torch.Tensor, table: torch.Tensor, bias: torch.Tensor, rate: float
    ) -> None:
        if max_norm := self.config.max_gradient_norm:
            torch.nn.utils.clip_grad_norm_([*self.dense, table, bias], max_norm)
        self.dense_adam.param_groups[0]["lr"] = rate
        self.dense_adam.step()
        self.dense_adam.zero_grad()
        self.row_adams["embedding"].step(rows, table.grad, rate)
        self.row_adams["bias"].step(rows, bias.grad, rate)

    def to_arrays(self) -> dict[str, Arrays]:
        """Returns all that the next step depends on, in groups."""
        return {
            "model": dict(self.network.named_weights()),
            "states": {
                f"{index}.{name}": state.cpu().numpy()
                for index, states in enumerate(self.states)
                for name, state in zip(("hidden", "cell"), states, strict=True)
            },
            "sparse_adam": {
                f"{name}.{key}": value.cpu().numpy()
                for name, adam in self.row_adams.items()
                for key, value in adam.state().items()
            },
            "adam": read_adam(self.dense_adam, self.dense),
        }

    def restore(self, groups: Mapping[str, Arrays]) -> None:
        """Takes over what `to_arrays` returned.

        Raises:
            ValueError: if it could not have returned this.
        """
        own = self.to_arrays()
        for group in ("model", "states", "sparse_adam"):
            check_arrays(groups[group], own[group])
        restore_adam(self.dense_adam, self.dense, groups["adam"])
        self.network.assign(groups["model"])
        for index, states in enumerate(self.states):
            parts = (groups["states"][f"{index}.{name}"] for name in ("hidden", "cell"))
            states[:] = [self._to_device(part.copy()) for part in parts]
        stored = split_groups(groups["sparse_adam"], self.row_adams)
        for name, adam in self.row_adams.items():
            adam.restore({key: torch.from_numpy(array) for key, array in stored[name].items()})


class _UsedRows:
    """The rows of the embedding that a step uses, and the place of each id among them."""

    def __init__(self, num_rows: int, *ids: npt.NDArray[Any]) -> None:
        is_used = np.zeros(num_rows, dtype=bool)
        for some in ids:
            is_used[some] = True
        self.rows = np.flatnonzero(is_used)
        self._places = np.empty(num_rows, dtype=np.int64)
        self._places[self.rows] = np.arange(len(self.rows))

    def positions(self, ids: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        return self._places[ids]


def learning_rate(config: PretrainingConfig, step: int, num_steps: int) -> float:
    """Returns the learning rate of a step, counted from 0, of `num_steps` in all.

    It rises along a line for `warmup_steps` and then falls along half a cosine, to nearly 0 at the
    last step.

    Example:

    >>> config = PretrainingConfig(learning_rate=1.0, warmup_steps=2)
    >>> [round(learning_rate(config, step, 6), 3) for step in range(6)]
    [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    """
    warmup = min(config.warmup_steps, num_steps // 2)
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    share = (step - warmup) / (num_steps - warmup)
    return config.learning_rate * (1 + math.cos(math.pi * share)) / 2
