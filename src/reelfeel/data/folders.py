"""Reviews from a folder of text files, one folder a label: `reviews/pos/12.txt`."""

from __future__ import annotations

import re
from pathlib import Path

from reelfeel.data.decoding import decode_text, read_bytes
from reelfeel.data.labels import LabelMap, map_labels
from reelfeel.errors import SchemaError, UsageError
from reelfeel.types import Reviews

_NUMBERS = re.compile(r"([0-9]+)")


def read_folder(path: str | Path, labels: LabelMap | None = None) -> Reviews:
    """Reads reviews from a folder that holds one folder of `.txt` files a label.

    Args:
        path: the outer folder. Hidden folders, and those without `.txt` files, are passed over.
        labels: how to read the folders' names; default: neg/pos, negative/positive and so on.

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
    path = Path(path).expanduser()
    files = [file for folder in list_label_folders(path) for file in _list_texts(folder)]
    if not files:
        raise SchemaError(
            f"{path} holds no reviews. Expected one folder a label with .txt files in it, such as "
            f"{path / 'pos' / '1.txt'}; check the path. Received {_describe(path)}."
        )
    ids = [file.relative_to(path).with_suffix("").as_posix() for file in files]
    mapped = map_labels(
        [file.parent.name for file in files], labels or LabelMap(), where=str(path), rows=ids
    )
    decoded = [decode_text(read_bytes(file)) for file in files]
    num_damaged = sum(text.num_replaced > 0 for text in decoded)
    note = f" ({num_damaged} texts with bytes that no encoding explains)" if num_damaged else ""
    return Reviews(
        texts=[text.text for text in decoded],
        labels=mapped.labels,
        ids=ids,
        ratings=mapped.ratings,
        label_names=mapped.names,
        source=f"{path}{note}",
    )


def list_label_folders(path: Path) -> list[Path]:
    """Returns the folders inside `path` that hold `.txt` files, by name.

    Raises:
        UsageError: if `path` is not a folder.
    """
    if not path.is_dir():
        raise UsageError(f"There is no folder {path}. Check the path; case counts.")
    folders = [child for child in path.iterdir() if child.is_dir() and child.name[0] != "."]
    return sorted(folder for folder in folders if any(folder.glob("*.txt")))


def _list_texts(folder: Path) -> list[Path]:
    files = [file for file in folder.glob("*.txt") if file.is_file() and file.name[0] != "."]
    return sorted(files, key=lambda file: _natural_key(file.name))


def _natural_key(name: str) -> list[tuple[int, str]]:
    parts = _NUMBERS.split(name)  # words and numbers in turn
    return [(int(part), "") if i % 2 else (0, part) for i, part in enumerate(parts)]


def _describe(path: Path) -> str:
    names = sorted(child.name for child in path.iterdir())
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return shown or "an empty folder"
