import json
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from reelfeel.cli.check_data import check_data
from reelfeel.errors import SchemaError, UsageError

GOOD = "text,label\n" + "".join(
    f"film {row} was well worth the time it took of me,{row % 2}\n" for row in range(200)
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    application = typer.Typer()
    application.command("check-data")(check_data)

    def invoke(*arguments, **files):
        for name, content in files.items():
            (tmp_path / f"{name}.csv").write_text(content)
        return CliRunner().invoke(application, arguments)

    return invoke


def test_good_data_ends_with_zero_and_shows_its_sizes(run):
    result = run("good.csv", good=GOOD)
    assert result.exit_code == 0, result.output
    assert "200" in result.stdout
    assert "Nothing here would spoil training" in result.stdout


def test_data_that_would_spoil_training_ends_with_three(run):
    result = run("bad.csv", bad="text,label\n" + "the same old text,1\n" * 100)
    assert result.exit_code == 3
    assert "one_class" in result.stdout
    assert "Not fit for training" in result.stdout


def test_json_is_one_object_alone_on_stdout(run):
    result = run("good.csv", "--json", "--max-tokens", "5", good=GOOD)
    found = json.loads(result.stdout)
    assert found["fit_for_training"] is True
    assert found["parts"]["all"]["num_reviews"] == 200
    cut = next(finding for finding in found["findings"] if finding["code"] == "cut")
    assert cut["count"] == 200


def test_json_of_refused_data_ends_with_three_too(run):
    result = run("bad.csv", "--json", bad="text,label\na text of some words,1\n")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["fit_for_training"] is False


def test_several_tables_are_compared(run):
    result = run("train.csv", "test.csv", "--json", train=GOOD, test=GOOD)
    assert result.exit_code == 3
    overlap = [f for f in json.loads(result.stdout)["findings"] if f["code"] == "overlap"]
    assert [(finding["part"], finding["count"]) for finding in overlap] == [("test.csv", 200)]


def test_columns_and_labels_are_named_by_options(run):
    table = GOOD.replace("text,label", "review,mood").replace(",0\n", ",sad\n")
    table = table.replace(",1\n", ",glad\n")
    arguments = ("--text-column", "review", "--label-column", "mood", "--positive", "glad")
    result = run("good.csv", *arguments, "--json", good=table)
    assert json.loads(result.stdout)["parts"]["all"]["num_positive"] == 100


def test_rows_without_text_are_refused_or_dropped_on_request(run):
    refused = run("gaps.csv", gaps=GOOD + ",1\n")
    assert isinstance(refused.exception, SchemaError)
    assert "row 201" in str(refused.exception)
    dropped = run("gaps.csv", "--skip-bad-rows", "--json")
    assert "dropped 1 rows" in json.loads(dropped.stdout)["parts"]["all"]["source"]


def test_what_names_hold_cannot_steer_a_terminal(run):
    table = "id,text,label\n" + "".join(f"\x1b[2J{row},same old text,1\n" for row in range(9))
    result = run("evil.csv", evil=table)
    assert "same old" not in result.stdout
    assert "\x1b[2J" not in result.stdout


def test_a_source_named_twice_or_missing_is_a_usage_error(run):
    assert isinstance(run("good.csv", "good.csv", good=GOOD).exception, UsageError)
    assert isinstance(run("nowhere.csv").exception, UsageError)
    assert run("good.csv", "--max-tokens", "0").exit_code == 2


def test_importing_the_command_imports_nothing_heavy():
    code = (
        "import sys, reelfeel.cli.check_data\n"
        "print([name for name in ('polars', 'numpy', 'keras', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
