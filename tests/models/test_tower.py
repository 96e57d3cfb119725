"""The two halves of a network against the whole."""

import pytest
import torch

from reelfeel.config.sections import ModelConfig
from reelfeel.models.classifier import build_classifier, find_towers, named_weights
from reelfeel.models.pooling import count_real_tokens

TOKEN_IDS = torch.tensor([[5, 9, 3, 0, 0], [7, 0, 0, 0, 0], [1, 2, 3, 4, 8]])
DROPPING = {"dropout_rate": 0.4, "embedding_dropout_rate": 0.3, "word_dropout_rate": 0.2}


def make_tower(**settings):
    config = ModelConfig(embedding_dim=6, units=(8, 4), **settings)
    (tower,) = find_towers(build_classifier(config, 10, seed=0, precision="float32"))
    return tower


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("pooling", ["last", "last_max_mean"])
@pytest.mark.parametrize("training", [False, True])
def test_the_halves_are_the_whole(pooling, direction, training):
    tower = make_tower(pooling=pooling, direction=direction, dense_units=3, **DROPPING)
    rewind = tower.remember_dropout()
    whole = tower.model(TOKEN_IDS, training=training)
    rewind()
    embeddings = tower.embed(TOKEN_IDS, training=training)
    halves = tower.read(embeddings, count_real_tokens(TOKEN_IDS), training=training)
    assert torch.equal(halves, whole)


def test_dropout_drops_the_same_again_only_after_a_rewind():
    tower = make_tower(pooling="last_max_mean", **DROPPING)
    rewind = tower.remember_dropout()
    first = tower.model(TOKEN_IDS, training=True)
    other = tower.model(TOKEN_IDS, training=True)
    rewind()
    again = tower.model(TOKEN_IDS, training=True)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_embedding_dropout_drops_a_channel_of_a_whole_review():
    tower = make_tower(embedding_dropout_rate=0.5, dropout_rate=0.0)
    embeddings = tower.embed(torch.ones((40, 7), dtype=torch.int32), training=True)
    dropped = embeddings == 0
    assert (dropped.all(dim=1) == dropped.any(dim=1)).all()
    assert 0.3 < dropped.float().mean() < 0.7


def test_word_dropout_drops_whole_words():
    tower = make_tower(word_dropout_rate=0.5, dropout_rate=0.0)
    embeddings = tower.embed(torch.ones((40, 7), dtype=torch.int32), training=True)
    dropped = embeddings == 0
    assert (dropped.all(dim=2) == dropped.any(dim=2)).all()
    assert 0.3 < dropped.float().mean() < 0.7


def test_a_backward_reader_reads_a_turned_review_as_a_forward_one_does():
    forward, backward = make_tower(pooling="last_max_mean"), make_tower(
        pooling="last_max_mean", direction="backward"
    )  # fmt: skip
    turned = torch.tensor([[3, 9, 5, 0, 0], [7, 0, 0, 0, 0], [8, 4, 3, 2, 1]])
    expected = forward.model(turned, training=False)
    assert torch.equal(backward.model(TOKEN_IDS, training=False), expected)
    assert not torch.equal(forward.model(TOKEN_IDS, training=False), expected)


def test_two_directions_average_their_logits_and_name_their_weights():
    model = build_classifier(
        ModelConfig(embedding_dim=6, units=(8,), direction="both"), 10, seed=0, precision="float32"
    )
    forward, backward = find_towers(model)
    mean = (forward.model(TOKEN_IDS) + backward.model(TOKEN_IDS)) / 2
    torch.testing.assert_close(model(TOKEN_IDS), mean)
    one = named_weights(forward.model)
    assert "forward/lstm_0/lstm_cell/kernel" in one
    assert len(named_weights(model)) == 2 * len(one)


def test_new_dropout_leaves_the_initial_weights_as_they_were():
    plain, dropping = make_tower(), make_tower(**DROPPING)
    for name, array in named_weights(plain.model).items():
        assert (named_weights(dropping.model)[name] == array).all(), name
