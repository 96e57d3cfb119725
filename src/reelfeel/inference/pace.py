"""Divides native calls into pieces of some tenths of a second, so that Ctrl-C works."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

# How long a piece is meant to take: within a second, even where the next is twice as slow.
PIECE_S = 0.4
# Of the first piece: even the slowest machine reads so many tokens in time.
_FIRST_TOKENS = 2**14
# Texts that a thread reads side by side, the more the faster: a piece is a multiple of one of them.
_BLOCK_ROWS = (128, 64, 32, 16)
# Not divided is what is so many times a piece, because dividing costs a copy.
_WHOLE = 1.5
# No piece has more than this times the tokens of the one before, which may have been a lucky one.
_MAX_GROWTH = 8


class Pace:
    """Divides texts into pieces, by how long the pieces before them took.

    Safe to share between threads: each may find the pace of another, and any pace is a right one.

    Args:
        num_threads: how many share the work on a piece.
    """

    def __init__(self, num_threads: int) -> None:
        self._num_threads = num_threads
        self._num_tokens = _FIRST_TOKENS

    def divide(self, lengths: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.intp] | None]:
        """Yields the texts of each piece; measures what happens until the next is asked for.

        Args:
            lengths: int64 array of shape `(num_texts,)`: tokens of each text.

        Yields:
            Indices of texts, the longest first, so that those of a piece are of similar length; or
            None once, where all texts are one piece.
        """
        if int(lengths.sum()) <= _WHOLE * self._num_tokens:
            yield from self._measure(None, int(lengths.sum()))
            return
        order = np.argsort(-lengths, kind="stable")
        ends = np.cumsum(lengths[order])
        start = 0
        while start < len(order):
            done = int(ends[start - 1]) if start else 0
            fitting = int(np.searchsorted(ends, done + self._num_tokens, "right")) - start
            stop = min(len(order), start + self._round(fitting))
            yield from self._measure(order[start:stop], int(ends[stop - 1]) - done)
            start = stop

    def _round(self, num_texts: int) -> int:
        for rows in _BLOCK_ROWS:
            at_once = rows * self._num_threads
            if num_texts >= at_once:
                return num_texts - num_texts % at_once
        return at_once

    def _measure(
        self, rows: npt.NDArray[np.intp] | None, num_tokens: int
    ) -> Iterator[npt.NDArray[np.intp] | None]:
        started, cpu_started = time.perf_counter(), time.process_time()
        yield rows
        # What other processes take of a busy machine would only make pieces small, and slow.
        cpu_s = (time.process_time() - cpu_started) / self._num_threads
        seconds = max(min(time.perf_counter() - started, cpu_s), 1e-6)
        reached = int(num_tokens * PIECE_S / seconds)
        # A small piece says little of a large one: it may lower the pace only where it was slow.
        if reached < self._num_tokens and seconds < PIECE_S:
            return
        self._num_tokens = max(1, min(reached, self._num_tokens * _MAX_GROWTH))
