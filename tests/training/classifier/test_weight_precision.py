"""A model saved in 16 bits: its golden answers are those of the weights that are read back."""

import numpy as np
from safetensors.numpy import load_file
from word_salad import TINY, make_reviews

from reelfeel.config.sections import Config
from reelfeel.inference.classifier import load
from reelfeel.training.classifier.directions import effective_settings
from reelfeel.training.train import train


def train_in(precision, output):
    settings = {
        "data": TINY["data"],
        "model": {**TINY["model"], "weight_precision": precision},
        "training": {**TINY["training"], "epochs": 8, "learning_rate": 0.05},
    }
    return train(make_reviews(240), output=output, preset="mini", settings=settings)


def test_how_weights_are_saved_is_no_other_run():
    whole, half, other = (
        effective_settings(Config().updated({"model": model}))
        for model in (
            {"weight_precision": "float32"},
            {"weight_precision": "float16"},
            {"embedding_dim": 3},
        )
    )
    assert whole == half != other


def test_golden_answers_are_those_of_the_rounded_weights(home, tmp_path):
    whole, half = (
        train_in(precision, tmp_path / precision).bundle for precision in ("float32", "float16")
    )
    for name, array in load_file(half.path / "weights.safetensors").items():
        assert array.dtype == np.float16
        np.testing.assert_array_equal(array, whole.weights()[name].astype(np.float16))
    answers = [[one.probability for one in bundle.golden] for bundle in (whole, half)]
    assert np.abs(np.subtract(*answers)).max() > 5e-6
    assert load(half.path, backend="numpy").golden_difference() < 1e-6
    assert "MB in float16" in (half.path / "README.md").read_text()
