"""Stopped at random moments by four signals: told in a line, no file left, the same weights.

`REELFEEL_STOPS` says how often each is tried. Moments are drawn anew in every run of the tests,
from the start of the process to its end, and named in the message of a failure.
"""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from reelfeel.inference.bundle import read_bundle
from reelfeel.models.language_model import read_language_model

NUM_STOPS = int(os.environ.get("REELFEEL_STOPS", "1"))
COMMON = ["training.checkpoint_every_s=0.1", "training.patience=0", "training.alarm=false"]
# Two directions of a network that is not small are two processes on two cores.
KINDS = {
    "one network": ("train", [*COMMON, "training.epochs=15"]),
    "two networks": (
        "train",
        [*COMMON, "training.epochs=3", "model.direction=both", "model.units=[64]"],
    ),
    "language model": (
        "pretrain",
        ["epochs=6", "checkpoint_every_s=0.1", "units=[24, 16]"],
    ),
}
SIGNALS = {"SIGKILL": -9, "SIGTERM": 143, "SIGHUP": 129, "SIGINT": 130}
# Before that, Python itself starts, and not all signals find a handler of ours.
STARTED_S = 0.3


def start(kind, folder, *extra):
    command, settings = KINDS[kind]
    given = [part for setting in settings for part in ("--set", setting)]
    return subprocess.Popen(
        [sys.executable, "-m", "reelfeel", command, "mini", "--preset", "mini", *given,
         "--output", str(folder / "model"), *extra],
        env={**os.environ, "REELFEEL_HOME": str(folder / "home")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # A test that is run in the background is deaf to Ctrl-C, and so would this process be.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def read_weights(kind, folder):
    if KINDS[kind][0] == "pretrain":
        groups = read_language_model(folder / "model").weights
        return {f"{d} {name}": one for d, own in groups.items() for name, one in own.items()}
    return read_bundle(folder / "model").weights()


@pytest.fixture(scope="module", params=KINDS)
def unbroken(request, tmp_path_factory):
    """The kind of a run, how long it takes, and the weights with which it ends."""
    folder = tmp_path_factory.mktemp("unbroken")
    started = time.monotonic()
    process = start(request.param, folder)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    return request.param, time.monotonic() - started, read_weights(request.param, folder)


def find_leftovers(folder):
    return [str(path) for path in folder.rglob(".*")]


def check_stopped(name, process, said):
    """The process ended by the signal, or had ended before; a signal that it can obey it obeys."""
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert process.returncode in (0, SIGNALS[name], -getattr(signal, name)), said


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("attempt", range(NUM_STOPS))
def test_a_stopped_run_goes_on_to_the_same_weights(unbroken, name, attempt, tmp_path):
    kind, seconds, expected = unbroken
    moment = random.uniform(STARTED_S, seconds)
    process = start(kind, tmp_path)
    time.sleep(moment)
    process.send_signal(getattr(signal, name))
    said = process.communicate()[1]
    check_stopped(name, process, said)
    if name != "SIGKILL":
        assert not find_leftovers(tmp_path), moment
    force = ["--force"] if (tmp_path / "model").exists() else []
    resumed = start(kind, tmp_path, "--resume", *force)
    said = resumed.communicate()[1]
    assert resumed.returncode == 0, (moment, said)
    received = read_weights(kind, tmp_path)
    for key, array in expected.items():
        assert np.array_equal(array, received[key]), (moment, key)
    assert not find_leftovers(tmp_path), moment
