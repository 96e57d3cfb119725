"""Runs the tests of the compiled code under qemu on ARM: `make test-arm`.

The library is cross-compiled by Debian's compiler, `CXX` names another, and put into a copy of the
checkout, where it does not take the place of the one for this machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from arm_python import FOLDER, ROOT, arm_python, install, run

# What computes or reads text in compiled code, and both shipped models.
TESTS = (
    "tests/native",
    "tests/text/test_bulk.py",
    "tests/text/test_encoder.py",
    "tests/text/test_token_ids.py",
    "tests/shipped/test_shipped_classifiers.py::test_golden_answers_are_given_again",
)
LEFT_OUT = ("tests/native/test_build.py", "tests/native/test_targets.py")
# A program that qemu runs starts programs of this machine alone: no compiler for ARM and no second
# Python; and the list of the processor's features that it reads is this processor's. Keras and the
# other backends are not there; models on NumPy take minutes.
LEFT_OUT_NAMES = (
    "foreign_library", "system_lists", "importing_the_library",
    "stand-in", "openvino", "onnxruntime", "numpy-float32",
)  # fmt: skip
REQUIREMENTS = ["hypothesis>=6.150", "pytest>=8.4", "pytest-timeout>=2.4"]


def main(options: list[str]) -> int:
    """Returns pytest's status; `options` are for it, with `TESTS` where they name none."""
    command = arm_python()
    site, checkout = FOLDER / "test-site", FOLDER / "checkout"
    if not site.exists():
        install([*REQUIREMENTS, *dependencies()], site)
    copy_checkout(checkout, compile_library())
    left_out = [f"--ignore={path}" for path in LEFT_OUT]
    tests = () if any(not option.startswith("-") for option in options) else TESTS
    chosen = " and ".join(f"not {name}" for name in LEFT_OUT_NAMES)
    environment = {"PYTHONPATH": f"{checkout / 'src'}:{site}", "OMP_NUM_THREADS": "1"}
    # Code that is emulated takes twenty times as long; a warning of a package there fails nothing.
    settings = ["-p", "no:cacheprovider", "--timeout", "900", "-W", "default", "-k", chosen]
    return subprocess.run(
        [*command, "-m", "pytest", "-q", *settings, *left_out, *options, *tests],
        cwd=checkout, env={**os.environ, **environment}, check=False,
    ).returncode  # fmt: skip


def dependencies() -> list[str]:
    """Returns what the base install needs."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["dependencies"])


def compile_library() -> Path:
    """Cross-compiles the library and returns its path."""
    compiler = os.environ.get("CXX", "aarch64-linux-gnu-g++")
    build = [sys.executable, str(ROOT / "hatch_build.py")]
    run(build, REELFEEL_PLATFORM="linux-aarch64", CXX=compiler)
    return ROOT / "build" / "linux-aarch64" / "libreelfeel.so"


def copy_checkout(checkout: Path, library: Path) -> None:
    """Copies sources, tests and the library, without what is compiled for this machine."""
    shutil.rmtree(checkout, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__", "*.so", ".build-*")
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, checkout / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", checkout)
    shutil.copy(library, checkout / "src" / "reelfeel" / "native")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
