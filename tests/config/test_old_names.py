"""Names from before are read; keys of caches are as they were."""

import hashlib
import json

import pytest

from reelfeel.config.presets import RECIPES
from reelfeel.config.pretraining import PretrainingConfig, parse_pretraining_settings
from reelfeel.errors import ConfigError


def test_old_names_of_settings_are_read():
    old = {"passes": 3, "lanes": 8, "window": 20, "held_out_share": 0.2}
    config = PretrainingConfig().updated(old)
    assert (config.epochs, config.batch_size, config.bptt_length) == (3, 8, 20)
    assert config.validation_share == 0.2
    assert parse_pretraining_settings(["passes=3", "units=[8]"]) == {"epochs": 3, "units": [8]}


def test_both_names_of_one_setting_are_refused():
    with pytest.raises(ConfigError, match="passes is the old name of epochs, and both are set"):
        PretrainingConfig().updated({"passes": 3, "epochs": 3})


def test_keys_of_what_is_cached_have_not_changed():
    """Made before the settings were renamed, of the language model of `base`."""
    settings = RECIPES["base"].stages[0].config.key_settings()
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    assert digest == "e5f4b52f67387cf8624fde726570e51916a15b589890e4922cf47023e861433e"
