"""What a training may start from: a language model, or a saved classifier, which lends the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.config.sections import SAME_SEED, Config
from reelfeel.errors import BundleError
from reelfeel.inference.bundle import Bundle, read_bundle
from reelfeel.inference.shipped import find_model
from reelfeel.models.classifier import split_directions
from reelfeel.models.language_model import LanguageModel, read_language_model

Arrays = dict[str, npt.NDArray[np.float32]]

# Where `about` has the settings and the labels of a classifier.
_SETTINGS, _LABEL_NAMES = "classifier", "label_names"


def read_start(start: str | Path) -> LanguageModel:
    """Reads what a training starts from.

    Args:
        start: a language model or a saved classifier: the name of one that comes with ReelFeel, or
            a folder.

    Returns:
        A language model as it was saved; a classifier as one, with its head among the weights.

    Raises:
        BundleError: if there is neither, or it is damaged.
    """
    path = find_model(start)
    if (path / "language_model.json").exists():
        return read_language_model(path)
    if (path / "config.json").exists():
        return _read_classifier(read_bundle(path))
    raise BundleError(
        f"There is no model to start from at {path}. Expected a folder that `reelfeel pretrain "
        "--output` or `reelfeel train --output` wrote, or a name that `reelfeel models` lists."
    )


def is_classifier(start: LanguageModel) -> bool:
    """Whether a start is a saved classifier."""
    return _SETTINGS in start.about


def adopt_classifier(config: Config, start: LanguageModel) -> Config:
    """Returns settings with the network and the way of reading of a classifier to start from.

    Args:
        config: all settings; returned as they are where the start is a language model.
        start: from `read_start`.
    """
    if not is_classifier(start):
        return config
    theirs = Config().updated(start.about[_SETTINGS])
    names = ("dense_units", "masking", "pooling", "direction")
    network = {name: getattr(theirs.model, name) for name in names}
    reading = {name: getattr(theirs.data, name) for name in ("max_tokens", "keep")}
    return replace(
        config, data=replace(config.data, **reading), model=replace(config.model, **network)
    )


def without_foreign_head(start: LanguageModel, label_names: tuple[str, str]) -> LanguageModel:
    """Returns a start without its head, unless it tells the same two classes apart."""
    if start.about.get(_LABEL_NAMES) == list(label_names):
        return start
    weights = {
        direction: {name: array for name, array in arrays.items() if not _is_head(name)}
        for direction, arrays in start.weights.items()
    }
    return replace(start, weights=weights)


def _is_head(name: str) -> bool:
    return name.startswith("logit/")


def _read_classifier(bundle: Bundle) -> LanguageModel:
    config = bundle.config
    directions = list(split_directions(config.model))
    return LanguageModel(
        config=PretrainingConfig(
            vocabulary_size=config.data.vocabulary_size,
            embedding_dim=config.model.embedding_dim,
            units=config.model.units,
            held_out_share=min(config.data.validation_share, 0.5),
            split_seed=_find_split_seed(config),
        ),
        vocabulary=bundle.vocabulary,
        text_settings=bundle.text_settings,
        weights={name: _pick(bundle.weights(), name, len(directions)) for name in directions},
        about={
            _SETTINGS: config.to_dict(),
            _LABEL_NAMES: list(bundle.label_names),
            "provenance": bundle.about("provenance") or {},
        },
    )


def _find_split_seed(config: Config) -> int:
    seed = config.data.split_seed
    return config.training.seed if seed == SAME_SEED else seed


def _pick(weights: Arrays, direction: str, num_directions: int) -> Arrays:
    if num_directions == 1:
        return weights
    prefix = f"{direction}/"
    return {
        name.removeprefix(prefix): array
        for name, array in weights.items()
        if name.startswith(prefix)
    }
