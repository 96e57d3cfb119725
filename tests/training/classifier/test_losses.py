"""Gradients of a step against one loss written in one piece."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from reelfeel.config.sections import ModelConfig, TrainingConfig
from reelfeel.models.classifier import build_classifier, find_towers
from reelfeel.training.classifier.adversarial import divergence, raise_loss, shake_answer
from reelfeel.training.classifier.losses import Batch, Steps, mean_norm
from reelfeel.training.classifier.optimizer import Optimizer

BATCH = Batch(
    torch.tensor([[5, 9, 3, 0], [7, 0, 0, 0], [1, 2, 3, 4]]),
    torch.tensor([3, 1, 4]),
    torch.tensor([1.0, 0.0, 1.0]),
    torch.tensor([1.0, 2.0, 1.0]),
)
MODEL = ModelConfig(
    embedding_dim=6, units=(5,), pooling="last_max_mean", dropout_rate=0.5,
    embedding_dropout_rate=0.3, word_dropout_rate=0.2,
)  # fmt: skip
NORM = 0.5


def make_tower(config=MODEL, seed=1):
    return find_towers(build_classifier(config, 10, seed=seed, precision="float32"))[0]


def gradients(tower):
    return {v.path: v.value.grad for v in tower.model.trainable_variables}


def compare(tower, witness, loss):
    loss.backward()
    for name, gradient in gradients(tower).items():
        expected = gradients(witness)[name]
        torch.testing.assert_close(gradient, expected, atol=1e-6, rtol=1e-4, msg=name)
        assert expected.abs().max() > 0, name


def test_a_plain_step_is_the_loss():
    tower, witness = make_tower(), make_tower()
    outcome = Steps(tower, TrainingConfig(), 1.0).learn(BATCH)
    logits = witness.model(BATCH.token_ids, training=True)
    compare(tower, witness, BATCH.loss(logits))
    assert outcome.loss == pytest.approx(BATCH.loss(logits).item())
    assert outcome.num_correct == int(((logits > 0) == (BATCH.labels > 0.5)).sum())


def test_an_adversarial_step_is_the_sum_of_two_losses_under_one_dropout():
    tower, witness = make_tower(), make_tower()
    Steps(tower, TrainingConfig(adversarial_norm=NORM), 2.0).learn(BATCH)
    embeddings = witness.embed(BATCH.token_ids, training=True)
    rewind = witness.remember_dropout()
    loss = BATCH.loss(witness.read(embeddings, BATCH.lengths, training=True))
    (slope,) = torch.autograd.grad(loss, embeddings, retain_graph=True)
    rewind()
    moved = embeddings + raise_loss(slope, 2.0 * NORM)
    compare(tower, witness, loss + BATCH.loss(witness.read(moved, BATCH.lengths, training=True)))


def test_a_virtual_step_is_the_weighted_divergence_under_one_dropout():
    tower, witness = make_tower(), make_tower()
    config = TrainingConfig(virtual_adversarial_norm=NORM, virtual_adversarial_weight=3.0)
    Steps(tower, config, 2.0).learn_virtually(BATCH.token_ids, BATCH.lengths)
    embeddings = witness.embed(BATCH.token_ids, training=True)
    rewind = witness.remember_dropout()
    logits = witness.read(embeddings, BATCH.lengths, training=True)
    (slope,) = torch.autograd.grad(logits.sum(), embeddings, retain_graph=True)
    rewind()
    moved = embeddings + shake_answer(slope, logits.detach(), 2.0 * NORM)
    shaken = witness.read(moved, BATCH.lengths, training=True)
    compare(tower, witness, 3.0 * divergence(logits, shaken))


def test_a_virtual_step_leaves_all_parameters_learning():
    tower = make_tower()
    Steps(tower, TrainingConfig(virtual_adversarial_norm=NORM), 1.0).learn_virtually(
        BATCH.token_ids, BATCH.lengths
    )
    assert all(v.value.requires_grad for v in tower.model.trainable_variables)


@pytest.mark.parametrize("pooling", ["last", "last_max_mean"])
def test_the_dropout_after_a_step_is_the_next_one(pooling):
    tower = make_tower(replace(MODEL, pooling=pooling))
    steps = Steps(tower, TrainingConfig(adversarial_norm=NORM), 1.0)
    first = steps.learn(BATCH).loss
    assert steps.learn(BATCH).loss != first


def test_while_the_body_stands_still_only_the_head_learns():
    tower = make_tower()
    config = TrainingConfig(frozen_epochs=1, adversarial_norm=NORM, virtual_adversarial_norm=NORM)
    optimizer = Optimizer(tower.model, config, num_steps=10)
    steps = Steps(tower, config, 1.0)
    learned = []
    for epoch in (0, 1):
        optimizer.start_epoch(epoch)
        steps.learn(BATCH)
        steps.learn_virtually(BATCH.token_ids, BATCH.lengths)
        learned.append({name for name, grad in gradients(tower).items() if grad is not None})
        optimizer.step(epoch)
    assert learned[0] == {"logit/kernel", "logit/bias"}
    assert learned[1] == set(gradients(tower))


def test_the_unit_counts_every_word_as_often_as_it_stands_there():
    embeddings = np.array([[9.0, 9.0], [3.0, 4.0], [0.0, 2.0]], np.float32)
    assert mean_norm(embeddings, [np.array([1, 2, 2]), np.array([2])]) == pytest.approx(2.75)
