"""Finds equal texts within a data set and between two."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
import numpy.typing as npt


def fold_text(text: str) -> str:
    r"""Returns the text by which duplicates are found: case and white space folded.

    Example:

    >>> fold_text("A  GEM of\na film ")
    'a gem of a film'
    """
    return " ".join(text.casefold().split())


def find_shared(texts: Sequence[str], others: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Says which texts also stand among others, after folding; empty texts never do.

    Args:
        texts: such as those of the test set.
        others: such as those of the train set.

    Returns:
        bool array of shape `(num_texts,)`.

    Example:

    >>> find_shared(["A gem.", "A bore.", ""], ["a  GEM.", ""]).tolist()
    [True, False, False]
    """
    seen = {fold_text(other) for other in others} - {""}
    return np.array([fold_text(text) in seen for text in texts], dtype=bool)


def hash_texts(texts: Iterable[str]) -> npt.NDArray[np.uint64]:
    """Returns 64-bit hashes by which folded texts can be found again, without keeping them.

    Args:
        texts: such as those that a model was trained on.

    Returns:
        uint64 array of shape `(num_texts,)`. Two different texts share a hash with a chance of
        5e-20, so that a million of them meet another million by accident once in 50 million times.

    Example:

    >>> first, second = hash_texts(["A gem.", "a  GEM."])
    >>> bool(first == second)
    True
    """
    digests = (
        hashlib.blake2b(fold_text(text).encode("utf-8", "surrogatepass"), digest_size=8).digest()
        for text in texts
    )
    return np.frombuffer(b"".join(digests), dtype="<u8")


def number_groups(num_rows: int, *keys: Sequence[Hashable] | None) -> npt.NDArray[np.intp]:
    """Numbers the groups of rows that share a key, directly or over other rows.

    Rows 0 and 1 about one movie, and rows 1 and 2 with one text, are one group of three.

    Args:
        num_rows: int, how many rows there are.
        *keys: one key per row, such as its movie or its folded text; an empty key ("" or None)
            joins nothing. None in place of a column is passed over.

    Returns:
        int array of shape `(num_rows,)`, numbered from 0 in the order of first appearance.

    Example:

    >>> number_groups(4, ["Alien", "Alien", "Brazil", ""], ["x", "y", "y", "z"]).tolist()
    [0, 0, 0, 1]
    """
    parents = list(range(num_rows))
    for column in keys:
        first_rows: dict[Hashable, int] = {}
        for row, key in enumerate(column or ()):
            if key:
                _join(parents, row, first_rows.setdefault(key, row))
    roots = [_find_root(parents, row) for row in range(num_rows)]
    numbers = {root: number for number, root in enumerate(dict.fromkeys(roots))}
    return np.array([numbers[root] for root in roots], dtype=np.intp)


def _join(parents: list[int], row: int, other: int) -> None:
    row, other = _find_root(parents, row), _find_root(parents, other)
    parents[max(row, other)] = min(row, other)


def _find_root(parents: list[int], row: int) -> int:
    while parents[row] != row:
        parents[row] = parents[parents[row]]  # halves the path for the next time
        row = parents[row]
    return row
