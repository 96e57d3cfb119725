"""What must hold for a wheel of each platform, so that it installs and loads on a bare machine."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from library_facts import LibraryFacts, read_facts

ROOT = Path(__file__).resolve().parents[1]
# What every system of the kind has, whatever is installed on it.
SYSTEM_LIBRARIES = {
    "linux": r"lib(c|m|dl|pthread)\.so\.\d|ld-linux-[\w-]+\.so\.\d",
    "macos": r"/usr/lib/libSystem\.B\.dylib",
    "windows": r"kernel32\.dll|api-ms-win-crt-[\w-]+\.dll",
}
LIBRARIES = {"linux": "libreelfeel.so", "macos": "libreelfeel.dylib", "windows": "reelfeel.dll"}
NAMES = {"linux": "", "macos": "@rpath/libreelfeel.dylib", "windows": "reelfeel.dll"}
LEAST_VERSIONS = {
    "linux-x86_64": (2, 17),
    "linux-aarch64": (2, 17),
    "macos-x86_64": (10, 15),
    "macos-arm64": (11, 0),
    "windows-x86_64": (),
}


def check_wheel(wheel: Path, platform: str) -> list[str]:
    """Returns what is wrong with a wheel, nothing where all holds.

    Args:
        wheel: the file.
        platform: a key of `LEAST_VERSIONS`.
    """
    system = platform.split("-")[0]
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        binaries = [name for name in names if name.endswith((".so", ".dylib", ".dll", ".pyd"))]
        expected = f"reelfeel/native/{LIBRARIES[system]}"
        if binaries != [expected]:
            return [f"holds {binaries} where {expected} alone is expected"]
        content = opened.read(expected)
    problems = [f"holds the source {name}" for name in names if name.endswith((".cpp", ".hpp"))]
    problems += check_facts(read_facts(content), platform)
    problems += [f"names a folder of this machine: {path}" for path in find_paths(content)]
    return problems + (check_with_auditwheel(wheel) if system == "linux" else [])


def check_facts(facts: LibraryFacts, platform: str) -> list[str]:
    """Returns what is wrong with a library's names and needs."""
    system, least = platform.split("-")[0], LEAST_VERSIONS[platform]
    problems = [f"exports {name}" for name in facts.exported if not name.startswith("reelfeel_")]
    if missing := called_names(platform) - facts.exported:
        problems.append(f"does not export {sorted(missing)}, which Python may call")
    for library in sorted(facts.needed):
        if not re.fullmatch(SYSTEM_LIBRARIES[system], library):
            problems.append(f"needs {library}, which not every machine has")
    if facts.least_version > least:
        problems.append(f"needs version {facts.least_version} of the system, not {least}")
    if facts.own_name != NAMES[system]:
        problems.append(f"is called {facts.own_name!r} inside, not {NAMES[system]!r}")
    if platform == "macos-arm64" and not facts.signed:
        problems.append("is not signed, which macOS asks for on ARM")
    return problems


def called_names(platform: str) -> set[str]:
    """Returns the functions that the sources export for Python on a platform."""
    sources = ROOT / "src" / "reelfeel" / "native" / "src"
    texts = [path.read_text(encoding="utf-8") for path in sources.rglob("*.cpp")]
    if not platform.endswith("x86_64"):
        texts = [re.sub(r"(?s)#ifdef REELFEEL_X86.*?#(endif|else)", "", text) for text in texts]
    return set(re.findall(r"REELFEEL_EXPORT[^;{(]*?\b(reelfeel_\w+)\(", " ".join(texts)))


def find_paths(content: bytes) -> list[str]:
    """Returns the folders of this machine that a library names."""
    folders = {str(ROOT), str(Path.home()), tempfile.gettempdir(), sys.prefix, sys.base_prefix}
    return sorted(path for path in folders if path != "/" and path.encode() + b"/" in content)


def check_with_auditwheel(wheel: Path) -> list[str]:
    """Returns what auditwheel holds against a Linux wheel's name."""
    command = [sys.executable, "-m", "auditwheel", "show", str(wheel)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    processor = wheel.stem.split("manylinux2014_")[-1]
    if f'"manylinux_2_17_{processor}"' in " ".join(shown.stdout.split()):
        return []
    return [f"auditwheel finds no manylinux_2_17_{processor} in it: {shown.stdout}{shown.stderr}"]
