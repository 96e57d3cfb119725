"""Stopped at random moments by four signals: told in a line, no file left, the same weights.

`REELFEEL_STOPS` says how often each is tried in a process of its own, from its start to its end;
`REELFEEL_PREPARED_STOPS` how often in one that has its imports behind it, ten times faster. Another
`REELFEEL_STOPS_SEED` draws other moments; a failure names its own.
"""

import contextlib
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from reelfeel.inference.bundle import read_bundle
from reelfeel.models.language_model import read_language_model

NUM_STOPS = int(os.environ.get("REELFEEL_STOPS", "1"))
NUM_PREPARED_STOPS = int(os.environ.get("REELFEEL_PREPARED_STOPS", "5"))
SEED = os.environ.get("REELFEEL_STOPS_SEED", "0")
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
# Two directions are two processes with imports of their own.
PREPARED_KINDS = {"one network": (), "language model": ("--direction", "forward")}
SIGNALS = {"SIGKILL": -9, "SIGTERM": 143, "SIGHUP": 129, "SIGINT": 130}
# Before that, Python itself starts, and not all signals find a handler of ours.
STARTED_S = 0.3


def arguments_of(kind, folder, *extra):
    command, settings = KINDS[kind]
    given = [part for setting in settings for part in ("--set", setting)]
    return [command, "mini", "--preset", "mini", *given, "--output", str(folder / "model"), *extra]


def start(kind, folder, *extra):
    return subprocess.Popen(
        [sys.executable, "-m", "reelfeel", *arguments_of(kind, folder, *extra)],
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
    moment = random.Random(f"{SEED} {kind} {name} {attempt}").uniform(STARTED_S, seconds)
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


class Prepared:
    """A process with its imports behind it, which runs commands in children: see prepared.py."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "prepared.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout.readline() == "ready\n"

    def run(self, kind, folder, *extra, number=None, moment=0.0):
        """Runs a command, sends it a signal; returns its exit code, its words and its seconds."""
        folder.mkdir(exist_ok=True)
        said, started = folder / "said", time.monotonic()
        said.touch()  # a run that is killed at once says nothing
        arguments = arguments_of(kind, folder, *PREPARED_KINDS[kind], *extra)
        asked = [arguments, str(folder / "home"), str(said)]
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        child = int(self.process.stdout.readline())
        # Until then, or until it has ended by itself: then the signal would go nowhere.
        has_ended = select.select([self.process.stdout], [], [], moment)[0]
        if number is not None and not has_ended:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)
        code = int(self.process.stdout.readline())
        words = said.read_text()
        said.unlink()
        return code, words, time.monotonic() - started

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


@pytest.fixture(scope="module")
def prepared():
    process = Prepared()
    yield process
    process.close()


@pytest.fixture(scope="module", params=PREPARED_KINDS)
def prepared_unbroken(request, prepared, tmp_path_factory):
    """What `unbroken` is, of a run in a prepared process."""
    folder = tmp_path_factory.mktemp("unbroken")
    code, said, _ = prepared.run(request.param, folder)
    assert code == 0, said
    # The first run may be slow by what it reads for the first time.
    seconds = [prepared.run(request.param, folder, "--force")[2] for _ in range(2)]
    return request.param, min(seconds), read_weights(request.param, folder)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork a process")
@pytest.mark.parametrize("name", SIGNALS)
def test_runs_stopped_at_many_moments_go_on_to_the_same_weights(
    prepared, prepared_unbroken, name, tmp_path
):
    kind, seconds, expected = prepared_unbroken
    draw = random.Random(f"{SEED} {kind} {name}")
    num_broken = 0
    for attempt in range(NUM_PREPARED_STOPS):
        moment, folder = draw.uniform(0.005, seconds), tmp_path / str(attempt)
        number = getattr(signal, name)
        code, said, took = prepared.run(kind, folder, number=number, moment=moment)
        # A busy machine may have become a quiet one.
        seconds = min(seconds, took) if code == 0 else seconds
        case = (kind, name, attempt, moment, code, said)
        assert "Traceback" not in said, case
        assert "Exception ignored" not in said, case
        assert code in (0, SIGNALS[name], -number), case
        num_broken += code != 0
        assert name == "SIGKILL" or not find_leftovers(folder), case
        force = ["--force"] if (folder / "model").exists() else []
        code, said, _ = prepared.run(kind, folder, "--resume", *force)
        assert code == 0, (case, said)
        received = read_weights(kind, folder)
        for key, array in expected.items():
            assert np.array_equal(array, received[key]), (case, key)
        assert not find_leftovers(folder), case
        shutil.rmtree(folder)
    assert num_broken >= NUM_PREPARED_STOPS // 5
