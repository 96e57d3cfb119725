"""The training of each direction of a classifier, as jobs.

Two directions share nothing but their reviews, so each is a run of its own, with its own loss, best
epoch and checkpoint.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reelfeel.config.sections import Config
from reelfeel.models.classifier import assign_weights, build_classifier
from reelfeel.schema import number, record, require
from reelfeel.text.token_ids import TokenIds
from reelfeel.training.classifier.records import EncodedReviews, FitResult
from reelfeel.training.classifier.task import ClassifierTask, is_small
from reelfeel.training.loop import jobs
from reelfeel.training.loop.checkpoints import (
    Arrays,
    Checkpoint,
    check_arrays,
    join_groups,
    split_groups,
)
from reelfeel.training.loop.state import Position

_FIELDS = {"config": record({}), "unknown_share": number(0, 1)}
_CHECK = record(_FIELDS, required=_FIELDS, others=None)
_WITHOUT_EFFECT = (
    ("training", "alarm"),
    ("training", "checkpoint_every_s"),
    ("model", "weight_precision"),
)


def effective_settings(config: Config) -> dict[str, dict[str, Any]]:
    """Returns the settings that decide what a run computes, as plain values.

    Those at their defaults are left out: a setting that a later version adds must not orphan the
    finished runs of this one. So are those that change when a run stops and how it is saved.
    """
    defaults = Config().to_dict()
    return {
        section: {
            name: value
            for name, value in values.items()
            if value != defaults[section][name] and (section, name) not in _WITHOUT_EFFECT
        }
        for section, values in config.to_dict().items()
    }


@dataclass(frozen=True)
class ClassifierJob(jobs.Job[tuple[FitResult, Arrays]]):
    """The training of one direction; it leaves the result and the weights of the best epoch.

    Attributes:
        config: all settings; its direction is "forward" or "backward".
        folder: where the checkpoint goes.
        start_weights: of the network, by name.
        train: the reviews to learn from.
        validation: the reviews that choose the epoch.
        unlabelled: ids of reviews for the virtual adversarial loss; None takes those of `train`.
    """

    config: Config
    folder: Path
    start_weights: Arrays
    train: EncodedReviews
    validation: EncodedReviews
    unlabelled: TokenIds | None = None

    @property
    def name(self) -> str:  # type: ignore[override]
        """The direction."""
        return self.config.model.direction

    @property
    def is_worth_a_process(self) -> bool:  # type: ignore[override]
        """Whether the network is large enough."""
        return not is_small(self.config)

    def make_task(self) -> ClassifierTask:
        """Builds the network with its start weights."""
        training = self.config.training
        num_words = len(self.start_weights["embedding/embeddings"])
        model = build_classifier(
            self.config.model, num_words, seed=training.seed, precision=training.precision
        )
        assign_weights(model, self.start_weights)
        return ClassifierTask(model, self.train, self.validation, self.config, self.unlabelled)

    def read_finished(self, finished: Checkpoint, resumed_at: Position) -> tuple[FitResult, Arrays]:
        """Returns the result and the weights, if they are of such reviews and such a network."""
        result, weights = FitResult.from_checkpoint(finished, resumed_at)
        check_arrays(weights, self.start_weights)
        logits = np.empty(len(self.validation.labels))
        check_arrays({"logits": result.validation_logits}, {"logits": logits})
        return result, weights

    def to_parts(self) -> tuple[dict[str, Any], Arrays]:
        """Returns the settings, and weights and reviews as arrays."""
        groups: dict[str, Arrays] = {"start": self.start_weights}
        for name, reviews in (("train", self.train), ("validation", self.validation)):
            groups[name] = {"labels": reviews.labels, **_flatten(reviews.token_ids)}
        if self.unlabelled is not None:
            groups["unlabelled"] = _flatten(self.unlabelled)
        further = {"targets": self.train.targets, "epochs": self.train.epochs}
        groups["train"] |= {name: column for name, column in further.items() if column is not None}
        config = self.config.to_dict()
        return {"config": config, "unknown_share": self.train.unknown_share}, join_groups(groups)

    @classmethod
    def from_parts(cls, folder: Path, settings: dict[str, Any], arrays: Arrays) -> ClassifierJob:
        """Returns the job that `to_parts` described."""
        _CHECK(settings, "settings")
        groups = split_groups(arrays, ("start", "train", "validation", "unlabelled"))
        num_words = len(groups["start"]["embedding/embeddings"])
        train, validation = (
            EncodedReviews(
                _unflatten(name, groups[name], num_words),
                groups[name]["labels"],
                unknown_share,
                groups[name].get("targets"),
                groups[name].get("epochs"),
            )
            for name, unknown_share in (("train", settings["unknown_share"]), ("validation", 0.0))
        )
        others = groups["unlabelled"]
        return cls(
            config=Config().updated(settings["config"]),
            folder=folder,
            start_weights=groups["start"],
            train=train,
            validation=validation,
            unlabelled=_unflatten("unlabelled", others, num_words) if others else None,
        )


def _flatten(token_ids: Any) -> Arrays:
    ids = TokenIds.of(token_ids)
    return {"ids": ids.flat, "lengths": np.asarray(ids.lengths)}


def _unflatten(name: str, arrays: Arrays, num_words: int) -> TokenIds:
    ids, lengths = arrays["ids"], arrays["lengths"]
    holds = not ids.size or 0 <= ids.min() <= ids.max() < num_words
    require(holds, f"{name}.ids", f"from 0 to {num_words - 1}", "others")
    require(int(lengths.sum()) == len(ids), f"{name}.lengths", f"{len(ids)} together", "others")
    return TokenIds(ids, lengths)


if __name__ == "__main__":
    sys.exit(jobs.work(ClassifierJob))
