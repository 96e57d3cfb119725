"""Where ReelFeel keeps its files, and how it writes them: whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from reelfeel.errors import ReelFeelError, UsageError

SUMS = "SHA256SUMS"


def home() -> Path:
    """Returns the folder for caches and checkpoints: `REELFEEL_HOME` or the user's cache folder."""
    if configured := os.environ.get("REELFEEL_HOME"):
        return Path(configured).expanduser()
    import platformdirs  # some milliseconds, which every command would pay

    return platformdirs.user_cache_path("reelfeel")


@contextlib.contextmanager
def write_whole(path: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """Gives a path to write a file or a folder to, and moves it to `path` when all went well.

    After an error or a full disk, `path` is as it was before: absent, or the old content. So it is
    after a kill, but for one moment: a folder that replaces a folder is moved in two steps, and a
    kill between them leaves the old one in a hidden folder beside it.

    Args:
        path: the file or folder to make. Its parent folders are made when missing.
        overwrite: whether an existing file or folder may be replaced.

    Yields:
        A path that does not exist yet, in the same folder, hence on the same disk.

    Raises:
        UsageError: if `path` exists and `overwrite` is false.
        ReelFeelError: if the disk refuses: full, read-only, no permission.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with write_whole(Path(folder) / "answer.txt") as unfinished:
    ...         _ = unfinished.write_text("42")
    ...     (Path(folder) / "answer.txt").read_text()
    '42'
    """
    refuse_existing(path, overwrite=overwrite)
    with explain_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        try:
            yield scratch / path.name
            _replace(scratch / path.name, path, scratch / "old")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Raises UsageError where `path` exists and may not be replaced; cheap, so call it early."""
    if path.exists() and not overwrite:
        raise UsageError(
            f"{path} exists already. Choose another place, or replace it with --force "
            "(in Python: overwrite=True)."
        )


@contextlib.contextmanager
def explain_disk_errors(path: Path) -> Iterator[None]:
    """Turns an OSError inside the block into a ReelFeelError that names `path` and the reason."""
    try:
        yield
    except OSError as error:
        raise ReelFeelError(
            f"Could not write {path}: {error.strerror or error}. Expected a place with room and "
            "write permission; free some space or choose another folder."
        ) from error


def write_sums(folder: Path, names: Iterable[str]) -> None:
    """Writes the SHA-256 of some files of a folder to `SHA256SUMS` there, as sha256sum does."""
    sums = [f"{_sha256(folder / name)}  {name}\n" for name in names]
    (folder / SUMS).write_text("".join(sums), "utf-8")


def find_damaged(folder: Path, names: Iterable[str]) -> str | None:
    """Returns the first file that is missing or not as `write_sums` found it; None for none.

    Args:
        folder: the folder.
        names: of the files that must be there.
    """
    try:
        lines = (folder / SUMS).read_text("utf-8").splitlines()
        sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    except (OSError, ValueError):
        sums = {}
    for name in names:
        file = folder / name
        if name not in sums or not file.exists() or _sha256(file) != sums[name]:
            return name
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _replace(new: Path, path: Path, old: Path) -> None:
    if path.is_dir():
        # A folder cannot be replaced in one step: step aside first, and back if the move fails.
        path.rename(old)
        try:
            new.rename(path)
        except OSError:
            old.rename(path)
            raise
    else:
        new.replace(path)
