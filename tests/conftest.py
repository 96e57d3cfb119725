"""What all tests share."""

import os
from pathlib import Path

# Keras reads it at its first import, which may be in any test module.
os.environ.setdefault("KERAS_BACKEND", "torch")
# The networks here are tiny: a second thread costs more than it brings, most on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

# A busy machine is no bug.
settings.register_profile("reelfeel", deadline=None)
settings.load_profile("reelfeel")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty REELFEEL_HOME of the test's own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("REELFEEL_HOME", str(folder))
    return folder


@pytest.fixture(params=["portable", "avx2", "avx512"])
def float32_kernel(request, monkeypatch):
    """Lets a test run on each of the float32 kernels that this machine has."""
    from reelfeel.native.library import load_library, processor_features

    levels = {"portable": "SSE41", "avx2": "AVX2", "avx512": "AVX512_CORE"}
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", levels[request.param])
    if load_library() is None or request.param not in {"portable", *processor_features()}:
        pytest.skip(f"needs the native library and a processor with {request.param}")


@pytest.fixture(params=["avx512_bf16", "amx_bf16"])
def bfloat16_kernel(request, monkeypatch):
    """Lets a test run on each of the bfloat16 kernels that this machine has."""
    from reelfeel.native.library import processor_features

    if request.param == "avx512_bf16":
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16")
    if request.param not in processor_features():
        pytest.skip(f"needs the native library and a processor with {request.param}")


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
