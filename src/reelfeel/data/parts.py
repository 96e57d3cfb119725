"""The parts of a folder, an archive or a table: train, test, validation, and what has no labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import PurePath, PurePosixPath

from reelfeel.data.formats import find_format, read_content
from reelfeel.data.options import TableOptions
from reelfeel.data.reading.table import Table, join_tables
from reelfeel.data.sources.folders import list_text_folders, read_folder, read_text_files
from reelfeel.data.sources.trees import PART_NAMES, Tree, is_about_data, is_junk
from reelfeel.data.tables import to_reviews
from reelfeel.errors import SchemaError
from reelfeel.values import Reviews

Parts = Mapping[str, Callable[[], Reviews]]

_ORDER = ("train", "validation", "test", "unsupervised")
_SPLIT_COLUMN = "split"
_WORDS = re.compile(r"[-_. ]+")


def list_tree_parts(tree: Tree, options: TableOptions, *, is_imdb: bool) -> Parts:
    """Returns what reads each part of a folder or an archive; "all" where there are none.

    Args:
        tree: the files.
        options: how to read them.
        is_imdb: whether it is laid out as IMDB is, where `train/unsup` has no labels.

    Raises:
        SchemaError: if two folders or files are the same part.
    """
    tree = _descend(tree)
    folders = _name_parts(tree, [name for name in tree.folders() if name.lower() in PART_NAMES])
    labelled = [part for part in folders if part != "unsupervised"]
    if not labelled:
        return _list_flat_parts(tree, options)
    parts: dict[str, Callable[[], Reviews]] = {}
    outside = tuple(name for name in tree.files if name.partition("/")[0] not in folders.values())
    for part, folder in folders.items():
        inside = tree.below(folder)
        own = Tree(inside.name, inside.files, outside)
        if is_imdb:
            unsup = [name for name in own.files if name.startswith("unsup/")]
            if unsup and part == "train":
                parts["unsupervised"] = partial(read_text_files, inside.below("unsup"))
            rest = inside.only(name for name in inside.files if name not in set(unsup))
            own = Tree(rest.name, rest.files, (*outside, *unsup))
        read = read_text_files if part == "unsupervised" else partial(_read_part, options=options)
        parts[part] = partial(read, own)
    return _sort(parts)


def list_table_parts(table: Table, options: TableOptions) -> Parts:
    """Returns what makes reviews of each part of a table, by its column of parts.

    Raises:
        SchemaError: if the column that `options` name is not there, or says other than parts.
    """
    column = options.split_column or _SPLIT_COLUMN
    if column not in table.columns:
        return {"all": partial(to_reviews, table, options)}
    rows: dict[str, list[int]] = {}
    for row, value in enumerate(table.columns[column]):
        part = PART_NAMES.get(str(value).strip().lower())
        if part is None:
            if options.split_column is None:  # a column that happens to have this name
                return {"all": partial(to_reviews, table, options)}
            raise SchemaError(
                f"{table.name}, column {column!r}, {table.rows[row]}: {str(value)[:40]!r} is no "
                f"part. Expected one of {', '.join(PART_NAMES)} in every row; correct it, or leave "
                f"out --split-column. Received {str(value)[:40]!r}."
            )
        rows.setdefault(part, []).append(row)
    if len(rows) < 2 and options.split_column is None:
        return {"all": partial(to_reviews, table, options)}
    return _sort({part: partial(_take_part, table, own, options) for part, own in rows.items()})


def _take_part(table: Table, rows: Sequence[int], options: TableOptions) -> Reviews:
    return to_reviews(table.keep(rows, "of other parts"), options)


def _list_flat_parts(tree: Tree, options: TableOptions) -> Parts:
    """Returns the parts of a folder that holds labels' folders or tables, but no parts' folders."""
    tables = _list_tables(tree)
    if list_text_folders(tree) or not tables:
        return {"all": partial(_read_part, tree, options)}
    named = {name: _find_part_in_name(name) for name in tables}
    chosen = [name for name, part in named.items() if part]
    if not chosen:
        return {"all": partial(_read_part, tree, options)}
    outside = tuple(name for name in tree.files if name not in chosen)
    parts: dict[str, list[str]] = {}
    for name in chosen:
        parts.setdefault(str(named[name]), []).append(name)
    return _sort(
        {
            part: partial(_read_part, Tree(tree.name, tree.only(names).files, outside), options)
            for part, names in parts.items()
        }
    )


def _read_part(tree: Tree, options: TableOptions) -> Reviews:
    """Reads folders of labels, or all tables as one."""
    tables = _list_tables(tree)
    if list_text_folders(tree) or not tables:
        return read_folder(tree, options.labels, encoding=options.encoding)
    expected = options.used_columns
    read = [
        read_content(f"{tree.name}/{name}", tree.files[name](), expected, options)
        for name in tables
    ]
    table = join_tables(read, tree.name)
    others = [name for name in (*tree.files, *tree.outside) if name not in tables]
    if others:
        shown = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
        table.log.notes.append(f"{len(others):,} other files are not read: {shown}.")
    return to_reviews(table, options)


def _list_tables(tree: Tree) -> list[str]:
    """Returns the tables right inside; a text file is one only where its name says a part."""
    return [
        name
        for name in tree.files
        if "/" not in name
        and not is_junk(name)
        and not is_about_data(name)
        and find_format(PurePath(name)) is not None
        and (PurePath(name).suffix.lower() != ".txt" or _find_part_in_name(name))
    ]


def _find_part_in_name(name: str) -> str | None:
    """Returns the part that a file's name says, such as "train-00000-of-00002.parquet".

    Example:

    >>> _find_part_in_name("sst2_dev.tsv"), _find_part_in_name("reviews.csv")
    ('validation', None)
    """
    words = _WORDS.split(PurePosixPath(name).name.lower())
    found = {PART_NAMES[word] for word in words if word in PART_NAMES}
    return found.pop() if len(found) == 1 else None


def _descend(tree: Tree) -> Tree:
    """Returns the folder that everything lies in, where that is one and has no meaning itself."""
    while True:
        read = [name for name in tree.files if _is_readable(name)]
        tops = {name.partition("/")[0] for name in read}
        if len(tops) != 1 or any("/" not in name for name in read):
            return tree
        (top,) = tops
        has_texts = any(
            name.count("/") == 1 and PurePath(name).suffix.lower() == ".txt" for name in read
        )
        if top.lower() in PART_NAMES or has_texts:
            return tree
        below = tree.below(top)
        outside = tuple(name for name in tree.files if not name.startswith(f"{top}/"))
        tree = Tree(below.name, below.files, (*tree.outside, *outside))


def _is_readable(name: str) -> bool:
    return not is_junk(name) and not is_about_data(name) and find_format(PurePath(name)) is not None


def _name_parts(tree: Tree, folders: Sequence[str]) -> dict[str, str]:
    parts: dict[str, str] = {}
    for folder in folders:
        part = PART_NAMES[folder.lower()]
        if part in parts:
            raise SchemaError(
                f"{tree.name} holds {parts[part]!r} and {folder!r}, both of which are the part "
                f"{part!r}. Expected one folder a part; rename or join them. "
                f"Received {', '.join(folders)}."
            )
        parts[part] = folder
    return parts


def _sort(parts: Mapping[str, Callable[[], Reviews]]) -> Parts:
    return {part: parts[part] for part in _ORDER if part in parts}
