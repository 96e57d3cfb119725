"""What made a model: the command, the versions, the machine."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from reelfeel.models.lstm import select_kernel
from reelfeel.native.cores import available_cores

PACKAGES = ("reelfeel", "keras", "torch", "numpy")


def describe_process(precision: str, command: str | None = None) -> dict[str, Any]:
    """Returns what a saved model says of the process that made it, as plain values.

    Args:
        precision: of the training; decides which kernel runs.
        command: what made it; None takes this process's own.
    """
    return {
        "command": command or read_command_line(),
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in PACKAGES},
        # Another number of threads adds in another order: the same seed then ends a little apart.
        "machine": {
            "processor": platform.machine(),
            "cores": available_cores(),
            "threads": torch.get_num_threads(),
        },
        "kernel": select_kernel(precision).name,
    }


def read_command_line() -> str:
    """Returns the command line of this process, its program by name alone."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
