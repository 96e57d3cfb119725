"""Every command of the README, the start page and the guides runs, and prints what they show."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from documented_commands import ROOT, list_make_targets, read_steps, run_step

from reelfeel.data.sets.mini import load_mini

GUIDES = sorted(f"docs/how-to/{path.name}" for path in (ROOT / "docs" / "how-to").glob("*.md"))
PAGES = ["README.md", "docs/index.md", *GUIDES]
# Not run here: what these install is tried by tests/test_wheel.py (slow) and by make itself in CI.
ELSEWHERE = ("pip install", "make ")
# Left to the slow test: PyTorch is imported anew in other processes, or a network is trained for
# half a minute, or pictures are drawn.
SLOW = re.compile(
    r"reelfeel (pretrain|distill|report|doctor|train .*--from|errors|train .*--seeds)"
)
# bfloat16 rounds in another way than float32.
PROBABILITY_TOLERANCE = 0.02
# Keras 3.15 converts predictions in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def workplace(tmp_path, monkeypatch, home):
    """A folder with the files that the guides speak of; `reelfeel` is found in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"])
    reviews = load_mini()
    sentiments = np.where(reviews.labels == 1, "good", "bad")
    table = pl.DataFrame({"review": reviews.texts, "sentiment": sentiments})
    table.write_csv("reviews.csv")
    labelled = table.select(text="review", label=pl.Series(reviews.labels))
    labelled[::2].write_csv("labelled.csv")
    labelled[1::2].select("text").write_csv("more.csv")
    Path("new.txt").write_text("A lovely film.\nA dull film.\n")
    Path("review.txt").write_text("The plot is weak. I loved it all the same.")
    return tmp_path


def run_page(page, is_left_out):
    namespace = {"__name__": "__main__"}
    for step in read_steps(page):
        if not step.source.startswith(ELSEWHERE) and not is_left_out(step):
            printed = run_step(step, namespace)
            if step.shown:
                check_shown(printed, step.shown, step.place)


def check_shown(printed, shown, place):
    """Compares line by line; numbers may differ by what another processor's rounding makes."""
    lines, expected = printed.split("\n"), shown.split("\n")
    assert len(lines) == len(expected), place
    for line, said in zip(lines, expected, strict=True):
        number = r"\d+\.\d+"
        assert re.sub(number, "#", line) == re.sub(number, "#", said), place
        for value, said_value in zip(
            re.findall(number, line), re.findall(number, said), strict=True
        ):
            assert float(value) == pytest.approx(float(said_value), abs=PROBABILITY_TOLERANCE)


def test_the_readme_does_what_it_says(workplace):
    run_page("README.md", lambda step: SLOW.search(step.source))


def test_the_start_page_does_what_it_says(workplace):
    run_page("docs/index.md", lambda step: "runs/" in step.source)


@pytest.mark.slow  # trains networks for minutes
@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_runs(workplace, page):
    run_page(page, lambda step: False)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_exists(page):
    """Also those that the fast tests do not run: command, options and make targets by name."""
    from reelfeel.cli.commands import COMMANDS

    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for step in read_steps(page):
        if step.source.startswith("make "):
            assert set(list_make_targets(step.source)) <= set(targets), step
        elif match := re.match(r"reelfeel ([\w-]+)", step.source):
            assert match[1] in COMMANDS, step


def test_the_readme_is_short_and_shows_python_on_its_first_screen():
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) < 150
    assert 'classifier = reelfeel.load("base")' in lines[:30]


def test_output_that_differs_is_noticed():
    check_shown("pos\t0.9901\n", "pos\t0.9926\n", "here")
    with pytest.raises(AssertionError):
        check_shown("neg\t0.9926\n", "pos\t0.9926\n", "here")
    with pytest.raises(AssertionError):
        check_shown("pos\t0.9\n", "pos\t0.8\n", "here")
