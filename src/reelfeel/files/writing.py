"""Where ReelFeel keeps its files, and how it writes them: whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from reelfeel.errors import ReelFeelError, UsageError
from reelfeel.files.ownership import find_foreign
from reelfeel.files.plain_files import hash_plain, read_plain
from reelfeel.files.scratch import OLD, open_scratch
from reelfeel.signals import delayed_interruption
from reelfeel.terminal.escaping import has_half_character

SUMS = "SHA256SUMS"
MAX_SUMS_BYTES = 64 << 10
# A file of a model; those that hold weights are the largest.
MAX_SUMMED_BYTES = 512 << 20


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
    kill between them leaves the old one in a hidden folder beside it, until the next run that
    writes there puts it back.

    Args:
        path: the file or folder to make. Its parent folders are made when missing.
        overwrite: whether an existing file or folder may be replaced, whoever wrote it: ask
            `refuse_existing` first about what a user named.

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
    if path.exists() and not overwrite:
        refuse_existing(path, overwrite=False)
    path = Path(os.path.abspath(path))  # noqa: PTH100 - `.` has no name and no parent
    with explain_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_scratch(path) as scratch:
            yield scratch / path.name
            # A signal between the two steps of a folder would leave none of the two.
            with delayed_interruption():
                _replace(scratch / path.name, path, scratch / OLD)


def name_of(path: str | Path) -> str:
    """Returns the name of a file or folder, also where it is written `.`, `..` or `runs/x/..`.

    Links are not followed: the name is the one that the caller sees.

    Example:

    >>> name_of("runs/sent-1.1"), name_of(".") == Path.cwd().name
    ('sent-1.1', True)
    """
    return Path(os.path.abspath(path)).name  # noqa: PTH100


def add_ending(path: str | Path, ending: str) -> Path:
    """Returns a path beside a file or folder: its name with something put behind it.

    Nothing is cut off, because what follows a dot may be a version: `sent-1.1` and `sent-1.2` are
    two names.

    Example:

    >>> add_ending("runs/sent-1.1", ".keras").as_posix()
    'runs/sent-1.1.keras'
    """
    plain = Path(path)
    # `Path` has no name for `.`, and that of `..` is no name.
    if plain.name in ("", ".."):
        plain = Path(os.path.abspath(plain))  # noqa: PTH100
    return plain.with_name(plain.name + ending)


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Refuses a place that may not be replaced; cheap, so call it early.

    Args:
        path: the file or folder to be written.
        overwrite: whether it may be replaced, if ReelFeel wrote it or it is empty.

    Raises:
        UsageError: if there is something that may not be replaced.
        ReelFeelError: if what is there cannot be looked at.
    """
    if has_half_character(os.path.abspath(path)):  # noqa: PTH100
        raise UsageError(
            f"The path {path} is not UTF-8, and libraries that write models cannot use it. Choose "
            "another place, named in whole characters."
        )
    if not path.exists():
        return
    if not overwrite:
        raise UsageError(
            f"{path} exists already. Choose another place, or replace it with --force "
            "(in Python: overwrite=True)."
        )
    with explain_disk_errors(path):
        foreign = find_foreign(path)
    if foreign:
        holds = "" if foreign == path else f" holds {foreign.relative_to(path)}, which"
        raise UsageError(
            f"{path}{holds} was not written by ReelFeel, and --force (in Python: overwrite=True) "
            "replaces only what it wrote, or an empty folder. Choose another place, or move "
            "away what is yours."
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
    (folder / SUMS).write_text(_format_sums(folder, names), "utf-8")


def renew_sums(folder: Path, names: Iterable[str]) -> None:
    """Does what `write_sums` does, whole or not at all."""
    sums = _format_sums(folder, names)
    with write_whole(folder / SUMS) as unfinished:
        unfinished.write_text(sums, "utf-8")


def _format_sums(folder: Path, names: Iterable[str]) -> str:
    return "".join(f"{_sha256(folder / name)}  {name}\n" for name in names)


def find_damaged(folder: Path, names: Iterable[str]) -> str | None:
    """Returns the first file that is missing or not as `write_sums` found it; None for none.

    A file may have several sums, of which one has to fit: so it is while it is being replaced.

    Args:
        folder: the folder.
        names: of the files that must be there.

    Raises:
        BundleError: if one of them is no plain file, or too large to be one of ours.
    """
    sums = _read_sums(folder)
    for name in names:
        file = folder / name
        if not file.exists() or _sha256(file) not in sums.get(name, ()):
            return name
    return None


def allow_sums(folder: Path, others: Mapping[str, str]) -> None:
    """Adds sums to those in `SHA256SUMS`, for files that are about to be replaced.

    Args:
        folder: the folder.
        others: the SHA-256, in hexadecimal, of what will be there, by the name of the file.
    """
    lines = (folder / SUMS).read_text("utf-8")
    added = "".join(f"{digest}  {name}\n" for name, digest in others.items())
    with write_whole(folder / SUMS) as unfinished:
        unfinished.write_text(lines + added, "utf-8")


def _read_sums(folder: Path) -> dict[str, set[str]]:
    path = folder / SUMS
    if not path.exists():
        return {}
    sums: dict[str, set[str]] = {}
    for line in read_plain(path, MAX_SUMS_BYTES).decode("utf-8", "replace").splitlines():
        digest, _, name = line.partition("  ")
        sums.setdefault(name, set()).add(digest)
    return sums


def _sha256(path: Path) -> str:
    return hash_plain(path, MAX_SUMMED_BYTES)


def _replace(new: Path, path: Path, old: Path) -> None:
    if not path.is_dir():
        new.replace(path)
        return
    if not new.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    # A folder cannot be replaced in one step: step aside first, and back if the move fails.
    path.rename(old)
    try:
        new.rename(path)
    except BaseException:
        old.rename(path)
        raise
