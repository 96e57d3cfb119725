"""What a suite of measurements is made of: contestants, what they report, and what is asked of it.

A suite is data. How it is run is in `rounds.py`, how it is kept in `records.py`, how it is shown in
`tables.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Contestant:
    """A script that is measured in a process of its own.

    Attributes:
        name: unique in its suite.
        label: for people, in tables.
        script: file in `contestants/`.
        python: name of the environment whose Python runs it.
        settings: JSON values that the script receives.
        variables: environment variables that matter, such as `ONEDNN_MAX_CPU_ISA`.
        cores: processor cores it may use; None for as many as the run has.
    """

    name: str
    label: str
    script: str
    python: str = "project"
    settings: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    cores: int | None = None


@dataclass(frozen=True)
class Column:
    """A reported value as a column of the table."""

    key: str
    header: str
    decimals: int = 0


@dataclass(frozen=True)
class Figure:
    """A number that a suite is run for: a contestant's median, or the ratio of two medians.

    Attributes:
        name: for people.
        metric: key of the reported value.
        ours: contestant.
        theirs: the contestant it is compared with; None for a plain figure.
        higher_is_better: of the metric. A ratio is always "times better": 2.0 is twice as good.
        floor: the least that is asked for; for a metric where lower is better, the most.
        aim: what is hoped for.
        decimals: to show.
    """

    name: str
    metric: str
    ours: str
    theirs: str | None = None
    higher_is_better: bool = True
    floor: float | None = None
    aim: float | None = None
    decimals: int = 2


@dataclass(frozen=True)
class Suite:
    """Contestants that are measured side by side.

    Attributes:
        name: of the results file.
        title: heading in the documentation.
        conditions: sentences that a reader needs to judge the numbers.
        contestants: in the order of their turns.
        columns: of the table; a sweep has none.
        figures: what the suite is run for.
        sweep: for a suite that measures one thing at many sizes, what the sizes are; the reported
            keys are then the sizes, and the table has a row for each.
        rounds: turns of each contestant, at least 1.
    """

    name: str
    title: str
    conditions: tuple[str, ...]
    contestants: tuple[Contestant, ...]
    columns: tuple[Column, ...] = ()
    figures: tuple[Figure, ...] = ()
    sweep: str = ""
    rounds: int = 3
