"""kill -9 at a random step, then --resume: the weights of an unbroken run, bit for bit."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from reelfeel.inference.bundle import read_bundle

# On 28 validation reviews the alarm may ring, by luck and by the order of a kernel's sums.
STOPPING = ["training.checkpoint_every_s=0.1", "training.patience=0", "training.alarm=false"]
KINDS = {
    "plain": ["training.epochs=30"],
    # Everything that has a state of its own.
    "rich": [
        "training.epochs=3",
        "training.frozen_epochs=1",
        "training.average_decay=0.9",
        "training.learning_rate_decay=linear",
        "training.rate_factor_per_layer=0.5",
        "training.adversarial_norm=0.3",
        "training.virtual_adversarial_norm=0.3",
        "model.pooling=last_max_mean",
        "model.direction=both",
        "model.embedding_dropout_rate=0.2",
        "model.word_dropout_rate=0.1",
    ],
}


def command(kind, output, *extra):
    settings = [part for setting in (*STOPPING, *KINDS[kind]) for part in ("--set", setting)]
    return [sys.executable, "-m", "reelfeel", "train", "mini", "--preset", "mini",
            "--output", str(output), *settings, *extra]  # fmt: skip


def run_and_kill(kind, output, environment, wait_s):
    process = subprocess.Popen(
        command(kind, output),
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # Wait for the first checkpoint, so that the kill hits training and not the imports.
    runs = Path(environment["REELFEEL_HOME"]) / "runs"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if runs.is_dir() and any(runs.iterdir()):
            break
        time.sleep(0.02)
    time.sleep(wait_s)
    process.send_signal(signal.SIGKILL)
    return process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("attempt", range(5))
def test_a_killed_run_resumes_bit_for_bit(tmp_path, attempt, kind):
    environment = {**os.environ, "REELFEEL_HOME": str(tmp_path / "home")}
    unbroken, resumed = tmp_path / "unbroken", tmp_path / "resumed"
    quiet = {"env": environment, "check": True, "stderr": subprocess.DEVNULL}
    subprocess.run(command(kind, unbroken), **quiet)
    assert run_and_kill(kind, resumed, environment, random.uniform(0, 0.8)) == -signal.SIGKILL
    assert not resumed.exists()
    subprocess.run(command(kind, resumed, "--resume"), **quiet)
    expected, received = read_bundle(unbroken), read_bundle(resumed)
    assert received.about("provenance")["resumed_at"] is not None
    for name, array in expected.weights().items():
        assert np.array_equal(array, received.weights()[name]), name
