"""Presets: settings with a name."""

from __future__ import annotations

import difflib

from reelfeel.config.recipes import RECIPES, Recipe
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
        return RECIPES[name].last_config
    near = difflib.get_close_matches(name, list_presets(), n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise UsageError(
        f"No preset has that name. {hint}Known: {', '.join(list_presets())}. Received: {name!r}"
    )


def find_recipe(name: str) -> Recipe | None:
    """Returns the stages of a preset; None of one without stages.

    Example:

    >>> find_recipe("large").names
    ('language model', 'teacher', 'student', 'second student')
    """
    return RECIPES.get(name)
