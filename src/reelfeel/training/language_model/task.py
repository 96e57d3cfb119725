"""The training of a language model of one direction: its stream of tokens, and its perplexity."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.schema import require
from reelfeel.training.language_model.perplexity import measure_loss
from reelfeel.training.language_model.step import LanguageModelStep
from reelfeel.training.language_model.token_stream import IdArray, TokenTexts, Windows
from reelfeel.training.loop.checkpoints import Arrays
from reelfeel.training.loop.state import LoopState, StepResult, make_record_check
from reelfeel.weights import Weights

# So many held-out texts give an epoch's loss to a few hundredths; at the end all of them are read.
NUM_HELD_OUT_PER_EPOCH = 500
CHECK_RECORD = make_record_check("tokens", "train_loss", "held_out_loss")


class LanguageModelTask:
    """The training of one direction; see `Task` for what a trainer calls.

    Args:
        texts: to learn from.
        held_out: to evaluate on.
        num_words: rows of the embedding, the end of a text included.
        config: all settings.
        start: weights to start from, as `LanguageNetwork.named_weights` gives them.
    """

    unit, check_record = "tokens", staticmethod(CHECK_RECORD)
    num_threads: int | None = None

    def __init__(
        self,
        texts: TokenTexts,
        held_out: TokenTexts,
        num_words: int,
        config: PretrainingConfig,
        start: Weights | None = None,
    ) -> None:
        self.texts, self.held_out, self.config = texts, held_out, config
        self.num_epochs, self.checkpoint_every_s = config.epochs, config.checkpoint_every_s
        # In another order the windows are as many.
        self.windows = self._cut(texts.ids)
        counts = np.bincount(texts.ids, minlength=num_words)
        self.step = LanguageModelStep(counts, config, start)

    def _cut(self, stream: IdArray) -> Windows:
        return Windows.cut(stream, self.config.batch_size, self.config.bptt_length)

    def count_epoch(self, epoch: int) -> tuple[int, int]:
        """Returns the steps and the tokens of an epoch."""
        return self.windows.num_steps, self.windows.num_tokens

    def plan_epoch(self, epoch: int, first_step: int) -> Iterator[tuple[IdArray, IdArray]]:
        """Yields inputs and targets of each window, the texts in an order of the epoch's own."""
        generator = np.random.default_rng([self.config.seed, epoch])
        yield from self._cut(self.texts.shuffled(generator)).read(first_step)

    def take_step(self, batch: tuple[IdArray, IdArray], number: int) -> StepResult:
        """Learns from a window."""
        inputs, targets = batch
        num_steps = self.num_epochs * self.windows.num_steps
        loss = self.step.run(inputs, targets, number, num_steps)
        return StepResult(inputs.size, {"loss": loss * inputs.size})

    def evaluate(self, state: LoopState) -> tuple[dict[str, float], str]:
        """Measures the loss on some held-out texts; the next epoch reads from zero states on."""
        loss = self._measure(NUM_HELD_OUT_PER_EPOCH)
        self.step.forget()
        return {"held_out_loss": loss}, f"perplexity {to_perplexity(loss):.2f}"

    def _measure(self, num_texts: int) -> float:
        numbers = np.arange(min(num_texts, self.held_out.num_texts))
        return measure_loss(self.step.network, self.held_out.take(numbers), self.step.dtype)

    def check_learning(self) -> None:
        """A language model has no alarm."""

    def is_finished(self, state: LoopState) -> bool:
        """Never sooner than after all epochs."""
        return False

    def to_arrays(self) -> dict[str, Arrays]:
        """Returns what the step depends on."""
        return self.step.to_arrays()

    def to_progress(self) -> dict[str, Any]:
        """There is nothing else."""
        return {}

    def restore(self, groups: Mapping[str, Arrays], progress: Any) -> None:
        """Takes over what `to_arrays` returned."""
        require(progress == {}, "task", "empty", progress)
        self.step.restore(groups)

    def finish(self) -> tuple[Arrays, dict[str, Any]]:
        """Returns the weights, and their loss on all held-out texts."""
        loss = self._measure(self.held_out.num_texts)
        return dict(self.step.network.named_weights()), {"final_loss": loss}


def to_perplexity(loss: float) -> float:
    """Returns how many words a language model wavers between, on average.

    Example:

    >>> round(to_perplexity(2.0), 3)
    7.389
    """
    return math.exp(min(loss, 700))
