"""Groups texts of similar length into batches, and pads them.

Padding is on the right, where an LSTM that knows its lengths never reads it, and reviews of similar
length share a batch, so that there is little of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from reelfeel.config.sections import DataConfig
from reelfeel.errors import UsageError
from reelfeel.text.token_ids import TokenIds

Indices = npt.NDArray[np.intp]


def pad(
    token_ids: Sequence[npt.ArrayLike], timesteps: int | None = None, *, multiple_of: int = 1
) -> npt.NDArray[np.int32]:
    """Writes texts of different lengths into one rectangle, padded on the right with 0.

    Args:
        token_ids: for each text a 1-d sequence of ids.
        timesteps: width of the rectangle; the longest text where it is None.
        multiple_of: the width is raised to a multiple of this.

    Returns:
        int32 array of shape `(num_texts, timesteps)`.

    Raises:
        UsageError: if a text is longer than `timesteps`: nothing is cut here.

    Example:

    >>> pad([[5, 6, 7], [8]])
    array([[5, 6, 7],
           [8, 0, 0]], dtype=int32)
    """
    texts = TokenIds.of(token_ids)
    return _pad(texts, np.arange(len(texts)), timesteps, multiple_of)


def pad_batch(
    token_ids: Sequence[npt.NDArray[np.int32]], rows: Indices, data: DataConfig
) -> npt.NDArray[np.int32]:
    """Pads some texts to the width that training and serving give them.

    Args:
        token_ids: one int32 array per text, already cut to `data.max_tokens`.
        rows: which of the texts, in this order.
        data: `max_tokens`, and whether every batch is that wide.

    Returns:
        int32 array of shape `(len(rows), timesteps)`.
    """
    if not isinstance(token_ids, TokenIds):
        token_ids = TokenIds.of([token_ids[row] for row in rows])
        rows = np.arange(len(rows))
    if data.fixed_timesteps:
        return _pad(token_ids, rows, data.max_tokens)
    longest = int(token_ids.lengths[rows].max())
    return _pad(token_ids, rows, round_timesteps(longest, most=data.max_tokens))


def round_timesteps(longest: int, *, most: int | None = None) -> int:
    """Rounds a length up to one of few, so that a backend meets few distinct shapes.

    The grid has steps of 16 to 256, of 32 to 512, of 64 to 1,024, and so on. On IMDB's train part,
    cut at 500 tokens, batches of 64 from pools of 50 meet 21 of its widths in an epoch, and 5.1 %
    of their cells are padding (1.9 % with a width for every length, 51 % with one width).

    Args:
        longest: tokens of the longest text in a batch, at least 1.
        most: the longest that any text can be (`max_tokens`); the grid ends there.

    Returns:
        The width to pad to: at least `longest`, to 256 at most 15 more, then an eighth.

    Example:

    >>> [round_timesteps(longest, most=500) for longest in (1, 65, 300, 490)]
    [16, 80, 320, 500]
    """
    longest = int(longest)  # NumPy's integers have no bit_length
    step = max(16, 1 << max(0, (longest - 1).bit_length() - 4))
    rounded = -(-longest // step) * step
    return rounded if most is None or most < longest else min(rounded, most)


def plan_training_batches(
    lengths: npt.ArrayLike, batch_size: int, rng: np.random.Generator, *, pool_batches: int = 50
) -> list[Indices]:
    """Shuffles reviews into batches of similar length, anew for every epoch.

    Args:
        lengths: int array of shape `(num_reviews,)`: tokens after cutting.
        batch_size: reviews in a batch, at least 1; the last batch may have fewer.
        rng: decides the order; the same state gives the same batches.
        pool_batches: so many batches are drawn at random and sorted by length together. More
            saves padding, and makes batches less random.

    Returns:
        For each batch the indices of its reviews. Every review is in exactly one.

    Raises:
        UsageError: if `batch_size` or `pool_batches` is below 1.

    Example:

    >>> batches = plan_training_batches([9, 1, 8, 2], 2, np.random.default_rng(0))
    >>> sorted(sorted(batch.tolist()) for batch in batches)
    [[0, 2], [1, 3]]
    """
    _refuse_below_one(batch_size=batch_size, pool_batches=pool_batches)
    lengths = np.asarray(lengths)
    order = rng.permutation(len(lengths))
    pool_size = batch_size * pool_batches
    batches: list[Indices] = []
    for start in range(0, len(order), pool_size):
        pool = order[start : start + pool_size]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[i : i + batch_size] for i in range(0, len(pool), batch_size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def plan_scoring_batches(
    lengths: npt.ArrayLike, max_batch_tokens: int = 65_536, max_batch_size: int = 512
) -> list[Indices]:
    """Sorts texts by length into batches of bounded size, the longest first.

    The longest come first so that a lack of memory shows at once.

    Args:
        lengths: int array of shape `(num_texts,)`: tokens after cutting.
        max_batch_tokens: bound of `batch size * round_timesteps(longest)`; a single text that is
            longer has a batch of its own.
        max_batch_size: bound of the texts in a batch.

    Returns:
        For each batch the indices of its texts. Every text is in exactly one.

    Raises:
        UsageError: if a bound is below 1.

    Example:

    >>> [batch.tolist() for batch in plan_scoring_batches([3, 40, 2], max_batch_tokens=48)]
    [[1], [0, 2]]
    """
    _refuse_below_one(max_batch_tokens=max_batch_tokens, max_batch_size=max_batch_size)
    lengths = np.asarray(lengths)
    order = np.argsort(-lengths, kind="stable")
    batches: list[Indices] = []
    start = 0
    while start < len(order):
        width = round_timesteps(max(1, int(lengths[order[start]])))
        size = min(max_batch_size, max(1, max_batch_tokens // width))
        batches.append(order[start : start + size])
        start += size
    return batches


def _pad(
    texts: TokenIds, rows: Indices, timesteps: int | None, multiple_of: int = 1
) -> npt.NDArray[np.int32]:
    longest = int(texts.lengths[rows].max(initial=0))
    width = longest if timesteps is None else timesteps
    return texts.pad(rows, -(-width // multiple_of) * multiple_of)


def _refuse_below_one(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise UsageError(f"{name} must be at least 1; received {number}.")
