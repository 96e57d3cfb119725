"""The compiler of each platform's wheel: zig, from PyPI, with the C libraries of all systems."""

from __future__ import annotations

import shlex
import sys

# What zig compiles for, by the names of `OTHER_PLATFORMS` in hatch_build.py, which say the same in
# the words of a wheel's name.
TRIPLES = {
    "linux-x86_64": "x86_64-linux-gnu.2.17",
    "linux-aarch64": "aarch64-linux-gnu.2.17",
    "macos-x86_64": "x86_64-macos.10.15.0",
    "macos-arm64": "aarch64-macos.11.0.0",
    "windows-x86_64": "x86_64-windows-gnu",
}
# Without symbols for debugging, which would hold the paths of this machine.
FLAGS = ("-g0", "-s")
# src/common/allocation.cpp says why.
MACOS_FLAGS = ("-DREELFEEL_OWN_ALLOCATION", "-fvisibility-global-new-delete=force-hidden")


def compiler_of(name: str) -> str:
    """Returns the command that compiles for a platform, to be given in `CXX`.

    Args:
        name: a key of `TRIPLES`.
    """
    own = MACOS_FLAGS if name.startswith("macos") else ()
    zig = (sys.executable, "-m", "ziglang", "c++", "-target", TRIPLES[name])
    return shlex.join([*zig, *FLAGS, *own])
