"""Figures recorded with a model: they stand in its metrics and card, and change nothing else."""

import json

import pytest

from reelfeel.data.sets.mini import load_mini
from reelfeel.errors import DataError, UsageError
from reelfeel.evaluation.evaluate import evaluate
from reelfeel.evaluation.recording import record_evaluation
from reelfeel.inference import shipped
from reelfeel.inference.classifier import load
from reelfeel.inference.facts import describe_model


def test_a_record_stands_in_metrics_and_card_with_its_conditions(bundle_copy):
    before = {file.name: file.read_bytes() for file in bundle_copy.iterdir()}
    result = evaluate(bundle_copy, "mini")
    record_evaluation(bundle_copy, result)
    stored = json.loads((bundle_copy / "metrics.json").read_text())
    test = stored["test"]
    assert stored["validation"] == json.loads(before["metrics.json"])["validation"]
    assert test["accuracy"] == result["all"]["accuracy"]
    assert test["intervals"]["accuracy"] == list(result["intervals"]["accuracy"])
    assert test["data"]["sha256"] == load_mini("test").fingerprint()
    assert test["speed"]["reviews_per_s"] > 0
    card = (bundle_copy / "README.md").read_text()
    assert f"**{test['accuracy']:.4f}**" in card
    changed = {
        file.name for file in bundle_copy.iterdir() if file.read_bytes() != before.get(file.name)
    }
    assert changed == {"metrics.json", "README.md"}
    load(bundle_copy)


def test_the_card_is_otherwise_the_one_of_training(bundle_copy):
    before = (bundle_copy / "README.md").read_text()
    record_evaluation(bundle_copy, evaluate(bundle_copy, "mini"))
    after = (bundle_copy / "README.md").read_text()
    lost = set(before.splitlines()) - set(after.splitlines())
    # Only its name: the folder was copied.
    assert all("model" in line for line in lost), lost


def test_a_later_record_replaces_the_earlier(bundle_copy):
    for num_reviews in (30, 20):
        reviews = load_mini("test").take(range(num_reviews))
        record_evaluation(bundle_copy, evaluate(bundle_copy, reviews))
    assert load(bundle_copy).bundle.about("metrics")["test"]["data"]["num_reviews"] == 20
    facts = describe_model(bundle_copy)
    assert facts.evaluated_on == "mini"
    assert facts.interval[0] <= facts.accuracy <= facts.interval[1]


def test_figures_on_training_reviews_are_not_recorded(bundle_copy):
    result = evaluate(bundle_copy, "mini", part="train")
    with pytest.raises(DataError, match=r"flatter it.*--data"):
        record_evaluation(bundle_copy, result)
    assert "test" not in load(bundle_copy).bundle.about("metrics")


def test_a_model_that_comes_with_reelfeel_keeps_its_figures(bundle_copy, monkeypatch):
    monkeypatch.setattr(shipped, "shipped_folder", lambda: bundle_copy.parent)
    with pytest.raises(UsageError, match="Copy its folder"):
        record_evaluation(bundle_copy, evaluate(bundle_copy, "mini"))
