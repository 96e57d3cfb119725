"""Commands with the names of models, and the list of these; in one process, with others there."""

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from reelfeel.cli import app
from reelfeel.errors import UsageError
from reelfeel.evaluation.evaluate import evaluate
from reelfeel.evaluation.recording import record_evaluation
from reelfeel.inference import shipped
from reelfeel.inference.bundle import read_bundle
from reelfeel.inference.classifier import load


def run(*arguments):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def installed(tmp_path, trained, monkeypatch):
    """An installation whose models are base, with recorded figures, and a language model."""
    folder = tmp_path / "shipped"
    shutil.copytree(trained, folder / "base")
    record_evaluation(folder / "base", evaluate(trained, "mini"))
    shutil.copytree(trained, folder / "language-model")
    description = {"directions": ["forward"]}
    (folder / "language-model" / "language_model.json").write_text(json.dumps(description))
    (folder / "language-model" / "metrics.json").unlink()
    monkeypatch.setattr(shipped, "shipped_folder", lambda: folder)
    return folder


def test_models_are_listed_with_the_figures_that_stand_in_them(installed):
    base, language_model = json.loads(run("models", "--json"))
    bundle = read_bundle(installed / "base")
    assert base["name"] == "base"
    assert base["parameters"] == sum(np.size(array) for array in bundle.weights().values())
    files = [file for file in (installed / "base").iterdir() if file.is_file()]
    assert base["size_bytes"] == sum(file.stat().st_size for file in files)
    assert base["accuracy"] == bundle.about("metrics")["test"]["accuracy"]
    assert (base["license"], base["evaluated_on"]) == ("MIT", "mini")
    assert base["purpose"] == "labels texts negative or positive"
    assert language_model["purpose"] == "starts classifiers: train DATA --from language-model"
    assert language_model["accuracy"] is None


def test_models_are_a_table_for_people(installed):
    printed = run("models")
    for word in ("base", "language-model", "MIT", "%", "starts classifiers", "evaluated on mini"):
        assert word in printed
    shutil.rmtree(installed)
    assert "No model is in this installation" in run("models")


def test_without_a_model_the_default_answers(installed):
    text = "A slow start, but what an ending."
    answer = json.loads(run("predict", "--json", text))
    assert answer["probability"] == load(installed / "base").predict_proba([text])[0]
    assert json.loads(run("explain", "--json", text))["prediction"]["label"] == answer["label"]


# Saving a .keras file raises it, in Keras 3.15 beside NumPy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_commands_about_a_model_take_its_name(installed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert json.loads(run("info", "base", "--json"))["preset"] == "mini"
    assert json.loads(run("evaluate", "base", "--data", "mini", "--json"))["model"] == "base"
    comparison = run("compare", "base", installed / "base", "--data", "mini", "--json")
    assert json.loads(comparison)["better"] is None
    written = run("export", "base").split()
    assert written == [
        "base.keras", "base.reading.json", "base.reading.md", "reelfeel_reader.py"
    ]  # fmt: skip
    assert all((tmp_path / name).exists() for name in written)


def test_a_folder_of_the_same_name_is_written_with_a_dot(installed, bundle_copy, monkeypatch):
    bundle_copy.rename(bundle_copy.parent / "small")
    monkeypatch.chdir(bundle_copy.parent)
    assert json.loads(run("info", "./small", "--json"))["preset"] == "mini"


def test_record_writes_into_a_model_of_ones_own_only(installed, bundle_copy):
    run("evaluate", bundle_copy, "--data", "mini", "--record")
    assert read_bundle(bundle_copy).about("metrics")["test"]["num_reviews"] == 60
    with pytest.raises(UsageError, match="Copy its folder"):
        run("evaluate", "base", "--data", "mini", "--record")
    with pytest.raises(UsageError, match="without one"):
        run("evaluate", "--predictions", "none.csv", "--record")
