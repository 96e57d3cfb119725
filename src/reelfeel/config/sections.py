"""The settings of a model and of its training: three flat, frozen sections, validated.

They are plain data without a heavy import, and lie on the ground floor because every room that
builds, trains, saves or runs a model reads some of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reelfeel.config.settings import require_known, update_section, write_assignment
from reelfeel.errors import ConfigError
from reelfeel.schema import shorten
from reelfeel.weight_shapes import Shapes, classifier_shapes, count_parameters

KEEP = ("head", "tail", "head_tail")
SPLITS = ("grouped", "random", "folds")
PRECISIONS = ("auto", "float32", "bfloat16")
POOLINGS = ("last", "last_max_mean")
MODEL_DIRECTIONS = ("forward", "backward", "both")
DECAYS = ("none", "linear")
WEIGHT_PRECISIONS = ("float32", "float16")
# Bounds that a mistyped setting, or a saved model of a stranger's, meets before anything is made of
# it: far above what was ever of use here, and what memory and the kernels can carry.
MAX_TOKENS, MAX_FIXED_TOKENS = 1_000_000, 10_000
MAX_VOCABULARY_SIZE, MAX_UNITS, MAX_LAYERS = 1_000_000, 16_384, 16
MAX_PARAMETERS = 100_000_000
MAX_SEED, MAX_NUMBER = 2**63 - 1, 1_000_000_000
_MOST = {
    "vocabulary_size": MAX_VOCABULARY_SIZE,
    "max_tokens": MAX_TOKENS,
    "embedding_dim": MAX_UNITS,
    "dense_units": MAX_UNITS,
    "split_seed": MAX_SEED,
    "seed": MAX_SEED,
}
# `split_seed` of a split that follows the seed of the training.
SAME_SEED = -1


@dataclass(frozen=True)
class DataConfig:
    """How reviews become numbers, and which of them validate.

    Attributes:
        vocabulary_size: rows of the embedding, padding and the unknown word included.
        max_tokens: longer reviews are cut to this many tokens.
        keep: which end of a long review stays: "head", "tail", or "head_tail" (half of each).
        fixed_timesteps: whether every batch is padded to `max_tokens`, not to its longest review.
        validation_split: "grouped" keeps a movie and a duplicate text on one side; "random" not.
            "folds" holds nothing out for good: each review is judged by a head that has not met it,
            and the saved head has met all. Only without epochs.
        validation_share: share of the training reviews held out for validation.
        split_seed: of the validation split; -1 takes `training.seed`. Runs of several seeds that
            share a language model share its held-out reviews too.
    """

    vocabulary_size: int = 10_000
    max_tokens: int = 500
    keep: str = "tail"
    fixed_timesteps: bool = False
    validation_split: str = "grouped"
    validation_share: float = 0.1
    split_seed: int = SAME_SEED

    def __post_init__(self) -> None:
        _check(self.vocabulary_size >= 3, "data.vocabulary_size", "at least 3", self)
        _check(self.max_tokens >= 2, "data.max_tokens", "at least 2", self)
        _check(self.keep in KEEP, "data.keep", f"one of {KEEP}", self)
        _check(self.validation_split in SPLITS, "data.validation_split", f"one of {SPLITS}", self)
        _check(0 < self.validation_share < 1, "data.validation_share", "between 0 and 1", self)
        _check(self.split_seed >= SAME_SEED, "data.split_seed", "-1 or more", self)
        check_most("data", self)
        holds = not self.fixed_timesteps or self.max_tokens <= MAX_FIXED_TOKENS
        _check(holds, "data.max_tokens", f"at most {MAX_FIXED_TOKENS} with fixed_timesteps", self)


@dataclass(frozen=True)
class ModelConfig:
    """The network: Embedding, one or more LSTMs each with dropout, perhaps a dense layer, a logit.

    Attributes:
        embedding_dim: numbers per word.
        units: size of each LSTM layer, first to last.
        dropout_rate: share dropped after each LSTM; after the last one, of what is pooled.
        dense_units: size of a hidden ReLU layer before the logit; 0 for none.
        dense_dropout_rate: share dropped after that layer.
        masking: whether padding is left out. Off only to show what goes wrong without it.
        pooling: what the last LSTM hands on: "last", its state after the last word, or
            "last_max_mean", besides it the largest and the mean value of every unit.
        direction: how reviews are read: "forward", "backward", or "both": two networks that share
            nothing, whose logits are averaged.
        embedding_dropout_rate: share of the embedding's channels dropped, the same for all words
            of a review.
        word_dropout_rate: share of the words whose embedding is replaced by zeros.
        own_sizes: whether vocabulary, embedding and LSTMs keep the sizes set here beside a language
            model to start from. It then lends what fits: its most frequent words, their embeddings
            (projected where they are larger), and its LSTMs if all sizes are its own.
        weight_precision: of the saved weights: "float32", or "float16" for a file of half the
            size. Every backend reads both.
    """

    embedding_dim: int = 128
    units: tuple[int, ...] = (64,)
    dropout_rate: float = 0.5
    dense_units: int = 0
    dense_dropout_rate: float = 0.0
    masking: bool = True
    pooling: str = "last"
    direction: str = "forward"
    embedding_dropout_rate: float = 0.0
    word_dropout_rate: float = 0.0
    own_sizes: bool = False
    weight_precision: str = "float32"

    def __post_init__(self) -> None:
        _check(self.embedding_dim >= 1, "model.embedding_dim", "at least 1", self)
        _check(bool(self.units) and min(self.units) >= 1, "model.units", "one or more sizes", self)
        _check(self.dense_units >= 0, "model.dense_units", "0 or more", self)
        for name in ("dropout", "dense_dropout", "embedding_dropout", "word_dropout"):
            rate = getattr(self, f"{name}_rate")
            _check(0 <= rate < 1, f"model.{name}_rate", "at least 0 and below 1", self)
        _check(self.pooling in POOLINGS, "model.pooling", f"one of {POOLINGS}", self)
        _check(
            self.direction in MODEL_DIRECTIONS,
            "model.direction",
            f"one of {MODEL_DIRECTIONS}",
            self,
        )
        plain = (self.pooling, self.direction) == ("last", "forward")
        expected = "true with another pooling than last or another direction than forward"
        _check(self.masking or plain, "model.masking", expected, self)
        name, expected = "model.weight_precision", f"one of {WEIGHT_PRECISIONS}"
        _check(self.weight_precision in WEIGHT_PRECISIONS, name, expected, self)
        check_most("model", self)
        holds, expected = check_units(self.units)
        _check(holds, "model.units", expected, self)


@dataclass(frozen=True)
class TrainingConfig:
    """How the network learns.

    Attributes:
        epochs: most passes over the training reviews. 0 leaves the network that a run starts from
            as it is, and fits a head to it by regression.
        batch_size: reviews per step.
        learning_rate: of Adam.
        learning_rate_decay: "none", or "linear": down to 0 over all epochs.
        rate_factor_per_layer: each layer below the head learns at this share of the rate of the
            layer above it; 1 is one rate for all.
        frozen_epochs: for so many epochs only the head learns; embedding and LSTMs stand still.
        max_gradient_norm: larger gradients are scaled down to this L2 norm; 0 leaves them alone.
        average_decay: validation and the saved model use a moving average of the weights, of which
            every step keeps this share; 0 uses the weights themselves.
        adversarial_norm: the network also learns from reviews whose embeddings were moved by this
            L2 norm in the worst direction for their label; 0 is off. In units of the mean norm of a
            word's embedding, so that it means the same for any embedding.
        virtual_adversarial_norm: the same without labels: it learns to answer what it answered
            before the move, on labelled and unlabelled reviews; 0 is off.
        virtual_adversarial_weight: of that loss beside the others.
        virtual_batch_size: reviews per step for that loss.
        label_share: in distillation, what a review's own label weighs in what is to be learned; its
            teachers' answer weighs the rest.
        variant_share: in distillation, short or damaged variants for each text, which the student
            learns to answer like the whole text, other ones in every epoch; 0 makes none.
        made_statements: in distillation, whether short statements are made from the texts besides:
            as they stand, negated, and opposed to each other. English only, class 1 being praise.
        last_epoch_kept: whether the last epoch's weights are kept, and not those of the epoch with
            the lowest validation loss, which is a matter of chance on few validation reviews.
        patience: stop after this many epochs without a lower validation loss; 0 never stops early.
        seed: of the split, the initial weights, the order and the dropout.
        precision: of the LSTM's matrix products: "auto", "float32" or "bfloat16".
        alarm: whether a run that does not learn is stopped and explained.
        checkpoint_every_s: seconds between checkpoints, which is the most that a kill can cost.
    """

    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 0.001
    learning_rate_decay: str = "none"
    rate_factor_per_layer: float = 1.0
    frozen_epochs: int = 0
    max_gradient_norm: float = 0.0
    average_decay: float = 0.0
    adversarial_norm: float = 0.0
    virtual_adversarial_norm: float = 0.0
    virtual_adversarial_weight: float = 1.0
    virtual_batch_size: int = 64
    label_share: float = 0.5
    variant_share: float = 0.0
    made_statements: bool = False
    last_epoch_kept: bool = False
    patience: int = 0
    seed: int = 0
    precision: str = "auto"
    alarm: bool = True
    checkpoint_every_s: float = 30.0

    def __post_init__(self) -> None:
        for name in ("batch_size", "virtual_batch_size"):
            _check(getattr(self, name) >= 1, f"training.{name}", "at least 1", self)
        for name in (
            "epochs",
            "frozen_epochs",
            "max_gradient_norm",
            "adversarial_norm",
            "virtual_adversarial_norm",
            "virtual_adversarial_weight",
            "variant_share",
            "patience",
            "seed",
            "checkpoint_every_s",
        ):
            _check(getattr(self, name) >= 0, f"training.{name}", "0 or more", self)
        _check(self.learning_rate > 0, "training.learning_rate", "above 0", self)
        decay = "training.learning_rate_decay"
        _check(self.learning_rate_decay in DECAYS, decay, f"one of {DECAYS}", self)
        factor = "training.rate_factor_per_layer"
        _check(0 < self.rate_factor_per_layer <= 1, factor, "above 0 and at most 1", self)
        label = "training.label_share"
        _check(0 <= self.label_share <= 1, label, "between 0 and 1", self)
        average = "training.average_decay"
        _check(0 <= self.average_decay < 1, average, "at least 0 and below 1", self)
        _check(self.precision in PRECISIONS, "training.precision", f"one of {PRECISIONS}", self)
        check_most("training", self)


@dataclass(frozen=True)
class Config:
    """All settings of one training run."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        check_parameters(classifier_shapes(self.model, self.data.vocabulary_size), self.model)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Returns the sections as nested plain values, ready for JSON or TOML."""
        sections = dataclasses.asdict(self)
        sections["model"]["units"] = list(self.model.units)
        return sections

    def updated(self, sections: Mapping[str, Any]) -> Config:
        """Returns a copy with some settings replaced.

        Args:
            sections: such as `{"training": {"epochs": 3}}`.

        Raises:
            ConfigError: for an unknown section or key, a wrong type or an impossible value.

        Example:

        >>> Config().updated({"training": {"epochs": 3}}).training.epochs
        3
        >>> Config().updated({"training": {"epoch": 3}})
        Traceback (most recent call last):
            ...
        reelfeel.errors.ConfigError: training.epoch is not a setting. Did you mean training.epochs?
        """
        known = [f.name for f in dataclasses.fields(self)]
        changed = {}
        for name, values in sections.items():
            require_known(name, known, prefix="")
            changed[name] = update_section(name, getattr(self, name), values)
        return dataclasses.replace(self, **changed)


def list_changes(config: Config, base: Config) -> list[str]:
    """Returns the settings in which one configuration differs from another, as they are typed.

    Example:

    >>> list_changes(Config(training=TrainingConfig(epochs=3, alarm=False)), Config())
    ['training.epochs=3', 'training.alarm=false']
    """
    before = base.to_dict()
    return [
        write_assignment(f"{section}.{key}", value)
        for section, values in config.to_dict().items()
        for key, value in values.items()
        if value != before[section][key]
    ]


def check_most(prefix: str, section: Any) -> None:
    """Refuses numbers of a section of settings that are larger than any use, or infinite.

    Args:
        prefix: the name of the section, for messages.
        section: a dataclass.

    Raises:
        ConfigError: naming the setting and its bound.
    """
    for one in dataclasses.fields(section):
        value, most = getattr(section, one.name), _MOST.get(one.name, MAX_NUMBER)
        # Not `>`: a NaN has to fail too.
        if isinstance(value, (int, float)) and not value <= most:
            raise ConfigError(
                f"{prefix}.{one.name} must be at most {most}. Received: {shorten(value)}"
            )


def check_units(units: tuple[int, ...]) -> tuple[bool, str]:
    """Returns whether LSTMs have sizes that can be, and what is expected."""
    holds = len(units) <= MAX_LAYERS and all(size <= MAX_UNITS for size in units)
    return holds, f"at most {MAX_LAYERS} sizes, each of at most {MAX_UNITS}"


def check_parameters(shapes: Shapes, sizes: Any) -> None:
    """Refuses a network of more numbers than memory is meant for.

    Raises:
        ConfigError: if it has more than `MAX_PARAMETERS`.
    """
    count = count_parameters(shapes)
    if count > MAX_PARAMETERS:
        raise ConfigError(
            f"The network would have {count:,} weights, and at most {MAX_PARAMETERS:,} are meant "
            "for a CPU. Lower the vocabulary_size, embedding_dim or units. Received: embedding_dim "
            f"{sizes.embedding_dim}, units {list(sizes.units)}"
        )


def _check(holds: bool, name: str, expected: str, section: object) -> None:
    if not holds:
        value = getattr(section, name.partition(".")[2])
        raise ConfigError(f"{name} must be {expected}. Received: {shorten(value)}")
