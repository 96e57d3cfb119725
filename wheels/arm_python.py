"""A Python for ARM that runs here, under qemu: Debian's, with packages from PyPI beside it.

The system is left as it is: apt works in a folder of its own, and nothing is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "arm"
PYTHON = "python3.11"  # Debian 12's
# The tags that wheels of the packages below have.
TAGS = ("manylinux2014_aarch64", "manylinux_2_27_aarch64", "manylinux_2_28_aarch64")


def arm_python(folder: Path = FOLDER) -> list[str]:
    """Returns the command that runs Python for ARM; fetches it where it is not there yet.

    Raises:
        SystemExit: without qemu-aarch64 or apt-get.
    """
    for program, package in (("qemu-aarch64", "qemu-user"), ("apt-get", "apt")):
        if shutil.which(program) is None:
            raise SystemExit(
                f"Code for ARM cannot run here without {program}. Install it: apt-get install "
                f"{package}, on Debian. Received a search path without it."
            )
    root = folder / "root"
    if not (root / "usr" / "bin" / PYTHON).exists():
        fetch_debian(folder, ["python3", "libstdc++6"])
    return ["qemu-aarch64", "-L", str(root), str(root / "usr" / "bin" / PYTHON)]


def fetch_debian(folder: Path, packages: list[str]) -> None:
    """Unpacks packages of Debian for ARM, and all that they need, into `folder / "root"`."""
    for name in ("state/lists/partial", "cache/archives/partial", "root"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    settings = {
        "Dir::State": folder / "state",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "true",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    run([*apt, "update"])
    run([*apt, "install", "--yes", "--download-only", "--no-install-recommends", *packages])
    for package in sorted((folder / "cache" / "archives").glob("*.deb")):
        run(["dpkg-deb", "--extract", str(package), str(folder / "root")])


def install(requirements: list[str], site: Path) -> None:
    """Installs wheels for ARM into a folder, as that Python's pip would choose them."""
    platforms = [word for tag in TAGS for word in ("--platform", tag)]
    version = PYTHON.removeprefix("python")
    run([sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target", str(site),
         *platforms, "--only-binary=:all:", "--python-version", version, "--implementation", "cp",
         *requirements])  # fmt: skip


def run(command: list[str], **environment: str) -> str:
    """Runs a command and returns its standard output; a failure ends this with what it said."""
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    if result.returncode:
        said = f"{result.stdout}{result.stderr}"
        raise SystemExit(f"{' '.join(command)} ended with {result.returncode}:\n{said}")
    return result.stdout
