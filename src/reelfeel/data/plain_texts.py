"""Texts without labels: a text file or pipe with one text a line, text files, or a table."""

from __future__ import annotations

import dataclasses
import io
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reelfeel.data.formats import STDIN, find_format, read_content, read_file
from reelfeel.data.options import TableOptions
from reelfeel.data.parts import list_tree_parts
from reelfeel.data.sources.compression import decompress, read_stdin
from reelfeel.data.sources.decoding import decode_text
from reelfeel.data.sources.folders import list_text_folders, read_text_files
from reelfeel.data.sources.trees import PART_NAMES, Tree, is_archive, open_tree
from reelfeel.data.tables import read_table
from reelfeel.errors import SchemaError, UsageError
from reelfeel.files.inputs import explain_input_errors, refuse_special
from reelfeel.values import UNLABELLED, Reviews

_logger = logging.getLogger(__name__)
_KEPT_APART = ("test", "validation")


def read_plain_texts(source: Any, options: TableOptions | None = None) -> Reviews:
    r"""Reads texts, whatever labels there may be.

    Args:
        source: a `.txt` file with one text a line; "-" for such lines on standard input; a folder
            or an archive, of which every `.txt` file inside is one text, but those of its test and
            validation parts, or else its tables; a table or a frame as `read_table` takes it, of
            which only the texts are read.
        options: names of columns and ways of writing, for tables; the encoding for all.

    Returns:
        Reviews whose labels are all -1. Blank lines are no texts. Everything that was found is in
        the summary.

    Raises:
        UsageError: if there is no such file or folder.
        SchemaError: if it holds no texts.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "texts.txt").write_text("A bore.\n\nA gem.\n")
    ...     read_plain_texts(Path(folder) / "texts.txt").texts
    ['A bore.', 'A gem.']
    """
    options = dataclasses.replace(options or TableOptions(), labelled=False)
    if not isinstance(source, (str, Path)):
        return read_table(source, options)
    if str(source) == STDIN:
        return read_piped_texts(read_stdin(), options)
    path = Path(source).expanduser()
    refuse_special(path)
    if not path.exists():
        raise UsageError(
            f"There is no data set, file or folder {str(path)!r}. Expected 'imdb', 'mini', a text "
            "file, a folder of text files or a table."
        )
    with explain_input_errors(path):
        return _read_path(path, options)


def _read_path(path: Path, options: TableOptions) -> Reviews:
    if path.is_dir() or is_archive(path):
        return _read_tree(open_tree(path), options)
    if options.format is None and find_format(path) == "csv" and ".txt" in path.suffixes[-2:]:
        options = dataclasses.replace(options, format="lines")
    if options.format == "lines":
        return _to_texts(read_file(path, [], options), options)
    return read_table(path, options)


def read_piped_texts(
    content: bytes, options: TableOptions | None = None, *, name: str = "standard input"
) -> Reviews:
    r"""Reads what a pipe holds, one text a line, unpacked and decoded as files are.

    A table is read as one where `options` name its format; without, every line is a text.

    Args:
        content: all bytes, perhaps packed with gzip, bzip2 or xz.
        options: how to read them.
        name: of the pipe, for messages.

    Raises:
        SchemaError: if it holds no texts.
        ArchiveError: if it is packed and damaged.

    Example:

    >>> read_piped_texts("A gem.\n".encode("utf-16")).texts
    ['A gem.']
    """
    options = dataclasses.replace(options or TableOptions(), labelled=False)
    lined = dataclasses.replace(options, format=options.format or "lines")
    unpacked = decompress(io.BytesIO(content), name)
    table = read_content(name, unpacked, options.used_columns, lined)
    return _to_texts(table, options)


def decode_line(line: bytes, encoding: str | None = None) -> str:
    r"""Returns one line of a conversation as text, decoded as files are, without its end.

    Example:

    >>> decode_line("déjà vu\r\n".encode("cp1252"))
    'déjà vu'
    """
    return decode_text(line, encoding).text.rstrip("\r\n")


def _read_tree(tree: Tree, options: TableOptions) -> Reviews:
    """Reads the texts of a folder but for the parts that judge; these are noted."""
    apart = {folder for folder in tree.folders() if PART_NAMES.get(folder.lower()) in _KEPT_APART}
    if list_text_folders(tree) or not _has_tables(tree):
        left_out = [name for name in tree.files if name.partition("/")[0] in apart]
        kept = tree.only(name for name in tree.files if name.partition("/")[0] not in apart)
        if left_out and kept.files:
            kept = Tree(kept.name, kept.files, (*kept.outside, *left_out))
            return read_text_files(kept, encoding=options.encoding)
        return read_text_files(tree, encoding=options.encoding)
    parts = list_tree_parts(tree, options, is_imdb=False)
    return parts[next(iter(parts))]()


def _has_tables(tree: Tree) -> bool:
    kinds: Mapping[str, str | None] = {name: find_format(Path(name)) for name in tree.files}
    return any(kind and not name.lower().endswith(".txt") for name, kind in kinds.items())


def _to_texts(table: Any, options: TableOptions) -> Reviews:
    if not len(table):
        raise SchemaError(
            f"{table.name} holds no texts. Expected a .txt file with one text a line, or a folder "
            f"with one text a .txt file. Received {table.found:,} blank lines."
        )
    texts = [str(text) for text in table.columns[options.text_column]]
    summary = table.log.close(found=table.found, read=len(texts))
    for note in (*summary.notes, *summary.doubts):
        _logger.warning("%s: %s", table.name, note)
    labels = np.full(len(texts), UNLABELLED, dtype=np.int8)
    return Reviews(texts, labels, table.rows, source=table.name, load_summaries=(summary,))
