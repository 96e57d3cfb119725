"""Makes a wheel for each platform on this one machine, and checks it: `make wheels`."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from check_wheels import check_wheel
from compilers import TRIPLES, compiler_of
from wide_instructions import find_leaks

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 where every wheel that was asked for is made and passes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("platforms", nargs="*", default=list(TRIPLES), metavar="PLATFORM")
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    options = parser.parse_args(arguments)
    problems = 0
    for platform in options.platforms:
        wheel = build_wheel(platform, options.output)
        found = [*check_wheel(wheel, platform), *check_objects(platform)]
        problems += len(found)
        print(f"{wheel.name}: {len(found)} problems, {wheel.stat().st_size:,} bytes", flush=True)
        print("".join(f"  {problem}\n" for problem in found), end="", flush=True)
    return 1 if problems else 0


def build_wheel(platform: str, output: Path) -> Path:
    """Makes the wheel of a platform, a key of `TRIPLES`, in the folder `output`."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [*command, folder, str(ROOT)],
            env={**os.environ, **environment_of(platform)},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (made,) = Path(folder).glob("*.whl")
        output.mkdir(parents=True, exist_ok=True)
        return Path(shutil.move(made, output / made.name))


def environment_of(platform: str) -> dict[str, str]:
    """Returns what tells hatch_build.py the platform and its compiler."""
    return {"REELFEEL_PLATFORM": platform, "CXX": compiler_of(platform)}


def check_objects(platform: str) -> list[str]:
    """Returns the functions of x86-64 that would end the process on a processor without AVX."""
    if not platform.endswith("x86_64"):
        return []
    with tempfile.TemporaryDirectory() as folder:
        objects = compile_objects(platform, Path(folder))
        leaks = sorted(set().union(*map(find_leaks, objects)))
    return [f"has wide instructions in {name}, which targets share" for name in leaks]


def compile_objects(platform: str, folder: Path) -> Iterable[Path]:
    """Compiles what a platform's library is linked from."""
    code = (
        "import hatch_build, pathlib, shlex, sys; "
        "hatch_build.compile_all(shlex.split(sys.argv[1]), pathlib.Path(sys.argv[2]))"
    )
    environment = environment_of(platform)
    subprocess.run(
        [sys.executable, "-c", code, environment["CXX"], str(folder)],
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    return sorted(folder.glob("*.o"))


if __name__ == "__main__":
    sys.exit(main())
