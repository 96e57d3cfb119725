"""Installs the Linux wheels where no compiler is and lets them predict: `make run-wheels`.

The one for x86-64 runs in a virtual environment, on this processor and on older ones that qemu
stands in for; the one for ARM runs under qemu too. All must answer alike.
"""

from __future__ import annotations

import json
import shutil
import sys
import venv
from pathlib import Path

from arm_python import FOLDER, ROOT, arm_python, install, run

MODELS = ("small", "base")
TEXTS = (
    "One of the best films I have seen in years.",
    "A dull, boring film with a weak plot.",
    "It begins slowly, but what an ending! I laughed, and I would see it again at once.",
    "",
)
# As float32 sums in another order may differ.
TOLERANCE = 1e-5
OLDER = ("Haswell", "Nehalem")


def main(names: list[str] | None = None) -> int:
    """Returns 0 where every machine gives the answers of the first one."""
    commands = machines(ROOT / "dist")
    worst = 0.0
    for model in MODELS:
        expected = None
        for name, (command, environment) in commands.items():
            if names and name not in names:
                continue
            answers = predict(command, model, environment)
            expected = expected or answers
            difference = max(abs(a - b) for a, b in zip(answers, expected, strict=True))
            worst = max(worst, difference)
            print(f"{model} on {name}: {answers}, {difference:.1e} apart", flush=True)
    return 0 if worst <= TOLERANCE else 1


def machines(dist: Path) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Installs the wheels, and returns for each machine the command and environment of Python."""
    here = [str(install_here(dist))]
    site = FOLDER / "site"
    shutil.rmtree(site, ignore_errors=True)
    install([str(find_wheel(dist, "aarch64"))], site)
    older = {name: (["qemu-x86_64", "-cpu", name, *here], {}) for name in OLDER}
    arm = (arm_python(), {"PYTHONPATH": str(site)})
    return {"this processor": (here, {}), **older, "ARM": arm}


def install_here(dist: Path) -> Path:
    """Installs the wheel for x86-64 in an environment of its own; returns its Python."""
    folder = ROOT / "build" / "wheel-venv"
    venv.create(folder, clear=True, with_pip=True)
    python = folder / "bin" / "python"
    # No compiler is found in these folders, nor named.
    nowhere = {"CXX": "none", "CC": "none", "PATH": str(folder / "bin")}
    wheel = find_wheel(dist, "x86_64")
    run([str(python), "-m", "pip", "install", "--quiet", str(wheel)], **nowhere)
    return python


def find_wheel(dist: Path, processor: str) -> Path:
    """Returns the one wheel for Linux and a processor."""
    found = sorted(dist.glob(f"reelfeel-*-manylinux2014_{processor}.whl"))
    if len(found) != 1:
        raise SystemExit(
            f"There is no single wheel for Linux on {processor} in {dist}. Expected what "
            f"`make wheels` makes. Received {[path.name for path in found]}."
        )
    return found[0]


def predict(command: list[str], model: str, environment: dict[str, str]) -> list[float]:
    """Returns the probabilities of `TEXTS`, in float32, computed by the compiled kernels."""
    answer = run(
        [*command, "-m", "reelfeel", "predict", "--json", "--model", model, "--backend", "native",
         "--precision", "float32", *TEXTS],
        **{"PYTHONPATH": "", "REELFEEL_HOME": str(ROOT / "build" / "wheel-home"), **environment},
    )  # fmt: skip
    return [json.loads(line)["probability"] for line in answer.splitlines()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
