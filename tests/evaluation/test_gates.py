from xml.etree import ElementTree

import numpy as np
import pytest

from reelfeel.errors import GateError, UsageError
from reelfeel.evaluation.gates import (
    Gate,
    GateResult,
    check_gates,
    check_no_worse,
    parse_gates,
    refuse_failures,
    write_junit,
)
from reelfeel.metrics.intervals.paired import compare_classifiers
from reelfeel.metrics.table import evaluate_binary

METRICS = evaluate_binary([0, 1, 1, 1], [0.2, 0.7, 0.9, 0.4])


@pytest.mark.parametrize(
    ("typed", "option", "words"),
    [
        ("accuracy", "min", "metric=number"),
        ("acuracy=0.9", "min", "accuracy"),
        ("accuracy=high", "min", "metric=number"),
        ("accuracy=nan", "min", "metric=number"),
        ("accuracy=0.9", "max", "higher is better.*--min accuracy"),
        ("ece=0.02", "min", "lower is better.*--max ece"),
    ],
)
def test_gates_that_mean_nothing_are_refused_with_the_way_to_write_them(typed, option, words):
    minima, maxima = ([typed], []) if option == "min" else ([], [typed])
    with pytest.raises(UsageError, match=words):
        parse_gates(minima, maxima)


def test_a_value_on_its_bound_passes_and_one_beyond_fails():
    gates = [Gate("accuracy", 0.75), Gate("accuracy", 0.76), Gate("brier", METRICS.brier)]
    assert [one.passed for one in check_gates(METRICS, gates)] == [True, False, True]


def test_a_metric_that_is_not_defined_never_passes():
    one_class = evaluate_binary([1, 1], [0.2, 0.9])
    [result] = check_gates(one_class, parse_gates(["roc_auc=0.0"], []))
    assert not result.passed
    assert "one class" in result.message
    assert result.value is None


@pytest.mark.parametrize(("flipped", "passes"), [(0, True), (3, True), (60, False)])
def test_no_worse_fails_only_where_the_other_is_surely_better(flipped, passes):
    y_true = np.arange(1_000) % 2
    other = np.where(np.arange(1_000) % 10 == 0, 1 - y_true, y_true) * 0.8 + 0.1
    own = other.copy()
    rows = [row for row in range(1_000) if row % 10][:flipped]
    own[rows] = 1 - own[rows]
    comparison = compare_classifiers(
        y_true, own, other, rng=np.random.default_rng(0), num_resamples=0
    )
    result = check_no_worse(comparison, "new", "old")
    assert result.passed is passes
    assert result.value == pytest.approx(-flipped / 1_000)


def test_failures_end_with_exit_code_4_and_every_reason():
    results = check_gates(METRICS, parse_gates(["accuracy=0.9", "recall=0.1"], ["ece=0.01"]))
    with pytest.raises(GateError, match=r"2 of 3 conditions not met.*accuracy.*ece") as caught:
        refuse_failures(results)
    assert caught.value.exit_code == 4
    refuse_failures([one for one in results if one.passed])


def test_a_build_server_reads_the_results(tmp_path):
    hostile = GateResult('<"&\x1b\ud800', passed=False, message="]]> \x00")
    results = [*check_gates(METRICS, parse_gates(["accuracy=0.7", "recall=0.1"], []))]
    results += [hostile]
    write_junit(results, tmp_path / "gates.xml", suite="model on data")
    [suite] = ElementTree.parse(tmp_path / "gates.xml").getroot()  # noqa: S314  # our own file
    assert suite.attrib == {"name": "model on data", "tests": "3", "failures": "1", "errors": "0"}
    good, _, bad = suite
    assert (good.get("name"), len(good)) == ("accuracy >= 0.7", 0)
    assert bad.find("failure").get("message").startswith("]]>")


def test_the_results_replace_no_file_of_somebody_else(tmp_path):
    path = tmp_path / "gates.xml"
    path.write_text("mine")
    with pytest.raises(UsageError, match="was not written by ReelFeel"):
        write_junit([], path, suite="model on data")
    assert path.read_text() == "mine"
    path.unlink()
    for _ in range(2):
        write_junit([], path, suite="model on data")
