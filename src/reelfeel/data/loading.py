"""Reviews from whatever a user names: a data set, folders, archives, tables, a pipe or a frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from reelfeel.data.formats import STDIN, SUFFIXES, find_format, read_file
from reelfeel.data.joining import join_reviews
from reelfeel.data.options import TableOptions, make_options, suggest
from reelfeel.data.parts import list_table_parts, list_tree_parts
from reelfeel.data.reading.frames import is_frame
from reelfeel.data.reading.table import join_tables
from reelfeel.data.sets.imdb import IncompleteError, is_whole, load_imdb
from reelfeel.data.sets.imdb_layout import is_imdb
from reelfeel.data.sets.mini import load_mini
from reelfeel.data.sources.trees import is_archive, open_tree
from reelfeel.errors import SchemaError, UsageError
from reelfeel.files.inputs import explain_input_errors, refuse_special
from reelfeel.load_summary import LoadSummary
from reelfeel.values import Reviews

__all__ = [
    "DATA_SETS",
    "is_imdb",
    "list_parts",
    "load_parts",
    "load_reviews",
    "load_unlabelled",
    "make_options",
    "refuse_missing",
]

DATA_SETS = ("imdb", "mini")
# What has no parts gives all its reviews, whatever part is asked for.
ALL = "all"
_GLOB = frozenset("*?[")
Parts = Mapping[str, Callable[[], Reviews]]


def load_reviews(
    source: Any,
    part: str = "train",
    *,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
) -> Reviews:
    """Returns reviews from a data set, folders, archives, tables, a pipe or a frame.

    Args:
        source: "imdb"; "mini"; an archive or an unpacked folder of IMDB; a folder or an archive
            that holds one folder a label, tables, or such in `train/`, `test/` and `val/`; a table;
            "-" for a table on standard input; a pattern such as "data/*.csv", or a list of these;
            a frame of pandas or Polars, an Arrow table, a data set or a dict of columns.
        part: "train", "test" or "validation", and where there is one "unsupervised". A source
            without parts gives all its reviews, whatever part is asked for. A table has parts where
            it has a column "split" or `options` name one.
        data_dir: a local copy, for "imdb" only.
        options: names of columns and meaning of labels; of folders, only the meaning of labels and
            the encoding.

    Returns:
        Reviews whose `load_summaries` say what became of everything in the source.

    Raises:
        UsageError: if there is no such source or part.
        DataError: if its content is refused.

    Example:

    >>> load_reviews("imbd")
    Traceback (most recent call last):
    ...
    reelfeel.errors.UsageError: There is no data set, file or folder 'imbd'. Did you mean ...
    """
    with _explain(source):
        parts = _open(source, data_dir, options or TableOptions())
        chosen = ALL if list(parts) == [ALL] else part
        if chosen in parts:
            return parts[chosen]()
    if source not in DATA_SETS:
        raise SchemaError(
            f"{source} has no part {part!r}. Expected a folder, a table or rows of that name; make "
            f"it, or ask for another part. Received {', '.join(parts)}."
        )
    return _refuse_part(str(source), part)


def refuse_missing(source: Any) -> None:
    """Refuses a source that is not there, or no file or folder; cheap, so call it early.

    Raises:
        UsageError: if there is no such data set, file or folder, or it is a pipe or a device.
    """
    if isinstance(source, (list, tuple)):
        for one in source:
            refuse_missing(one)
    elif isinstance(source, (str, Path)) and str(source) not in (*DATA_SETS, STDIN):
        path = Path(source).expanduser()
        refuse_special(path)
        if not path.exists():
            _refuse_missing_path(source, path)


def _refuse_missing_path(source: str | Path, path: Path) -> None:
    if not _GLOB & set(str(source)):
        raise UsageError(_describe_missing(source))
    _expand(path)


def load_parts(
    source: Any,
    *,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
) -> dict[str, Reviews]:
    """Returns the labelled parts that a source has, by name; takes what `load_reviews` takes.

    Returns:
        "train", "validation" and "test", as far as there are; else one part named "all".

    Example:

    >>> list(load_parts("mini"))
    ['train', 'test']
    """
    with _explain(source):
        parts = _open(source, data_dir, options or TableOptions())
        return {name: read() for name, read in parts.items() if name != "unsupervised"}


def load_unlabelled(source: Any, *, data_dir: str | Path | None = None) -> Reviews | None:
    """Returns the part without labels; None where a source has none, as no table has."""
    if not isinstance(source, (str, Path)):
        return None
    path = Path(source).expanduser()
    if source != "imdb" and not (path.is_dir() or (path.is_file() and is_archive(path))):
        return None
    parts = _open(source, data_dir, TableOptions())
    return parts["unsupervised"]() if "unsupervised" in parts else None


def list_parts(source: Any, options: TableOptions | None = None) -> tuple[str, ...]:
    """Returns the names of the parts of a source, "all" where it has none.

    Example:

    >>> list_parts("mini")
    ('train', 'test')
    """
    return tuple(_open(source, None, options or TableOptions()))


def _open(source: Any, data_dir: str | Path | None, options: TableOptions) -> Parts:
    """Returns what reads each part of a source; nothing of a folder's texts is read yet."""
    if data_dir is not None and source != "imdb":
        raise UsageError(f"A data folder goes with 'imdb' only. Received {str(source)!r}.")
    if isinstance(source, Reviews):
        return {ALL: lambda: source}
    if is_frame(source):
        return list_table_parts(read_file(source, options.used_columns, options), options)
    if isinstance(source, (list, tuple)):
        return _open_several(source, options)
    if not isinstance(source, (str, Path)):
        raise UsageError(
            "Expected a data set's name, a path, Reviews, a frame or a dict of columns, such as "
            f"{{'text': texts, 'label': labels}}. Received {type(source).__name__}."
        )
    if source == "imdb":
        return _open_imdb(data_dir)
    if source == "mini":
        return {name: partial(_load_whole, load_mini, name) for name in ("train", "test")}
    return _open_path(source, options)


def _open_path(source: str | Path, options: TableOptions) -> Parts:
    if str(source) == STDIN:
        return list_table_parts(read_file(STDIN, options.used_columns, options), options)
    path = Path(source).expanduser()
    refuse_special(path)
    if not path.exists():
        _refuse_missing_path(source, path)
        return _open_several(_expand(path), options)
    with explain_input_errors(path):
        return _open_existing(path, options)


def _open_existing(path: Path, options: TableOptions) -> Parts:
    if path.is_dir():
        if is_imdb(path) and is_whole(path):
            return _open_imdb(path)
        return list_tree_parts(open_tree(path), options, is_imdb=is_imdb(path))
    if is_archive(path):
        return _open_archive(path, options)
    return list_table_parts(read_file(path, options.used_columns, options), options)


def _explain(source: Any) -> AbstractContextManager[None]:
    """Names the source where the system refuses to read it."""
    is_path = isinstance(source, (str, Path))
    return explain_input_errors(Path(source).expanduser()) if is_path else nullcontext()


def _open_imdb(path: str | Path | None) -> Parts:
    names = ("train", "test", "unsupervised")
    return {name: partial(_load_whole, load_imdb, name, path) for name in names}


def _load_whole(load: Callable[..., Reviews], *arguments: Any) -> Reviews:
    """Loads a part of a data set whose loader counts it itself, and opens its log."""
    reviews = load(*arguments)
    summary = LoadSummary(reviews.source, "reviews", found=len(reviews), read=len(reviews))
    return replace(reviews, load_summaries=(summary,))


def _open_archive(path: Path, options: TableOptions) -> Parts:
    """Opens an archive: of IMDB as such where it is whole, which only reading it shows."""
    if is_imdb(path):
        try:
            load_imdb("train", path)
        except IncompleteError:
            pass
        else:
            return _open_imdb(path)
    return list_tree_parts(open_tree(path), options, is_imdb=False)


def _open_several(sources: Sequence[Any], options: TableOptions) -> Parts:
    """Opens sources that are read one behind the other; tables are one table."""
    if not sources:
        raise UsageError("Expected at least one source. Received an empty list.")
    if len(sources) == 1:
        return _open(sources[0], None, options)
    paths = [Path(one).expanduser() for one in sources if isinstance(one, (str, Path))]
    if len(paths) == len(sources) and all(one.is_file() and find_format(one) for one in paths):
        tables = [read_file(path, options.used_columns, options) for path in paths]
        name = f"{paths[0]} and {len(paths) - 1} more"
        return list_table_parts(join_tables(tables, name), options)
    return {ALL: lambda: join_reviews([load_reviews(one, options=options) for one in sources])}


def _expand(pattern: Path) -> list[Path]:
    anchor = Path(pattern.anchor) if pattern.anchor else Path()
    found = sorted(anchor.glob(str(pattern.relative_to(pattern.anchor))))
    if not found:
        raise UsageError(
            f"No file fits the pattern {str(pattern)!r}. Expected one that fits; check the folder "
            "and the ending. Received a pattern that fits nothing."
        )
    return found


def _refuse_part(source: str, part: str) -> Reviews:
    """Lets the data sets themselves say which parts they have."""
    return load_imdb(part) if source == "imdb" else load_mini(part)  # type: ignore[arg-type]


def _describe_missing(source: str | Path) -> str:
    return (
        f"There is no data set, file or folder {str(source)!r}."
        f"{suggest(str(source), _list_neighbours(Path(source)))} Expected 'imdb', 'mini', a "
        f"folder, an archive or a table ({', '.join(SUFFIXES)})."
    )


def _list_neighbours(path: Path) -> list[str]:
    """Returns what the user may have meant: data sets, and what lies beside the missing path."""
    folder = path.expanduser().parent
    try:
        children = list(folder.iterdir())
    except OSError:
        children = []
    files = [child for child in children if find_format(child) or child.is_dir()]
    return [*DATA_SETS, *(str(path.parent / child.name) for child in files)]
