"""`evaluate` with gates and tables, `compare` and `calibrate`, as a user types them."""

import json
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from reelfeel.cli import app
from reelfeel.errors import GateError, UsageError


@pytest.fixture
def run(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture
def said(tmp_path):
    """A table of predictions, right in nine of ten cases and wrong in one."""
    labels = np.arange(100) % 2
    y_prob = np.where(np.arange(100) % 10 == 0, 1 - labels, labels) * 0.6 + 0.2
    pl.DataFrame({"y": labels, "p": y_prob}).write_csv(tmp_path / "said.csv")
    return ("--predictions", "said.csv", "--label-column", "y", "--probability-column", "p")


def test_probabilities_of_any_classifier_are_judged(run, said):
    result = run("evaluate", *said, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["all"]["accuracy"] == 0.9
    table = run("evaluate", *said)
    assert "0.9000" in table.stdout
    assert "Slices" in table.stdout


def test_a_gate_that_is_not_met_ends_with_its_exit_code_and_a_junit_file(run, said, tmp_path):
    good = run("evaluate", *said, "--min", "accuracy=0.9", "--max", "brier=0.5")
    assert good.exit_code == 0, good.output
    bad = run("evaluate", *said, "--min", "accuracy=0.93", "--junit", "gates.xml", "--json")
    assert isinstance(bad.exception, GateError)
    assert bad.exception.exit_code == 4
    assert json.loads(bad.stdout)["gates"][0]["passed"] is False
    suite = ElementTree.parse(tmp_path / "gates.xml").getroot()[0]  # noqa: S314  # our own file
    assert suite.get("failures") == "1"


def test_a_model_may_not_be_worse_than_a_table(run, said, trained, tmp_path):
    from reelfeel.data.sets.mini import load_mini

    labels = load_mini("test").labels
    pl.DataFrame({"label": labels, "probability": labels * 1.0}).write_csv(tmp_path / "all.csv")
    result = run("evaluate", trained, "--data", "mini", "--no-worse-than", "all.csv")
    assert isinstance(result.exception, GateError)
    assert "all.csv is better than" in str(result.exception)


def test_a_model_is_judged_on_the_backend_that_is_asked_for(run, trained):
    settings = ("--backend", "numpy", "--precision", "float32", "--threads", "1")
    result = run("evaluate", trained, "--data", "mini", *settings, "--json")
    speed = json.loads(result.stdout)["speed"]
    assert (speed["backend"], speed["precision"], speed["threads"]) == ("numpy", "float32", 1)


def test_what_is_judged_has_to_be_clear(run, said, trained):
    for arguments in ((), (trained,), (trained, *said), (*said, "--data", "mini")):
        result = run("evaluate", *arguments)
        assert isinstance(result.exception, UsageError), arguments


def test_a_column_is_sliced_by_its_values(run, trained, tmp_path):
    rows = {"text": ["A fine film.", "A dull film."] * 10, "label": ["pos", "neg"] * 10}
    pl.DataFrame(rows | {"shop": ["A", "B"] * 10}).write_csv(tmp_path / "reviews.csv")
    result = run("evaluate", trained, "--data", "reviews.csv", "--slice-column", "shop", "--json")
    assert result.exit_code == 0, result.output
    names = [one["name"] for one in json.loads(result.stdout)["slices"]]
    assert "reviews with shop = “A”" in names
    wrong = run("evaluate", trained, "--data", "mini", "--slice-column", "shop")
    assert "Only tables have columns" in str(wrong.exception)


def test_two_models_are_compared_in_a_sentence(run, trained, bundle_copy):
    result = run("compare", trained, bundle_copy, "--data", "mini")
    assert result.exit_code == 0, result.output
    assert "cannot tell" in " ".join(result.stdout.split())
    assert "log_loss" in result.stdout
    as_json = json.loads(run("compare", trained, bundle_copy, "--data", "mini", "--json").stdout)
    assert as_json["better"] is None


def test_a_model_is_calibrated_in_place(run, bundle_copy):
    result = run("calibrate", bundle_copy, "--data", "mini", "--part", "test",
                 "--cost-false-positive", 1, "--cost-false-negative", 4)  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "positive from 0.200" in result.stdout
    assert json.loads((bundle_copy / "decision.json").read_text())["threshold"] == 0.2
    judged = run("evaluate", bundle_copy, "--data", "mini")
    assert "do not report these" in judged.stderr
    half = run("calibrate", bundle_copy, "--cost-false-positive", 1)
    assert "--cost-false-negative" in str(half.exception)


def test_an_unsure_model_says_so_on_every_way_out(run, bundle_copy, tmp_path):
    from reelfeel.inference.bundle import Decision, write_decision
    from reelfeel.inference.classifier import load

    write_decision(bundle_copy, Decision(abstain_lower=0.0, abstain_upper=1.0), {})
    assert run("predict", "-m", bundle_copy, "A film.").stdout.startswith("unsure\t")
    answer = json.loads(run("predict", "-m", bundle_copy, "A film.", "--json").stdout)
    assert answer["abstained"] is True
    assert answer["label"] == "unsure"
    assert answer["best_guess"] in ("negative", "positive")
    loaded = load(bundle_copy)
    (said,) = loaded(["A film."])
    assert said["label"] == "unsure"
    assert said["score"] == max(answer["probability"], 1 - answer["probability"])
    assert loaded.predict(["A film."])[0].label == "unsure"
    page = tmp_path / "page.html"
    explained = run("explain", "-m", bundle_copy, "A film.", "--flip", "--html", page, "--json")
    assert json.loads(explained.stdout)["prediction"]["label"] == "unsure"
    assert "<h2>unsure: " in page.read_text("utf-8")
    assert run("explain", "-m", bundle_copy, "A film.").stdout.startswith("unsure: ")
    table = tmp_path / "errors.csv"
    found = run("errors", bundle_copy, "--data", "mini", "--json", "-o", table)
    assert all(error["abstained"] for error in json.loads(found.stdout)["errors"])
    assert ",unsure," in table.read_text("utf-8").splitlines()[1]
