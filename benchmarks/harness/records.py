"""What a run leaves behind: one JSON file a suite, with everything that decided its numbers."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.machine import MAX_OTHER_CORES, describe_commit, describe_machine, name_kind
from harness.rounds import Result, evaluate, medians
from harness.suite import Contestant, Suite

ROOT = Path(__file__).parents[2]
# What ratios of the same machine move from run to run.
NOISE = 0.10


def make_record(
    suite: Suite,
    rounds: Mapping[str, Sequence[Result]],
    left_out: Mapping[str, str],
    about: Mapping[str, Any],
) -> dict[str, Any]:
    """Puts a run of a suite into plain values.

    Args:
        suite: what was run.
        rounds: what each contestant reported.
        left_out: reasons of those that did not take part.
        about: of the run: `command`, `cores`, `quick`, `other_cores`, `versions` by environment,
            and `emulated`, the older kind of processor that libraries were made to believe in.
    """
    machine = describe_machine()
    return {
        "suite": suite.name,
        "kind": name_kind(machine["instruction_sets"], about.get("emulated")),
        "title": suite.title,
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        **describe_commit(ROOT),
        **about,
        "quiet": is_quiet(rounds, about.get("other_cores", 0.0)),
        "machine": machine,
        "conditions": list(suite.conditions),
        "columns": [asdict(column) for column in suite.columns],
        "sweep": suite.sweep,
        "figures": {
            figure.name: value
            for figure in suite.figures
            if (value := evaluate(figure, rounds)) is not None
        },
        "contestants": {
            contestant.name: _describe_contestant(contestant, rounds, left_out)
            for contestant in suite.contestants
        },
    }


def is_quiet(rounds: Mapping[str, Sequence[Result]], other_cores_before: float) -> bool:
    """Says whether others stayed below the bound before the run and in every turn."""
    turns = [result.get("other_cores", 0.0) for results in rounds.values() for result in results]
    return max([other_cores_before, *turns]) <= MAX_OTHER_CORES


def find_regressions(
    record: Mapping[str, Any], recorded: Mapping[str, Any], noise: float = NOISE
) -> list[str]:
    """Compares the ratios of a run with recorded ones.

    Plain figures are left out: another machine has others, and the ratios are there for that.

    Returns:
        One sentence for every ratio that fell behind by more than `noise`.

    Example:

    >>> then = {"figures": {"epoch": {"value": 4.0, "is_ratio": True}}}
    >>> find_regressions({"figures": {"epoch": {"value": 3.0, "is_ratio": True}}}, then)
    ['epoch: 3.00 times, recorded 4.00, a loss of 25 %']
    """
    sentences = []
    for name, figure in record["figures"].items():
        before = recorded["figures"].get(name)
        if not before or not figure["is_ratio"]:
            continue
        loss = 1 - figure["value"] / before["value"]
        if loss > noise:
            sentences.append(
                f"{name}: {figure['value']:.2f} times, recorded {before['value']:.2f}, "
                f"a loss of {loss:.0%}".replace("%", " %")
            )
    return sentences


def read_record(path: Path) -> dict[str, Any] | None:
    """Reads a results file; None where there is none."""
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def write_record(record: Mapping[str, Any], folder: Path) -> Path:
    """Writes a results file into the folder of its kind of processor; returns its path."""
    path = folder / record["kind"] / f"{record['suite']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return path


def _describe_contestant(
    contestant: Contestant,
    rounds: Mapping[str, Sequence[Result]],
    left_out: Mapping[str, str],
) -> dict[str, Any]:
    described = {
        "label": contestant.label,
        "environment": contestant.python,
        # Paths are of this machine only.
        "settings": {key: _name_of(value) for key, value in contestant.settings.items()},
        "variables": dict(contestant.variables),
        "cores": contestant.cores,
    }
    if contestant.name not in rounds:
        return {**described, "left_out": left_out.get(contestant.name, "not run")}
    results = list(rounds[contestant.name])
    return {**described, "median": medians(results), "rounds": results}


def _name_of(value: Any) -> Any:
    return Path(value).name if isinstance(value, str) and "/" in value else value
