"""Runs the tests of native, text and runtime, and `predict`, on processors that are not here.

    python tests/emulation/run.py                # all of `PROCESSORS`
    python tests/emulation/run.py Haswell        # one of them

qemu's user emulation executes the very library and packages that are installed, as an older
processor: an instruction that the older one lacks ends the process, as it would there. Installs
qemu-user with apt-get where it is missing and may be installed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "emulation"
EMULATOR = "qemu-x86_64"
# What each has of our instruction sets: Nehalem (2008) none, Haswell (2013) AVX2. qemu has no
# AVX-512. An emulated process still reads the file /proc/cpuinfo of the true machine.
PROCESSORS = {"Nehalem": "", "Haswell": "avx2"}
TESTS = ("tests/native", "tests/text", "tests/inference")
# Emulated code takes twenty times as long; a file that both processes would write fails one.
PYTEST = ("--timeout", "900", "-p", "no:cacheprovider")
TEXTS = (
    "One of the best films I have seen in years.",
    "Two hours of my life that I will never get back.",
)
# Of probabilities: the kernels add in other orders.
TOLERANCE = 1e-5


def main() -> int:
    """Runs everything on every processor that is named, side by side; returns the exit code."""
    names = sys.argv[1:] or list(PROCESSORS)
    install_emulator()
    environment = prepare()
    expected = {model: predict([], model, environment) for model in ("small", "base")}
    with ThreadPoolExecutor(len(names)) as pool:
        reports = list(pool.map(lambda name: check(name, environment, expected), names))
    failures = [line for lines in reports for line in lines]
    print("\n".join(failures) or f"Everything passed as {', '.join(names)}.")
    return int(bool(failures))


def install_emulator() -> None:
    """Installs qemu-user where it is missing.

    Raises:
        SystemExit: if it cannot be installed.
    """
    if shutil.which(EMULATOR):
        return
    for command in ("update", "install --yes qemu-user"):
        subprocess.run(["apt-get", "--quiet", *command.split()], stdout=subprocess.DEVNULL)
    if not shutil.which(EMULATOR):
        raise SystemExit(
            f"{EMULATOR} is missing, and apt-get could not install it. Install Debian's package "
            "qemu-user, or your system's, and start again."
        )


def prepare() -> dict[str, str]:
    """Makes what the tests need beforehand; returns the environment for emulated processes."""
    site = BUILD / "site"
    if not site.exists():
        # Polars itself needs AVX2; this is its build for older processors.
        package = f"polars-runtime-compat=={version('polars')}"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
        subprocess.run([*pip, site, package], check=True)
    environment = {**os.environ, "REELFEEL_HOME": str(BUILD / "home"), "OMP_NUM_THREADS": "1"}
    model = BUILD / "model"
    command = [*reelfeel(), "train", "mini", "--preset", "mini", "--output", model, "--force"]
    subprocess.run([*command, "--set", "training.epochs=2"], env=environment, check=True)
    inherited = os.environ.get("PYTHONPATH", "")
    return {
        **environment,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(site), inherited])),
        "POLARS_FORCE_PKG": "compat",
        # The fixture `trained`, so that no emulated test trains.
        "REELFEEL_TEST_MODEL": str(model),
    }


def check(name: str, environment: dict[str, str], expected: dict[str, list[float]]) -> list[str]:
    """Returns a line for whatever fails on a processor."""
    started = time.perf_counter()
    emulator = [EMULATOR, "-cpu", name]
    environment = {**environment, "REELFEEL_EMULATED": PROCESSORS[name]}
    environment["REELFEEL_HOME"] += f"-{name}"
    failures = []
    for model, probabilities in expected.items():
        found = predict(emulator, model, environment)
        differences = [abs(a - b) for a, b in zip(found, probabilities, strict=True)]
        print(f"{name}: {model} answers {found}, {max(differences):.1e} off", flush=True)
        if max(differences) > TOLERANCE:
            failures.append(f"{name}: {model} answers {found}, expected {probabilities}")
    tests = [*emulator, sys.executable, "-m", "pytest", "-q", *PYTEST, *TESTS]
    done = subprocess.run(tests, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    print(f"{name}: {done.stdout.strip().splitlines()[-1]}", flush=True)
    if done.returncode:
        failures.append(f"{name}: tests failed\n{done.stdout}")
    print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)
    return failures


def predict(emulator: list[str], model: str, environment: dict[str, str]) -> list[float]:
    """Returns the probabilities of `TEXTS` in float32; none where the process fails."""
    words = ["predict", *TEXTS, "--model", model, "--precision", "float32", "--json"]
    command = [*emulator, *reelfeel(), *words]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        return [float("inf")] * len(TEXTS)
    return [json.loads(line)["probability"] for line in done.stdout.splitlines()]


def reelfeel() -> list[str]:
    """Returns how the command line is started, without the shell that a script would need."""
    return [sys.executable, str(Path(sys.executable).with_name("reelfeel"))]


if __name__ == "__main__":
    sys.exit(main())
