"""The token ids of many texts, in one array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import SupportsIndex, overload

import numpy as np
import numpy.typing as npt

from reelfeel.errors import UsageError
from reelfeel.native.library import load_library
from reelfeel.native.text import pad_rows
from reelfeel.text.vocabulary import PADDING_ID

IntArray = npt.NDArray[np.int64]


class TokenIds(Sequence[npt.NDArray[np.int32]]):
    """A sequence of int32 arrays, one for each text, that are views of one array.

    25,000 arrays of their own would take longer to make than to fill.

    Args:
        flat: int32 array, the ids of all texts one after the other.
        lengths: int64 array of shape `(num_texts,)`: how many of them each text has.

    Attributes:
        flat: as given.
        lengths: as given.

    Example:

    >>> token_ids = TokenIds(np.array([5, 6, 7], np.int32), np.array([1, 2]))
    >>> [ids.tolist() for ids in token_ids]
    [[5], [6, 7]]
    """

    def __init__(self, flat: npt.NDArray[np.int32], lengths: IntArray) -> None:
        self.flat = flat
        self.lengths = lengths
        self._ends = np.cumsum(lengths, dtype=np.int64)

    @classmethod
    def of(cls, texts: Sequence[npt.ArrayLike]) -> TokenIds:
        """Returns the ids of texts, given as one sequence for each; as they are, if they can be.

        Raises:
            UsageError: if an id is no whole number of 32 bits: it would become another one.

        Example:

        >>> TokenIds.of([[5], [6, 7]]).flat
        array([5, 6, 7], dtype=int32)
        """
        if isinstance(texts, TokenIds):
            return texts
        rows = [_as_ids(ids) for ids in texts]
        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        return cls(np.concatenate([np.empty(0, np.int32), *rows]), lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    @overload
    def __getitem__(self, row: SupportsIndex) -> npt.NDArray[np.int32]: ...
    @overload
    def __getitem__(self, row: slice) -> list[npt.NDArray[np.int32]]: ...
    def __getitem__(
        self, row: SupportsIndex | slice
    ) -> npt.NDArray[np.int32] | list[npt.NDArray[np.int32]]:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        end = self._ends[row]
        return self.flat[end - self.lengths[row] : end]

    def __iter__(self) -> Iterator[npt.NDArray[np.int32]]:
        start = 0
        for end in self._ends.tolist():
            yield self.flat[start:end]
            start = end

    def take(self, rows: npt.NDArray[np.intp]) -> TokenIds:
        """Returns some of the texts, in the order of `rows`, which counts from the front.

        Example:

        >>> TokenIds(np.array([5, 6, 7], np.int32), np.array([1, 2])).take(np.array([1, 0])).flat
        array([6, 7, 5], dtype=int32)
        """
        lengths, ends = self.lengths[rows], self._ends[rows]
        # Not by one index for each id, which takes several times as long as to copy them.
        parts = [
            self.flat[a:b] for a, b in zip((ends - lengths).tolist(), ends.tolist(), strict=True)
        ]
        return TokenIds(np.concatenate([np.empty(0, np.int32), *parts]), lengths)

    def pad(self, rows: npt.NDArray[np.intp], timesteps: int) -> npt.NDArray[np.int32]:
        """Writes some of the texts into one rectangle, padded on the right with 0.

        Args:
            rows: which of the texts, in this order.
            timesteps: width of the rectangle, at least the length of the longest of them.

        Returns:
            int32 array of shape `(len(rows), timesteps)`.

        Raises:
            UsageError: if a text is longer than `timesteps`: nothing is cut here.
            IndexError: if there is no such text.

        Example:

        >>> TokenIds(np.array([5, 6, 7], np.int32), np.array([1, 2])).pad(np.array([1, 0]), 3)
        array([[6, 7, 0],
               [5, 0, 0]], dtype=int32)
        """
        rows = np.arange(len(self))[rows]  # from the front, and refused where there is none
        lengths = self.lengths[rows]
        if lengths.max(initial=0) > timesteps:
            raise UsageError(
                f"A text of {lengths.max()} tokens does not fit into {timesteps} timesteps. Cut it "
                "first (max_tokens of the text settings), or ask for more timesteps."
            )
        if load_library() is not None:
            return pad_rows(self.flat, self._ends, rows, timesteps)
        padded = np.full((len(rows), timesteps), PADDING_ID, dtype=np.int32)
        within = np.arange(timesteps) < lengths[:, None]
        starts = self._ends[rows] - lengths
        padded[within] = self.flat[(starts[:, None] + np.arange(timesteps))[within]]
        return padded


def _as_ids(ids: npt.ArrayLike) -> npt.NDArray[np.int32]:
    """Returns the ids of one text as they are stored; NumPy would wrap those that do not fit."""
    row = np.asarray(ids)
    if row.dtype == np.int32 and row.ndim == 1:
        return row
    if row.size == 0 and row.ndim == 1:
        return np.empty(0, np.int32)
    bounds = np.iinfo(np.int32)
    if row.ndim != 1 or row.dtype.kind not in "iu":
        received = f"{row.dtype} of shape {row.shape}"
    elif row.min() < bounds.min or row.max() > bounds.max:
        received = f"ids from {row.min()} to {row.max()}"
    else:
        return row.astype(np.int32)
    raise UsageError(
        "The token ids of a text must be whole numbers of 32 bits in one row, as a vocabulary "
        f"gives them. Received: {received}"
    )
