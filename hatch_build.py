"""Compiles the C++ kernels of `src/reelfeel/native/src` into one library, beside their room.

The build calls it as a hook, for a wheel and for an editable install; `python hatch_build.py` does
it again in place. Without a compiler there is no library, and ReelFeel runs on its slower Python.
`REELFEEL_PLATFORM` names another platform, for which `CXX` compiles: so does `make wheels`.
"""

from __future__ import annotations

import concurrent.futures
import os
import platform
import runpy
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand, outside a build
    BuildHookInterface = object

ROOT = Path(__file__).resolve().parent
ROOM = ROOT / "src" / "reelfeel" / "native"
SOURCES = ROOM / "src"
# The name by which the installed package looks for it; importing the package would need NumPy.
library_name = runpy.run_path(str(ROOM / "library_name.py"))["library_name"]

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
    "inference/float32_kernel.cpp": ("portable", "avx2", "avx512"),
    "inference/avx512bf16_kernel.cpp": ("avx512bf16",),
    "inference/tile_kernel.cpp": ("portable_bf16", "amx"),
    "lstm/kernel.cpp": TRAINING_TARGETS,
    "softmax/kernel.cpp": TRAINING_TARGETS,
}


class Platform(NamedTuple):
    """What a library is compiled for.

    Attributes:
        system: as `sys.platform` names it: "linux", "darwin" or "win32".
        processor: as `platform.machine()` names it, in small letters.
        tag: the platform in a wheel's name, with what it needs at least.
        folder: where the library is put; beside the sources only for this machine.
    """

    system: str
    processor: str
    tag: str
    folder: Path

    @property
    def library(self) -> Path:
        """Returns the library's path."""
        return self.folder / library_name(self.system)

    @property
    def is_x86(self) -> bool:
        """Tells whether this is a 64-bit Intel or AMD processor."""
        return self.processor in {"x86_64", "amd64"}


# Platforms besides this machine, each with the least that wheels/compilers.py makes it need: glibc
# 2.17 is PyPI's manylinux2014; the C++ library inside calls aligned_alloc, which macOS has since
# 10.15; macOS runs on ARM since 11; Windows needs the C library that comes with Windows 10.
OTHER_PLATFORMS = {
    "linux-x86_64": ("linux", "x86_64", "manylinux2014_x86_64"),
    "linux-aarch64": ("linux", "aarch64", "manylinux2014_aarch64"),
    "macos-x86_64": ("darwin", "x86_64", "macosx_10_15_x86_64"),
    "macos-arm64": ("darwin", "arm64", "macosx_11_0_arm64"),
    "windows-x86_64": ("win32", "amd64", "win_amd64"),
}


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc]
    """Puts the library into the wheel, and names the platform it was compiled for."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles before the files are collected; without a compiler the wheel stays pure."""
        wanted = wanted_platform()
        library = build_library(wanted)
        if not library:
            return
        inside = f"reelfeel/native/{library.name}"
        if wanted.folder == ROOM:
            build_data["artifacts"].append(f"src/{inside}")
        else:
            build_data["force_include"][str(library)] = inside
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{wanted.tag}"


def wanted_platform() -> Platform:
    """Returns what `$REELFEEL_PLATFORM` names, a key of `OTHER_PLATFORMS`; else this machine."""
    name = os.environ.get("REELFEEL_PLATFORM")
    if not name:
        tag = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        return Platform(sys.platform, platform.machine().lower(), tag, ROOM)
    if name not in OTHER_PLATFORMS:
        raise SystemExit(
            "REELFEEL_PLATFORM names no platform that a wheel can be made for. Expected "
            f"{', '.join(OTHER_PLATFORMS)}, or nothing for this machine. Received: {name!r}"
        )
    if "CXX" not in os.environ:
        raise SystemExit(
            f"REELFEEL_PLATFORM={name} needs a compiler that compiles for it, in CXX, as "
            "aarch64-linux-gnu-g++ does for linux-aarch64. Received none. `make wheels` sets both."
        )
    # Not beside the sources, where it would take the place of the one that this checkout runs on.
    return Platform(*OTHER_PLATFORMS[name], ROOT / "build" / name)


def build_library(wanted: Platform | None = None) -> Path | None:
    """Compiles the library, by default in place, and returns its path; None without a compiler."""
    wanted = wanted or wanted_platform()
    compiler = find_compiler()
    if compiler is None:
        warn_of_missing_compiler(wanted.library)
        return None
    wanted.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=wanted.folder, prefix=".build-") as folder:
        finished = Path(folder) / wanted.library.name
        link(compiler, compile_all(compiler, Path(folder), wanted), finished, wanted)
        # Running processes have the old file mapped: it may be replaced, not written to.
        finished.replace(wanted.library)
    return wanted.library


def find_compiler() -> list[str] | None:
    """Returns the command of a C++ compiler: `$CXX`, else g++, else clang++."""
    for command in [os.environ["CXX"]] if "CXX" in os.environ else ["g++", "clang++"]:
        words = shlex.split(command)
        if words and shutil.which(words[0]):
            return words
    return None


def compile_all(compiler: list[str], folder: Path, wanted: Platform | None = None) -> list[Path]:
    """Compiles every source file for each of its targets, and returns the objects."""
    wanted = wanted or wanted_platform()
    jobs = [
        (source, target)
        for source in sorted(SOURCES.rglob("*.cpp"))
        for target in targets_of(source.relative_to(SOURCES).as_posix(), wanted)
    ]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda job: compile_one(compiler, *job, folder, wanted), jobs))


def compile_one(
    compiler: list[str], source: Path, target: str, folder: Path, wanted: Platform
) -> Path:
    """Compiles one source file for one target into an object in `folder`."""
    name = "-".join(source.relative_to(SOURCES).with_suffix("").parts)
    compiled = folder / f"{name}-{target}.o"
    defined = [
        f"-DREELFEEL_TARGET_{target.upper()}",
        *(["-DREELFEEL_X86"] if wanted.is_x86 else []),
    ]
    call(compiler, *FLAGS, *WARNINGS, *defined, f"-I{SOURCES}", "-c", source, "-o", compiled)
    return compiled


def link(
    compiler: list[str], objects: list[Path], library: Path, wanted: Platform | None = None
) -> None:
    """Links the objects into a shared library that exports what Python calls, and nothing else."""
    exported = export_flags(wanted or wanted_platform())
    call(compiler, "-shared", "-pthread", *exported, *objects, "-o", library)


def export_flags(wanted: Platform) -> list[str]:
    """Returns what tells the linker which names to export; on Windows the sources say it."""
    if wanted.system == "darwin":
        # The library is found by its path; the name in it only must not be the builder's path.
        name = f"-Wl,-install_name,@rpath/{library_name('darwin')}"
        exported = f"-Wl,-exported_symbols_list,{SOURCES / 'exports.txt'}"
        return [name, exported, "-Wl,-dead_strip"]
    if wanted.system == "win32":
        return []
    return [f"-Wl,--version-script={SOURCES / 'exports.map'}"]


def targets_of(source: str, wanted: Platform | None = None) -> tuple[str, ...]:
    """Returns what a file below `SOURCES` is compiled for, on this kind of processor."""
    targets = TARGETS.get(source, ("portable",))
    if (wanted or wanted_platform()).is_x86:
        return targets
    return tuple(name for name in targets if name.startswith("portable"))


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


def warn_of_missing_compiler(library: Path) -> None:
    """Says on the standard error what is missing, what that means, and how to mend it."""
    print(
        "Warning: no C++ compiler was found (g++ or clang++, or what CXX names), so ReelFeel is "
        "built without its fast kernels. It works, several times slower. Install one "
        "(apt-get install g++) and build again.",
        file=sys.stderr,
    )
    if library.exists():
        # It belongs to who compiled it, perhaps for another environment of the same checkout.
        print(
            f"The library compiled here earlier stays, and this checkout uses it: {library}. "
            "If the sources have changed since, remove it or set REELFEEL_NATIVE=off.",
            file=sys.stderr,
        )


if __name__ == "__main__":
    built = build_library()
    if built:
        print(f"built {built.name} ({built.stat().st_size:,} bytes)")
