"""From one state per word to one vector per review; padding never takes part.

Both layers take rows that are padded on the right, with the number of real words of each.
"""

from __future__ import annotations

from typing import Any

import keras
import torch


@keras.saving.register_keras_serializable(package="reelfeel")
class LastMaxMeanPool(keras.layers.Layer):
    """The last, the largest and the mean value of every unit over a row's real steps.

    Runs on PyTorch only, row by row on views, so that neither direction copies the sequences:
    masking them with minus infinity first would move every one of their bytes several times.

    Call arguments:
        sequences: tensor of shape `(batch, timesteps, units)`, float32 or bfloat16.
        lengths: int tensor of shape `(batch,)`: real steps of each row, at least 1.

    Returns:
        float32 tensor of shape `(batch, 3 * units)`: last, then max, then mean.

    Source:
        Howard and Ruder, 2018, ACL ("concat pooling").

    Example:

    >>> rows = torch.tensor([[[1.0], [3.0], [2.0], [9.0]]])
    >>> LastMaxMeanPool()(rows, torch.tensor([3])).tolist()
    [[2.0, 3.0, 2.0]]
    """

    def __init__(self, **kwargs: Any) -> None:
        # Else Keras would first make a float32 copy of an LSTM's bfloat16 outputs.
        super().__init__(autocast=False, **kwargs)

    def call(self, sequences: Any, lengths: Any) -> Any:
        """Pools."""
        return _PoolRows.apply(sequences, lengths)

    def compute_output_spec(self, sequences: Any, lengths: Any) -> Any:
        """Derives the result's shape by arithmetic."""
        batch, _, units = sequences.shape
        return keras.KerasTensor((batch, 3 * units), dtype=self.compute_dtype)


@keras.saving.register_keras_serializable(package="reelfeel")
class ReversedTokens(keras.layers.Layer):
    """Turns each row of token ids around by its own length; the padding stays on the right.

    Call arguments:
        token_ids: int tensor of shape `(batch, timesteps)`, padded on the right with 0.

    Returns:
        Tensor of the same shape.

    Example:

    >>> ReversedTokens()(torch.tensor([[5, 6, 7, 0], [8, 0, 0, 0]])).tolist()
    [[7, 6, 5, 0], [8, 0, 0, 0]]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(dtype="int32", **kwargs)

    def call(self, token_ids: Any) -> Any:
        """Reverses."""
        lengths = count_real_tokens(token_ids)[:, None]
        steps = torch.arange(token_ids.shape[1], device=token_ids.device)[None]
        return token_ids.gather(1, torch.where(steps < lengths, lengths - 1 - steps, steps))

    def compute_output_spec(self, token_ids: Any) -> Any:
        """Derives the result's shape: that of the argument."""
        return keras.KerasTensor(token_ids.shape, dtype=token_ids.dtype)


def count_real_tokens(token_ids: Any) -> Any:
    """Returns the real tokens of each row: int `(batch,)` of ids `(batch, timesteps)`."""
    # Not count_nonzero: on PyTorch, Keras 3.15 calls something deprecated there.
    return keras.ops.sum(keras.ops.cast(keras.ops.not_equal(token_ids, 0), "int32"), axis=1)


class _PoolRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, sequences: Any, lengths: Any) -> Any:
        batch, _, units = sequences.shape
        pooled = sequences.new_empty(batch, 3, units, dtype=torch.float32)
        places = torch.empty(batch, units, dtype=torch.long, device=sequences.device)
        ctx.lengths = lengths.tolist()
        for row, length in enumerate(ctx.lengths):
            real = sequences[row, :length]
            pooled[row, 0] = real[-1]
            pooled[row, 1], places[row] = real.max(dim=0)
            torch.mean(real, dim=0, dtype=torch.float32, out=pooled[row, 2])
        ctx.save_for_backward(places)
        # Of the sequences the way back needs the shape and the layout, not the values.
        ctx.like = torch.empty_like(sequences, device="meta")
        return pooled.flatten(1)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        (places,) = ctx.saved_tensors
        last, largest, mean = gradient.unflatten(1, (3, -1)).unbind(1)
        result = torch.empty_like(ctx.like, device=gradient.device)
        for row, length in enumerate(ctx.lengths):
            real = (mean[row] / length).repeat(length, 1)
            real[-1] += last[row]
            real.scatter_add_(0, places[row, None], largest[row, None])
            result[row, :length] = real
            result[row, length:] = 0
        return result, None
