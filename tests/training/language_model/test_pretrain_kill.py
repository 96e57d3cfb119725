"""kill -9 at a random step of a language model, then --resume: the same weights, bit for bit."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from reelfeel.models.language_model import read_language_model

SETTINGS = ["epochs=12", "checkpoint_every_s=0.1", "units=[24, 16]"]


def command(output, *extra):
    settings = [part for setting in SETTINGS for part in ("--set", setting)]
    return [sys.executable, "-m", "reelfeel", "pretrain", "mini", "--preset", "mini",
            "--output", str(output), *settings, *extra]  # fmt: skip


def count_checkpoints(home):
    return len(list(Path(home).glob("runs/*/checkpoint.safetensors")))


def run_and_kill(output, environment, wait_s):
    process = subprocess.Popen(
        command(output), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    # Wait for the first checkpoint, so that the kill hits training and not the imports.
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and process.poll() is None:
        if count_checkpoints(environment["REELFEEL_HOME"]):
            break
        time.sleep(0.02)
    time.sleep(wait_s)
    process.send_signal(signal.SIGKILL)
    return process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(5))
def test_a_killed_run_resumes_bit_for_bit(tmp_path, attempt):
    quiet = {"check": True, "stderr": subprocess.DEVNULL}
    homes = [
        {**os.environ, "REELFEEL_HOME": str(tmp_path / name)} for name in ("whole", "in_parts")
    ]
    unbroken, resumed = tmp_path / "unbroken", tmp_path / "resumed"
    subprocess.run(command(unbroken), env=homes[0], **quiet)
    assert run_and_kill(resumed, homes[1], random.uniform(0, 0.8)) == -signal.SIGKILL
    assert not resumed.exists()
    assert count_checkpoints(homes[1]["REELFEEL_HOME"]) > 0
    subprocess.run(command(resumed, "--resume"), env=homes[1], **quiet)
    expected, received = (read_language_model(path).weights for path in (unbroken, resumed))
    for direction, weights in expected.items():
        for name, array in weights.items():
            assert np.array_equal(array, received[direction][name]), (direction, name)
