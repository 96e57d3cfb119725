"""Claims an output path before the work starts, and holds it until the work is done."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from reelfeel.errors import UsageError
from reelfeel.files.scratch import LOCK_MARK, BusyError, lock, sweep
from reelfeel.files.writing import explain_disk_errors, home, refuse_existing

# Places that this process holds, and the thread that does: a stage may claim what its caller did.
_held: dict[Path, int] = {}


@contextlib.contextmanager
def claim_output(path: str | Path, *, overwrite: bool, is_folder: bool = True) -> Iterator[None]:
    """Tries an output before the work, and keeps other runs from it inside the block.

    Args:
        path: the file or folder that will be written.
        overwrite: whether it may be replaced, if ReelFeel wrote it.
        is_folder: whether it will be a folder.

    Raises:
        UsageError: if `path` exists and may not be replaced, is a file where a folder will be or
            the other way round, or another run writes to it.
        ReelFeelError: if it cannot be written: no permission, a read-only disk.
    """
    place = Path(os.path.abspath(path))  # noqa: PTH100 - links stay as they are
    refuse_existing(place, overwrite=overwrite)
    _refuse_other_kind(place, is_folder=is_folder)
    with hold_place(place):
        _sweep_home()
        yield


@contextlib.contextmanager
def hold_place(path: str | Path) -> Iterator[None]:
    """Keeps other runs from a file or folder inside the block, and proves that it can be written.

    Raises:
        UsageError: if another run holds it.
        ReelFeelError: if nothing can be written there.
    """
    place = Path(os.path.abspath(path))  # noqa: PTH100
    thread = threading.get_ident()
    if _held.get(place) == thread:
        yield
        return
    with explain_disk_errors(place):
        made = _make_parents(place.parent)
        sweep(place.parent)
        file = _lock(place)
    _held[place] = thread
    try:
        yield
    finally:
        del _held[place]
        _unlock(place, file)
        for folder in made:
            with contextlib.suppress(OSError):  # it is in use by now
                folder.rmdir()


def _refuse_other_kind(path: Path, *, is_folder: bool) -> None:
    if path.exists() and path.is_dir() != is_folder:
        is_there, wanted = ("file", "folder") if is_folder else ("folder", "file")
        raise UsageError(
            f"{path} is a {is_there}, and a {wanted} is to be written. Choose another place for it."
        )


def _make_parents(folder: Path) -> list[Path]:
    """Makes a folder with those that it lies in; returns the new ones, the deepest first."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _lock_path(place: Path) -> Path:
    return place.with_name(f".{place.name}.lock")


def _lock(place: Path) -> int:
    path = _lock_path(place)
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        try:
            lock(file)
            # Who held it before may have removed it in between.
            if path.exists() and path.stat().st_ino == os.fstat(file).st_ino:
                os.ftruncate(file, 0)
                os.write(file, LOCK_MARK + b"process %d\n" % os.getpid())
                return file
        except BusyError as error:
            os.close(file)
            raise UsageError(
                f"Another run is writing {place}. Wait until it has ended, or choose another place."
            ) from error
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _unlock(place: Path, file: int) -> None:
    with contextlib.suppress(OSError):
        _lock_path(place).unlink()
    os.close(file)


def _sweep_home() -> None:
    """Sweeps the folders of caches and checkpoints: a killed run may never come back to its own."""
    rooms = [home() / name for name in ("baselines", "downloads", "imdb", "runs", "stages")]
    for room in (home(), home() / "few-labels", home() / "teachers", *rooms):
        sweep(room)
    for room in rooms:
        with contextlib.suppress(OSError):
            for entry in list(os.scandir(room)):
                if entry.is_dir(follow_symlinks=False):
                    sweep(Path(entry.path))
