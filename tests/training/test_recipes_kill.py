"""kill -9 at random moments of a preset in stages, and --resume: the same weights, bit for bit."""

import contextlib
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

COMMAND = Path(__file__).with_name("recipes_command.py")


def start(output, home):
    """Starts the command, which goes on where an earlier one was stopped."""
    arguments = ["train", "mini", "--preset", "tiny", "--output", str(output), "--resume"]
    return subprocess.Popen(
        [sys.executable, str(COMMAND), *arguments],
        env={**os.environ, "REELFEEL_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def is_there(home, pattern):
    # Checkpoints come and go while the folders are listed.
    with contextlib.suppress(FileNotFoundError):
        return any(home.glob(pattern))
    return False


def kill(process, home, pattern):
    """Waits for a file, then up to a second, and kills; says whether it was still alive."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None and not is_there(home, pattern):
        time.sleep(0.02)
    time.sleep(random.uniform(0, 1))
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


# Five processes, and the first three of them start two more: minutes on a busy machine.
@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_a_killed_chain_resumes_bit_for_bit(tmp_path):
    assert start(tmp_path / "unbroken", tmp_path / "home").wait() == 0
    home, resumed = tmp_path / "other home", tmp_path / "resumed"
    # In the language model, in the teacher, and in the student.
    for pattern in ("runs/*/checkpoint.*", "stages/*/language-model", "stages/*/teacher"):
        assert kill(start(resumed, home), home, pattern), pattern
        assert not resumed.exists()
    assert start(resumed, home).wait() == 0
    expected, received = read_bundle(tmp_path / "unbroken"), read_bundle(resumed)
    for name, array in expected.weights().items():
        assert np.array_equal(array, received.weights()[name]), name
