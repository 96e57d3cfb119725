"""Parses the file names of aclImdb: part, label, number, stars, movie."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reelfeel.data.sources.archives import MAX_MEMBER_BYTES, read_members
from reelfeel.data.sources.limits import read_blocks
from reelfeel.errors import ArchiveError, SchemaError
from reelfeel.files.inputs import refuse_special
from reelfeel.frame_library import pl

_FOLDERS = {
    "train": ("train/neg", "train/pos"),
    "test": ("test/neg", "test/pos"),
    "unsupervised": ("train/unsup",),
}
_LABELS = {"neg": 0, "pos": 1, "unsup": -1}
_REVIEW = re.compile(
    r"(?:aclImdb/)?((train|test)/(neg|pos|unsup))/(([0-9]{1,9})_([0-9]{1,2}))\.txt"
)
_URLS = re.compile(r"(?:aclImdb/)?(train|test)/urls_(neg|pos|unsup)\.txt")
_TITLE = re.compile(rb"/title/(tt[0-9]+)")
_ARCHIVE_ENDINGS = (".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar")
# IMDB has 131 MB of reviews, the longest 14,106 bytes; its longest list has 50,000 addresses.
MAX_REVIEWS_BYTES, MAX_REVIEW_BYTES = 256 * 2**20, 2**20
MAX_LISTED, MAX_LIST_BYTES = 100_000, MAX_MEMBER_BYTES
_SCHEMA = {
    "id": pl.String,
    "text": pl.String,
    "label": pl.Int8,
    "rating": pl.Int8,
    "movie": pl.String,
    "damaged": pl.Boolean,
}


@dataclass(frozen=True, slots=True)
class FolderMember:
    """A file of an unpacked copy: its name as an archive has it, and its path."""

    name: str
    path: Path


@dataclass(slots=True)
class _Parsed:
    """What the files of one folder (such as train/pos) said so far."""

    reviews: dict[int, tuple[str, bytes, int, bool]] = field(default_factory=dict)
    movies: list[str] | None = None


def read_folder_members(folder: Path, part: str) -> Iterator[FolderMember]:
    """Yields the files of an unpacked copy that belong to one part, by name."""
    for subfolder in _FOLDERS[part]:
        split, label = subfolder.split("/")
        urls = FolderMember(f"{split}/urls_{label}.txt", folder / split / f"urls_{label}.txt")
        if urls.path.is_file():
            yield urls
        if (folder / subfolder).is_dir():
            for name in sorted(os.listdir(folder / subfolder)):  # noqa: PTH208 - 3 times faster
                yield FolderMember(f"{subfolder}/{name}", folder / subfolder / name)


def parse_members(copy: Path, part: str) -> dict[str, pl.DataFrame]:
    """Parses a copy of IMDB.

    Args:
        copy: an archive, of which all parts are parsed, since that takes one pass anyway, or an
            unpacked folder, of which one part is.
        part: "train", "test" or "unsupervised"; the part to read from a folder.

    Returns:
        One frame a part, negatives before positives, by rising number, with the columns `id`,
        `text`, `label`, `rating`, `movie` (null where no list of addresses is) and `damaged`
        (whether bytes that are not UTF-8 were replaced).

    Raises:
        ArchiveError: if the archive is damaged or hostile, or names a review twice.
        SchemaError: if a list of addresses is shorter than its reviews.
    """
    if copy.is_file():
        parsed, parts = _parse(read_members(copy, _is_wanted), copy), tuple(_FOLDERS)
    else:
        members = ((member.name, _read(member.path)) for member in _plain_files(copy, part))
        parsed, parts = _parse(members, copy), (part,)
    return {name: _to_frame(parsed, name, copy) for name in parts}


def _plain_files(copy: Path, part: str) -> Iterator[FolderMember]:
    return (member for member in read_folder_members(copy, part) if member.path.is_file())


def _parse(members: Iterable[tuple[str, bytes]], copy: Path) -> dict[str, _Parsed]:
    parsed = {folder: _Parsed() for folders in _FOLDERS.values() for folder in folders}
    num_bytes = 0
    for name, content in members:
        num_bytes += len(content)
        if num_bytes > MAX_REVIEWS_BYTES:
            raise ArchiveError(
                f"{copy} is refused: its reviews have more than {MAX_REVIEWS_BYTES:,} bytes, as "
                "those of IMDB have not. Use the official archive."
            )
        if review := _REVIEW.fullmatch(name):
            folder, _, _, stem, number, rating = review.groups()
            if folder in parsed:
                _add_review(parsed[folder], (folder, stem, int(number), int(rating)), content, copy)
        elif urls := _URLS.fullmatch(name):
            folder = f"{urls[1]}/{urls[2]}"
            if folder in parsed:
                parsed[folder].movies = _read_titles(content, f"{copy}, {name}")
    return parsed


def _add_review(
    parsed: _Parsed, named: tuple[str, str, int, int], content: bytes, copy: Path
) -> None:
    folder, stem, number, rating = named
    if len(content) > MAX_REVIEW_BYTES:
        raise ArchiveError(
            f"{copy} is refused: the review {stem}.txt of {folder} has {len(content):,} bytes, and "
            f"at most {MAX_REVIEW_BYTES:,} are allowed. Use the official archive."
        )
    if number in parsed.reviews:
        raise ArchiveError(
            f"{copy} is refused: review {number} stands twice in {folder}. Expected one file for "
            f"each number; use the official archive. Received {stem}.txt a second time."
        )
    try:
        content.decode("utf-8")
        damaged = False
    except UnicodeDecodeError:
        content, damaged = content.decode("utf-8", "replace").encode("utf-8"), True
    # As bytes: a single emoji makes Python take four bytes for each character of its text.
    parsed.reviews[number] = (f"{folder}/{stem}", content, rating, damaged)


def _read_titles(content: bytes, where: str) -> list[str]:
    lines = content.count(b"\n") + content.count(b"\r")
    if lines > MAX_LISTED or len(content) > MAX_LIST_BYTES:
        raise ArchiveError(
            f"{where} is refused: it has {lines:,} lines and {len(content):,} bytes, and at most "
            f"{MAX_LISTED:,} and {MAX_LIST_BYTES:,} are allowed. Use the official archive."
        )
    return [_read_title(line) for line in content.splitlines()]


def _is_wanted(name: str) -> bool:
    return bool(_REVIEW.fullmatch(name) or _URLS.fullmatch(name))


def _read(path: Path) -> bytes:
    refuse_special(path)
    with path.open("rb") as file:
        return read_blocks(file, path, MAX_MEMBER_BYTES)


def _read_title(line: bytes) -> str:
    title = _TITLE.search(line)
    return (title[1] if title else line.strip()).decode("utf-8", "replace")


def _to_frame(parsed: dict[str, _Parsed], part: str, copy: Path) -> pl.DataFrame:
    rows = []
    for folder in _FOLDERS[part]:
        label = _LABELS[folder.split("/")[1]]
        for number, (id_, text, rating, damaged) in sorted(parsed[folder].reviews.items()):
            movie = _find_movie(parsed[folder].movies, number, folder, copy)
            rows.append((id_, text, label, rating, movie, damaged))
    schema = {**_SCHEMA, "text": pl.Binary}
    return pl.DataFrame(rows, schema=schema, orient="row").cast({"text": pl.String})


def _find_movie(movies: list[str] | None, number: int, folder: str, copy: Path) -> str | None:
    if movies is None:
        return None
    if number >= len(movies):
        split, label = folder.split("/")
        raise SchemaError(
            f"{copy}: {split}/urls_{label}.txt has no line for review {number} of {folder}. "
            f"Expected one line a review; copy the file again. Received {len(movies):,} lines."
        )
    return movies[number]


def is_imdb(path: Path) -> bool:
    """Whether a path is an archive, or a folder that is or holds an unpacked copy of IMDB."""
    if path.is_file():
        return path.name.lower().endswith(_ARCHIVE_ENDINGS)
    marks = ("imdb.vocab", "train/urls_pos.txt", "aclImdb/imdb.vocab", "aclImdb/train")
    return any((path / mark).exists() for mark in marks) or any(path.glob("aclImdb*.tar.*"))
