"""Hidden scratch folders for files that are not finished; removes those of dead processes.

`.NAME-HHHHxxxxxxxx` stands beside NAME while that is written. HHHH tells the machine, and its
writer holds a lock on it, which ends with its process, however that ends: so a later run can tell
what a killed writer left from what another one is at work in.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # on Windows nothing tells who is at work; then age alone decides
    fcntl = None  # type: ignore[assignment]

# In a scratch folder: what stood in the place before, while the new folder takes it.
OLD = "old"
_MACHINE = hashlib.sha256(platform.node().encode("utf-8", "replace")).hexdigest()[:4]
_SCRATCH = re.compile(r"\.(.+)-([0-9a-f]{4})?[a-z0-9_]{8}", re.DOTALL)
_LOCK = re.compile(r"\..+\.lock", re.DOTALL)
# How a lock file of ours begins.
LOCK_MARK = b"reelfeel "
# Of another machine, or where locks do not work: no writer takes that long for one file.
_OLD_AFTER_S = 86_400.0
_swept: set[Path] = set()


class BusyError(Exception):
    """Another process holds the lock."""


@contextlib.contextmanager
def open_scratch(path: Path) -> Iterator[Path]:
    """Makes a hidden folder beside `path`, and removes it at the end of the block.

    The first time that something is written into a folder, what killed writers left is swept.
    """
    if path.parent not in _swept:
        _swept.add(path.parent)
        sweep(path.parent)
    scratch, lock = _make(path)
    try:
        yield scratch
    finally:
        _remove(scratch, path)
        os.close(lock)


def sweep(folder: Path) -> None:
    """Removes what killed writers of this user left in a folder, and keeps what is in use.

    A folder that was moved aside, and whose successor never came, gets its name back.
    """
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(folder)):
            if entry.name[0] != ".":
                continue
            with contextlib.suppress(OSError, BusyError):
                if scratch := _SCRATCH.fullmatch(entry.name):
                    _sweep_scratch(Path(entry.path), folder / scratch[1], scratch[2])
                elif _LOCK.fullmatch(entry.name):
                    _sweep_lock(Path(entry.path))


def is_leftover(name: str) -> bool:
    """Whether a file or folder of this name is one of ours that is not there to stay."""
    return bool(_SCRATCH.fullmatch(name) or _LOCK.fullmatch(name))


def lock(file: int) -> bool:
    """Locks an open file or folder for this process; returns false where locks do not work.

    Raises:
        BusyError: if another process holds it.
    """
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BusyError from error
    except OSError:  # some network file systems
        return False
    return True


def _make(path: Path) -> tuple[Path, int]:
    while True:
        scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}-{_MACHINE}", dir=path.parent))
        file = -1
        # Whoever sweeps may be faster than the lock.
        with contextlib.suppress(FileNotFoundError, BusyError):
            file = os.open(scratch, os.O_RDONLY)
            lock(file)
            if scratch.exists():
                return scratch, file
        if file >= 0:
            os.close(file)


def _remove(scratch: Path, path: Path) -> None:
    if (scratch / OLD).exists() and not os.path.lexists(path):
        (scratch / OLD).rename(path)
    shutil.rmtree(scratch, ignore_errors=True)


def _sweep_scratch(scratch: Path, path: Path, machine: str | None) -> None:
    found = scratch.lstat()
    if not stat.S_ISDIR(found.st_mode) or not _is_ours(found):
        return
    if set(os.listdir(scratch)) - {path.name, OLD}:  # noqa: PTH208 - names only
        return
    file = os.open(scratch, os.O_RDONLY)
    try:
        knows = lock(file) and machine == _MACHINE
        if knows or time.time() - found.st_mtime > _OLD_AFTER_S:
            _remove(scratch, path)
    finally:
        os.close(file)


def _sweep_lock(path: Path) -> None:
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or not _is_ours(found) or found.st_size > 100:
        return
    file = os.open(path, os.O_RDONLY)
    try:
        if os.read(file, 100).startswith(LOCK_MARK) and lock(file):
            path.unlink()
    finally:
        os.close(file)


def _is_ours(found: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
