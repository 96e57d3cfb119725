import pytest

from reelfeel.config.pretraining import (
    PretrainingConfig,
    get_pretraining_preset,
    parse_pretraining_settings,
)
from reelfeel.errors import ConfigError


def test_settings_survive_as_plain_values():
    config = PretrainingConfig(units=(64, 32), epochs=2)
    assert PretrainingConfig().updated(config.to_dict()) == config


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"pases": 3}, "Did you mean pretraining.epochs"),
        ({"epochs": 0}, "pretraining.epochs must be at least 1"),
        ({"units": []}, "one or more sizes"),
        ({"word_dropout_rate": 1.0}, "below 1"),
        ({"learning_rate": 0.0}, "above 0"),
        ({"validation_share": 1.0}, "between 0 and 1"),
        ({"precision": "float16"}, "float16"),
        ({"weight_precision": "bfloat16"}, "one of .*float16"),
        ({"saved_words": -1}, "0 or more"),
        ({"seed": -1}, "0 or more"),
        ({"epochs": 1.5}, "of type int"),
        ({"vocabulary_size": 3}, "at least 4"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_refused_by_name(values, words):
    with pytest.raises(ConfigError, match=words):
        PretrainingConfig().updated(values)


def test_settings_are_read_as_typed():
    typed = ["epochs=3", "units=[64, 32]", "precision=float32"]
    expected = {"epochs": 3, "units": [64, 32], "precision": "float32"}
    assert parse_pretraining_settings(typed) == expected
    with pytest.raises(ConfigError, match="key=value"):
        parse_pretraining_settings(["epochs"])


def test_an_unknown_preset_is_refused_with_the_known():
    with pytest.raises(ConfigError, match=r"base, mini"):
        get_pretraining_preset("bsae")
