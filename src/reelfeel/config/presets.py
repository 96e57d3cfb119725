"""Presets: settings with a name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace

from reelfeel.config.pretraining import DIRECTIONS, PretrainingConfig
from reelfeel.config.sections import Config, DataConfig, ModelConfig, TrainingConfig
from reelfeel.errors import UsageError

PRESETS = {
    # The tutorial's published hyper-parameters, repaired: right padding with exact lengths, the
    # best epoch kept, of its weights the moving average, and gradients clipped. The end of a long
    # review is read, where reviewers sum up. Chosen on validation; docs/log.md has the trials.
    "seed": Config(
        data=DataConfig(vocabulary_size=10_000, max_tokens=500, keep="tail"),
        model=ModelConfig(embedding_dim=128, units=(64,), dropout_rate=0.5),
        training=TrainingConfig(
            epochs=10,
            batch_size=64,
            learning_rate=0.001,
            max_gradient_norm=1.0,
            average_decay=0.999,
        ),
    ),
    # The tutorial's network as it was run: 500 padded steps and no mask. It ends near 50 %.
    "seed-original": Config(
        data=DataConfig(
            vocabulary_size=10_000,
            max_tokens=500,
            keep="head",
            fixed_timesteps=True,
            validation_split="random",
            validation_share=0.2,
        ),
        model=ModelConfig(
            embedding_dim=128,
            units=(128, 64),
            dropout_rate=0.3,
            dense_units=32,
            dense_dropout_rate=0.2,
            masking=False,
        ),
        training=TrainingConfig(epochs=10, batch_size=128, learning_rate=0.001, patience=3),
    ),
    # For a few hundred short reviews, in seconds: proves that the pipeline runs.
    "mini": Config(
        data=DataConfig(vocabulary_size=2_000, max_tokens=200, validation_share=0.2),
        model=ModelConfig(embedding_dim=32, units=(32,), dropout_rate=0.5),
        training=TrainingConfig(epochs=30, batch_size=8, learning_rate=0.003, patience=8),
    ),
}


@dataclass(frozen=True)
class Recipe:
    """A preset in stages: language model, perhaps a wider one, classifier, perhaps its students.

    Attributes:
        pretraining: of the language model, in the directions that any classifier reads in.
        classifier: starts from the widest language model and learns the labels.
        students: each learns what the classifier before it answers. The first one starts from the
            first language model, and so does a later one, unless it is as large as its teacher:
            then it goes on from that.
        widening: of a wider language model that goes on from the first; None for no such stage.
    """

    pretraining: PretrainingConfig
    classifier: Config
    students: tuple[Config, ...] = ()
    widening: PretrainingConfig | None = None

    @property
    def classifiers(self) -> dict[str, Config]:
        """The settings of the classifiers, each the teacher of the next, by the stage's name."""
        if not self.students:
            return {"classifier": self.classifier}
        names = ("student", "second student", "third student")[: len(self.students)]
        return {"teacher": self.classifier, **dict(zip(names, self.students, strict=True))}

    @property
    def last(self) -> Config:
        """The settings of the last stage, which makes what the preset is for."""
        return (self.classifier, *self.students)[-1]

    @property
    def directions(self) -> tuple[str, ...]:
        """The directions in which language models have to read."""
        wanted = {one.model.direction for one in (self.classifier, *self.students)}
        return DIRECTIONS if "both" in wanted else tuple(d for d in DIRECTIONS if d in wanted)

    def goes_on(self, name: str) -> bool:
        """Tells whether the student of that stage goes on from its teacher, as large a student."""
        place = list(self.classifiers).index(name)
        if place < 2:
            return False
        teacher, own = (
            (one.model.embedding_dim, one.model.units, one.model.direction)
            for one in self.students[place - 2 : place]
        )
        return teacher == own

    def stage_names(self) -> tuple[str, ...]:
        """Returns the names of the stages, first to last."""
        wider = ("wider language model",) if self.widening else ()
        return ("language model", *wider, *self.classifiers)

    def with_last(self, last: Config) -> Recipe:
        """Returns the stages with another last one, whose seed is that of all its teachers too.

        The language model keeps its own: it is the same for all seeds, and costs most.
        """
        if not self.students:
            return replace(self, classifier=last)
        seed = {"training": {"seed": last.training.seed}}
        teachers = [one.updated(seed) for one in (self.classifier, *self.students[:-1])]
        return replace(self, classifier=teachers[0], students=(*teachers[1:], last))


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
# What the narrow one lacks at last is room; from chance, a wide one would need as many epochs.
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

RECIPES = {
    "large": Recipe(_LARGE_PRETRAINING, _LARGE_TEACHER, (_LARGE_STUDENT, _LARGE_SECOND_STUDENT)),
    # What two wide networks answer, learned by one of the narrow language model's size. Validation
    # losses: teacher 0.1602, student 0.1570, second student 0.1454, third student 0.1434.
    "base": Recipe(
        _PRETRAINING, _CLASSIFIER, (_STUDENT, _SECOND_STUDENT, _THIRD_STUDENT), _WIDENING
    ),
    "small": Recipe(_PRETRAINING, _CLASSIFIER, (_STUDENT, _SECOND_STUDENT, _SMALL), _WIDENING),
}


def list_presets() -> list[str]:
    """Returns the names of all presets, those in stages last.

    Example:

    >>> list_presets()
    ['seed', 'seed-original', 'mini', 'large', 'base', 'small']
    """
    return [*PRESETS, *RECIPES]


def get_preset(name: str) -> Config:
    """Returns the settings that a preset's name stands for; of one in stages, those of the last.

    Raises:
        UsageError: if there is none of that name; the message has the nearest.

    Example:

    >>> get_preset("seed").model.units
    (64,)
    """
    if name in PRESETS:
        return PRESETS[name]
    if name in RECIPES:
        return RECIPES[name].last
    near = difflib.get_close_matches(name, list_presets(), n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise UsageError(
        f"No preset has that name. {hint}Known: {', '.join(list_presets())}. Received: {name!r}"
    )


def find_recipe(name: str) -> Recipe | None:
    """Returns the stages of a preset; None of one without stages.

    Example:

    >>> find_recipe("large").stage_names()
    ('language model', 'teacher', 'student', 'second student')
    """
    return RECIPES.get(name)
