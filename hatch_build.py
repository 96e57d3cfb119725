"""Compiles the C++ kernels of `src/reelfeel/native/src` into one library, beside their room.

The build calls it as a hook, for a wheel and for an editable install; `python hatch_build.py` does
it again in place. Without a compiler there is no library, and ReelFeel runs on its slower Python.
"""

from __future__ import annotations

import concurrent.futures
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand, outside a build
    BuildHookInterface = object

ROOM = Path(__file__).resolve().parent / "src" / "reelfeel" / "native"
SOURCES = ROOM / "src"
LIBRARY = ROOM / "libreelfeel.so"

# No -march=native: one library runs on every processor of its kind, and chooses at run time.
# No -ffast-math: a NaN has to stay one. errno is never read, and setting it forbids vector code.
# Contraction lets a product and a sum be one instruction, with one rounding.
FLAGS = (
    "-std=c++17",
    "-O3",
    "-fPIC",
    "-fvisibility=hidden",
    "-fno-math-errno",
    "-ffp-contract=fast",
    "-pthread",
)
# g++ 12 takes its own AVX-512 intrinsics for uninitialized; clang++ has no such warning.
# Vectors wider than a register change how functions are called; ours are all inlined.
WARNINGS = (
    "-Wall",
    "-Wextra",
    "-Wno-maybe-uninitialized",
    "-Wno-psabi",
    "-Wno-unknown-warning-option",
)
# What is compiled more than once, and for which targets; src/common/target_begin.hpp says what each
# may use, and why no flag does. Everything else is compiled once, for any processor.
TRAINING_TARGETS = ("portable", "avx2", "avx512", "portable_bf16", "avx512bf16", "amx")
TARGETS = {
    "inference/float_kernel.cpp": ("portable", "avx2", "avx512"),
    "inference/avx512bf16_kernel.cpp": ("avx512bf16",),
    "inference/amx_kernel.cpp": ("amx",),
    "lstm/kernel.cpp": TRAINING_TARGETS,
    "softmax/kernel.cpp": TRAINING_TARGETS,
}


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc]
    """Puts the library into the wheel, and names the platform it was compiled for."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles before the files are collected; without a compiler the wheel stays pure."""
        if not build_library():
            return
        build_data["artifacts"].append("src/reelfeel/native/libreelfeel.so")
        build_data["pure_python"] = False
        tag = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{tag}"


def build_library() -> Path | None:
    """Compiles the library in place and returns its path; None without a compiler."""
    compiler = find_compiler()
    if compiler is None:
        warn_of_missing_compiler()
        return None
    with tempfile.TemporaryDirectory(dir=ROOM, prefix=".build-") as folder:
        finished = Path(folder) / LIBRARY.name
        link(compiler, compile_all(compiler, Path(folder)), finished)
        # Running processes have the old file mapped: it may be replaced, not written to.
        finished.replace(LIBRARY)
    return LIBRARY


def find_compiler() -> list[str] | None:
    """Returns the command of a C++ compiler: `$CXX`, else g++, else clang++."""
    for command in [os.environ["CXX"]] if "CXX" in os.environ else ["g++", "clang++"]:
        words = shlex.split(command)
        if words and shutil.which(words[0]):
            return words
    return None


def compile_all(compiler: list[str], folder: Path) -> list[Path]:
    """Compiles every source file for each of its targets, and returns the objects."""
    jobs = [
        (source, target)
        for source in sorted(SOURCES.rglob("*.cpp"))
        for target in targets_of(source.relative_to(SOURCES).as_posix())
    ]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda job: compile_one(compiler, *job, folder), jobs))


def compile_one(compiler: list[str], source: Path, target: str, folder: Path) -> Path:
    """Compiles one source file for one target into an object in `folder`."""
    name = "-".join(source.relative_to(SOURCES).with_suffix("").parts)
    compiled = folder / f"{name}-{target}.o"
    defined = [f"-DREELFEEL_TARGET_{target.upper()}", *(["-DREELFEEL_X86"] if is_x86() else [])]
    call(compiler, *FLAGS, *WARNINGS, *defined, f"-I{SOURCES}", "-c", source, "-o", compiled)
    return compiled


def link(compiler: list[str], objects: list[Path], library: Path) -> None:
    """Links the objects into a shared library that exports what Python calls, and nothing else."""
    exported = f"-Wl,--version-script={SOURCES / 'exports.map'}"
    call(compiler, "-shared", "-pthread", exported, *objects, "-o", library)


def targets_of(source: str) -> tuple[str, ...]:
    """Returns what a file below `SOURCES` is compiled for, on this kind of processor."""
    targets = TARGETS.get(source, ("portable",))
    return targets if is_x86() else tuple(name for name in targets if name.startswith("portable"))


def is_x86() -> bool:
    """Tells whether this is a 64-bit Intel or AMD processor."""
    return platform.machine().lower() in {"x86_64", "amd64"}


def call(compiler: list[str], *arguments: object) -> None:
    """Runs the compiler; a refusal ends the build with what it said."""
    command = [*compiler, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if result.returncode:
        raise SystemExit(
            "The C++ kernels of ReelFeel did not compile. Expected g++ 11 or clang++ 14, or newer: "
            "name one in CXX, or set CXX=none to go without them, which is slower.\n"
            f"{shlex.join(command)}\n{result.stderr}"
        )
    if result.stderr:
        print(result.stderr, file=sys.stderr)


def warn_of_missing_compiler() -> None:
    """Says on the standard error what is missing, what that means, and how to mend it."""
    print(
        "Warning: no C++ compiler was found (g++ or clang++, or what CXX names), so ReelFeel is "
        "built without its fast kernels. It works, several times slower. Install one "
        "(apt-get install g++) and build again.",
        file=sys.stderr,
    )
    if LIBRARY.exists():
        # It belongs to who compiled it, perhaps for another environment of the same checkout.
        print(
            f"The library compiled here earlier stays, and this checkout uses it: {LIBRARY}. "
            "If the sources have changed since, remove it or set REELFEEL_NATIVE=off.",
            file=sys.stderr,
        )


if __name__ == "__main__":
    built = build_library()
    if built:
        print(f"built {built.name} ({built.stat().st_size:,} bytes)")
