import json
import statistics

import pytest

from reelfeel.errors import UsageError
from reelfeel.inference.classifier import load
from reelfeel.training.seeds import train_seeds

SETTINGS = {"training": {"epochs": 1, "seed": 3}}


def test_each_seed_is_a_model_of_its_own_and_the_spread_is_theirs(tmp_path, home):
    record = train_seeds("mini", output=tmp_path, num_seeds=2, preset="mini", settings=SETTINGS)
    assert json.loads((tmp_path / "seeds.json").read_text()) == json.loads(json.dumps(record))
    losses = []
    for seed in (3, 4):
        classifier = load(tmp_path / f"seed-{seed}")
        assert classifier.bundle.config.training.seed == seed
        losses.append(classifier.bundle.about("metrics")["validation"]["log_loss"])
    assert losses[0] != losses[1]
    spread = record["spread"]["log_loss"]
    assert spread["mean"] == pytest.approx(statistics.mean(losses))
    assert spread["standard_deviation"] == pytest.approx(statistics.stdev(losses))


def test_one_seed_and_standing_models_are_refused_before_any_work(tmp_path, home):
    with pytest.raises(UsageError, match="two seeds"):
        train_seeds("mini", output=tmp_path, num_seeds=1)
    (tmp_path / "seed-4").mkdir()
    with pytest.raises(UsageError, match="--force"):
        train_seeds("mini", output=tmp_path, num_seeds=2, preset="mini", settings=SETTINGS)
    assert not (tmp_path / "seed-3").exists()
