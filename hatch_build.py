"""Compiles the C++ kernels of `src/reelfeel/native/sources` into one library, beside their room.

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
AVX2 = ("-mavx2", "-mfma")
AVX512 = ("-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq", *AVX2)
AVX512_BF16 = ("-mavx512bf16", *AVX512)
AMX = ("-mamx-tile", "-mamx-bf16", *AVX512_BF16)
# The end of a file's name says which instructions its compiler may use.
INSTRUCTIONS = {"_avx2": AVX2, "_avx512": AVX512, "_avx512bf16": AVX512_BF16, "_amx": AMX}


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
    """Compiles every source file that this processor can run, and returns the objects."""
    sources = [source for source in sorted(ROOM.glob("sources/*.cpp")) if belongs_here(source)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda source: compile_one(compiler, source, folder), sources))


def compile_one(compiler: list[str], source: Path, folder: Path) -> Path:
    """Compiles one source file into an object in `folder`."""
    compiled = folder / f"{source.stem}.o"
    defined = ("-DREELFEEL_X86",) if is_x86() else ()
    flags = (*FLAGS, *WARNINGS, *instructions_of(source), *defined)
    call(compiler, *flags, "-c", source, "-o", compiled)
    return compiled


def link(compiler: list[str], objects: list[Path], library: Path) -> None:
    """Links the objects into a shared library."""
    call(compiler, "-shared", "-pthread", *objects, "-o", library)


def instructions_of(source: Path) -> tuple[str, ...]:
    """Returns the flags that the end of a file's name asks for."""
    suffixes = [suffix for suffix in INSTRUCTIONS if source.stem.endswith(suffix)]
    return INSTRUCTIONS[suffixes[0]] if suffixes else ()


def belongs_here(source: Path) -> bool:
    """Tells whether this kind of processor can have what the file is compiled for."""
    return is_x86() or not instructions_of(source)


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
