"""What a classifier may start from: a language model, or a saved classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import SAME_SEED, Config
from reelfeel.errors import BundleError, UsageError
from reelfeel.inference.bundle import Bundle, read_bundle
from reelfeel.inference.shipped import find_model
from reelfeel.models.classifier import split_directions
from reelfeel.models.language_model import LanguageModel, read_language_model
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary

NamedWeights = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Pretrained:
    """A model to start from.

    Attributes:
        embedding_dim: numbers per word.
        units: size of each LSTM layer, first to last.
        validation_share: share of the texts that it did not learn from.
        split_seed: of the choice of these texts.
        vocabulary: its words.
        text_settings: what a token is.
        weights: for each direction the arrays by name; of a classifier its head is among them.
        about: what is known of it, as plain values for the provenance.
        classifier: the settings of a saved classifier; None for a language model.
        label_names: of a saved classifier.
    """

    embedding_dim: int
    units: tuple[int, ...]
    validation_share: float
    split_seed: int
    vocabulary: Vocabulary
    text_settings: TextSettings
    weights: Mapping[str, NamedWeights]
    about: Mapping[str, Any]
    classifier: Config | None = None
    label_names: tuple[str, str] | None = None

    @classmethod
    def read(cls, start: str | Path) -> Pretrained:
        """Reads a language model or a saved classifier.

        Args:
            start: the name of one that comes with ReelFeel, or a folder.

        Raises:
            BundleError: if there is neither, or it is damaged.
        """
        path = find_model(start)
        if (path / "language_model.json").exists():
            return cls.of_language_model(read_language_model(path))
        if (path / "config.json").exists():
            return cls.of_classifier(read_bundle(path))
        raise BundleError(
            f"There is no model to start from at {path}. Expected a folder that `reelfeel pretrain "
            "--output` or `reelfeel train --output` wrote, or a name that `reelfeel models` lists."
        )

    @classmethod
    def of_language_model(cls, model: LanguageModel) -> Pretrained:
        """Returns a language model as it was saved."""
        config = model.config
        return cls(
            embedding_dim=config.embedding_dim,
            units=config.units,
            validation_share=config.validation_share,
            split_seed=config.split_seed,
            vocabulary=model.vocabulary,
            text_settings=model.text_settings,
            weights=model.weights,
            about=model.about,
        )

    @classmethod
    def of_classifier(cls, bundle: Bundle) -> Pretrained:
        """Returns a saved classifier, with its head."""
        config, seed = bundle.config, bundle.config.data.split_seed
        directions = list(split_directions(config.model))
        about = {
            "classifier": config.to_dict(),
            "label_names": list(bundle.label_names),
            "provenance": bundle.about("provenance") or {},
        }
        return cls(
            embedding_dim=config.model.embedding_dim,
            units=config.model.units,
            validation_share=min(config.data.validation_share, 0.5),
            split_seed=config.training.seed if seed == SAME_SEED else seed,
            vocabulary=bundle.vocabulary,
            text_settings=bundle.text_settings,
            weights={name: _pick(bundle.weights(), name, len(directions)) for name in directions},
            about=about,
            classifier=config,
            label_names=bundle.label_names,
        )

    def without_foreign_head(self, label_names: tuple[str, str]) -> Pretrained:
        """Returns it without its head, unless it tells the same two classes apart."""
        if self.label_names == label_names:
            return self
        weights = {
            direction: {
                name: array for name, array in arrays.items() if not name.startswith("logit/")
            }
            for direction, arrays in self.weights.items()
        }
        return replace(self, weights=weights)


def fit_config_to(pretrained: Pretrained, config: Config) -> Config:
    """Returns the settings of a classifier that is to start from a model.

    Vocabulary, embedding and LSTMs become as large as its, or with `model.own_sizes` the vocabulary
    no larger; the validation reviews become those that it did not learn from either, whatever the
    seed of the training is. Of a classifier the rest of the network and the way of reading are
    taken over too.

    Raises:
        UsageError: if it has no network of a direction that is wanted.
    """
    config = _fit_to_classifier(pretrained, config)
    missing = [name for name in split_directions(config.model) if name not in pretrained.weights]
    if missing:
        raise UsageError(
            f"The language model has no {missing[0]} network. Train one with reelfeel pretrain "
            f"--direction {missing[0]}, or set model.direction. Received one with "
            f"{' and '.join(pretrained.weights)}."
        )
    data, model, size = config.data, config.model, pretrained.vocabulary.size
    if model.own_sizes:
        size = min(data.vocabulary_size, size)
    else:
        model = replace(model, embedding_dim=pretrained.embedding_dim, units=pretrained.units)
    seed = pretrained.split_seed if data.split_seed == SAME_SEED else data.split_seed
    data = replace(data, vocabulary_size=size, split_seed=seed)
    return replace(config, data=data, model=model)


def describe_loan(pretrained: Pretrained, config: Config) -> str:
    """Says what a model lends to a classifier with settings from `fit_config_to`."""
    size, dim = config.data.vocabulary_size, config.model.embedding_dim
    embeddings = f"embeddings of {pretrained.embedding_dim}"
    if dim != pretrained.embedding_dim:
        embeddings += f", projected to {dim}"
    lstms = "no LSTM: those start from chance"
    if lends_lstms(pretrained, config):
        lstms = "its LSTMs"
    lender = "classifier" if pretrained.classifier else "language model"
    return f"The {lender} lends {size:,} words, {embeddings}, and {lstms}."


def describe_split_difference(pretrained: Pretrained, config: Config) -> str | None:
    """Says where the model has read reviews that are to validate; None where it has not.

    Args:
        pretrained: the model.
        config: from `fit_config_to`.
    """
    data, share, seed = config.data, pretrained.validation_share, pretrained.split_seed
    if (data.validation_split, data.validation_share, data.split_seed) == ("grouped", share, seed):
        return None
    return (
        "The language model may have read reviews that validate here, so that validation flatters: "
        f"it held out a share of {share:g} with seed {seed}. To hold out the same: --set "
        f"data.validation_share={share:g} --set data.split_seed={seed} --set "
        "data.validation_split=grouped"
    )


def lends_lstms(pretrained: Pretrained, config: Config) -> bool:
    """Whether the LSTMs are taken over; all or none are."""
    # An LSTM means nothing above other numbers than it has learned to read.
    own = (config.model.embedding_dim, config.model.units)
    return not config.model.own_sizes or own == (pretrained.embedding_dim, pretrained.units)


def _fit_to_classifier(pretrained: Pretrained, config: Config) -> Config:
    theirs = pretrained.classifier
    if theirs is None:
        return config
    names = ("dense_units", "masking", "pooling", "direction")
    network = {name: getattr(theirs.model, name) for name in names}
    reading = {name: getattr(theirs.data, name) for name in ("max_tokens", "keep")}
    return replace(
        config, data=replace(config.data, **reading), model=replace(config.model, **network)
    )


def _pick(weights: NamedWeights, direction: str, num_directions: int) -> NamedWeights:
    if num_directions == 1:
        return weights
    prefix = f"{direction}/"
    return {
        name.removeprefix(prefix): array
        for name, array in weights.items()
        if name.startswith(prefix)
    }
