"""The settings of a language model and of its training: flat, frozen, validated."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reelfeel.config.sections import (
    PRECISIONS,
    WEIGHT_PRECISIONS,
    check_most,
    check_parameters,
    check_units,
)
from reelfeel.config.settings import parse_assignments, update_section, write_assignment
from reelfeel.errors import ConfigError
from reelfeel.schema import shorten
from reelfeel.weight_shapes import language_model_shapes

DIRECTIONS = ("forward", "backward")

# Smaller vocabularies have no token of their own: padding, unknown and the end of a review.
MIN_VOCABULARY_SIZE = 4


@dataclass(frozen=True)
class PretrainingConfig:
    """A language model: Embedding, LSTMs, a projection, and a softmax tied to the embedding.

    Attributes:
        vocabulary_size: rows of the embedding: padding, the unknown word, the words, and last the
            end of a review.
        embedding_dim: numbers per word.
        units: size of each LSTM layer, first to last.
        embedding_dropout_rate: share of the embedding's channels dropped, the same through a
            window.
        output_dropout_rate: share of each LSTM's channels dropped, the same through a window.
        word_dropout_rate: share of the words of a window whose embedding is dropped whole.
        passes: times that all texts are read.
        lanes: texts stand one behind the other in so many lanes, read side by side.
        window: tokens of a lane in one step; the LSTM's state goes on from window to window.
        learning_rate: of Adam, at its highest; it falls to 0 along half a cosine.
        warmup_steps: first steps, in which the learning rate rises from 0.
        max_gradient_norm: larger gradients are scaled down to this L2 norm; 0 leaves them alone.
        num_negatives: words that the softmax of a step is estimated with; as many as there are
            words, or more, is the full softmax.
        negative_power: words are drawn by their count to this power.
        validation_share: share of the texts kept apart for perplexity: of labelled reviews, the
            validation part that a classifier with the same seed holds out.
        split_seed: of that choice.
        seed: of the initial weights, the order, the dropout and the negatives.
        precision: of the matrix products: "auto", "float32" or "bfloat16".
        checkpoint_every_s: seconds between checkpoints, which is the most that a kill can cost.
        saved_words: how many words the saved model keeps, the most frequent; 0 keeps all. Training
            is on `vocabulary_size` in any case.
        weight_precision: of the saved weights: "float32", or "float16" for files of half the size.
    """

    vocabulary_size: int = 30_000
    embedding_dim: int = 256
    units: tuple[int, ...] = (512,)
    embedding_dropout_rate: float = 0.1
    output_dropout_rate: float = 0.2
    word_dropout_rate: float = 0.02
    epochs: int = 5
    batch_size: int = 64
    bptt_length: int = 80
    learning_rate: float = 0.002
    warmup_steps: int = 300
    max_gradient_norm: float = 1.0
    num_negatives: int = 2_048
    negative_power: float = 0.75
    validation_share: float = 0.1
    split_seed: int = 0
    seed: int = 0
    precision: str = "auto"
    checkpoint_every_s: float = 120.0
    saved_words: int = 0
    weight_precision: str = "float32"

    def __post_init__(self) -> None:
        for name, expected, holds in self._rules():
            if not holds:
                value = getattr(self, name)
                raise ConfigError(
                    f"pretraining.{name} must be {expected}. Received: {shorten(value)}"
                )
        check_most("pretraining", self)
        shapes = language_model_shapes(self.embedding_dim, self.units, self.vocabulary_size)
        check_parameters(shapes, self)

    def _rules(self) -> Iterable[tuple[str, str, bool]]:
        size = self.vocabulary_size
        yield "vocabulary_size", f"at least {MIN_VOCABULARY_SIZE}", size >= MIN_VOCABULARY_SIZE
        yield "units", "one or more sizes", bool(self.units) and min(self.units) >= 1
        yield "units", check_units(self.units)[1], check_units(self.units)[0]
        for name in ("embedding_dim", "epochs", "batch_size", "bptt_length", "num_negatives"):
            yield name, "at least 1", getattr(self, name) >= 1
        for name in ("embedding_dropout_rate", "output_dropout_rate", "word_dropout_rate"):
            yield name, "at least 0 and below 1", 0 <= getattr(self, name) < 1
        for name in (
            "warmup_steps",
            "max_gradient_norm",
            "negative_power",
            "split_seed",
            "seed",
            "checkpoint_every_s",
            "saved_words",
        ):
            yield name, "0 or more", getattr(self, name) >= 0
        yield "learning_rate", "above 0", self.learning_rate > 0
        yield "validation_share", "between 0 and 1", 0 < self.validation_share < 1
        yield "precision", f"one of {PRECISIONS}", self.precision in PRECISIONS
        stored = self.weight_precision in WEIGHT_PRECISIONS
        yield "weight_precision", f"one of {WEIGHT_PRECISIONS}", stored

    def updated(self, values: dict[str, Any]) -> PretrainingConfig:
        """Returns a copy with some settings replaced.

        Args:
            values: such as `{"epochs": 3}`.

        Raises:
            ConfigError: if there is no such setting, or a value has the wrong type or range.

        Example:

        >>> PretrainingConfig().updated({"units": 64, "epochs": 3}).units
        (64,)
        """
        updated: PretrainingConfig = update_section("pretraining", self, values)
        return updated

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as plain values, ready for JSON."""
        return {**dataclasses.asdict(self), "units": list(self.units)}


PRETRAINING_PRESETS = {
    # The sizes of a measured trial; docs/log.md has the trials.
    "base": PretrainingConfig(),
    # For a few hundred short texts, in seconds: proves that the pipeline runs.
    "mini": PretrainingConfig(
        vocabulary_size=2_000,
        embedding_dim=32,
        units=(32,),
        epochs=10,
        batch_size=8,
        bptt_length=20,
        learning_rate=0.01,
        warmup_steps=10,
        num_negatives=500,
        validation_share=0.2,
    ),
}


def get_pretraining_preset(name: str) -> PretrainingConfig:
    """Returns the settings that a preset's name stands for.

    Raises:
        ConfigError: if there is none of that name.

    Example:

    >>> get_pretraining_preset("base").units
    (512,)
    """
    if name not in PRETRAINING_PRESETS:
        raise ConfigError(
            "No preset of language models has that name. Known: "
            f"{', '.join(PRETRAINING_PRESETS)}. Received: {name!r}"
        )
    return PRETRAINING_PRESETS[name]


def list_pretraining_changes(config: PretrainingConfig) -> list[str]:
    """Returns the settings in which one differs from the preset `base`, as they are typed.

    Example:

    >>> list_pretraining_changes(PretrainingConfig(epochs=6, units=(64,)))
    ['units=[64]', 'epochs=6']
    """
    before = get_pretraining_preset("base").to_dict()
    return [
        write_assignment(key, value)
        for key, value in config.to_dict().items()
        if value != before[key]
    ]


def parse_pretraining_settings(assignments: Iterable[str]) -> dict[str, Any]:
    """Reads settings as typed on a command line, such as `["epochs=3", "units=[512, 512]"]`.

    Raises:
        ConfigError: if one is not of the form `key=value`.

    Example:

    >>> parse_pretraining_settings(["epochs=3"])
    {'passes': 3}
    """
    for assignment in assignments:
        if "=" not in assignment:
            raise ConfigError(
                f"A setting is written key=value, such as epochs=3. Received: {assignment!r}"
            )
    named = [f"pretraining.{assignment}" for assignment in assignments]
    return parse_assignments(named).get("pretraining", {})
