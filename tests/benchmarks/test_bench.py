import doctest
import importlib
import json
import sys

import bench
import pytest
from harness.suite import Suite

RATIO = {"value": 4.0, "least": 4.0, "greatest": 4.0, "is_ratio": True, "decimals": 2}


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs the command on a suite whose measured ratio is 4, with a record that says otherwise."""

    def run(*words, recorded=4.0, load=0.0):
        results = tmp_path / "results"
        (results / "avx2").mkdir(parents=True, exist_ok=True)
        old = {"figures": {"speed": {**RATIO, "value": recorded}}, "is": "old"}
        (results / "avx2" / "sample.json").write_text(json.dumps(old))
        record = {"suite": "sample", "kind": "avx2", "figures": {"speed": RATIO}}
        monkeypatch.setattr(bench, "RESULTS", results)
        monkeypatch.setattr(bench, "BUILD", tmp_path / "build")
        monkeypatch.setattr(bench, "SUITES", {"sample": lambda _: Suite("sample", "", (), ())})
        monkeypatch.setattr(bench, "measure", lambda suite, options: record)
        monkeypatch.setattr(bench, "render_records", lambda page, folder: None)
        monkeypatch.setattr(bench, "other_cores", lambda: load)
        monkeypatch.setattr(sys, "argv", ["bench.py", *words])
        code = bench.main()
        return code, json.loads((results / "avx2" / "sample.json").read_text())

    return run


def test_a_run_that_holds_its_ratio_is_recorded(run):
    code, kept = run()
    assert (code, kept["suite"]) == (0, "sample")


def test_a_check_fails_where_a_ratio_fell_behind_and_keeps_the_record(run, capsys):
    code, kept = run("--check", recorded=5.0)
    assert (code, kept["is"]) == (1, "old")
    assert (
        "FELL BEHIND  speed: 4.00 times, recorded 5.00, a loss of 20 %" in capsys.readouterr().out
    )


def test_a_check_passes_within_noise(run):
    code, kept = run("--check", recorded=4.2)
    assert (code, kept["is"]) == (0, "old")


def test_a_busy_machine_is_refused_unless_told_otherwise(run, capsys):
    code, kept = run(load=0.5)
    assert (code, kept["is"]) == (2, "old")
    assert "--allow-load" in capsys.readouterr().err
    assert run("--allow-load", load=0.5)[0] == 0


def test_a_quick_run_leaves_the_record_alone(run):
    code, kept = run("--quick", load=0.5)
    assert (code, kept["is"]) == (0, "old")


def test_the_recorded_command_has_no_path_of_this_machine(monkeypatch):
    words = ["scoring", "--bundle", "/home/x/seed", "--python", "jax=/home/x/env"]
    monkeypatch.setattr(sys, "argv", ["bench.py", *words])
    assert "/home" not in bench.describe_command()


@pytest.mark.parametrize("name", ["machine", "rounds", "records", "tables"])
def test_the_examples_in_the_harness_hold(name):
    result = doctest.testmod(importlib.import_module(f"harness.{name}"))
    assert result.attempted
    assert not result.failed
