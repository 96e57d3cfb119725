"""Presets in stages: what each stage makes, where it starts and who teaches it, top to bottom."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reelfeel.config.pretraining import DIRECTIONS, PretrainingConfig
from reelfeel.config.sections import Config, DataConfig, ModelConfig, TrainingConfig


@dataclass(frozen=True)
class Stage:
    """One stage of a recipe.

    Attributes:
        name: by which later stages name it.
        config: the settings of a language model, or of a classifier.
        start: the earlier stage whose model it starts from. A language model that starts from
            another widens it. None starts from random weights.
        teacher: the earlier stage whose answers a classifier learns; None learns the labels.
    """

    name: str
    config: PretrainingConfig | Config
    start: str | None = None
    teacher: str | None = None


@dataclass(frozen=True)
class Recipe:
    """A preset in stages.

    Attributes:
        stages: first to last. The first makes a language model, the last a classifier.
    """

    stages: tuple[Stage, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the stages."""
        return tuple(stage.name for stage in self.stages)

    @property
    def last_config(self) -> Config:
        """The settings of the classifier that the last stage makes."""
        return self._classifiers()[-1]

    @property
    def directions(self) -> tuple[str, ...]:
        """The directions of all language models: those that any classifier reads in."""
        wanted = {config.model.direction for config in self._classifiers()}
        return DIRECTIONS if "both" in wanted else tuple(d for d in DIRECTIONS if d in wanted)

    def with_last(self, config: Config) -> Recipe:
        """Returns the stages with other settings of the last, whose seed all classifiers take.

        Language models keep their own seed: they are the same for all seeds, and cost most. A
        network of other sizes or another direction than the preset's starts from the first
        language model, because it cannot continue a classifier.
        """
        seed = {"training": {"seed": config.training.seed}}
        *earlier, last = (
            replace(stage, config=stage.config.updated(seed))
            if isinstance(stage.config, Config)
            else stage
            for stage in self.stages
        )
        start = last.start if _shape(config) == _shape(self.last_config) else self.names[0]
        return Recipe((*earlier, replace(last, config=config, start=start)))

    def _classifiers(self) -> list[Config]:
        return [stage.config for stage in self.stages if isinstance(stage.config, Config)]


def _shape(config: Config) -> tuple[object, ...]:
    return config.model.embedding_dim, config.model.units, config.model.direction


# Two networks that read in opposite directions, each as wide as the language model it starts from.
# How far embeddings are moved is Miyato et al.'s (2017): 5 at a norm of 16; so is their dropout.
# Adam moves the embedding of a rare word a whole step for a single review: at the head's rate it
# learns reviews by heart, and so each layer below the head learns more slowly (docs/log.md).
_CLASSIFIER = Config(
    data=DataConfig(vocabulary_size=30_000, max_tokens=1_000, keep="tail"),
    model=ModelConfig(
        embedding_dim=256,
        units=(1_024,),
        pooling="last_max_mean",
        direction="both",
        embedding_dropout_rate=0.5,
    ),
    training=TrainingConfig(
        epochs=7,
        learning_rate=0.00175,
        learning_rate_decay="linear",
        rate_factor_per_layer=0.4,
        max_gradient_norm=1.0,
        average_decay=0.999,
        adversarial_norm=0.31,
        checkpoint_every_s=120.0,
    ),
)
_STUDENT = _CLASSIFIER.updated(
    {
        "model": {
            "units": [512],
            "direction": "forward",
            "embedding_dropout_rate": 0.3,
            "weight_precision": "float16",
        },
        "training": {
            "epochs": 3,
            "learning_rate": 0.0025,
            "variant_share": 2.0,
            "made_statements": True,
        },
    }
)
# What held it back: an attack on every text, and then the dropout. Without, it goes on learning and
# does not overfit, because what it reads besides whole texts is new throughout (docs/log.md).
_SECOND_STUDENT = _STUDENT.updated(
    {
        "training": {
            "epochs": 1,
            "learning_rate": 0.0015,
            "adversarial_norm": 0.0,
            "variant_share": 6.0,
        }
    }
)
_LESS_DROPOUT = {"dropout_rate": 0.2, "embedding_dropout_rate": 0.1}
_THIRD_STUDENT = _SECOND_STUDENT.updated(
    {"model": _LESS_DROPOUT, "training": {"learning_rate": 0.0008, "variant_share": 2.0}}
)
# The size of `seed`, with more words; its LSTM starts from chance, learns as fast as the head and
# takes longer.
_SMALL = _STUDENT.updated(
    {
        "data": {"vocabulary_size": 20_000},
        "model": {
            "embedding_dim": 128,
            "units": [64],
            "own_sizes": True,
            **_LESS_DROPOUT,
        },
        "training": {
            "adversarial_norm": 0.0,
            "epochs": 6,
            "learning_rate": 0.001,
            "rate_factor_per_layer": 1.0,
            "variant_share": 1.0,
        },
    }
)
_PRETRAINING = PretrainingConfig(epochs=6)
# What the narrow one lacks at last is room; from chance, a wide one would need as many passes.
_WIDENING = PretrainingConfig(units=(1_024,), epochs=2, learning_rate=0.0015)

# As accurate as it gets within three hours: one direction, no wide network, and adversaries for
# nobody but the teacher, whom its students leave behind (docs/log.md).
_LARGE_PRETRAINING = PretrainingConfig(vocabulary_size=50_000, epochs=3)
_MORE_WORDS = {"vocabulary_size": _LARGE_PRETRAINING.vocabulary_size}
_LARGE_TEACHER = _STUDENT.updated(
    {
        "data": _MORE_WORDS,
        "training": {"epochs": 4, "variant_share": 0.0, "made_statements": False},
    }
)
_LARGE_SECOND_STUDENT = _SECOND_STUDENT.updated(
    {"data": _MORE_WORDS, "model": _LESS_DROPOUT, "training": {"variant_share": 2.0}}
)
_LARGE_STUDENT = _LARGE_SECOND_STUDENT.updated(
    {
        "model": {"dropout_rate": 0.3, "embedding_dropout_rate": 0.2},
        "training": {"epochs": 2, "learning_rate": 0.0025},
    }
)

# What two wide networks answer, learned by one of the narrow language model's size. Validation
# losses: teacher 0.1602, student 0.1570, second student 0.1454, third student 0.1434.
_FROM_WIDE_NETWORKS = (
    Stage("language model", _PRETRAINING),
    Stage("wider language model", _WIDENING, start="language model"),
    Stage("teacher", _CLASSIFIER, start="wider language model"),
    Stage("student", _STUDENT, start="language model", teacher="teacher"),
    Stage("second student", _SECOND_STUDENT, start="student", teacher="student"),
)
RECIPES = {
    "large": Recipe(
        (
            Stage("language model", _LARGE_PRETRAINING),
            Stage("teacher", _LARGE_TEACHER, start="language model"),
            Stage("student", _LARGE_STUDENT, start="language model", teacher="teacher"),
            Stage("second student", _LARGE_SECOND_STUDENT, start="student", teacher="student"),
        )
    ),
    "base": Recipe(
        (
            *_FROM_WIDE_NETWORKS,
            Stage(
                "third student", _THIRD_STUDENT, start="second student", teacher="second student"
            ),
        )
    ),
    "small": Recipe(
        (
            *_FROM_WIDE_NETWORKS,
            Stage("third student", _SMALL, start="language model", teacher="second student"),
        )
    ),
}
