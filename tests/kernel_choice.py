"""The kernels that run on this machine, for training and inference, and how a test takes one."""

import pytest

from reelfeel.native.library import explain_missing, processor_features

# Our kernels: the numbers they store, the feature they need, and the value of
# ONEDNN_MAX_CPU_ISA under which the library takes them and no faster one.
_KERNELS = {
    "float32-portable": ("float32", None, "SSE41"),
    "float32-avx2": ("float32", "avx2", "AVX2"),
    "float32-avx512": ("float32", "avx512", "AVX512_CORE"),
    "bfloat16-portable": ("bfloat16", None, "AVX2"),
    "bfloat16-avx512bf16": ("bfloat16", "avx512_bf16", "AVX512_CORE_BF16"),
    "bfloat16-amx": ("bfloat16", "amx_bf16", "AVX512_CORE_AMX"),
}


def runnable_kernels(precision=None):
    """The names of the kernels that run here, of one precision or of all.

    The portable ones always do, so that all code around the products is tested on any machine.
    """
    features = {None, *processor_features()}
    return [
        name
        for name, (stored, feature, _) in _KERNELS.items()
        if feature in features and stored == (precision or stored)
    ]


def choose_kernel(name, monkeypatch):
    """Lets the library take one of its kernels; returns the precision that it stores."""
    if explain_missing():
        pytest.skip(f"the native library is missing: {explain_missing()}")
    precision, _, level = _KERNELS[name]
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", level)
    monkeypatch.setenv("REELFEEL_BFLOAT16", "emulate")
    return precision


def choose_training_kernel(name, monkeypatch):
    """Lets the library take one of its kernels; returns the dtype that it stores."""
    import torch  # after conftest.py has told Keras about it

    # oneDNN reads the variable once, when it first runs: it is not to be limited for other tests.
    torch.zeros(2, 2).to_mkldnn()
    return getattr(torch, choose_kernel(name, monkeypatch))
