"""PyTorch's side of the sampled softmax on kernels of our own, in float32 and in bfloat16."""

from __future__ import annotations

from typing import Any

import torch

from reelfeel.native import softmax as native


def can_run(hidden: torch.Tensor, dtype: torch.dtype) -> bool:
    """Returns whether `matrix_softmax` can take the place of the products in PyTorch.

    Example:

    >>> can_run(torch.zeros(1, 33), torch.float32)
    False
    """
    fits = hidden.device.type == "cpu" and hidden.dtype == torch.float32
    precision = "bfloat16" if dtype == torch.bfloat16 else "float32"
    return fits and native.can_train_softmax(hidden.shape[1], precision)


def matrix_softmax(
    hidden: torch.Tensor,
    embeddings: torch.Tensor,
    bias: torch.Tensor,
    target_ids: torch.Tensor,
    negative_ids: torch.Tensor,
    inclusion: torch.Tensor,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Returns what `sampled_softmax` returns, with products of `dtype` and float32 sums."""
    loss: torch.Tensor = _MatrixSoftmax.apply(
        hidden, embeddings, bias, target_ids, negative_ids, inclusion, dtype
    )
    return loss


class _MatrixSoftmax(torch.autograd.Function):
    """Loss and gradients together; the gradients need only the loss' own gradient as a factor."""

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
        inputs = [part.contiguous() for part in (hidden, embeddings, bias)]
        ids = [part.contiguous() for part in (target_ids, negative_ids, inclusion)]
        gradients = [torch.empty_like(part) for part in inputs]
        loss = torch.empty((), dtype=torch.float64)
        addresses = [part.data_ptr() for part in (*inputs, *ids, *gradients, loss)]
        sizes = (dtype == torch.bfloat16, *hidden.shape, len(embeddings), len(negative_ids))
        native.run_softmax(native.SoftmaxArguments(*sizes, *addresses), torch.get_num_threads())
        ctx.save_for_backward(*gradients)
        return loss.float()

    @staticmethod
    def backward(ctx: Any, grad_loss: torch.Tensor) -> Any:
        gradients = ctx.saved_tensors
        if grad_loss != 1:
            gradients = [gradient * grad_loss for gradient in gradients]
        return (*gradients, None, None, None, None)
