"""The training of each direction of a language model, as jobs."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reelfeel.config.pretraining import DIRECTIONS, PretrainingConfig
from reelfeel.schema import integer, many, one_of, record
from reelfeel.training.language_model.task import CHECK_RECORD, LanguageModelTask
from reelfeel.training.language_model.token_stream import TokenTexts
from reelfeel.training.loop import jobs
from reelfeel.training.loop.checkpoints import (
    Arrays,
    Checkpoint,
    check_arrays,
    check_progress,
    join_groups,
    split_groups,
)
from reelfeel.training.loop.run_folder import fingerprint_weights, run_folder
from reelfeel.training.loop.state import LOSS, Position, Record
from reelfeel.weight_shapes import language_model_shapes

_FIELDS = {
    "name": one_of(*DIRECTIONS),
    "num_words": integer(1, 1 << 24),
    "config": record({}),
}
_CHECK = record(_FIELDS, required=_FIELDS, others=None)
_FINISHED = {"history": many(CHECK_RECORD), "final_loss": LOSS}


@dataclass(frozen=True)
class PretrainingResult:
    """What the training of one direction leaves behind.

    Attributes:
        weights: by name.
        final_loss: on all held-out texts, in nats per token.
        history: one record for each epoch.
    """

    weights: Arrays
    final_loss: float
    history: list[Record]


def pretraining_folder(config: PretrainingConfig, texts: TokenTexts, start: Arrays | None) -> Path:
    """Returns the folder of a run's checkpoint: the same texts and results, the same folder."""
    settings = config.key_settings()
    # These change when a run stops and how its result is saved, not what it computes.
    for name in ("checkpoint_every_s", "saved_words", "weight_precision"):
        del settings[name]
    return run_folder(settings, texts.fingerprint(), fingerprint_weights(start) if start else "")


@dataclass(frozen=True, eq=False)
class LanguageModelJob(jobs.Job[PretrainingResult]):
    """The training of one direction.

    Attributes:
        name: "forward" or "backward".
        folder: where the checkpoint goes.
        config: all settings.
        num_words: rows of the embedding.
        texts: to learn from, in the direction's order.
        held_out: to evaluate on.
        start_weights: by name; None starts from random ones.
    """

    name: str
    folder: Path
    config: PretrainingConfig
    num_words: int
    texts: TokenTexts
    held_out: TokenTexts
    start_weights: Arrays | None = None

    is_worth_a_process = True

    def make_task(self) -> LanguageModelTask:
        """Builds the network."""
        return LanguageModelTask(
            self.texts, self.held_out, self.num_words, self.config, self.start_weights
        )

    def read_finished(self, finished: Checkpoint, resumed_at: Position) -> PretrainingResult:
        """Returns weights, loss and history, if they are of such a network."""
        check_progress(finished, _FINISHED)
        shapes = language_model_shapes(self.config.embedding_dim, self.config.units, self.num_words)
        expected = {name: np.empty(shape, np.float32) for name, shape in shapes.items()}
        check_arrays(finished.arrays, expected)
        return PretrainingResult(finished.arrays, **finished.progress)

    def to_parts(self) -> tuple[dict[str, Any], Arrays]:
        """Returns the settings, and texts and weights as arrays."""
        settings = {
            "name": self.name,
            "num_words": self.num_words,
            "config": self.config.to_dict(),
        }
        groups = {"texts": self.texts.to_arrays(), "held_out": self.held_out.to_arrays()}
        return settings, join_groups({**groups, "start": self.start_weights or {}})

    @classmethod
    def from_parts(cls, folder: Path, settings: dict[str, Any], arrays: Arrays) -> LanguageModelJob:
        """Returns the job that `to_parts` described."""
        _CHECK(settings, "settings")
        num_words = settings["num_words"]
        groups = split_groups(arrays, ("texts", "held_out", "start"))
        return cls(
            settings["name"],
            folder,
            PretrainingConfig().updated(settings["config"]),
            num_words,
            TokenTexts.from_arrays(groups["texts"], num_words),
            TokenTexts.from_arrays(groups["held_out"], num_words),
            groups["start"] or None,
        )


if __name__ == "__main__":
    sys.exit(jobs.work(LanguageModelJob))
