"""Turn and turn about: A B C, A B C, so that a slow minute of the machine hits all of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from harness.suite import Figure
from harness.workers import ContestantFailed

Result = dict[str, Any]


class Measurable(Protocol):
    """What takes turns; `Worker` does."""

    def measure(self) -> Result:
        """Runs one turn."""


def alternate(
    workers: Mapping[str, Measurable], rounds: int, report: Callable[[str], None] = print
) -> tuple[dict[str, list[Result]], dict[str, str]]:
    """Lets every contestant take its turn, `rounds` times.

    Args:
        workers: by name, loaded.
        rounds: turns of each.
        report: is told of every turn.

    Returns:
        What each reported in each of its turns, and the reasons of those that failed; a contestant
        that fails takes no further turns and reports nothing.
    """
    results: dict[str, list[Result]] = {name: [] for name in workers}
    failures: dict[str, str] = {}
    for number in range(rounds):
        for name, worker in workers.items():
            if name in failures:
                continue
            try:
                results[name].append(worker.measure())
                report(f"  round {number + 1}/{rounds}  {name}: {results[name][-1]}")
            except ContestantFailed as error:
                failures[name] = str(error)
                report(f"  {error}")
    return {name: results[name] for name in workers if name not in failures}, failures


def medians(rounds: Sequence[Result]) -> dict[str, float]:
    """Returns the median of each reported number.

    Example:

    >>> medians([{"seconds": 3.0}, {"seconds": 1.0}, {"seconds": 2.5}])
    {'seconds': 2.5}
    """
    numbers = [key for key, value in rounds[0].items() if isinstance(value, int | float)]
    return {key: statistics.median(result[key] for result in rounds) for key in numbers}


def evaluate(figure: Figure, rounds: Mapping[str, Sequence[Result]]) -> dict[str, Any] | None:
    """Works a figure out from the rounds of one run.

    Returns:
        Its value, and for a ratio the least and the greatest of the single rounds; None where a
        contestant did not take part.
    """
    if figure.ours not in rounds or (figure.theirs and figure.theirs not in rounds):
        return None
    ours = [result[figure.metric] for result in rounds[figure.ours]]
    if figure.theirs is None:
        return _describe(figure, statistics.median(ours), ours)
    theirs = [result[figure.metric] for result in rounds[figure.theirs]]
    value = times_better(statistics.median(ours), statistics.median(theirs), figure)
    single = [times_better(a, b, figure) for a, b in zip(ours, theirs, strict=True)]
    return _describe(figure, value, single)


def times_better(ours: float, theirs: float, figure: Figure) -> float:
    """Returns how many times better ours is.

    Example:

    >>> times_better(2.0, 8.0, Figure("latency", "ms", "a", "b", higher_is_better=False))
    4.0
    """
    return ours / theirs if figure.higher_is_better else theirs / ours


def _describe(figure: Figure, value: float, single: Iterable[float]) -> dict[str, Any]:
    single = list(single)
    return {
        "value": value,
        "least": min(single),
        "greatest": max(single),
        "is_ratio": figure.theirs is not None,
        "higher_is_better": figure.higher_is_better or figure.theirs is not None,
        "floor": figure.floor,
        "aim": figure.aim,
        "decimals": figure.decimals,
    }
