"""What all tests share."""

import os
import random
import signal
import sys
from pathlib import Path

# Keras reads it at its first import, which may be in any test module.
os.environ.setdefault("KERAS_BACKEND", "torch")
# The networks here are tiny: a second thread costs more than it brings, most on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from hypothesis import settings

from kernel_choice import choose_kernel, choose_training_kernel, runnable_kernels

# A busy machine is no bug, and a run that others repeat draws the same examples.
settings.register_profile("reelfeel", deadline=None, derandomize=True)
settings.load_profile("reelfeel")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty REELFEEL_HOME of the test's own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("REELFEEL_HOME", str(folder))
    return folder


@pytest.fixture(scope="session", autouse=True)
def received_signals():
    """Receives the signals that the tests send, where whoever started them ignores some."""
    from reelfeel.signals import SIGNALS

    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_IGN:
            is_ctrl_c = number == signal.SIGINT
            signal.signal(number, signal.default_int_handler if is_ctrl_c else signal.SIG_DFL)


@pytest.fixture(autouse=True)
def seeded():
    """Makes what a test draws its own: neither the clock's nor that of the tests before it."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - the global generator that libraries draw from
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


@pytest.fixture(params=runnable_kernels("bfloat16"))
def bfloat16_kernel(request, monkeypatch):
    """Lets a test run on each bfloat16 kernel of this machine."""
    choose_kernel(request.param, monkeypatch)


@pytest.fixture(params=runnable_kernels("float32"))
def float32_kernel(request, monkeypatch):
    """Lets a test run on each float32 kernel of this machine."""
    choose_kernel(request.param, monkeypatch)


@pytest.fixture(params=runnable_kernels())
def kernel_dtype(request, monkeypatch):
    """Lets a test run on each training kernel of this machine; the dtype that it stores."""
    return choose_training_kernel(request.param, monkeypatch)


@pytest.fixture(params=runnable_kernels("bfloat16"))
def bfloat16_training(request, monkeypatch):
    """Lets a test train on each bfloat16 kernel of this machine."""
    return choose_training_kernel(request.param, monkeypatch)


@pytest.fixture(params=[*runnable_kernels("float32"), "float32-onednn"])
def float32_training(request, monkeypatch):
    """Lets a test train on each float32 kernel of this machine, and on that of PyTorch."""
    if request.param == "float32-onednn":
        monkeypatch.setenv("REELFEEL_NATIVE", "off")
    else:
        choose_training_kernel(request.param, monkeypatch)


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The folder of a model trained on `mini` for two epochs; not to be changed."""
    # Emulated processes bring one along: tests/emulation/run.py.
    if made := os.environ.get("REELFEEL_TEST_MODEL"):
        return Path(made)

    from reelfeel.training.train import train

    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REELFEEL_HOME", str(folder / "home"))
        train("mini", output=folder / "model", preset="mini", settings={"training": {"epochs": 2}})
    return folder / "model"


@pytest.fixture
def bundle_copy(trained, tmp_path):
    """A copy of the trained model, to break."""
    import shutil

    return shutil.copytree(trained, tmp_path / "copy")


@pytest.fixture
def contestants(monkeypatch, tmp_path):
    """An empty folder of contestants for the benchmarks, which finds their protocol."""
    import shutil

    from harness import workers

    shutil.copy(workers.CONTESTANTS / "protocol.py", tmp_path)
    monkeypatch.setattr(workers, "CONTESTANTS", tmp_path)
    return tmp_path
