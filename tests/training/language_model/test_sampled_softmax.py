"""The sampled softmax against PyTorch's own cross entropy and its gradients."""

import numpy as np
import pytest
import torch

from reelfeel.training.language_model.sampled_softmax import (
    draw_negatives,
    full_cross_entropy,
    sampled_softmax,
)

NUM_WORDS, DIM, NUM_TOKENS = 60, 16, 1_300  # more tokens than two chunks hold


def make_inputs(seed=0):
    generator = torch.Generator().manual_seed(seed)
    hidden = torch.randn(NUM_TOKENS, DIM, generator=generator, requires_grad=True)
    embeddings = torch.randn(NUM_WORDS, DIM, generator=generator, requires_grad=True)
    bias = torch.randn(NUM_WORDS, generator=generator, requires_grad=True)
    targets = torch.randint(0, NUM_WORDS, (NUM_TOKENS,), generator=generator)
    return hidden, embeddings, bias, targets


def spell_out(hidden, embeddings, bias, targets, negatives, inclusion):
    """The loss written the long way, for autograd: every token has a softmax of its own."""
    logits = hidden @ embeddings[negatives].T + bias[negatives] - inclusion.log()
    logits = logits.masked_fill(negatives[None] == targets[:, None], -torch.inf)
    own = (hidden * embeddings[targets]).sum(dim=1) + bias[targets]
    return (torch.logsumexp(torch.cat([own[:, None], logits], dim=1), dim=1) - own).mean()


def gradients(loss, inputs):
    return torch.autograd.grad(2.5 * loss, inputs)  # a factor, as of a sum of losses


def test_with_all_words_it_is_the_full_softmax():
    *inputs, targets = make_inputs()
    loss = sampled_softmax(*inputs, targets, torch.arange(NUM_WORDS), torch.ones(NUM_WORDS))
    hidden, embeddings, bias = inputs
    expected = torch.nn.functional.cross_entropy(hidden @ embeddings.T + bias, targets)
    torch.testing.assert_close(loss, expected, atol=1e-5, rtol=0)
    for left, right in zip(gradients(loss, inputs), gradients(expected, inputs), strict=True):
        torch.testing.assert_close(left, right, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_with_some_words_it_is_the_loss_written_the_long_way(seed):
    *inputs, targets = make_inputs(seed)
    generator = torch.Generator().manual_seed(seed)
    negatives = torch.randperm(NUM_WORDS, generator=generator)[:25].sort().values
    inclusion = torch.rand(25, generator=generator) * 0.9 + 0.1
    loss = sampled_softmax(*inputs, targets, negatives, inclusion)
    expected = spell_out(*inputs, targets, negatives, inclusion)
    torch.testing.assert_close(loss, expected, atol=1e-5, rtol=0)
    for left, right in zip(gradients(loss, inputs), gradients(expected, inputs), strict=True):
        torch.testing.assert_close(left, right, atol=1e-6, rtol=1e-4)


def test_bfloat16_stays_near_float32():
    *inputs, targets = make_inputs()
    words, chances = torch.arange(0, NUM_WORDS, 2), torch.full((NUM_WORDS // 2,), 0.5)
    exact, fast = (
        sampled_softmax(*inputs, targets, words, chances, dtype)
        for dtype in (torch.float32, torch.bfloat16)
    )
    assert abs(exact - fast) < 0.005
    for left, right in zip(gradients(fast, inputs), gradients(exact, inputs), strict=True):
        assert (left - right).norm() < 0.01 * right.norm()


@pytest.mark.parametrize("size", [1e-3, 1e3])
def test_tiny_and_huge_logits_stay_numbers(size):
    hidden, embeddings, bias, targets = make_inputs()
    words, chances = torch.arange(0, NUM_WORDS, 2), torch.full((NUM_WORDS // 2,), 0.5)
    inputs = [hidden, (embeddings * size).detach().requires_grad_(), bias]
    loss = sampled_softmax(*inputs, targets, words, chances)
    assert torch.isfinite(loss)
    assert all(torch.isfinite(gradient).all() for gradient in gradients(loss, inputs))


def test_the_full_loss_is_that_of_pytorch():
    hidden, embeddings, bias, targets = (part.detach() for part in make_inputs())
    expected = torch.nn.functional.cross_entropy(
        hidden @ embeddings.T + bias, targets, reduction="sum"
    )
    received = full_cross_entropy(hidden, embeddings, bias, targets)
    assert received == pytest.approx(expected.item(), rel=1e-5)


def test_sums_over_the_drawn_words_are_unbiased():
    rng = np.random.default_rng(0)
    rates, values = 1 / np.arange(1, 201) ** 0.75, rng.random(200)
    estimates = [
        (values[drawn.ids] / drawn.inclusion).sum()
        for drawn in (draw_negatives(rates, 40, rng) for _ in range(4_000))
    ]
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates) - values.sum()) < 4 * error
    assert error < 0.005 * values.sum()


def test_words_are_drawn_once_and_frequent_ones_more_often():
    rng = np.random.default_rng(0)
    rates = np.concatenate([np.full(50, 10.0), np.full(50, 1.0), np.zeros(10)])
    drawn = [draw_negatives(rates, 30, rng).ids for _ in range(200)]
    assert all(len(np.unique(ids)) == 30 and ids.max() < 100 for ids in drawn)
    counts = np.bincount(np.concatenate(drawn), minlength=110)
    assert counts[:50].sum() > 3 * counts[50:].sum() > 0


def test_the_same_generator_draws_the_same_words_and_another_others():
    rates = np.ones(100)
    first, same, other = (
        draw_negatives(rates, 10, np.random.default_rng(seed)).ids for seed in (0, 0, 1)
    )
    assert first.tolist() == same.tolist() != other.tolist()
