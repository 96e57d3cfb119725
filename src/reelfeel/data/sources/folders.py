"""Reviews from a folder or an archive of text files, one folder a label: `reviews/pos/12.txt`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from reelfeel.data.labels import LabelMap, map_labels
from reelfeel.data.sources.decoding import decode_text
from reelfeel.data.sources.trees import Tree, is_about_data, is_junk, natural_key, open_tree
from reelfeel.errors import SchemaError
from reelfeel.load_summary import LoadLog
from reelfeel.values import UNLABELLED, Reviews

_logger = logging.getLogger(__name__)


def read_folder(
    path: str | Path | Tree, labels: LabelMap | None = None, *, encoding: str | None = None
) -> Reviews:
    """Reads reviews from a folder that holds one folder of `.txt` files a label.

    Files with that ending in any case, at any depth below a label's folder, are reviews; every
    other file is passed over and counted in the summary.

    Args:
        path: the outer folder or archive, or what `open_tree` made of one.
        labels: how to read the folders' names; default: neg/pos, negative/positive and so on.
        encoding: of the files; None finds it out for each.

    Returns:
        Reviews, folder by folder, in the natural order of the files' names (2 before 10). An id is
        the path inside the folder, without ending: "pos/12".

    Raises:
        UsageError: if there is no such folder.
        SchemaError: if it holds no such files, or other than two labels.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, text in (("neg", "A bore."), ("pos", "A gem.")):
    ...         (Path(folder) / name).mkdir()
    ...         _ = (Path(folder) / name / "1.txt").write_text(text)
    ...     reviews = read_folder(folder)
    >>> reviews.ids, reviews.texts, reviews.labels.tolist()
    (['neg/1', 'pos/1'], ['A bore.', 'A gem.'], [0, 1])
    """
    tree = path if isinstance(path, Tree) else open_tree(Path(path).expanduser())
    log = _open_log(tree)
    names = [name for name in _choose_texts(tree, log) if _has_label(name, log)]
    if not names:
        raise SchemaError(
            f"{tree.name} holds no reviews. Expected one folder a label with .txt files in it, "
            f"such as {tree.name}/pos/1.txt, or tables; check the path. Received {describe(tree)}."
        )
    names.sort(key=lambda name: (name.partition("/")[0], natural_key(name)))
    mapped = map_labels(
        [name.partition("/")[0] for name in names],
        labels or LabelMap(),
        where=tree.name,
        rows=[_drop_ending(name) for name in names],
    )
    for reason, places in mapped.passed_over.items():
        log.pass_over(reason, *(names[place] for place in places))
    kept = np.flatnonzero(mapped.labels != UNLABELLED)
    deep = sum(name.count("/") > 1 for name in names)
    if deep:
        log.notes.append(f"{deep:,} of the texts lie in folders inside a label's folder.")
    reviews = _read_texts(tree, [names[place] for place in kept.tolist()], log, encoding)
    return replace(
        reviews,
        labels=mapped.labels[kept],
        ratings=None if mapped.ratings is None else mapped.ratings[kept],
        label_names=mapped.names,
    )


def read_text_files(path: str | Path | Tree, *, encoding: str | None = None) -> Reviews:
    """Reads every text file inside a folder or archive as one text, whatever folder it lies in.

    Files about the data, such as a README, and what systems leave behind are passed over.

    Raises:
        UsageError: if there is no such folder.
        SchemaError: if it holds no `.txt` file.
    """
    tree = path if isinstance(path, Tree) else open_tree(Path(path).expanduser())
    log = _open_log(tree)
    names = _choose_texts(tree, log)
    if not names:
        raise SchemaError(
            f"{tree.name} holds no texts. Expected a .txt file with one text a line, a folder with "
            f"one text a .txt file, or tables. Received {describe(tree)}."
        )
    return _read_texts(tree, names, log, encoding)


def list_text_folders(tree: Tree) -> list[str]:
    """Returns the folders right inside that hold `.txt` files, at any depth."""
    inside = [name for name in tree.files if "/" in name and _is_text(name)]
    return list(dict.fromkeys(name.partition("/")[0] for name in inside))


def describe(tree: Tree) -> str:
    """Returns the first few names of what lies in a tree."""
    names = sorted({name.partition("/")[0] for name in tree.files})
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return shown or "an empty folder"


def _open_log(tree: Tree) -> LoadLog:
    log = LoadLog(tree.name, unit="files")
    if tree.outside:
        shown = ", ".join(tree.outside[:5]) + (", ..." if len(tree.outside) > 5 else "")
        log.notes.append(f"{len(tree.outside):,} files lie beside it, not read: {shown}.")
    return log


def _is_text(name: str) -> bool:
    return (
        not is_junk(name)
        and not is_about_data(name)
        and PurePosixPath(name).suffix.lower() == ".txt"
    )


def _choose_texts(tree: Tree, log: LoadLog) -> list[str]:
    texts = []
    for name in tree.files:
        if is_junk(name):
            log.pass_over("that are hidden or left by a system", name)
        elif is_about_data(name):
            log.pass_over("about the data", name)
        elif PurePosixPath(name).suffix.lower() != ".txt":
            log.pass_over("that do not end in .txt", name)
        else:
            texts.append(name)
    return texts


def _has_label(name: str, log: LoadLog) -> bool:
    if "/" in name:
        return True
    log.pass_over("that lie in no label's folder", name)
    return False


def _read_texts(tree: Tree, names: Sequence[str], log: LoadLog, encoding: str | None) -> Reviews:
    decoded = [decode_text(tree.files[name](), encoding) for name in names]
    guessed = [text for text in decoded if text.is_guess]
    if guessed:
        log.notes.append(f"{len(guessed):,} texts are not UTF-8; read as {guessed[0].encoding}.")
        log.doubts += replace(guessed[0], text=" ".join(one.text for one in guessed)).doubts()
    for note in [*log.notes, *log.doubts]:
        _logger.warning("%s: %s", tree.name, note)
    summary = log.close(found=len(tree.files), read=len(names))
    num_damaged = sum(text.num_replaced > 0 for text in decoded)
    note = f" ({num_damaged} texts with bytes that no encoding explains)" if num_damaged else ""
    ids = [_drop_ending(name) for name in names]
    return Reviews(
        texts=[text.text for text in decoded],
        labels=np.full(len(names), UNLABELLED, dtype=np.int8),
        ids=ids if len(set(ids)) == len(ids) else list(names),
        source=f"{tree.name}{note}",
        load_summaries=(summary,),
    )


def _drop_ending(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))
