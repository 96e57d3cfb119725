"""`reelfeel doctor`: what is installed, what it will run on, and whether it works."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distributions, version
from importlib.util import find_spec
from pathlib import Path

import typer

from reelfeel.cli import options as shared
from reelfeel.terminal.lines import say

_PACKAGES = {
    "prediction": ("numpy", "openvino", "onnxruntime", "polars", "safetensors"),
    "training": ("keras", "torch", "onnx", "scikit-learn"),
}


def doctor(as_json: shared.Json = False) -> None:
    """Show versions, kernels and folders, and train a tiny model to prove that all works."""
    import json

    facts = {
        **_find_machine(),
        **_find_kernels(),
        **_find_packages(),
        **_find_cuda(),
        **_try_training(),
    }
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        say(f"{name:<22}{value}")


def _find_machine() -> dict[str, str]:
    import platform

    from reelfeel import __version__
    from reelfeel.files.writing import home
    from reelfeel.native.cores import available_cores

    return {
        "reelfeel": __version__,
        "python": platform.python_version(),
        "processor": f"{platform.machine()}, {available_cores()} cores to use",
        "REELFEEL_HOME": str(home()),
    }


def _find_kernels() -> dict[str, str]:
    """Says whether the compiled kernels are there, and for which instructions."""
    from reelfeel.native.library import explain_missing, processor_features

    reason = explain_missing()
    if reason is not None:
        return {"compiled kernels": f"none, so all runs on slower Python: {reason}"}
    features = ", ".join(sorted(processor_features())) or "no special ones"
    return {"compiled kernels": f"loaded; instructions: {features}"}


def _find_packages() -> dict[str, str]:
    found = {}
    for names in _PACKAGES.values():
        for name in names:
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = "not installed"
    return found


def _find_cuda() -> dict[str, str]:
    """Says where PyTorch came with gigabytes that nothing here can use."""
    from reelfeel.extras import CPU_TORCH

    names = [str(one.metadata["Name"]).lower() for one in distributions()]
    has_cuda = any(name.startswith("nvidia-c") for name in names)
    if not has_cuda or Path("/dev/nvidiactl").exists():
        return {}
    return {"CUDA": f"installed beside torch, and no GPU to use it; without it: {CPU_TORCH}"}


def _try_training() -> dict[str, str]:
    if not (find_spec("keras") and find_spec("torch")):
        from reelfeel.extras import CPU_TORCH

        return {"training": f'not installed: {CPU_TORCH}; pip install "reelfeel[train]"'}
    import tempfile
    import time

    from reelfeel.models.lstm import select_kernel
    from reelfeel.training.train import train

    kernel = select_kernel()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        settings = {"training": {"epochs": 1, "alarm": False}}
        classifier = train("mini", output=Path(folder) / "model", preset="mini", settings=settings)
        difference = classifier.golden_difference()
    return {
        "LSTM kernel": f"{kernel.name}, because {kernel.reason}",
        "prediction backend": str(classifier.backend),
        "training": f"works ({time.perf_counter() - started:.1f} s for a tiny model)",
        "backend against Keras": f"largest difference {difference:.1e}",
    }
