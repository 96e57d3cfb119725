"""Which models gave their golden answers here before: a replay is remembered, and only that.

Replaying golden answers takes longer than reading a text does. It would give the same again where
nothing has changed that they depend on: the files of the model, by their checksums, which have just
been compared; the compiled library, by its bytes; the processor; and ReelFeel's own modules. Any
change of any of them replays.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

from reelfeel import __version__
from reelfeel.files.writing import SUMS, home
from reelfeel.native.library import LIBRARY_PATH, processor_features

if TYPE_CHECKING:
    from reelfeel.inference.backends.choice import Backend

# Rooms whose modules answers depend on.
_ROOMS = ("native", "inference", "text")
_MOST_KEPT = 256


class Replay:
    """The replay of a model's golden answers, by all that it depends on.

    Args:
        folder: of the model, whose checksums were compared.
        backend: what runs it. Only what the native backend did is remembered: the others are
            packages of their own, which say little of their build.
    """

    def __init__(self, folder: Path, backend: Backend) -> None:
        self._path = None
        if backend.name == "native":
            self._path = home() / "replays" / _name(folder, backend)

    @property
    def is_known(self) -> bool:
        """Whether it gave the right answers before."""
        return self._path is not None and self._path.is_file()

    def remember(self) -> None:
        """Keeps that it gave the right answers; in silence where nothing can be written."""
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                _forget_oldest(self._path.parent)
                self._path.touch()


def _name(folder: Path, backend: Backend) -> str:
    digest = hashlib.sha256()
    for part in _list_parts(folder, backend):
        digest.update(f"{len(part)} ".encode() + part)
    return digest.hexdigest()


def _list_parts(folder: Path, backend: Backend) -> Iterator[bytes]:
    yield (folder / SUMS).read_bytes()
    yield LIBRARY_PATH.read_bytes()
    # Not the number of threads: native answers are the same with any.
    yield repr((__version__, *astuple(backend)[:2], sorted(processor_features()))).encode()
    yield _describe_processor().encode()
    package = LIBRARY_PATH.parents[1]
    for room in _ROOMS:
        with os.scandir(package / room) as entries:
            files = sorted((one.name, one.stat()) for one in entries if one.name.endswith(".py"))
        yield repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in files]).encode()


def _describe_processor() -> str:
    described = platform.machine()
    with contextlib.suppress(OSError), Path("/proc/cpuinfo").open(errors="replace") as file:
        return described + next((line for line in file if line.startswith("model name")), "")
    return described + platform.processor()


def _forget_oldest(folder: Path) -> None:
    kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in kept[: -_MOST_KEPT + 1]:
        path.unlink(missing_ok=True)
