"""The closed-form worst changes against directions found by trying many."""

import numpy as np
import pytest
import torch

from reelfeel.config.sections import ModelConfig
from reelfeel.models.classifier import assign_weights, build_classifier, find_towers, named_weights
from reelfeel.training.classifier.adversarial import (
    divergence,
    raise_loss,
    scale_rows,
    shake_answer,
)

TOKEN_IDS = torch.tensor([[5, 9, 3, 0], [7, 0, 0, 0], [1, 2, 3, 4], [8, 8, 6, 0]])
LENGTHS = torch.tensor([3, 1, 4, 3])
LABELS = torch.tensor([1.0, 0.0, 0.0, 1.0])
NORM = 0.05


@pytest.fixture(scope="module")
def tower():
    config = ModelConfig(embedding_dim=4, units=(5,), pooling="last_max_mean")
    model = build_classifier(config, 10, seed=0, precision="float32")
    rng = np.random.default_rng(3)
    weights = {n: rng.normal(size=a.shape).astype("f4") for n, a in named_weights(model).items()}
    assign_weights(model, weights)
    return find_towers(model)[0]


def read(tower, embeddings):
    return tower.read(embeddings, LENGTHS, training=False)


def losses(logits):
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, LABELS, reduction="none")


def divergences(before, after):
    """Row by row, from probabilities, in float64."""
    p, q = torch.sigmoid(before.double()), torch.sigmoid(after.double())
    return p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()


def try_many(tower, embeddings, measure, norm=NORM, tries=3_000):
    """The largest value of `measure` over random changes of the norm, climbed from the best."""
    generator = torch.Generator().manual_seed(0)
    real = (torch.arange(4)[None] < LENGTHS[:, None])[:, :, None]
    best = torch.full((len(LABELS),), -torch.inf, dtype=torch.float64)
    best_change = torch.zeros_like(embeddings)
    with torch.no_grad():
        for number in range(tries):
            noise = torch.randn(embeddings.shape, generator=generator) * real
            # First anywhere, later near the best so far.
            start = 0 if number < tries // 3 else best_change * (6 / norm)
            change = scale_rows(start + noise * (1 if number < tries // 3 else 0.3), norm)
            value = measure(read(tower, embeddings + change)).double()
            better = value > best
            best = torch.where(better, value, best)
            best_change = torch.where(better[:, None, None], change, best_change)
    return best


def slopes_of(tower, embeddings, function):
    embeddings = embeddings.clone().requires_grad_()
    value = function(read(tower, embeddings))
    (gradients,) = torch.autograd.grad(value, embeddings)
    return gradients


def test_no_tried_change_raises_the_loss_more(tower):
    embeddings = tower.embed(TOKEN_IDS, training=False).detach()
    gradients = slopes_of(tower, embeddings, lambda logits: losses(logits).mean())
    ours = losses(read(tower, embeddings + raise_loss(gradients, NORM))).detach().double()
    before = losses(read(tower, embeddings)).detach().double()
    found = try_many(tower, embeddings, losses)
    # To first order: a search may find what lies between this and the true worst.
    assert (ours - before >= 0.97 * (found - before)).all()
    assert (ours > before).all()


def test_no_tried_change_moves_the_answer_more(tower):
    norm = NORM / 5  # where the network is as good as straight
    embeddings = tower.embed(TOKEN_IDS, training=False).detach()
    logits = read(tower, embeddings).detach()
    change = shake_answer(slopes_of(tower, embeddings, torch.sum), logits, norm)
    shaken = read(tower, embeddings + change).detach()
    found = try_many(tower, embeddings, lambda after: divergences(logits, after), norm)
    assert (divergences(logits, shaken) >= 0.95 * found).all()


def test_of_the_two_signs_the_one_towards_doubt_moves_the_answer_more():
    logits = torch.tensor([-3.0, -0.2, 0.2, 1.0, 4.0])
    slopes = torch.ones(5, 1, 1)
    change = shake_answer(slopes, logits, 0.5)[:, 0, 0]
    ours, other = divergences(logits, logits + change), divergences(logits, logits - change)
    assert (ours > other).all()


def test_the_divergence_is_the_formula_written_the_long_way():
    before, after = torch.tensor([0.3, -2.0, 5.0]), torch.tensor([0.9, -2.0, -1.0])
    expected = divergences(before, after).mean()
    assert divergence(before, after).item() == pytest.approx(expected.item(), abs=1e-6)


def test_the_divergence_survives_huge_logits_and_gives_the_first_answer_no_gradient():
    before = torch.tensor([200.0], requires_grad=True)
    after = torch.tensor([-200.0], requires_grad=True)
    value = divergence(before, after)
    value.backward()
    assert value.item() == pytest.approx(200, abs=1e-3)
    assert before.grad is None
    assert after.grad.item() == pytest.approx(-1)


def test_changes_have_the_norm_over_the_whole_review_and_leave_padding_alone(tower):
    embeddings = tower.embed(TOKEN_IDS, training=False).detach()
    change = raise_loss(slopes_of(tower, embeddings, lambda v: losses(v).mean()), NORM)
    norms = change.flatten(1).norm(dim=1)
    torch.testing.assert_close(norms, torch.full_like(norms, NORM))
    assert (change[1, 1:] == 0).all()
