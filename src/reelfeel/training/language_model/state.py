"""Where the training of a language model stands, what it leaves behind, and who is told."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from reelfeel.schema import many, number, record, require
from reelfeel.training.loop.checkpoints import COUNT, Checkpoint, check_progress

_SECONDS, _LOSS = number(0, 1e12), number(is_finite=False)
_PASS = {
    "number": COUNT,
    "train_loss": _LOSS,
    "held_out_loss": _LOSS,
    "seconds": _SECONDS,
    "tokens_per_s": number(0),
}
_PROGRESS = {
    "total_steps": COUNT,
    "num_tokens": COUNT,
    "loss_sum": _LOSS,
    "seconds": _SECONDS,
    "final_loss": _LOSS,
    "history": many(record(_PASS, required=_PASS, others=None), most=1_000_000),
}


@dataclass(frozen=True)
class PassRecord:
    """One pass over the texts; losses in nats per token.

    Attributes:
        number: counted from 1.
        train_loss: mean over the pass, by the sampled softmax and under dropout.
        held_out_loss: of held-out texts, by the full softmax and without dropout.
        seconds: of training, without the measurement.
        tokens_per_s: in training.
    """

    number: int
    train_loss: float
    held_out_loss: float
    seconds: float
    tokens_per_s: float

    @property
    def perplexity(self) -> float:
        """Of held-out texts: the words that the model wavers between, on average."""
        return math.exp(min(self.held_out_loss, 700))


@dataclass
class StreamState:
    """Where a run stands between two steps; all of it goes into the checkpoint."""

    passes_done: int = 0
    step: int = 0
    total_steps: int = 0
    num_tokens: int = 0
    loss_sum: float = 0.0
    seconds: float = 0.0
    final_loss: float = float("inf")
    history: list[PassRecord] = field(default_factory=list)

    def count_step(self, num_tokens: int, loss: float) -> None:
        """Adds a step; `loss` is its mean over the tokens."""
        self.step += 1
        self.total_steps += 1
        self.num_tokens += num_tokens
        self.loss_sum += loss * num_tokens

    def mean_loss(self) -> float:
        """Returns the loss over the running pass so far."""
        return self.loss_sum / self.num_tokens

    def start_next_pass(self, record: PassRecord) -> None:
        """Keeps the record of a pass and sets its sums back to nothing."""
        self.history.append(record)
        self.passes_done += 1
        self.step = self.num_tokens = 0
        self.loss_sum = self.seconds = 0.0

    def to_progress(self) -> dict[str, Any]:
        """Returns what a checkpoint does not hold elsewhere, as JSON values."""
        progress = asdict(self)
        del progress["passes_done"], progress["step"]
        return progress

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> StreamState:
        """Rebuilds the state that `to_progress` described.

        Raises:
            ValueError: if it describes none.
        """
        check_progress(checkpoint, _PROGRESS)
        progress = dict(checkpoint.progress)
        progress["history"] = [PassRecord(**record) for record in progress["history"]]
        state = cls(checkpoint.epoch, checkpoint.step, **progress)
        num_passes = len(state.history)
        require(state.passes_done == num_passes, "epoch", f"{num_passes}", state.passes_done)
        holds = (state.step == 0) == (state.num_tokens == 0)
        require(holds, "num_tokens", "above 0 after a step", state.num_tokens)
        return state


class PretrainingObserver:
    """Is told how the training of one direction goes, and says nothing."""

    def on_note(self, text: str) -> None:
        """A fact about the run worth a line."""

    def on_start(self, num_steps: int, steps_done: int) -> None:
        """A pass begins: steps in all, and steps done, over all passes."""

    def on_step(self, passes_done: int, num_tokens: int, loss: float) -> None:
        """A step is done; `loss` is the mean of the running pass."""

    def on_pass(self, record: PassRecord) -> None:
        """A pass is done and measured."""
