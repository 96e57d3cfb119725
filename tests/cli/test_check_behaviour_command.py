"""`reelfeel check-behaviour`, as a user types it."""

import json

import pytest
from typer.testing import CliRunner

from reelfeel.cli import app
from reelfeel.errors import UsageError


@pytest.fixture
def run(home):
    environment = {"COLUMNS": "120"}
    return lambda *arguments: CliRunner(env=environment).invoke(app, [*map(str, arguments)])


def test_made_sentences_are_judged_without_any_data(run, trained):
    result = run("check-behaviour", trained)
    assert result.exit_code == 0, result.output
    assert "negated praise" in result.stdout
    assert "three typos" not in result.stdout


def test_reviews_are_damaged_and_a_baseline_stands_beside(run, trained):
    typed = ("check-behaviour", trained, "--data", "mini", "--training-data", "mini")
    result = run(*typed)
    assert result.exit_code == 0, result.output
    for word in ("three typos", "first sentence", "baseline", "lead", "contrast", "±"):
        assert word in result.stdout
    printed = json.loads(run(*typed, "--json").stdout)
    (row,) = (one for one in printed["perturbations"] if one["name"] == "three typos")
    assert f"{100 * row['accuracy']:.2f} ± " in result.stdout
    assert f"{100 * row['lead']:+.2f} ± " in result.stdout
    assert "Judging" not in run(*typed, "--json").stdout


def test_the_held_out_part_is_asked_for_by_its_name(run, trained):
    result = run("check-behaviour", trained, "--data", "mini", "--part", "validation", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["data"]["part"] == "validation"
    wrong = run("check-behaviour", trained, "--data", "mini", "--part", "tset")
    assert isinstance(wrong.exception, UsageError)
