"""Where a run stands between two steps."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from reelfeel.schema import Check, integer, many, mapping, number, record, require
from reelfeel.training.loop.checkpoints import COUNT, Checkpoint

# An epoch as plain values: its number, its means over the training steps, its figures, its time.
Record = dict[str, Any]
# Where a checkpoint was saved: epochs, and steps of the next one; None without a checkpoint.
Position = tuple[int, int] | None

SECONDS, LOSS = number(0, 1e12), number(is_finite=False)
_STATE = {
    "total_steps": COUNT,
    "num_items": COUNT,
    "sums": mapping(LOSS),
    "seconds": SECONDS,
    "history": many(record({}), most=1_000_000),
}


@dataclass(frozen=True)
class StepResult:
    """What a step learned from.

    Attributes:
        num_items: reviews or tokens.
        sums: of what is measured, over these items, such as `{"loss": 41.5}`.
    """

    num_items: int
    sums: dict[str, float]


@dataclass
class LoopState:
    """Counts of the run and sums of the running epoch; all of it goes into the checkpoint."""

    epoch: int = 0
    step: int = 0
    total_steps: int = 0
    num_items: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    history: list[Record] = field(default_factory=list)

    def count_step(self, result: StepResult) -> None:
        """Adds a step."""
        self.step += 1
        self.total_steps += 1
        self.num_items += result.num_items
        for name, value in result.sums.items():
            self.sums[name] = self.sums.get(name, 0) + value

    def means(self) -> dict[str, float]:
        """Returns the means over the running epoch so far."""
        return {name: value / self.num_items for name, value in self.sums.items()}

    def start_next_epoch(self, finished: Record) -> None:
        """Keeps the record of an epoch and sets its sums back to nothing."""
        self.history.append(finished)
        self.epoch += 1
        self.step = self.num_items = 0
        self.sums, self.seconds = {}, 0.0

    def to_progress(self) -> dict[str, Any]:
        """Returns what a checkpoint does not hold elsewhere, as JSON values."""
        progress = asdict(self)
        del progress["epoch"], progress["step"]
        return progress

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint, check_record: Check) -> LoopState:
        """Rebuilds the state that `to_progress` described, under "loop".

        Raises:
            ValueError: if it describes none.
        """
        progress = checkpoint.progress["loop"]
        record(_STATE, required=_STATE, others=None)(progress, "loop")
        many(check_record)(progress["history"], "history")
        state = cls(checkpoint.epoch, checkpoint.step, **progress)
        num_epochs = len(state.history)
        require(state.epoch == num_epochs, "epoch", f"{num_epochs}, as in history", state.epoch)
        holds = (state.step == 0) == (state.num_items == 0) == (not state.sums)
        require(holds, "num_items", "above 0 after a step", state.num_items)
        return state


def make_record_check(unit: str, *figures: str) -> Check:
    """Returns the check of an epoch's record.

    Args:
        unit: what is counted, such as "reviews".
        figures: the names of its losses and rates.
    """
    fields = {
        "epoch": integer(1, 1 << 40),
        **dict.fromkeys(figures, LOSS),
        "seconds": SECONDS,
        f"{unit}_per_s": number(0),
        "validation_s": SECONDS,
    }
    return record(fields, required=fields, others=None)


def count_seconds(history: list[Record] | tuple[Record, ...]) -> float:
    """Returns how long the epochs took, their evaluation included."""
    return float(sum(one["seconds"] + one["validation_s"] for one in history))
