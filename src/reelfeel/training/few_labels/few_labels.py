"""A classifier from few labels: a head on a network that can read, and then perhaps the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reelfeel.config.label_presets import MOST_TEXTS, choose_label_preset
from reelfeel.config.sections import Config
from reelfeel.files.scratch import open_scratch
from reelfeel.files.writing import home
from reelfeel.inference.classifier import Engine
from reelfeel.models.language_model import LanguageModel
from reelfeel.models.lstm import check_precision
from reelfeel.training.classifier.execution import Order, adopt, adopt_start, execute
from reelfeel.training.classifier.pretrained import read_start
from reelfeel.training.classifier.training_data import Source
from reelfeel.training.distillation.teachers import Teachers
from reelfeel.training.loop.progress import Observer

# What a bundle says that its settings started from.
FEW_LABELS = "few-labels"
Settings = Mapping[str, Any]


def train_from_labels(
    reading: Callable[..., Source],
    start: LanguageModel,
    settings: Settings,
    order: Order,
    observer: Observer,
) -> Engine:
    """Trains a classifier with settings that follow from the number of labels.

    Args:
        reading: `load_source` with a source.
        start: from `read_start`.
        settings: changes to those settings; of the first of two stages only the data, the network
            and the seed. Without epochs there is one stage.
        order: what to make of it.
        observer: is told of progress, and which settings were chosen and why.

    Raises:
        UsageError: if a setting is wrong.
        DataError: if the reviews are refused.
        ReelFeelError: if the disk refuses, or a process fails.
    """
    config = Config().updated(settings)
    check_precision(config.training.precision)
    source = reading(config, language_model=start, with_texts=True)
    source = _draw_texts(source, config.training.seed)
    preset = choose_label_preset(len(source.reviews), len(source.texts))
    observer.on_note(f"{preset.reason}.")
    if preset.tuning is None or not config.training.epochs:
        return _fit_head(preset.head.updated(settings), source, start, order, observer)
    head = home() / "few-labels" / "head"
    head.parent.mkdir(parents=True, exist_ok=True)
    with open_scratch(head) as folder:
        first = replace(order, output=folder / "head", keeps_networks=False)
        _fit_head(preset.head.updated(_shared(settings)), source, start, first, observer)
        config = preset.tuning.updated(settings)
        texts = source.texts if preset.learns_answers else ()
        return _tune(config, first.output, replace(source, texts=texts), order, observer)


def _fit_head(
    config: Config, source: Source, start: LanguageModel, order: Order, observer: Observer
) -> Engine:
    return execute(source, adopt(config, start, observer), order, observer)


def _tune(config: Config, head: Path, source: Source, order: Order, observer: Observer) -> Engine:
    start = read_start(head)
    config = adopt_start(config, start)
    teachers = Teachers.read([head]) if source.texts else None
    second = replace(source, language_model=start, teachers=teachers)
    return execute(second, config, order, observer)


def _shared(settings: Settings) -> dict[str, Any]:
    """Returns the changes that concern both stages."""
    training = settings.get("training", {})
    kept = {name: training[name] for name in ("seed", "precision") if name in training}
    return {**settings, "training": kept}


def _draw_texts(source: Source, seed: int) -> Source:
    if len(source.texts) <= MOST_TEXTS:
        return source
    rows = np.random.default_rng(seed).choice(len(source.texts), MOST_TEXTS, replace=False)
    return replace(source, texts=tuple(source.texts[row] for row in np.sort(rows).tolist()))
