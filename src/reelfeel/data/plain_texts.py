"""Texts without labels: a text file with one text a line, a folder of text files, or a table."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from reelfeel.data.decoding import decode_text, read_bytes
from reelfeel.data.tables import TableOptions, read_table
from reelfeel.errors import SchemaError, UsageError
from reelfeel.inputs import explain_reading, refuse_special
from reelfeel.types import UNLABELLED, Reviews


def read_plain_texts(path: str | Path, options: TableOptions | None = None) -> Reviews:
    r"""Reads texts, whatever labels there may be.

    Args:
        path: a `.txt` file with one text a line; a folder, of which every `.txt` file inside is one
            text; or a table as `read_table` takes it, of which only the texts are read.
        options: names of columns, for tables.

    Returns:
        Reviews whose labels are all -1. Blank lines are no texts.

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
    path = Path(path).expanduser()
    refuse_special(path)
    if not path.exists():
        raise UsageError(
            f"There is no data set, file or folder {str(path)!r}. Expected 'imdb', 'mini', a text "
            "file, a folder of text files or a table."
        )
    with explain_reading(path):
        if path.is_dir():
            files = sorted(file for file in path.rglob("*.txt") if file.is_file())
            names = [file.relative_to(path).with_suffix("").as_posix() for file in files]
            return _to_reviews([_read(file) for file in files], names, path)
        if path.suffix.lower() == ".txt":
            lines = [line for line in _read(path).splitlines() if line.strip()]
            return _to_reviews(lines, [f"line {row + 1}" for row in range(len(lines))], path)
        return read_table(path, dataclasses.replace(options or TableOptions(), labelled=False))


def _read(file: Path) -> str:
    return decode_text(read_bytes(file)).text


def _to_reviews(texts: list[str], ids: list[str], path: Path) -> Reviews:
    if not texts:
        raise SchemaError(
            f"{path} holds no texts. Expected a .txt file with one text a line, or a folder with "
            "one text a .txt file."
        )
    labels = np.full(len(texts), UNLABELLED, dtype=np.int8)
    return Reviews(texts, labels, ids, source=str(path))
