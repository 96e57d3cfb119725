"""The Python environments of the contestants, each with its own packages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "bench"
# Of accuracy; those of speed lie one folder lower, by the kind of processor.
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"

# "project" is the Python that runs the benchmarks: ReelFeel, PyTorch, OpenVINO.
PACKAGES: dict[str, tuple[str, ...]] = {
    "tensorflow": ("keras", "tensorflow-cpu"),
    "jax": ("keras", "jax"),
    "peers": ("scikit-learn",),
}
# Installed where it can be: there are no builds of it for every Python.
OPTIONAL: dict[str, tuple[str, ...]] = {"peers": ("fasttext-wheel",)}


def find_python(name: str, given: Mapping[str, str]) -> str:
    """Returns the interpreter of an environment; builds the environment where it is missing.

    Args:
        name: "project", "base" (nothing but the wheel), or one of `PACKAGES`.
        given: interpreters or folders of environments to use instead of building.
    """
    if name in given:
        path = Path(given[name])
        return str(path / "bin" / "python" if path.is_dir() else path)
    if name == "project":
        return sys.executable
    python = BUILD / "environments" / name / "bin" / "python"
    ready = python.parents[1] / "ready"
    if not ready.exists():
        _build(name, python)
        ready.touch()
    return str(python)


def _build(name: str, python: Path) -> None:
    print(f"building the environment {name}", flush=True)
    run(sys.executable, "-m", "venv", python.parents[1])
    install = (python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt")
    if name == "base":
        wheels = python.parents[1] / "wheels"
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", wheels, ROOT)
        run(*install, *wheels.glob("reelfeel-*.whl"))
        return
    run(*install, *PACKAGES[name])
    for package in OPTIONAL.get(name, ()):
        try:
            run(*install, package)
        except subprocess.CalledProcessError:
            print(f"{package} cannot be installed here and is left out", flush=True)


def installed_versions() -> dict[str, str]:
    """Returns the versions of the packages of this Python."""
    return {found.metadata["Name"]: found.version for found in distributions()}


def run(*command: object) -> None:
    """Runs a command; its output is shown only if it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr, file=sys.stderr, flush=True)
    done.check_returncode()
