"""The Large Movie Review Dataset (Maas et al., ACL 2011): official download or any local copy.

    aclImdb/train/pos/127_7.txt      review 127, seven stars, about the movie that stands in
    aclImdb/train/urls_pos.txt       line 127 (counted from 0) of this file
    aclImdb/train/unsup/0_0.txt      an unlabelled review: zero stars stands for unknown

A copy is parsed once, from the stream and never unpacked, and kept as one Parquet file a part,
which is named after its own check sum.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import polars as pl

from reelfeel.data.sets.downloads import PublishedFile, download
from reelfeel.data.sets.frame_cache import read_cached_frame, write_cached_frame
from reelfeel.data.sets.imdb_layout import parse_members, read_folder_members
from reelfeel.errors import SchemaError, UsageError
from reelfeel.files.inputs import explain_input_errors, refuse_special
from reelfeel.files.writing import home
from reelfeel.values import Reviews

ImdbPart = Literal["train", "test", "unsupervised"]
PARTS: tuple[ImdbPart, ...] = get_args(ImdbPart)

OFFICIAL = PublishedFile(
    url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
    size_bytes=84_125_825,
    md5="7c2ac02c03563afcf9b574c7e56c153a",
)
# Reviews of class 0, class 1 and without label in each part, as the README of the dataset says.
EXPECTED_COUNTS = {
    "train": (12_500, 12_500, 0),
    "test": (12_500, 12_500, 0),
    "unsupervised": (0, 0, 50_000),
}
# Raise it when the columns of the cached tables change: old ones are then left alone.
_CACHE_FORMAT = 2
_STEM = re.compile(r"[0-9]+_[0-9]{1,2}\.txt")
_LOCAL_COPY = (
    "give a local copy (archive or unpacked folder) with --data-dir or the environment variable "
    "REELFEEL_IMDB."
)


class IncompleteError(SchemaError):
    """A copy in IMDB's own layout that has other than all reviews."""


def load_imdb(part: ImdbPart, data_dir: str | Path | None = None) -> Reviews:
    """Returns one part of the Large Movie Review Dataset, with ids, stars and movies.

    Args:
        part: "train" or "test" (25,000 labelled reviews each) or "unsupervised" (50,000, label -1).
        data_dir: a local copy: the official `.tar.gz`, the same as `.tar.xz`, an unpacked `aclImdb`
            folder, or a folder that holds one of these. Default: the environment variable
            `REELFEEL_IMDB`; where that is not set, the official archive is downloaded (84 MB).

    Returns:
        Reviews, negatives before positives, each by rising number. An id such as
        "train/pos/127_7" names the file; a movie is an IMDB title such as "tt0050083". Bytes that
        are not UTF-8 become U+FFFD; where there are any, `source` says in how many texts.

    Raises:
        UsageError: if there is no such part or no such file.
        SchemaError: if the copy lacks reviews or is laid out differently.
        ArchiveError: if the archive is damaged, incomplete or hostile.
        ReelFeelError: if the download fails or the cache cannot be written.

    Example:

    >>> load_imdb("train").ids[12_500]  # doctest: +SKIP
    'train/pos/0_9'
    """
    if part not in PARTS:
        raise UsageError(f"IMDB has the parts {', '.join(PARTS)}. Received {part!r}.")
    copy = find_imdb(data_dir)
    with explain_input_errors(copy):
        return _load(copy, part)


def _load(copy: Path, part: ImdbPart) -> Reviews:
    cache = home() / "imdb" / _content_key(copy, part)
    frame = read_cached_frame(cache, part)
    if frame is None:
        frame = _parse(copy, cache, part)
    return _to_reviews(frame, part)


def find_imdb(data_dir: str | Path | None = None) -> Path:
    """Returns the archive or the unpacked folder that `load_imdb` reads; may download it.

    Raises:
        UsageError: if the place does not exist.
        SchemaError: if it is a folder that holds no copy.
    """
    place = data_dir or os.environ.get("REELFEEL_IMDB")
    if place is None:
        return download(OFFICIAL, home() / "downloads", instead=_LOCAL_COPY)
    path = Path(place).expanduser()
    refuse_special(path)
    if not path.exists():
        raise UsageError(f"There is no file or folder {path}. To read IMDB, {_LOCAL_COPY}")
    if path.is_file():
        return path
    unpacked = [folder for folder in (path, path / "aclImdb") if (folder / "train").is_dir()]
    copies = unpacked + sorted(path.glob("aclImdb*.tar.*")) + sorted(path.glob("aclImdb*.tgz"))
    if not copies:
        raise SchemaError(
            f"{path} holds no copy of IMDB. Expected a folder train/, a folder aclImdb/ or a file "
            f"aclImdb_v1.tar.gz (or .tar.xz) in it. Received {_list_names(path)}."
        )
    return copies[0]


def is_whole(path: Path) -> bool:
    """Whether a folder holds as many files as IMDB has, or an archive of it; nothing is read."""
    copy = find_imdb(path)
    if copy.is_file():
        return True
    return all(
        sum(
            _STEM.fullmatch(member.path.name) is not None
            for member in read_folder_members(copy, part)
        )
        == sum(counts)
        for part, counts in EXPECTED_COUNTS.items()
    )


def _list_names(folder: Path) -> str:
    names = sorted(child.name for child in folder.iterdir())
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return shown or "an empty folder"


def _content_key(copy: Path, part: ImdbPart) -> str:
    """Returns a name for this content, so that a changed copy is parsed again.

    An archive is hashed whole. Of a folder only names, sizes and times are: to read 100,000 files
    takes longer than to parse them, and an edited file has another time.
    """
    digest = hashlib.sha256(f"format {_CACHE_FORMAT}".encode())
    if copy.is_file():
        with copy.open("rb") as file:
            while block := file.read(2**20):
                digest.update(block)
    else:
        for member in read_folder_members(copy, part):
            status = member.path.stat()
            digest.update(f"{member.name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:32]


def _parse(copy: Path, cache: Path, part: ImdbPart) -> pl.DataFrame:
    """Parses a copy, checks it and caches it: all parts of an archive, one part of a folder."""
    frames = parse_members(copy, part)
    for name, frame in frames.items():
        _check_counts(frame, name, copy)
    for name, frame in frames.items():
        write_cached_frame(frame, cache, name)
    return frames[part]


def _check_counts(frame: pl.DataFrame, part: str, copy: Path) -> None:
    counts = tuple(int((frame["label"] == label).sum()) for label in (0, 1, -1))
    if counts != EXPECTED_COUNTS[part]:
        raise IncompleteError(
            f"{copy} is not the whole of IMDB: its part {part!r} should hold "
            f"{_format_counts(EXPECTED_COUNTS[part])}. Copy or download it again; a folder of your "
            f"own is read with its path in place of 'imdb'. Received {_format_counts(counts)}."
        )


def _format_counts(counts: tuple[int, ...]) -> str:
    return f"{counts[0]:,} neg, {counts[1]:,} pos and {counts[2]:,} unlabelled reviews"


def _to_reviews(frame: pl.DataFrame, part: str) -> Reviews:
    num_damaged = int(frame["damaged"].sum())
    note = f" ({num_damaged} texts with invalid UTF-8, replaced)" if num_damaged else ""
    has_movies = frame["movie"].null_count() == 0
    return Reviews(
        texts=frame["text"].to_list(),
        labels=frame["label"].to_numpy().astype(np.int8),
        ids=frame["id"].to_list(),
        ratings=frame["rating"].to_numpy().astype(np.int8),
        movies=frame["movie"].to_list() if has_movies else None,
        label_names=("neg", "pos"),
        source=f"IMDB {part}{note}",
    )
