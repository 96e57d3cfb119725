"""docs/metrics.md and the code say the same."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

from reelfeel.baselines.baselines import BASELINES
from reelfeel.metrics.calibration import NUM_BINS
from reelfeel.metrics.curves import LENGTH_EDGES, MAX_POINTS
from reelfeel.metrics.table import METRICS

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
TEXT = PAGE.read_text(encoding="utf-8")
MODULES = r"scores|table|calibration|curves|slices|temperature|thresholds|abstention|truncation"
MODULES += r"|intervals\.\w+|baselines\.\w+"


@pytest.mark.parametrize("name", sorted(set(re.findall(rf"`((?:{MODULES})\.\w+)`", TEXT))))
def test_every_function_on_the_page_exists(name: str) -> None:
    module, _, function = name.rpartition(".")
    room = "reelfeel" if module.startswith("baselines") else "reelfeel.metrics"
    assert callable(getattr(importlib.import_module(f"{room}.{module}"), function))


def test_the_page_defines_every_metric_in_the_order_of_the_table() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \| .* \| (?:higher|lower) \|", TEXT, re.M)) == METRICS


def test_the_page_describes_every_baseline() -> None:
    section = TEXT.partition("## Baselines")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.M)) == set(BASELINES)


def test_the_constants_on_the_page_are_those_of_the_code() -> None:
    assert f"in {NUM_BINS} equally wide bins" in TEXT
    assert f"up to {', '.join(map(str, LENGTH_EDGES))} and more tokens" in TEXT
    assert f"thinned to {MAX_POINTS} points" in TEXT


def test_the_examples_on_the_page_run() -> None:
    failures, attempted = doctest.testfile(str(PAGE), module_relative=False)
    assert attempted > 0
    assert failures == 0
