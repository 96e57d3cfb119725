"""Plants faults into the modules where one would cost a user most, and says which no test sees.

    python tests/mutation/run_mutants.py [MODULE ...] [--most 25] [--seed 0] [--limit 60]

A mutant survives when the tests that mirror its module pass. Nothing is written: each runs in a
forked process that imports the changed source in place of the file's. What starts processes of its
own, such as the command line, does not see it.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.util
import os
import random
import resource
import sys
from importlib import import_module
from pathlib import Path

from mutants import Mutant, list_mutants

ROOT = Path(__file__).parents[2]
# Each module with the tests that mirror it. By the ends of their paths: rooms move.
MODULES = {
    "inference/bundle.py": ["test_bundle.py", "test_strangers.py"],
    "inference/classifier.py": ["test_inference_classifier.py", "test_travel.py"],
    "metrics/table.py": ["metrics/test_table.py"],
    "metrics/scores.py": ["metrics/test_table.py"],
    "intervals/uncertainty.py": ["test_uncertainty.py"],
    "metrics/calibration.py": ["metrics/test_calibration.py"],
    "data/splitting.py": ["test_splitting.py"],
    "data/labels.py": ["test_labels.py"],
    "alarm.py": ["test_alarm.py"],
    "checkpoints.py": ["test_checkpoints.py"],
    "text/cleaning.py": ["test_cleaning.py"],
    "text/tokenizer.py": ["test_tokenizer.py"],
    "evaluation/gates.py": ["test_gates.py"],
}
# Imported once, before the processes part: no module of ours.
_SHARED = ("polars", "pytest", "typer.testing", "safetensors.numpy", "sklearn.metrics", "keras")


class _Planted(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Gives one module another source than its file's."""

    def __init__(self, path: Path, source: str) -> None:
        relative = path.relative_to(ROOT / "src").with_suffix("")
        self.name, self.path, self.source = ".".join(relative.parts), path, source

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def get_filename(self, name):
        return str(self.path)

    def get_data(self, path):
        return self.source.encode()

    def path_stats(self, path):
        raise OSError("its compiled form is never kept")

    def pytest_configure(self, config):
        # Before pytest's own finder, which takes modules that it is given as files.
        sys.meta_path.insert(0, self)


def find_one(folder: str, end: str) -> Path:
    """Returns the only file of a folder whose path ends so."""
    found = [path for path in (ROOT / folder).rglob("*.py") if f"/{path}".endswith(f"/{end}")]
    if len(found) != 1:
        raise SystemExit(f"Expected one file in {folder} that ends in {end}. Received {found}.")
    return found[0]


def is_killed(path: Path, mutant: Mutant, tests: list[str], limit_s: float) -> bool:
    """Whether a test fails, or takes too long, with a mutant in a module's place."""
    child = os.fork()
    if not child:
        # Of processor time, which a busy machine does not use up.
        resource.setrlimit(resource.RLIMIT_CPU, (round(limit_s), round(limit_s)))
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        import pytest

        arguments = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *tests, str(path)]
        os._exit(int(pytest.main(arguments, plugins=[_Planted(path, mutant.source)])))
    _, status = os.waitpid(child, 0)
    return status != 0


def run(end: str, most: int, seed: int, limit_s: float) -> tuple[int, int]:
    """Plants a sample of a module's mutants; returns how many it planted and how many survived."""
    path = find_one("src", end)
    tests = [str(find_one("tests", test)) for test in MODULES[end]]
    source = path.read_text("utf-8")
    if is_killed(path, Mutant(0, "", source), tests, 10 * limit_s):
        raise SystemExit(f"{end}: its tests fail without any mutant.")
    everything = list_mutants(source)
    chosen = random.Random(seed).sample(everything, min(most, len(everything)))
    survivors = [
        one
        for one in sorted(chosen, key=lambda one: one.line)
        if not is_killed(path, one, tests, limit_s)
    ]
    print(
        f"{end}: {len(survivors)} of {len(chosen)} survive ({len(everything)} in all)", flush=True
    )
    for one in survivors:
        print(f"    line {one.line}: {one.change}", flush=True)
    return len(chosen), len(survivors)


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", default=[], help=", ".join(MODULES))
    parser.add_argument("--most", type=int, default=25, help="mutants a module")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument(
        "--limit", type=float, default=60, help="seconds of processor time until a mutant is hung"
    )
    options = parser.parse_args()
    os.chdir(ROOT)
    os.environ.setdefault("KERAS_BACKEND", "torch")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.path.insert(0, str(ROOT / "src"))
    for name in _SHARED:
        import_module(name)
    counts = [
        run(end, options.most, options.seed, options.limit) for end in options.modules or MODULES
    ]
    print(f"{sum(some for _, some in counts)} of {sum(one for one, _ in counts)} survive")


if __name__ == "__main__":
    main()
