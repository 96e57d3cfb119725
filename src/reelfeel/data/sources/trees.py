"""A folder or an archive as names and contents: the same rules for both, and nothing unpacked."""

from __future__ import annotations

import io
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from reelfeel.data.sources.archives import MAX_MEMBERS, MAX_TOTAL_BYTES, read_members
from reelfeel.data.sources.compression import decompress, read_bytes
from reelfeel.data.sources.limits import bound_unpacked, read_blocks, refuse_holes
from reelfeel.errors import ArchiveError, DataError, UsageError
from reelfeel.files.inputs import explain_input_errors, refuse_special

ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".txz", ".tar", ".zip")
# What people call the parts of a data set.
PART_NAMES = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "unsup": "unsupervised",
    "unsupervised": "unsupervised",
    "unlabeled": "unsupervised",
    "unlabelled": "unsupervised",
}
_NUMBERS = re.compile(r"([0-9]+)")
_NOTES = re.compile(
    r"(read[-_ ]?me|licen[cs]e|copying|notice|changelog|citation|urls_[a-z]+)(\.[a-z]+)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Tree:
    """The files inside a folder or an archive.

    Attributes:
        name: of the folder or archive, with the way inside it.
        files: what gives the content of each file, by its name with forward slashes, in the natural
            order of names (2 before 10).
        outside: names of files that lie beside the part that this is.
    """

    name: str
    files: Mapping[str, Callable[[], bytes]]
    outside: tuple[str, ...] = field(default=())

    def below(self, folder: str) -> Tree:
        """Returns what lies inside one of its folders."""
        start = f"{folder}/"
        inside = {
            name.removeprefix(start): read
            for name, read in self.files.items()
            if name.startswith(start)
        }
        return Tree(f"{self.name}/{folder}", inside)

    def only(self, names: Iterable[str]) -> Tree:
        """Returns the tree with some of its files."""
        return replace(self, files={name: self.files[name] for name in names})

    def folders(self) -> list[str]:
        """Returns the names of the folders right inside that hold any files worth reading."""
        return list(dict.fromkeys(
            name.partition("/")[0] for name in self.files if "/" in name and not is_junk(name)
        ))  # fmt: skip


def open_tree(path: Path) -> Tree:
    """Returns the files of a folder, a zip or a tar archive.

    Raises:
        UsageError: if there is nothing at the path, or a pipe or a device.
        ArchiveError: if an archive is damaged, hostile or a bomb.
        DataError: if a folder cannot be read.
    """
    refuse_special(path)
    with explain_input_errors(path):
        files = _list_files(path)
    return Tree(str(path), {name: files[name] for name in sorted(files, key=natural_key)})


def is_archive(path: Path) -> bool:
    """Whether a path names an archive.

    Example:

    >>> is_archive(Path("reviews.ZIP")), is_archive(Path("reviews.csv.gz"))
    (True, False)
    """
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


def is_junk(name: str) -> bool:
    """Whether a file is what systems leave behind: hidden files, and those of macOS' archives.

    Example:

    >>> is_junk("__MACOSX/pos/._3.txt"), is_junk("pos/.DS_Store"), is_junk("pos/3.txt")
    (True, True, False)
    """
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def is_about_data(name: str) -> bool:
    """Whether a file is about the data, and no review: a README, a licence, a list of addresses."""
    return _NOTES.match(PurePosixPath(name).name) is not None


def natural_key(name: str) -> list[tuple[int, str]]:
    """Returns a key by which "2" comes before "10".

    Example:

    >>> sorted(["10", "2"], key=natural_key)
    ['2', '10']
    """
    parts = _NUMBERS.split(name)  # words and numbers in turn
    return [(int(part[:4000]), "") if i % 2 else (0, part) for i, part in enumerate(parts)]


@dataclass(frozen=True)
class _Content:
    content: bytes
    name: str

    def __call__(self) -> bytes:
        return decompress(io.BytesIO(self.content), self.name)


def _list_files(path: Path) -> dict[str, Callable[[], bytes]]:
    if path.is_dir():
        return _list_folder(path)
    if not path.exists():
        raise UsageError(f"There is no folder {path}. Check the path; case counts.")
    refuse_holes(path, path.stat())
    return _list_zip(path) if zipfile.is_zipfile(path) else _list_tar(path)


def _list_tar(path: Path) -> dict[str, Callable[[], bytes]]:
    files: dict[str, Callable[[], bytes]] = {}
    left = _bound_total(path)
    for name, content in read_members(path):
        left -= len(content)
        if left < 0:
            raise _describe_bomb(path)
        files[name] = _Content(content, f"{path}: {name}")
    return files


def _list_folder(path: Path) -> dict[str, Callable[[], bytes]]:
    def refuse(error: OSError) -> None:
        raise DataError(
            f"Could not read the folder {error.filename}: {error.strerror}. Expected one that you "
            "may read; change its rights, or move it away."
        )

    files: dict[str, Callable[[], bytes]] = {}
    for folder, _, names in os.walk(path, onerror=refuse):
        for name in names:
            file = Path(folder) / name
            files[file.relative_to(path).as_posix()] = _File(file)
    return files


@dataclass(frozen=True)
class _File:
    path: Path

    def __call__(self) -> bytes:
        return read_bytes(self.path)


def _list_zip(path: Path) -> dict[str, Callable[[], bytes]]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise _describe_damage(path, error) from error
    members = [member for member in archive.infolist() if not member.is_dir()]
    total = sum(member.file_size for member in members)
    if total > _bound_total(path) or len(members) > MAX_MEMBERS:
        raise _describe_bomb(path)
    return {member.filename: _Member(path, archive, member) for member in members}


@dataclass(frozen=True)
class _Member:
    path: Path
    archive: zipfile.ZipFile
    member: zipfile.ZipInfo

    def __call__(self) -> bytes:
        if self.member.flag_bits & 1:
            raise ArchiveError(
                f"{self.path} is encrypted. Expected an archive without a password; unpack it, and "
                f"give the folder. Received {self.member.filename!r}."
            )
        try:
            with self.archive.open(self.member) as file:
                content = read_blocks(file, self._name, bound_unpacked(self.member.compress_size))
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise _describe_damage(self.path, error) from error
        return decompress(io.BytesIO(content), self._name)

    @property
    def _name(self) -> str:
        return f"{self.path}: {self.member.filename}"


def _bound_total(path: Path) -> int:
    return min(bound_unpacked(path.stat().st_size), MAX_TOTAL_BYTES)


def _describe_bomb(path: Path) -> ArchiveError:
    return ArchiveError(
        f"{path} is refused: it unpacks to more than {_bound_total(path):,} bytes or holds more "
        f"than {MAX_MEMBERS:,} files, as no archive of reviews of its size does. Unpack it "
        f"yourself if you trust it, and give the folder. Received {path.stat().st_size:,} bytes."
    )


def _describe_damage(path: Path, error: Exception) -> ArchiveError:
    return ArchiveError(
        f"{path} is not a whole zip archive: {error}. It may be truncated or damaged; copy or "
        f"download it again. Received {path.stat().st_size:,} bytes."
    )
