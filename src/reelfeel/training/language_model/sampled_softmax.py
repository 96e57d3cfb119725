"""The loss of a language model: a softmax over a sample of the words, all in few large products.

A softmax over 30,000 words costs more than the LSTM below it. So each step draws some words, the
same for all of its tokens, and estimates the sum over all words from theirs (Bengio and Senecal,
2008, IEEE Transactions on Neural Networks 19; Jean et al., 2015, ACL).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from reelfeel.training.language_model.softmax_kernels import can_run, matrix_softmax

# So many rows of logits and of 2,048 words are 2 MB in bfloat16: they stay in a core's cache
# between the passes over them.
_CHUNK_ROWS = 512


@dataclass(frozen=True)
class Negatives:
    """The words that a step estimates its softmax with.

    Attributes:
        ids: int64 array of shape `(num_negatives,)`, rising, no id twice.
        inclusion: float32 array of the same shape, in (0, 1]: the chance that the id was drawn.
    """

    ids: npt.NDArray[np.int64]
    inclusion: npt.NDArray[np.float32]


def draw_negatives(
    rates: npt.NDArray[np.float64], num_negatives: int, generator: np.random.Generator
) -> Negatives:
    """Draws words without replacement, frequent ones rather than rare ones.

    Every word has a clock that rings once, after an exponential time at the word's rate; the words
    that ring first are drawn. Given the moment at which the first word not drawn rings, a word's
    chance to have rung before is known, and sums of `value / chance` are unbiased.

    Args:
        rates: float array of shape `(num_words,)`, 0 or more; a word of rate 0 is never drawn.
        num_negatives: how many words to draw; with as many as have a rate, or more, all are.
        generator: of the clocks.

    Source:
        Cohen and Kaplan, 2007, PODC, "Summarizing data using bottom-k sketches".

    Example:

    >>> drawn = draw_negatives(np.array([0.0, 1.0, 2.0]), 5, np.random.default_rng(0))
    >>> drawn.ids.tolist(), drawn.inclusion.tolist()
    ([1, 2], [1.0, 1.0])
    """
    candidates = np.flatnonzero(rates)
    if num_negatives >= len(candidates):
        return Negatives(candidates, np.ones(len(candidates), np.float32))
    times = generator.standard_exponential(len(candidates)) / rates[candidates]
    order = np.argpartition(times, num_negatives)
    ids = np.sort(candidates[order[:num_negatives]])
    inclusion = -np.expm1(-rates[ids] * times[order[num_negatives]])
    return Negatives(ids, inclusion.astype(np.float32))


def sampled_softmax(
    hidden: torch.Tensor,
    embeddings: torch.Tensor,
    bias: torch.Tensor,
    target_ids: torch.Tensor,
    negative_ids: torch.Tensor,
    inclusion: torch.Tensor,
    dtype: torch.dtype = torch.float32,
) -> torch.Tensor:
    """Returns the mean cross entropy of the next word, with the softmax's sum estimated.

    The logit of word `w` is `hidden @ embeddings[w] + bias[w]`. The sum over all words is estimated
    as the target's own term plus the terms of the other drawn words, each divided by its chance to
    be drawn. With all words drawn, at chance 1, it is the full softmax.

    Args:
        hidden: float32 tensor of shape `(num_tokens, dim)`.
        embeddings: float32 tensor of shape `(num_words, dim)`.
        bias: float32 tensor of shape `(num_words,)`.
        target_ids: int64 tensor of shape `(num_tokens,)`, rows of `embeddings`.
        negative_ids: int64 tensor of shape `(num_negatives,)`, no id twice.
        inclusion: float32 tensor of shape `(num_negatives,)`, in (0, 1].
        dtype: of the matrix products and the logits: float32 or bfloat16.

    Returns:
        float32 tensor without dimensions, in nats per token, with gradients to `hidden`,
        `embeddings` and `bias`.
    """
    if can_run(hidden, dtype):
        return matrix_softmax(hidden, embeddings, bias, target_ids, negative_ids, inclusion, dtype)
    loss: torch.Tensor = _SampledSoftmax.apply(
        hidden, embeddings, bias, target_ids, negative_ids, inclusion, dtype
    )
    return loss


class _SampledSoftmax(torch.autograd.Function):
    """Loss and gradients together, in one pass over the logits.

    With `e_ij = exp(h_i n_j - m_i)`, `m_i` the row's largest product and `w_j` the negative's
    weight `exp(bias_j) / inclusion_j`, the sum is `s_i = sum_j e_ij w_j + target's term`. The
    weights are folded into the small matrix of negatives, and `1 / s_i` into `h_i`, so that the
    large matrix `e` is never scaled, shifted or copied.
    """

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        embeddings: torch.Tensor,
        bias: torch.Tensor,
        target_ids: torch.Tensor,
        negative_ids: torch.Tensor,
        inclusion: torch.Tensor,
        dtype: torch.dtype,
    ) -> torch.Tensor:
        targets, target_bias = embeddings[target_ids], bias[target_ids]
        negatives = _NegativeSide(embeddings[negative_ids], bias[negative_ids], inclusion, dtype)
        hits = _find_hits(target_ids, negative_ids, len(embeddings))
        products = (hidden * targets).sum(dim=1)
        chunks = [
            negatives.add_rows(*parts)
            for parts in zip(
                *(part.split(_CHUNK_ROWS) for part in (hidden, products, target_bias, hits)),
                strict=True,
            )
        ]
        # The errors are the targets' probabilities minus 1.
        grad_hidden, errors, losses = (torch.cat(parts) for parts in zip(*chunks, strict=True))
        grad_hidden += errors[:, None] * targets
        grad_embeddings = torch.ops.aten.embedding_dense_backward(
            errors[:, None] * hidden, target_ids, len(embeddings), -1, False
        )
        grad_bias = torch.zeros_like(bias).index_add_(0, target_ids, errors)
        grad_negatives, grad_negative_bias = negatives.gradients()
        grad_embeddings[negative_ids] += grad_negatives
        grad_bias[negative_ids] += grad_negative_bias
        ctx.save_for_backward(grad_hidden, grad_embeddings, grad_bias)
        return losses.mean()

    @staticmethod
    def backward(ctx: Any, grad_loss: torch.Tensor) -> Any:
        scale = grad_loss / len(ctx.saved_tensors[0])
        return (*(gradient * scale for gradient in ctx.saved_tensors), None, None, None, None)


def _find_hits(
    target_ids: torch.Tensor, negative_ids: torch.Tensor, num_words: int
) -> torch.Tensor:
    """Returns the place of each target among the negatives, -1 where it was not drawn."""
    places = torch.full((num_words,), -1, device=target_ids.device)
    places[negative_ids] = torch.arange(len(negative_ids), device=target_ids.device)
    return places[target_ids]


class _NegativeSide:
    """The drawn words' half of the loss, over chunks of rows.

    The sum over the words and the gradient to the bias are one more column of the products.
    """

    def __init__(
        self,
        embeddings: torch.Tensor,
        bias: torch.Tensor,
        inclusion: torch.Tensor,
        dtype: torch.dtype,
    ) -> None:
        self.dtype = dtype
        self.weights = torch.exp(bias) / inclusion
        self.transposed = embeddings.to(dtype).T.contiguous()
        weighted = self.weights[:, None] * embeddings
        self.weighted = torch.cat([weighted, self.weights[:, None]], dim=1).to(dtype)
        self.sums = torch.zeros_like(self.weighted, dtype=torch.float32)

    def add_rows(
        self,
        hidden: torch.Tensor,
        products: torch.Tensor,
        target_bias: torch.Tensor,
        hits: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Returns the gradient to `hidden` from the negatives, the errors and the losses."""
        logits = torch.mm(hidden.to(self.dtype), self.transposed)
        peaks = torch.maximum(logits.amax(dim=1).float(), products)
        powers = logits.sub_(peaks.to(self.dtype)[:, None]).exp_()
        # A target that was drawn too counts once.
        found = torch.nonzero(hits >= 0)[:, 0]
        powers[found, hits[found]] = 0
        peaks = peaks.to(self.dtype).float()
        target_terms = torch.exp(products - peaks + target_bias)
        ahead = torch.mm(powers, self.weighted).float()
        totals = ahead[:, -1] + target_terms
        scaled = torch.cat([hidden, torch.ones_like(hidden[:, :1])], dim=1) / totals[:, None]
        self.sums += torch.mm(powers.T, scaled.to(self.dtype))
        losses = torch.log(totals) + peaks - products - target_bias
        return ahead[:, :-1] / totals[:, None], target_terms / totals - 1, losses

    def gradients(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns the gradients to the negatives' embeddings and bias, over all rows so far."""
        gradients = self.weights[:, None] * self.sums
        return gradients[:, :-1], gradients[:, -1]


def full_cross_entropy(
    hidden: torch.Tensor,
    embeddings: torch.Tensor,
    bias: torch.Tensor,
    target_ids: torch.Tensor,
    dtype: torch.dtype = torch.float32,
) -> float:
    """Returns the sum of the cross entropies over the full softmax, in nats; takes no gradients.

    Args:
        hidden: float32 tensor of shape `(num_tokens, dim)`.
        embeddings: float32 tensor of shape `(num_words, dim)`.
        bias: float32 tensor of shape `(num_words,)`.
        target_ids: int64 tensor of shape `(num_tokens,)`.
        dtype: of the matrix product; the sum over the words is float32.

    Example:

    >>> zeros = torch.zeros(3, 2)
    >>> loss = full_cross_entropy(zeros, torch.zeros(10, 2), torch.zeros(10), torch.arange(3))
    >>> round(loss, 3)  # 3 ln 10
    6.908
    """
    total = 0.0
    transposed = embeddings.to(dtype).T.contiguous()
    for start in range(0, len(hidden), _CHUNK_ROWS):
        rows = slice(start, start + _CHUNK_ROWS)
        logits = torch.mm(hidden[rows].to(dtype), transposed) + bias
        total += float(torch.nn.functional.cross_entropy(logits, target_ids[rows], reduction="sum"))
    return total
