"""The sampled softmax on our kernels against the one written the long way in float64."""

import pytest
import torch

from reelfeel.errors import UsageError
from reelfeel.training.language_model.sampled_softmax import sampled_softmax
from reelfeel.training.language_model.softmax_kernels import can_run

DIM = 64
SIZES = [(1, 1, 1), (31, 40, 20), (70, 200, 33), (600, 300, 96), (1_100, 90, 64)]

# How far a gradient may be off, of its norm.
TOLERANCES = {torch.bfloat16: 0.01, torch.float32: 3e-6}


@pytest.fixture(autouse=True)
def _restore_threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def make_inputs(num_tokens, num_words, num_negatives, size=0.4):
    generator = torch.Generator().manual_seed(num_tokens)
    hidden = torch.randn(num_tokens, DIM, generator=generator) * size
    embeddings = torch.randn(num_words, DIM, generator=generator) * size
    bias = torch.randn(num_words, generator=generator)
    # What the products round, rounded before: then nothing but their sums may differ.
    hidden, embeddings = (part.bfloat16().float() for part in (hidden, embeddings))
    targets = torch.randint(0, num_words, (num_tokens,), generator=generator)
    negatives = torch.randperm(num_words, generator=generator)[:num_negatives].sort().values
    inclusion = torch.rand(num_negatives, generator=generator) * 0.9 + 0.1
    weights = [part.requires_grad_() for part in (hidden, embeddings, bias)]
    return weights, (targets, negatives, inclusion)


def spell_out(weights, targets, negatives, inclusion):
    hidden, embeddings, bias = (part.double() for part in weights)
    logits = hidden @ embeddings[negatives].T + bias[negatives] - inclusion.double().log()
    logits = logits.masked_fill(negatives[None] == targets[:, None], -torch.inf)
    own = (hidden * embeddings[targets]).sum(dim=1) + bias[targets]
    return (torch.logsumexp(torch.cat([own[:, None], logits], dim=1), dim=1) - own).mean()


def run(weights, sample, dtype, factor=2.5):
    loss = sampled_softmax(*weights, *sample, dtype)
    return [loss, *torch.autograd.grad(factor * loss, weights)]


def assert_close(received, expected, dtype):
    for left, right in zip(received, expected, strict=True):
        assert (left - right).norm() <= TOLERANCES[dtype] * right.norm() + 1e-7


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize("sizes", SIZES)
def test_it_is_the_loss_written_the_long_way(sizes, num_threads, kernel_dtype):
    torch.set_num_threads(num_threads)
    weights, sample = make_inputs(*sizes)
    expected = spell_out(weights, *sample)
    received = run(weights, sample, kernel_dtype)
    assert abs(received[0] - expected) < 1e-4
    assert_close(received[1:], torch.autograd.grad(2.5 * expected, weights), kernel_dtype)


def test_with_all_words_it_is_the_full_softmax(kernel_dtype):
    weights, (targets, _, _) = make_inputs(500, 130, 130)
    received = run(weights, (targets, torch.arange(130), torch.ones(130)), kernel_dtype)
    hidden, embeddings, bias = (part.double() for part in weights)
    expected = torch.nn.functional.cross_entropy(hidden @ embeddings.T + bias, targets)
    assert abs(received[0] - expected) < 1e-4
    assert_close(received[1:], torch.autograd.grad(2.5 * expected, weights), kernel_dtype)


def test_a_word_that_is_every_target_and_the_only_sample_has_no_loss(kernel_dtype):
    weights, _ = make_inputs(40, 3, 1)
    sample = torch.full((40,), 2), torch.tensor([2]), torch.tensor([0.3])
    loss, *gradients = run(weights, sample, kernel_dtype)
    assert abs(loss) < 1e-6
    assert all(gradient.abs().max() < 1e-6 for gradient in gradients)


@pytest.mark.parametrize("size", [0.0, 1e-3, 10.0, 1e4])
def test_tiny_and_huge_logits_stay_numbers_and_right(size, kernel_dtype):
    weights, sample = make_inputs(100, 80, 50, size)
    expected = spell_out(weights, *sample)
    received = run(weights, sample, kernel_dtype)
    assert abs(received[0] - expected) <= 1e-4 * (1 + abs(expected))
    assert all(torch.isfinite(part).all() for part in received)
    assert_close(received[1:], torch.autograd.grad(2.5 * expected, weights), kernel_dtype)


def test_what_is_not_a_number_shows_in_the_loss(kernel_dtype):
    weights, sample = make_inputs(100, 80, 50)
    with torch.no_grad():
        weights[0][3, 5] = torch.nan
    assert torch.isnan(sampled_softmax(*weights, *sample, kernel_dtype))


@pytest.mark.parametrize("num_threads", [1, 2])
def test_it_gives_the_same_bits_at_every_run(num_threads, kernel_dtype):
    torch.set_num_threads(num_threads)
    weights, sample = make_inputs(1_100, 300, 96)
    first, second = run(weights, sample, kernel_dtype), run(weights, sample, kernel_dtype)
    assert all(torch.equal(left, right) for left, right in zip(first, second, strict=True))


def test_a_loss_that_is_not_scaled_has_the_gradients_of_a_scaled_one(kernel_dtype):
    weights, sample = make_inputs(100, 80, 50)
    plain, doubled = (run(weights, sample, kernel_dtype, factor) for factor in (1.0, 2.0))
    assert all(
        torch.equal(left * 2, right) for left, right in zip(plain[1:], doubled[1:], strict=True)
    )


@pytest.mark.parametrize("word", [-1, 80])
@pytest.mark.parametrize("part", [0, 1])
def test_an_id_outside_the_table_is_refused(part, word, kernel_dtype):
    weights, sample = make_inputs(100, 80, 50)
    sample[part][-1] = word
    with pytest.raises(UsageError, match=r"an id is not a row of its table.*80 words"):
        sampled_softmax(*weights, *sample, kernel_dtype)


def test_only_whole_blocks_run_on_it(kernel_dtype):
    assert can_run(torch.zeros(3, DIM), kernel_dtype)
    assert not can_run(torch.zeros(3, DIM - 1), kernel_dtype)


def test_the_sampled_softmax_uses_it(kernel_dtype, monkeypatch):
    weights, sample = make_inputs(3, 5, 2)
    monkeypatch.setattr(
        "reelfeel.training.language_model.sampled_softmax.matrix_softmax",
        lambda *_: "the kernel's loss",
    )
    assert sampled_softmax(*weights, *sample, kernel_dtype) == "the kernel's loss"
