"""What all tests share."""

import os

import pytest

# Keras reads it at its first import, which may be in any test module.
os.environ.setdefault("KERAS_BACKEND", "torch")
# The networks here are tiny: a second thread costs more than it brings, most on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty REELFEEL_HOME of the test's own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("REELFEEL_HOME", str(folder))
    return folder
