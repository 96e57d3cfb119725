"""Compiles the library with a sanitizer, and runs tests, fuzzer or threads on it.

    sanitize.py address   tests of the rooms native and text, then the fuzzer
    sanitize.py thread    eight threads that share one engine

`address` is AddressSanitizer with UndefinedBehaviorSanitizer. Both work on a copy of the package in
`build/sanitizers`; the first finding ends them, with its place in the source.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "sanitizers"
# What the compiler is told, and the libraries that have to be loaded before Python. ASan intercepts
# exceptions, and looks for them when it starts: so the standard library of C++ comes with it.
KINDS = {
    "address": ("address,undefined", ("libasan.so", "libubsan.so", "libstdc++.so.6")),
    "thread": ("thread", ("libtsan.so", "libstdc++.so.6")),
}
# Python itself never gives back what it allocates for good: to look for leaks is of no use.
OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0:exitcode=99:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
    "TSAN_OPTIONS": "exitcode=99:halt_on_error=1",
}
# What calls the library; the other tests of the room text are of its Python.
TESTS = (
    "native",
    *(f"text/test_{name}.py" for name in ("bulk", "encoder", "token_ids", "batching")),
)
# They look at the library as a file, or at the compiler, or load another library before Python.
NOT_FOR_SANITIZERS = ("test_targets.py", "test_build.py", "test_refusals.py")


def load_build() -> ModuleType:
    """Returns the module that compiles the library."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    if spec is None or spec.loader is None:
        sys.exit("hatch_build.py is not where it is expected: beside pyproject.toml")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compile_package(kind: str) -> Path:
    """Copies the package, compiles its library with a sanitizer, and returns where it lies."""
    folder = BUILD / kind
    shutil.rmtree(folder, ignore_errors=True)
    package = folder / "reelfeel"
    shutil.copytree(ROOT / "src" / "reelfeel", package, ignore=shutil.ignore_patterns("*.so"))
    build = load_build()
    build.ROOM = package / "native"
    # As fast to compile as to run, and with names and lines in what a finding prints.
    build.FLAGS = tuple("-O1" if flag == "-O3" else flag for flag in build.FLAGS)
    flags = f"-fsanitize={KINDS[kind][0]} -fno-sanitize-recover=all -fno-omit-frame-pointer -g"
    os.environ["CXX"] = f"g++ {flags}"
    if build.build_library() is None:
        sys.exit("The sanitizers need g++. Install it: apt-get install g++")
    return folder


def find_runtime(name: str) -> str | None:
    """Returns where g++ has a library of its own; None where it has not, or is not there."""
    if not shutil.which("g++"):
        return None
    command = ["g++", f"-print-file-name={name}"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return str(Path(found).resolve()) if Path(found).is_absolute() else None


def explain_unable(kind: str) -> str | None:
    """Returns why no program can run under a sanitizer here, and what would mend it, or None."""
    missing = [name for name in KINDS[kind][1] if find_runtime(name) is None]
    if missing:
        return f"{', '.join(missing)} of g++ is missing. Install it: apt-get install g++"
    result = start(kind, Path(), "-c", "pass", capture_output=True, text=True)
    if result.returncode == 0:
        return None
    last = (result.stderr.strip().splitlines() or ["without a word"])[-1]
    return (
        "an empty program fails under it. It needs a system that does not place memory too far "
        f"apart: setarch -R, or sysctl vm.mmap_rnd_bits=28. Received: {last}"
    )


@functools.cache
def placing_memory_in_order() -> tuple[str, ...]:
    """Returns what a command starts with to have memory where sanitizers expect it."""
    tool = shutil.which("setarch")
    works = tool and subprocess.run([tool, "-R", "true"], capture_output=True).returncode == 0
    return (tool, "-R") if tool and works else ()


def start(
    kind: str, folder: Path, *command: str | Path, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Runs Python under a sanitizer, on the copy of the package in a folder."""
    runtimes = filter(None, map(find_runtime, KINDS[kind][1]))
    environment = {**os.environ, **OPTIONS, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    # Set by `env`, so that setarch itself is not watched.
    watched = ["env", f"LD_PRELOAD={' '.join(runtimes)}", sys.executable]
    return subprocess.run(
        [*placing_memory_in_order(), *watched, *map(str, command)],
        env=environment, cwd=ROOT, check=False, **options,
    )  # fmt: skip


def run(kind: str, folder: Path, *command: str | Path) -> None:
    """Runs Python on the copy of the package; a finding ends this program too."""
    result = start(kind, folder, *command)
    if result.returncode:
        sys.exit(f"{kind}: {' '.join(map(str, command))} ended with code {result.returncode}")


def run_tests(folder: Path) -> None:
    """Runs the tests of the rooms that the library serves."""
    left_out = [f"--ignore=tests/native/{name}" for name in NOT_FOR_SANITIZERS]
    # In a child forked while threads ran, the allocator of AddressSanitizer may stay locked.
    left_out += ["-k", "not though_threads_ran_when_it_was_forked"]
    tests = (f"tests/{name}" for name in TESTS)
    run("address", folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", *left_out, *tests)


def fuzz(folder: Path, seconds: float, seed: int) -> None:
    """Runs the fuzzer; says how to run a case again that found something."""
    journal = folder / "case"
    try:
        run("address", folder, HERE / "fuzz.py", "--seconds", str(seconds), "--seed", str(seed),
            "--journal", journal)  # fmt: skip
    except SystemExit:
        print(
            f"Run it again: tests/sanitizers/sanitize.py address {journal.read_text()}",
            file=sys.stderr,
        )
        raise


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--seconds", type=float, default=15, help="of fuzzing, or of threads")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", help="run one case of the fuzzer, and nothing else")
    parser.add_argument("--if-possible", action="store_true", help="go on where nothing can run")
    options = parser.parse_args()
    if reason := explain_unable(options.kind):
        print(f"Nothing was run under the sanitizer {options.kind}: {reason}", file=sys.stderr)
        sys.exit(int(not options.if_possible))
    folder = compile_package(options.kind)
    if options.kind == "thread":
        run("thread", folder, HERE / "stress.py", "--seconds", str(options.seconds),
            "--seed", str(options.seed))  # fmt: skip
    elif options.case is not None:
        run(
            "address", folder, HERE / "fuzz.py", "--seed", str(options.seed), "--case", options.case
        )
    else:
        run_tests(folder)
        fuzz(folder, options.seconds, options.seed)


if __name__ == "__main__":
    main()
