"""Small models on which the same checks must hold: they are tested where no model is put in yet."""

import numpy as np
import pytest

from reelfeel.inference.shipped import list_shipped

SHIPPED = {folder.name: folder for folder in list_shipped()}
STAND_IN = "stand-in"


def list_places(*names):
    """Returns the folders that are there of models that come with ReelFeel, and a stand-in."""
    return [STAND_IN, *(SHIPPED[name] for name in names if name in SHIPPED)]


def name_place(place):
    return place if place == STAND_IN else place.name


def make_in(folder, make):
    """Calls `make` inside a folder, and returns the path of the stand-in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REELFEEL_HOME", str(folder / "home"))
        patch.chdir(folder)
        make(STAND_IN)
    return folder / STAND_IN


def make_texts():
    """Fifty texts of our own, from nothing to longer than what is read, some of unknown words."""
    rng = np.random.default_rng(0)
    words = [
        *("the", "a", "film", "story", "was", "is", "it", "not", "never", "very", "don't", "7/10"),
        *("good", "great", "moving", "funny", "bad", "awful", "dull", "zxqv", ".", ",", "!"),
    ]
    lengths = [0, 1, 2, 3, *rng.integers(4, 120, 44).tolist(), 600, 1_500]
    return [" ".join(rng.choice(words, length)) for length in lengths]
