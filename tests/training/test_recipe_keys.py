"""The folders of finished stages: what an earlier version made is found again."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from reelfeel.config.presets import RECIPES
from reelfeel.models.language_model import LanguageModel
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary
from reelfeel.training import recipes
from reelfeel.training.classifier.preparation import RunOptions
from reelfeel.training.classifier.pretrained import Pretrained
from reelfeel.training.classifier.training_data import DataRequest
from reelfeel.training.loop.progress import Observer
from reelfeel.values import Reviews

# Computed by the code before stages were written down as a list. Another key orphans what users
# have trained for hours: then CHANGELOG.md has to say so.
WIDE = {
    0: [
        "6becf6f67b56774f/language-model",
        "7e5f6d4dba6c22a0/wider-language-model",
        "c812f9b91491fb1b/teacher",
        "be6d919c6dd37367/student",
        "51e0a60886ca2fdf/second-student",
    ],
    7: [
        "6becf6f67b56774f/language-model",
        "7e5f6d4dba6c22a0/wider-language-model",
        "c7772197ebcc001d/teacher",
        "d385340950e46294/student",
        "286cbead6dfc0040/second-student",
    ],
}
KEYS = {
    "large": {
        0: [
            "3164607f42850c43/language-model",
            "e770be97353b14e1/teacher",
            "af77b5eb25366449/student",
        ],
        7: [
            "3164607f42850c43/language-model",
            "c1b0ec2250beb240/teacher",
            "77674dd7558dfddb/student",
        ],
    },
    "base": WIDE,
    "small": WIDE,
}
REVIEWS = Reviews(["good film", "bad film", "so so"], [1, 0, -1], ["a", "b", "c"], source="words")


def make_model(folder, config):
    """A model whose content follows from the name of its stage."""
    weights = {"embedding/embeddings": np.zeros((4, 2), np.float32)}
    return LanguageModel(
        config,
        Vocabulary(("good", Path(folder).name)),
        TextSettings(max_tokens=10),
        {"forward": weights, "backward": weights},
        {"provenance": {"seconds": {}}},
    )


@pytest.fixture
def made(monkeypatch):
    """Replaces all training; notes the folders that would be written, with their settings."""
    folders = {}

    def read(folder):
        config = folders[folder]
        return make_model(folder, config or RECIPES["base"].stages[0].config)

    def train_classifier(data, config, options, observer, **others):
        folders[options.output] = None
        about = {"stages": [{"name": "last", "seconds": 1.0}]}
        return SimpleNamespace(bundle=SimpleNamespace(about=lambda name: about))

    def read_teachers(paths):
        members = [SimpleNamespace(fingerprint=lambda path=path: path.name) for path in paths]
        return SimpleNamespace(members=members)

    def read_pretrained(folder):
        return Pretrained.of_language_model(read(folder))

    about = SimpleNamespace(about=lambda name: {"seconds": {}})
    stand_ins = {
        "pretrain": lambda sources, *, output, config, **others: folders.update({output: config}),
        "read_language_model": read,
        "read_bundle": lambda folder: about,
        "train_classifier": train_classifier,
        "Pretrained": SimpleNamespace(read=read_pretrained),
        "Teachers": SimpleNamespace(read=read_teachers),
    }
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(recipes, name, stand_in)
    return folders


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("preset", RECIPES)
def test_a_stage_is_kept_where_earlier_versions_kept_it(preset, seed, home, made):
    recipe = RECIPES[preset]
    recipe = recipe.with_last(recipe.last_config.updated({"training": {"seed": seed}}))
    options = RunOptions(home / "model", preset)
    recipes.RecipeRun(recipe, DataRequest(REVIEWS), options, Observer()).run()
    *stages, output = made
    assert [f"{path.parent.name}/{path.name}" for path in stages] == KEYS[preset][seed]
    assert output == home / "model"
