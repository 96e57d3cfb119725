"""A classifier from few labels: a head on a network that can read, and then perhaps the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reelfeel.config.label_presets import MOST_TEXTS, choose_label_preset
from reelfeel.config.sections import Config
from reelfeel.files.scratch import open_scratch
from reelfeel.files.writing import home
from reelfeel.inference.classifier import Classifier
from reelfeel.models.lstm import check_precision
from reelfeel.training.classifier.execution import fit_config, train_classifier
from reelfeel.training.classifier.preparation import MakeTrainingSet, RunOptions
from reelfeel.training.classifier.pretrained import Pretrained, fit_config_to
from reelfeel.training.classifier.training_data import DataRequest, TrainingData
from reelfeel.training.few_labels.linear_probe import fit_heads
from reelfeel.training.loop.progress import Observer

# What a bundle says that its settings started from.
FEW_LABELS = "few-labels"
Settings = Mapping[str, Any]


def train_from_labels(
    request: DataRequest,
    pretrained: Pretrained,
    settings: Settings,
    options: RunOptions,
    observer: Observer,
    learn_answers: Callable[[Sequence[Path]], MakeTrainingSet],
) -> Classifier:
    """Trains a classifier with settings that follow from the number of labels.

    Args:
        request: what to read.
        pretrained: the model to start from.
        settings: changes to those settings; of the first of two stages only the data, the network
            and the seed. Without epochs there is one stage.
        options: what to make of it.
        observer: is told of progress, and which settings were chosen and why.
        learn_answers: from folders of saved models to what makes their answers the targets.

    Raises:
        UsageError: if a setting is wrong.
        DataError: if the reviews are refused.
        ReelFeelError: if the disk refuses, or a process fails.
    """
    config = Config().updated(settings)
    check_precision(config.training.precision)
    data = request.load(observer, with_texts=True).starting_from(pretrained)
    data = _draw_texts(data, config.training.seed)
    preset = choose_label_preset(len(data.reviews), len(data.texts))
    observer.on_note(f"{preset.reason}.")
    if preset.tuning is None or not config.training.epochs:
        head_config = fit_config(preset.head.updated(settings), pretrained, observer)
        return train_classifier(data, head_config, options, observer, fit_heads=fit_heads)
    place = home() / "few-labels" / "head"
    place.parent.mkdir(parents=True, exist_ok=True)
    with open_scratch(place) as folder:
        first = replace(options, output=folder / "head", keeps_networks=False)
        head_config = fit_config(preset.head.updated(_shared(settings)), pretrained, observer)
        train_classifier(data, head_config, first, observer, fit_heads=fit_heads)
        head = Pretrained.read(first.output)
        config = fit_config_to(head, preset.tuning.updated(settings))
        texts = data.texts if preset.learns_answers else ()
        answers = learn_answers([first.output]) if texts else None
        data = replace(data, texts=texts, pretrained=head)
        return train_classifier(data, config, options, observer, make_training_set=answers)


def _shared(settings: Settings) -> dict[str, Any]:
    """Returns the changes that concern both stages."""
    training = settings.get("training", {})
    kept = {name: training[name] for name in ("seed", "precision") if name in training}
    return {**settings, "training": kept}


def _draw_texts(data: TrainingData, seed: int) -> TrainingData:
    if len(data.texts) <= MOST_TEXTS:
        return data
    rows = np.random.default_rng(seed).choice(len(data.texts), MOST_TEXTS, replace=False)
    return replace(data, texts=tuple(data.texts[row] for row in np.sort(rows).tolist()))
