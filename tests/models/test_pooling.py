"""Pooling against sums and maxima written the long way."""

import pytest
import torch

from reelfeel.models.pooling import LastMaxMeanPool, ReversedTokens, count_real_tokens

LENGTHS = torch.tensor([7, 1, 4, 6])


def make_sequences(timesteps=7, units=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(len(LENGTHS), timesteps, units, generator=generator)


def pool_the_long_way(sequences, lengths):
    rows = []
    for sequence, length in zip(sequences, lengths.tolist(), strict=True):
        steps = sequence[:length].unbind(0)
        largest, total = steps[0], torch.zeros_like(steps[0])
        for step in steps:
            largest = torch.where(step > largest, step, largest)
            total = total + step
        rows.append(torch.cat([steps[-1], largest, total / length]))
    return torch.stack(rows)


@pytest.mark.parametrize("time_first", [False, True])
def test_values_and_gradients_are_those_of_the_long_way(time_first):
    results = []
    weights = torch.randn(len(LENGTHS), 15)
    for pool in (LastMaxMeanPool(), pool_the_long_way):
        sequences = make_sequences()
        if time_first:
            sequences = sequences.transpose(0, 1).contiguous().transpose(0, 1)
        sequences.requires_grad_()
        pooled = pool(sequences, LENGTHS)
        (pooled * weights).sum().backward()
        results.append((pooled.detach(), sequences.grad))
    for received, expected in zip(*results, strict=True):
        torch.testing.assert_close(received, expected, atol=1e-6, rtol=0)


def test_padding_never_changes_the_result():
    sequences = make_sequences()
    pooled = LastMaxMeanPool()(sequences, LENGTHS)
    filled = sequences.clone()
    for row, length in enumerate(LENGTHS.tolist()):
        filled[row, length:] = 1e3
    longer = torch.nn.functional.pad(filled, (0, 0, 0, 9), value=torch.nan)
    assert torch.equal(LastMaxMeanPool()(longer, LENGTHS), pooled)


def test_padding_gets_no_gradient():
    sequences = make_sequences().requires_grad_()
    LastMaxMeanPool()(sequences, LENGTHS).sum().backward()
    for row, length in enumerate(LENGTHS.tolist()):
        assert (sequences.grad[row, length:] == 0).all()
        assert (sequences.grad[row, :length] != 0).any()


def test_a_row_of_one_token_is_that_token_three_times():
    sequences = make_sequences()
    pooled = LastMaxMeanPool()(sequences, torch.ones(4, dtype=torch.int32))
    assert torch.equal(pooled, sequences[:, 0].repeat(1, 3))


def test_half_precision_is_read_as_it_is_and_pooled_in_full():
    sequences = make_sequences().bfloat16()
    received, expected = sequences.clone().requires_grad_(), sequences.float().requires_grad_()
    pooled, long_way = LastMaxMeanPool()(received, LENGTHS), pool_the_long_way(expected, LENGTHS)
    assert pooled.dtype == torch.float32
    torch.testing.assert_close(pooled, long_way, atol=1e-6, rtol=0)
    pooled.sum().backward()
    long_way.sum().backward()
    assert received.grad.dtype == torch.bfloat16
    torch.testing.assert_close(received.grad.float(), expected.grad, atol=0, rtol=1e-2)


def test_ids_turn_around_by_their_own_length():
    token_ids = torch.tensor([[1, 2, 3, 4], [5, 6, 0, 0], [7, 0, 0, 0]])
    assert ReversedTokens()(token_ids).tolist() == [[4, 3, 2, 1], [6, 5, 0, 0], [7, 0, 0, 0]]
    assert count_real_tokens(token_ids).tolist() == [4, 2, 1]
