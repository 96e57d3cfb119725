"""All texts one behind the other, read in windows: what a language model is trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.errors import DataError
from reelfeel.schema import require
from reelfeel.text.encoder import Encoded

IdArray = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class TokenTexts:
    """Texts as token ids, in one array; each ends with the id of the end of a text.

    Attributes:
        ids: int32 array of shape `(num_tokens,)`.
        offsets: int64 array of shape `(num_texts + 1,)`; text `i` is `ids[offsets[i] :
            offsets[i + 1]]`, its end included.
    """

    ids: IdArray
    offsets: npt.NDArray[np.int64]

    @classmethod
    def from_encoded(cls, encoded: Encoded, end_id: int) -> TokenTexts:
        """Joins encoded texts and puts `end_id` behind each."""
        lengths = np.asarray(encoded.lengths, dtype=np.int64) + 1
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        ids = np.full(int(offsets[-1]), end_id, dtype=np.int32)
        for text, start in zip(encoded.token_ids, offsets[:-1].tolist(), strict=True):
            ids[start : start + len(text)] = text
        return cls(ids, offsets)

    @property
    def num_texts(self) -> int:
        """How many texts there are."""
        return len(self.offsets) - 1

    def text(self, number: int) -> IdArray:
        """Returns the ids of one text with its end."""
        return self.ids[self.offsets[number] : self.offsets[number + 1]]

    def reversed(self) -> TokenTexts:
        """Returns the texts read from right to left; the end of each stays behind it.

        Example:

        >>> TokenTexts(np.array([5, 6, 9, 7, 9], np.int32), np.array([0, 3, 5])).reversed().ids
        array([6, 5, 9, 7, 9], dtype=int32)
        """
        position = np.arange(len(self.ids))
        number = np.searchsorted(self.offsets, position, side="right") - 1
        mirrored = self.offsets[number] + self.offsets[number + 1] - 2 - position
        is_end = position == self.offsets[number + 1] - 1
        return TokenTexts(self.ids[np.where(is_end, position, mirrored)], self.offsets)

    def shuffled(self, generator: np.random.Generator) -> IdArray:
        """Returns all ids, the texts in random order."""
        order = generator.permutation(self.num_texts)
        lengths = np.diff(self.offsets)[order]
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        moves = np.repeat(self.offsets[order] - starts, lengths)
        return self.ids[moves + np.arange(len(self.ids))]

    def take(self, numbers: npt.NDArray[np.intp]) -> TokenTexts:
        """Returns some of the texts."""
        texts = [self.text(number) for number in numbers.tolist()]
        offsets = np.concatenate([[0], np.cumsum([len(text) for text in texts])])
        return TokenTexts(np.concatenate(texts), offsets)

    def fingerprint(self) -> str:
        """Returns the SHA-256, in hexadecimal, of all texts in their order."""
        digest = hashlib.sha256(self.offsets.astype("<i8").tobytes())
        digest.update(self.ids.astype("<i4").tobytes())
        return digest.hexdigest()

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Returns the texts as named arrays, for another process."""
        return {"ids": self.ids, "offsets": self.offsets}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], num_words: int) -> TokenTexts:
        """Returns the texts that `to_arrays` gave.

        Raises:
            ValueError: if they are none, or an id is not below `num_words`.
        """
        ids, offsets = arrays["ids"], arrays["offsets"]
        for name, array, dtype in (("ids", ids, "int32"), ("offsets", offsets, "int64")):
            kind = (str(array.dtype), array.ndim)
            require(kind == (dtype, 1), name, f"{dtype} in one dimension", kind)
        rises = len(offsets) > 0 and offsets[0] == 0 and offsets[-1] == len(ids)
        require(bool(rises and (np.diff(offsets) >= 1).all()), "offsets", "rising", "others")
        holds = not ids.size or 0 <= ids.min() <= ids.max() < num_words
        require(bool(holds), "ids", f"from 0 to {num_words - 1}", "others")
        return cls(ids, offsets)


@dataclass(frozen=True, eq=False)
class Windows:
    """A stream cut into rows, which are read in parallel, `bptt_length` tokens at a time.

    Attributes:
        rows: int32 array of shape `(batch_size, steps)`: the stream's first part in row 0, and so
            on; what does not fill all rows is left out.
        bptt_length: tokens of a row in one step.
    """

    rows: IdArray
    bptt_length: int

    @classmethod
    def cut(cls, stream: IdArray, batch_size: int, bptt_length: int) -> Windows:
        """Cuts a stream into rows of equal length.

        Raises:
            DataError: if the stream is too short for a step.

        Example:

        >>> windows = Windows.cut(np.arange(11, dtype=np.int32), batch_size=2, bptt_length=3)
        >>> [(inputs.tolist(), targets.tolist()) for inputs, targets in windows.read(0)]
        [([[0, 1, 2], [5, 6, 7]], [[1, 2, 3], [6, 7, 8]]),
         ([[3], [8]], [[4], [9]])]
        """
        length = len(stream) // batch_size
        if length < 2:
            raise DataError(
                f"The texts are too short for a batch_size of {batch_size}. Expected at least "
                f"{2 * batch_size} tokens; add texts, or set batch_size to less. Received "
                f"{len(stream):,} tokens."
            )
        return cls(stream[: length * batch_size].reshape(batch_size, length), bptt_length)

    @property
    def num_steps(self) -> int:
        """How many steps it takes to read everything; the last may be shorter."""
        return -(-(self.rows.shape[1] - 1) // self.bptt_length)

    @property
    def num_tokens(self) -> int:
        """How many tokens are predicted in all steps."""
        return self.rows.shape[0] * (self.rows.shape[1] - 1)

    def read(self, first_step: int) -> Iterator[tuple[IdArray, IdArray]]:
        """Yields inputs and targets, the tokens after them, each `(batch_size, bptt_length)`."""
        last = self.rows.shape[1] - 1
        for start in range(first_step * self.bptt_length, last, self.bptt_length):
            end = min(start + self.bptt_length, last)
            yield self.rows[:, start:end], self.rows[:, start + 1 : end + 1]
