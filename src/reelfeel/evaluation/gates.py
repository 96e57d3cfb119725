"""Quality gates: bounds that metrics must meet, and their results for CI."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from reelfeel.errors import GateError, UsageError
from reelfeel.files.writing import refuse_existing, write_whole
from reelfeel.metrics.intervals.paired import Comparison, describe_comparison
from reelfeel.metrics.table import LOSSES, METRICS, Metrics
from reelfeel.terminal.escaping import for_xml


@dataclass(frozen=True, slots=True)
class Gate:
    """A bound that a metric must not cross.

    Attributes:
        metric: one of `METRICS`.
        bound: the worst value that passes.
    """

    metric: str
    bound: float

    @property
    def is_minimum(self) -> bool:
        """Whether the metric has to be at least the bound, not at most."""
        return self.metric not in LOSSES


@dataclass(frozen=True, slots=True)
class GateResult:
    """What became of one condition.

    Attributes:
        name: the condition, as "accuracy >= 0.93".
        passed: whether it was met.
        message: what was found, in words.
        value: what was found, as a number; None where there is none.
        bound: what was asked for; None for a comparison.
    """

    name: str
    passed: bool
    message: str
    value: float | None = None
    bound: float | None = None


def parse_gates(minima: Sequence[str], maxima: Sequence[str]) -> tuple[Gate, ...]:
    """Reads gates as they are typed.

    Args:
        minima: such as `["accuracy=0.93"]`, of metrics where higher is better.
        maxima: such as `["ece=0.02"]`, of metrics where lower is better.

    Raises:
        UsageError: if one is not of the form `metric=number`, or of the wrong direction.

    Example:

    >>> parse_gates(["accuracy=0.93"], ["ece=0.02"])
    (Gate(metric='accuracy', bound=0.93), Gate(metric='ece', bound=0.02))
    """
    return tuple(
        _parse(typed, option)
        for option, all_typed in (("--min", minima), ("--max", maxima))
        for typed in all_typed
    )


def check_gates(metrics: Metrics, gates: Sequence[Gate]) -> list[GateResult]:
    """Says for each gate whether the metrics meet it; a metric that is not defined never does.

    Args:
        metrics: of the model.
        gates: the bounds; a value equal to its bound passes.
    """
    return [_check(metrics, gate) for gate in gates]


def check_no_worse(comparison: Comparison, name: str, other: str) -> GateResult:
    """Says whether a model is no worse than another: it fails where the other is surely better.

    Args:
        comparison: of the model (A) with the other (B), on the same reviews.
        name: of the model.
        other: of the other.
    """
    return GateResult(
        name=f"no worse than {other}",
        passed=comparison.better != "B",
        message=describe_comparison(comparison, name, other),
        value=comparison.differences["accuracy"].difference,
    )


def refuse_failures(results: Sequence[GateResult]) -> None:
    """Raises GateError where a condition was not met, with all that were not."""
    failed = [f"{one.name}: {one.message}" for one in results if not one.passed]
    if failed:
        raise GateError(
            f"{len(failed)} of {len(results)} conditions not met. "
            + " ".join(failed)
            + " Improve the model, or change the conditions."
        )


def write_junit(results: Sequence[GateResult], path: Path, *, suite: str) -> None:
    """Writes results as JUnit XML, which build servers show as tests.

    Args:
        results: one test case each.
        path: the file to write; an earlier one of ours is replaced.
        suite: the name of what was tested.
    """
    failures = sum(not one.passed for one in results)
    root = ElementTree.Element("testsuites")
    element = ElementTree.SubElement(
        root,
        "testsuite",
        name=for_xml(suite),
        tests=str(len(results)),
        failures=str(failures),
        errors="0",
    )
    for one in results:
        case = ElementTree.SubElement(
            element, "testcase", classname="reelfeel.gates", name=for_xml(one.name)
        )
        if not one.passed:
            ElementTree.SubElement(case, "failure", message=for_xml(one.message))
    refuse_existing(path, overwrite=True)
    with write_whole(path) as unfinished:
        ElementTree.ElementTree(root).write(unfinished, encoding="utf-8", xml_declaration=True)


def _parse(typed: str, option: str) -> Gate:
    metric, _, number = typed.partition("=")
    metric = metric.strip()
    try:
        bound = float(number)
    except ValueError:
        bound = math.nan
    if metric not in METRICS or not math.isfinite(bound):
        raise UsageError(
            f"A gate is written metric=number, such as {option} "
            f"{'accuracy=0.93' if option == '--min' else 'ece=0.02'}, with one of "
            f"{', '.join(METRICS)}. Received {option} {typed!r}."
        )
    needed = "--max" if metric in LOSSES else "--min"
    if option != needed:
        better = "lower" if metric in LOSSES else "higher"
        raise UsageError(
            f"Of {metric}, {better} is better, so a gate on it is {needed} {metric}=...; received "
            f"{option} {typed!r}."
        )
    return Gate(metric, bound)


def _check(metrics: Metrics, gate: Gate) -> GateResult:
    value = getattr(metrics, gate.metric)
    name = f"{gate.metric} {'>=' if gate.is_minimum else '<='} {gate.bound:g}"
    if value is None:
        message = f"{gate.metric} is not defined here: {metrics.undefined[gate.metric]}."
        return GateResult(name, passed=False, message=message, bound=gate.bound)
    passed = value >= gate.bound if gate.is_minimum else value <= gate.bound
    message = f"{gate.metric} is {value:.6g} on {metrics.num_reviews:,} reviews."
    return GateResult(name, bool(passed), message, float(value), gate.bound)
