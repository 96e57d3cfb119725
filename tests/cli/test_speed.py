"""Whole processes: `--help` in 0.5 s and `predict` in 1.5 s on a machine that is not busy."""

import subprocess
import sys
import time

import pytest

from reelfeel.inference.shipped import shipped_folder


def best_seconds(*arguments):
    """Returns the shortest of five runs: the others measure what else the machine does."""
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "reelfeel", *map(str, arguments)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        seconds.append(time.perf_counter() - started)
    return min(seconds)


@pytest.mark.slow
def test_help_takes_half_a_second():
    assert best_seconds("--help") < 0.5


@pytest.mark.slow
def test_predict_takes_a_second_and_a_half(trained):
    assert best_seconds("predict", "--model", trained, "A fine film.") < 1.5


@pytest.mark.slow
@pytest.mark.skipif(not (shipped_folder() / "base").is_dir(), reason="no model is put in yet")
def test_the_model_that_comes_with_reelfeel_answers_in_a_second():
    assert best_seconds("predict", "A fine film.") < 1
