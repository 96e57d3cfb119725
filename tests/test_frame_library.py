"""On a processor that Polars' usual build cannot run on, users read what to install."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "reelfeel"
# Polars' own check of the processor, told that it has nothing.
OLDER_PROCESSOR = """
import importlib.util, pathlib, sys
folder = pathlib.Path(importlib.util.find_spec("polars").origin).parent
spec = importlib.util.spec_from_file_location("polars._cpu_check", folder / "_cpu_check.py")
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)
check._read_cpu_flags = lambda flags=check._read_cpu_flags: dict.fromkeys(flags(), False)
sys.modules["polars._cpu_check"] = check
sys.argv[0] = "reelfeel"
from reelfeel.cli import main
main()
"""
needs_x86 = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="Polars checks x86-64 processors alone"
)


def run_on_an_older_processor(home, *words):
    environment = {**os.environ, "REELFEEL_HOME": str(home), "POLARS_FORCE_PKG": "32"}
    environment.pop("POLARS_SKIP_CPU_CHECK", None)
    command = [sys.executable, "-c", OLDER_PROCESSOR, *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@needs_x86
def test_a_table_is_refused_in_one_line_that_says_what_to_install(tmp_path):
    table = tmp_path / "reviews.csv"
    table.write_text("text\nA fine film\n")
    result = run_on_an_older_processor(tmp_path, "predict", "--data", str(table))
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert 'pip install "polars[rtcompat]"' in result.stderr
    assert result.stderr.rstrip().endswith("movbe")


@needs_x86
def test_texts_need_no_tables(tmp_path):
    result = run_on_an_older_processor(tmp_path, "predict", "A fine film")
    assert result.stdout.startswith("pos\t"), result.stderr


@needs_x86
def test_doctor_says_what_to_install(tmp_path):
    result = run_on_an_older_processor(tmp_path, "doctor", "--json")
    facts = json.loads(result.stdout)
    assert 'pip install "polars[rtcompat]"' in facts["polars"]
    assert "training" in facts


def test_nothing_else_opens_polars():
    openers = {
        path.name
        for path in SOURCE.rglob("*.py")
        if any(
            line.strip().startswith(("import polars", "from polars"))
            for line in path.read_text("utf-8").splitlines()
        )
    }
    assert openers == {"frame_library.py"}
