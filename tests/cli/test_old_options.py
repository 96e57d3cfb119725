"""Options, arguments and files under their old names are read, with one line that says so."""

import subprocess
import sys

import pytest

import reelfeel
from reelfeel.cli.old_options import rename_old_options
from reelfeel.inference.classifier import Classifier, load


def run(*arguments):
    command = [sys.executable, "-m", "reelfeel", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)


@pytest.mark.parametrize("typed", [("--engine", "numpy"), ("--engine=numpy",)])
def test_an_old_option_is_read_with_one_line(trained, typed):
    done = run("predict", "--model", str(trained), *typed, "A fine film.")
    assert done.returncode == 0
    assert done.stderr.count("Warning: --engine is now called --backend.") == 1
    new = run("predict", "--model", str(trained), "--backend", "numpy", "A fine film.")
    assert (new.stdout, new.stderr) == (done.stdout, "")


def test_old_options_are_renamed_where_they_are_options():
    line = ["pretrain", "a.txt", "--passes", "3", "--engine", "x", "--", "--passes"]
    assert rename_old_options(line) == [
        "pretrain", "a.txt", "--epochs", "3", "--engine", "x", "--", "--passes"
    ]  # fmt: skip
    assert rename_old_options([]) == []


def test_help_shows_the_new_names_only():
    shown = run("predict", "--help").stdout
    assert "--backend" in shown
    assert "--engine" not in shown


def test_python_reads_the_old_argument_and_the_old_class(trained):
    with pytest.warns(FutureWarning, match="engine= is now called backend="):
        assert load(trained, engine="numpy").backend.name == "numpy"
    with pytest.warns(FutureWarning, match=r"now called reelfeel\.Classifier"):
        assert reelfeel.Engine is Classifier
