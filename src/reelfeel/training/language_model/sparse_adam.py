"""Adam for a table of which a step uses few rows: only these are read and written."""

from __future__ import annotations

from collections.abc import Mapping

import torch


class RowAdam:
    """Adam whose moments and values move only in the rows that a step has a gradient for.

    The moments of a row that was not used stay as they are, as in `torch.optim.SparseAdam`; the
    bias correction counts all steps. Adam over all 30,000 rows of an embedding would cost more
    than the rest of a language model's step.

    Args:
        table: float32 tensor of shape `(num_rows, ...)`, updated in place.
        betas: what a step keeps of the first and of the second moment.
        epsilon: added to the root of the second moment.

    Source:
        Kingma and Ba, 2015, ICLR.

    Example:

    >>> table = torch.zeros(3, 2)
    >>> RowAdam(table).step(torch.tensor([1]), torch.tensor([[2.0, -5.0]]), learning_rate=0.1)
    >>> (10 * table).round().tolist()
    [[0.0, 0.0], [-1.0, 1.0], [0.0, 0.0]]
    """

    def __init__(
        self,
        table: torch.Tensor,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-7,
    ) -> None:
        self.table, self.betas, self.epsilon = table, betas, epsilon
        self.first, self.second = torch.zeros_like(table), torch.zeros_like(table)
        self.num_steps = 0

    def step(self, rows: torch.Tensor, gradient: torch.Tensor, learning_rate: float) -> None:
        """Moves some rows.

        Args:
            rows: int64 tensor of shape `(num_used,)`, no row twice.
            gradient: float32 tensor of shape `(num_used, ...)`.
            learning_rate: of this step.
        """
        self.num_steps += 1
        first, second = (1 - beta**self.num_steps for beta in self.betas)
        # index_select copies whole rows, and takes half the time of indexing.
        with torch.no_grad():
            mean = self.first.index_select(0, rows).lerp_(gradient, 1 - self.betas[0])
            square = self.second.index_select(0, rows).mul_(self.betas[1])
            square.addcmul_(gradient, gradient, value=1 - self.betas[1])
            self.first[rows], self.second[rows] = mean, square
            divisor = square.sqrt_().div_(second**0.5).add_(self.epsilon)
            moved = self.table.index_select(0, rows).addcdiv_(
                mean, divisor, value=-learning_rate / first
            )
            self.table[rows] = moved

    def state(self) -> dict[str, torch.Tensor]:
        """Returns what the next step depends on besides the table."""
        steps = torch.tensor(self.num_steps)
        return {"first": self.first, "second": self.second, "num_steps": steps}

    def restore(self, state: Mapping[str, torch.Tensor]) -> None:
        """Takes over a state, which is copied."""
        self.first.copy_(state["first"])
        self.second.copy_(state["second"])
        self.num_steps = int(state["num_steps"])
