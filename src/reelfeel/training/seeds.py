"""The same training with several seeds: how much of a result is luck."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reelfeel.config.presets import get_preset
from reelfeel.errors import UsageError
from reelfeel.files.outputs import hold_place
from reelfeel.files.writing import refuse_existing, write_whole
from reelfeel.inference.bundle import write_about
from reelfeel.inference.classifier import Classifier
from reelfeel.metrics.intervals.spread import measure_spread
from reelfeel.training.train import train

# Of the validation part: what a person asks for, and what a gate may hold.
COMPARED_METRICS = ("accuracy", "roc_auc", "log_loss", "brier", "ece")


def train_seeds(
    source: Any,
    *,
    output: str | Path,
    num_seeds: int,
    preset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    on_note: Callable[[str], None] = lambda note: None,
    **options: Any,
) -> dict[str, Any]:
    """Trains a classifier with several seeds, and measures how far they are apart.

    The seeds follow the one of the settings. Each decides the split, the first weights, the order
    and the dropout; with `data.split_seed` set, all are validated on the same reviews.

    Args:
        source: as `train` takes it.
        output: the folder to write: one bundle a seed, `seed-0` and so on, and `seeds.json`.
        num_seeds: how many, at least 2.
        preset: named settings to start from; see `train`.
        settings: changes to them.
        overwrite: whether existing bundles may be replaced.
        on_note: is told which seed is trained.
        **options: further arguments of `train`.

    Returns:
        Plain values, those of `seeds.json`: `seeds` (for each its `seed`, `model` and validation
        metrics) and `spread` (for each metric mean, standard deviation, lowest, highest, and the
        95 % interval of the mean over seeds).

    Raises:
        UsageError: if there are fewer than two seeds, or a bundle exists.
    """
    if num_seeds < 2:
        raise UsageError(
            f"A spread needs at least two seeds; leave --seeds out for one. Received {num_seeds}."
        )
    folder, changes = Path(output), dict(settings or {})
    first = get_preset(preset or "seed").updated(changes).training.seed
    places = {seed: folder / f"seed-{seed}" for seed in range(first, first + num_seeds)}
    for place in places.values():
        refuse_existing(place, overwrite=overwrite)
    with hold_place(folder / "seeds.json"):
        trained = []
        for seed, place in places.items():
            on_note(f"Seed {seed}, {seed - first + 1} of {num_seeds}.")
            own = {**changes, "training": {**changes.get("training", {}), "seed": seed}}
            classifier = train(
                source, output=place, preset=preset, settings=own, overwrite=overwrite, **options
            )
            trained.append({"seed": seed, "model": place.name, **_read_metrics(classifier)})
        record = {"seeds": trained, "spread": _measure(trained)}
        with write_whole(folder / "seeds.json") as unfinished:
            write_about(unfinished.parent, "seeds", record)
        return record


def _read_metrics(classifier: Classifier) -> dict[str, float | None]:
    validation = classifier.bundle.about("metrics")["validation"]
    return {name: validation[name] for name in COMPARED_METRICS}


def _measure(trained: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    columns = {name: [one[name] for one in trained] for name in COMPARED_METRICS}
    return {
        name: measure_spread(np.array(values, np.float64)).to_dict()
        for name, values in columns.items()
        if None not in values
    }
