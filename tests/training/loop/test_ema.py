import pytest
import torch

from reelfeel.training.loop.ema import AveragedWeights


def test_the_average_is_the_formula_written_the_long_way():
    parameter = torch.tensor([0.0])
    average = AveragedWeights([parameter], decay=0.5)
    expected = 0.0
    for step, value in enumerate([4.0, 8.0, 2.0, 6.0], 1):
        parameter.fill_(value)
        average.update(step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
    assert average.averages[0].item() == pytest.approx(expected, abs=1e-6)


def test_a_decay_of_0_is_the_parameter_itself():
    parameter = torch.tensor([0.0])
    average = AveragedWeights([parameter], decay=0.0)
    parameter.fill_(3.0)
    average.update(1)
    assert average.averages[0].item() == 3.0


def test_the_parameters_come_back_even_after_an_error():
    parameter = torch.tensor([1.0])
    average = AveragedWeights([parameter], decay=0.9)
    parameter.fill_(5.0)
    seen = []

    def fail():
        with average.applied():
            seen.append(parameter.item())
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert (seen, parameter.item()) == ([1.0], 5.0)
