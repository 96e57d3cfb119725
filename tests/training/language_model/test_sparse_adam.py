"""RowAdam against PyTorch's SparseAdam."""

import torch

from reelfeel.training.language_model.sparse_adam import RowAdam


def draw_steps(num_steps, num_rows, dim):
    generator = torch.Generator().manual_seed(0)
    for _ in range(num_steps):
        rows = torch.randperm(num_rows, generator=generator)[:7].sort().values
        yield rows, torch.randn(7, dim, generator=generator)


def test_it_is_the_sparse_adam_of_pytorch():
    start = torch.randn(20, 5, generator=torch.Generator().manual_seed(1))
    table, witness = start.clone(), start.clone().requires_grad_()
    adam = RowAdam(table, epsilon=1e-8)
    sparse_adam = torch.optim.SparseAdam([witness], lr=0.1, eps=1e-8)
    for rows, gradient in draw_steps(30, 20, 5):
        adam.step(rows, gradient, 0.1)
        with torch.sparse.check_sparse_tensor_invariants(False):
            witness.grad = torch.sparse_coo_tensor(rows[None], gradient, witness.shape)
        sparse_adam.step()
    # SparseAdam adds its epsilon before the bias correction, which is all that differs.
    torch.testing.assert_close(table, witness.detach(), atol=1e-5, rtol=0)


def test_rows_without_a_gradient_stay():
    table = torch.ones(4, 3)
    RowAdam(table).step(torch.tensor([2]), torch.ones(1, 3), 0.1)
    assert torch.equal(table[[0, 1, 3]], torch.ones(3, 3))
    assert (table[2] < 1).all()


def test_a_restored_state_goes_on_alike():
    steps = list(draw_steps(6, 20, 5))
    unbroken, stopped = torch.zeros(20, 5), torch.zeros(20, 5)
    first, second = RowAdam(unbroken), RowAdam(stopped)
    for rows, gradient in steps:
        first.step(rows, gradient, 0.1)
    for rows, gradient in steps[:3]:
        second.step(rows, gradient, 0.1)
    resumed = RowAdam(stopped)
    resumed.restore({name: value.clone() for name, value in second.state().items()})
    for rows, gradient in steps[3:]:
        resumed.step(rows, gradient, 0.1)
    assert torch.equal(unbroken, stopped)
