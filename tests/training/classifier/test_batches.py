import numpy as np
import pytest
import torch

from reelfeel.config.sections import DataConfig
from reelfeel.training.classifier.batches import UnlabelledStream, make_batch

TOKEN_IDS = [np.full(length, length, np.int32) for length in range(1, 12)]


def make_stream(seed=0):
    return UnlabelledStream(TOKEN_IDS, batch_size=4, seed=seed, data=DataConfig())


def test_a_pass_has_every_review_once_and_the_next_another_order():
    stream = make_stream()
    passes = []
    for first in (0, 3):
        lengths = [stream.batch(first + place)[1].tolist() for place in range(3)]
        assert sorted(np.concatenate(lengths)) == list(range(1, 12))
        passes.append(lengths)
    assert passes[0] != passes[1]


def test_the_batch_of_a_step_is_the_same_wherever_one_comes_from():
    whole = [make_stream().batch(step) for step in range(8)]
    walked = make_stream()
    for step, (ids, lengths) in enumerate(whole):
        received = walked.batch(step)
        assert torch.equal(received[0], ids)
        assert torch.equal(received[1], lengths)
        assert ((ids > 0).sum(dim=1) == lengths).all()


def test_the_seed_decides_the_order():
    assert not torch.equal(make_stream(0).batch(0)[1], make_stream(1).batch(0)[1])


@pytest.mark.parametrize("fixed", [False, True])
def test_a_batch_is_padded_as_in_serving(fixed):
    data = DataConfig(max_tokens=60, fixed_timesteps=fixed)
    batch = make_batch(TOKEN_IDS, np.array([10, 0]), data)
    assert batch.shape == (2, 60 if fixed else 16)
    assert batch[1].tolist() == [1] + [0] * (batch.shape[1] - 1)
