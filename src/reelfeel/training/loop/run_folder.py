"""Where a run keeps its checkpoint, and how many threads it gets."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from reelfeel.config.sections import Config
from reelfeel.training.classifier.records import EncodedReviews

# Below so many numbers in a batch's state, a time step is shorter than waking a second thread; on a
# busy machine two threads then wait for each other all day (mini: 5 s became 300 s).
ONE_THREAD_STATES = 1_024
_WITHOUT_EFFECT = (
    ("training", "alarm"),
    ("training", "checkpoint_every_s"),
    ("model", "weight_precision"),
)


def run_folder(parent: Path, config: Config, train: EncodedReviews, *, origin: str = "") -> Path:
    """Returns the folder of a run's checkpoint: the same data and results, the same folder.

    Args:
        parent: of all such folders.
        config: all settings.
        train: the reviews to learn from.
        origin: what else the results depend on, such as the fingerprint of a language model.
    """
    settings = effective_settings(config)
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    digest.update(train.fingerprint().encode())
    digest.update(origin.encode())
    return parent / digest.hexdigest()[:16]


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


@contextlib.contextmanager
def enough_threads(config: Config) -> Iterator[None]:
    """Lets networks too small for several threads run on one inside the block."""
    before = torch.get_num_threads()
    if is_small(config):
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def is_small(config: Config) -> bool:
    """Whether a network is so small that a second thread would only be in its way."""
    return config.training.batch_size * max(config.model.units) < ONE_THREAD_STATES
