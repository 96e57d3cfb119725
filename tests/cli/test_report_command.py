import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reelfeel.cli import app
from reelfeel.errors import BundleError, UsageError
from reelfeel.report import page as page_module

TABLE = "review,mood\n" + "".join(
    f"film {row} was {'great and superb' if row % 2 else 'dull and awful'},{row % 2}\n"
    for row in range(12)
)


@pytest.fixture
def run(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["report", *map(str, arguments)])


def test_the_path_of_the_page_is_all_that_stands_on_stdout(run, trained, tmp_path):
    result = run(trained, "--no-baselines", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{tmp_path / 'out' / 'index.html'}\n"
    assert Path(result.stdout.strip()).read_text("utf-8").startswith("<!doctype html>")
    assert "Scoring 60 reviews of mini." in result.stderr


def test_tables_have_columns_and_may_train_the_baselines(run, trained, tmp_path):
    (tmp_path / "reviews.csv").write_text(TABLE)
    columns = ("--text-column", "review", "--label-column", "mood")
    result = run(
        trained, "--data", "reviews.csv", "--train-data", "reviews.csv", *columns, "--no-texts",
        "-o", "out",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert "NB-SVM" in page
    assert "superb" not in page


def test_a_standing_report_is_replaced_by_force_only(run, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, "hang_pictures", lambda contents: [])
    (tmp_path / "out").mkdir()
    refused = run(trained, "--no-baselines", "-o", "out")
    assert isinstance(refused.exception, UsageError)
    assert "--force" in str(refused.exception)
    assert run(trained, "--no-baselines", "-o", "out", "--force").exit_code == 0


def test_a_missing_model_and_a_missing_table_are_named(run, trained):
    assert isinstance(run("nowhere").exception, BundleError)
    missing = run(trained, "--data", "nowhere.csv")
    assert isinstance(missing.exception, UsageError)
    assert "nowhere.csv" in str(missing.exception)


def test_help_shows_the_defaults_and_imports_nothing_heavy():
    code = (
        "import sys, reelfeel.cli.models.report\n"
        "heavy = ('numpy', 'matplotlib', 'jinja2', 'sklearn', 'openvino')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert "MODEL/report" in CliRunner().invoke(app, ["report", "--help"]).output
