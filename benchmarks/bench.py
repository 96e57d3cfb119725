"""Measures ReelFeel beside what a user would pick instead, and writes down what was found.

    python benchmarks/bench.py                    # everything, as recorded: about an hour
    python benchmarks/bench.py scoring cold_start # some suites
    python benchmarks/bench.py --check            # compares with the record and writes nothing
    python benchmarks/bench.py --quick            # tiny sizes, to see that everything runs

Results go to `benchmarks/results/KIND/`, by the kind of processor, tables to `docs/benchmarks.md`.
Needs IMDB (REELFEEL_IMDB, or it is downloaded), Linux, and a quiet machine.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.environments import BUILD, PAGE, RESULTS, find_python
from harness.machine import (
    EMULATION,
    MAX_OTHER_CORES,
    available_cores,
    describe_load,
    other_cores,
)
from harness.records import find_regressions, make_record, read_record, write_record
from harness.rounds import alternate
from harness.suite import Suite
from harness.tables import render_records
from harness.workers import ContestantFailed, Worker
from inputs import QUICK, Inputs, Sizes
from suites import SUITES


def main() -> int:
    """Runs the suites; returns the exit code."""
    # So that ending this process ends its contestants too, which are asleep most of the time.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    options = parse_options()
    if options.render:
        render_records(PAGE, RESULTS)
        return 0
    if not may_start(options):
        return 2
    behind, broken = run_suites(options)
    if is_kept(options):
        render_records(PAGE, RESULTS)
    for sentence in behind:
        print(f"FELL BEHIND  {sentence}")
    for sentence in broken:
        print(f"NOT MEASURED  {sentence}")
    return 1 if broken or (behind and options.check) else 0


def is_kept(options: argparse.Namespace) -> bool:
    """Says whether a run is the whole thing, and so becomes the record."""
    partly = options.quick or options.only or options.steps is not None
    return not (partly or options.check)


def may_start(options: argparse.Namespace) -> bool:
    """Says whether the machine is quiet, or need not be."""
    load = other_cores()
    print(f"The machine is {describe_load(load)}.", flush=True)
    if load <= MAX_OTHER_CORES or options.quick or options.allow_load:
        return True
    print(
        f"Nothing was measured: more than {MAX_OTHER_CORES} cores are in use by others. Wait, or "
        "end what runs, or measure all the same with --allow-load.",
        file=sys.stderr,
    )
    return False


def run_suites(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Returns where ratios fell behind the record, and what could not be measured."""
    sizes = QUICK if options.quick else Sizes()
    if options.steps is not None:
        steps = dict.fromkeys(("epoch_steps", "steps_512", "steps_1024"), options.steps)
        sizes = replace(sizes, **steps)
    inputs = Inputs(BUILD / ("quick" if options.quick else "inputs"), sizes, options.bundle)
    behind: list[str] = []
    broken: list[str] = []
    for name in options.suites:
        try:
            behind += run_suite(name, inputs, options)
        except subprocess.CalledProcessError as error:
            # Nothing could be prepared for it; the hour of the others is not thrown away.
            broken.append(f"{name}: {error}")
    return behind, broken


def run_suite(name: str, inputs: Inputs, options: argparse.Namespace) -> list[str]:
    """Measures a suite and keeps the record; returns where it fell behind the last one."""
    print(f"\n== {name}", flush=True)
    suite = SUITES[name](inputs)
    if options.only:
        kept = tuple(c for c in suite.contestants if c.name in options.only)
        suite = replace(suite, contestants=kept)
    record = measure(suite, options)
    recorded = None if options.quick else read_record(RESULTS / record["kind"] / f"{name}.json")
    if not options.check:
        print(write_record(record, RESULTS if is_kept(options) else BUILD / "trials"))
    for figure, found in record["figures"].items():
        print(f"  {found['value']:,.{found['decimals']}f}  {figure}")
    return find_regressions(record, recorded) if recorded else []


def measure(suite: Suite, options: argparse.Namespace) -> dict[str, Any]:
    """Loads all contestants, lets them take their turns, and returns the record."""
    workers: dict[str, Worker] = {}
    try:
        versions, left_out = load_workers(suite, options, workers)
        # All contestants are stopped: whatever is in use now is others'.
        load = other_cores()
        print(f"  {describe_load(load)}", flush=True)
        rounds, failures = alternate(workers, options.rounds or suite.rounds)
    finally:
        for worker in workers.values():
            worker.close()
    about = {
        "command": describe_command(),
        "emulated": options.emulate,
        "cores": options.cores,
        "quick": options.quick,
        "other_cores": round(load, 3),
        "versions": versions,
    }
    return make_record(suite, rounds, left_out | failures, about)


def load_workers(
    suite: Suite, options: argparse.Namespace, workers: dict[str, Worker]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Fills `workers`; returns versions by environment, and reasons of those left out."""
    versions: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for contestant in suite.contestants:
        log = BUILD / "logs" / f"{suite.name}_{contestant.name}.log"
        python = find_python(contestant.python, options.python)
        emulation = EMULATION.get(options.emulate, {})
        emulated = replace(contestant, variables={**emulation, **contestant.variables})
        worker = workers[contestant.name] = Worker(emulated, python, log, options.cores)
        try:
            versions[contestant.python] = worker.load()["versions"]
            print(f"  ready: {contestant.name}", flush=True)
        except ContestantFailed as error:
            left_out[contestant.name] = str(error)
            workers.pop(contestant.name).close()
            print(f"  {error}", flush=True)
    return versions, left_out


def describe_command() -> str:
    """Returns the command as typed, without this machine's paths."""
    words = [Path(word).name if "/" in word and "=" not in word else word for word in sys.argv[1:]]
    words = [word.partition("=/")[0] + "=..." if "=/" in word else word for word in words]
    return shlex.join(["python", "benchmarks/bench.py", *words])


def parse_options() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("suites", nargs="*", help=f"default: all of {', '.join(SUITES)}")
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes, kept in build/bench/trials"
    )
    parser.add_argument("--check", action="store_true", help="exit 1 where a ratio fell behind")
    parser.add_argument("--allow-load", action="store_true", help="measure though others are busy")
    parser.add_argument(
        "--emulate", choices=EMULATION, help="make libraries believe in an older processor"
    )
    parser.add_argument("--rounds", type=int, help="turns of each contestant")
    parser.add_argument(
        "--steps", type=int, help="training steps instead of a whole epoch; kept in trials"
    )
    parser.add_argument("--cores", type=int, default=len(available_cores()))
    parser.add_argument(
        "--only", action="append", help="a contestant; may be given several times; kept in trials"
    )
    parser.add_argument("--bundle", type=Path, help="a trained model of the preset seed")
    parser.add_argument("--render", action="store_true", help="only render the tables again")
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="use this environment for tensorflow, jax, peers or base",
    )
    options = parser.parse_args()
    unknown = set(options.suites) - set(SUITES)
    if unknown:
        parser.error(f"there is no suite {sorted(unknown)[0]}; there are {', '.join(SUITES)}")
    options.suites = options.suites or list(SUITES)
    options.python = dict(entry.split("=", 1) for entry in options.python)
    return options


if __name__ == "__main__":
    sys.exit(main())
