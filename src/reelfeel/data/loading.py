"""Reviews from whatever a user names: a data set, a folder, an archive or a table."""

from __future__ import annotations

import difflib
from dataclasses import fields
from pathlib import Path
from typing import Any

from reelfeel.data.folders import list_label_folders, read_folder
from reelfeel.data.formats import SUFFIXES, find_format
from reelfeel.data.imdb import PARTS, load_imdb
from reelfeel.data.mini import load_mini
from reelfeel.data.tables import TableOptions, read_table
from reelfeel.errors import SchemaError, UsageError
from reelfeel.inputs import explain_reading, refuse_special
from reelfeel.types import Reviews

DATA_SETS = ("imdb", "mini")
_ARCHIVE_ENDINGS = (".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar")


def load_reviews(
    source: str | Path,
    part: str = "train",
    *,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
) -> Reviews:
    """Returns reviews from a data set, a folder, an archive or a table.

    Args:
        source: "imdb"; "mini"; an archive or an unpacked folder of IMDB; a folder that holds one
            folder a label, or `train/` and `test/` with such folders; or a table.
        part: "train" or "test", and for IMDB also "unsupervised". A table or a folder without such
            parts gives all its reviews, whatever part is asked for.
        data_dir: a local copy, for "imdb" only.
        options: names of columns and meaning of labels; of folders, only the meaning of labels.

    Raises:
        UsageError: if there is no such source or part.
        DataError: if its content is refused.

    Example:

    >>> load_reviews("imbd")
    Traceback (most recent call last):
    ...
    reelfeel.errors.UsageError: There is no data set, file or folder 'imbd'. Did you mean ...
    """
    if data_dir is not None and source != "imdb":
        raise UsageError(f"A data folder goes with 'imdb' only. Received {str(source)!r}.")
    if source == "imdb":
        return load_imdb(part, data_dir)  # type: ignore[arg-type]  # it refuses other parts itself
    if source == "mini":
        return load_mini(part)  # type: ignore[arg-type]
    path = Path(source).expanduser()
    refuse_missing(source)
    options = options or TableOptions()
    with explain_reading(path):
        if is_imdb(path):
            return load_imdb(part, path)  # type: ignore[arg-type]
        if path.is_dir():
            return read_folder(_find_part(path, part), options.labels)
        return read_table(path, options)


def refuse_missing(source: str | Path) -> None:
    """Refuses a source that is not there, or no file or folder; cheap, so call it early.

    Raises:
        UsageError: if there is no such data set, file or folder, or it is a pipe or a device.
    """
    if source in DATA_SETS:
        return
    path = Path(source).expanduser()
    refuse_special(path)
    if not path.exists():
        raise UsageError(_describe_missing(source))


def load_parts(
    source: str | Path,
    *,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
) -> dict[str, Reviews]:
    """Returns the labelled parts that a source has, by name; takes what `load_reviews` takes.

    Returns:
        "train" and "test" where there are both; else one part named "all".

    Example:

    >>> list(load_parts("mini"))
    ['train', 'test']
    """
    return {
        name: load_reviews(source, name, data_dir=data_dir, options=options)
        for name in _list_parts(source)
    }


def make_options(**settings: Any) -> TableOptions:
    """Returns `TableOptions`, and refuses an unknown name with the nearest known one.

    Raises:
        UsageError: if there is no such option.

    Example:

    >>> make_options(text_colum="review")
    Traceback (most recent call last):
    ...
    reelfeel.errors.UsageError: There is no option 'text_colum'. Did you mean 'text_column'? ...
    """
    known = [option.name for option in fields(TableOptions)]
    for name in settings:
        if name not in known:
            raise UsageError(
                f"There is no option {name!r}.{_suggest(name, known)} Expected some of "
                f"{', '.join(known)}."
            )
    return TableOptions(**settings)


def is_imdb(path: Path) -> bool:
    """Whether a path is an archive, or a folder that is or holds an unpacked copy of IMDB."""
    if path.is_file():
        return path.name.lower().endswith(_ARCHIVE_ENDINGS)
    marks = ("imdb.vocab", "train/urls_pos.txt", "aclImdb/imdb.vocab", "aclImdb/train")
    return any((path / mark).exists() for mark in marks) or any(path.glob("aclImdb*.tar.*"))


def _list_parts(source: str | Path) -> tuple[str, ...]:
    path = Path(source).expanduser()
    if source in DATA_SETS or (path.exists() and is_imdb(path)):
        return ("train", "test")
    if path.is_dir():
        return tuple(part for part in ("train", "test") if (path / part).is_dir()) or ("all",)
    return ("all",)


def _find_part(folder: Path, part: str) -> Path:
    """Returns the subfolder of a part, or the folder itself where it has no parts."""
    if (folder / part).is_dir():
        return folder / part
    parts = [name for name in PARTS if (folder / name).is_dir()]
    if parts and not list_label_folders(folder):
        raise SchemaError(
            f"{folder} has no part {part!r}. Expected a folder {folder / part}; make it, or ask "
            f"for another part. Received {', '.join(parts)}."
        )
    return folder


def _describe_missing(source: str | Path) -> str:
    return (
        f"There is no data set, file or folder {str(source)!r}."
        f"{_suggest(str(source), _list_neighbours(Path(source)))} Expected 'imdb', 'mini', a "
        f"folder, an archive or a table ({', '.join(SUFFIXES)})."
    )


def _list_neighbours(path: Path) -> list[str]:
    """Returns what the user may have meant: data sets, and what lies beside the missing path."""
    folder = path.expanduser().parent
    files = (
        [child for child in folder.iterdir() if find_format(child) or child.is_dir()]
        if (folder.is_dir())
        else []
    )
    return [*DATA_SETS, *(str(path.parent / child.name) for child in files)]


def _suggest(name: str, known: list[str]) -> str:
    lower = {option.lower(): option for option in known}
    near = difflib.get_close_matches(name.lower(), list(lower), n=1, cutoff=0.7)
    return f" Did you mean {lower[near[0]]!r}?" if near else ""
