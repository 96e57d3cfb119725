"""A signal that comes after engines have come and gone is received, on every engine."""

import subprocess
import sys

import pytest

from reelfeel.inference.backends.choice import ENGINES, _is_here

# The memory of a signal stack that one engine put back for another may be freed by then, which ends
# the process: so in one of its own.
SCRIPT = """
import signal, sys
from reelfeel.inference.classifier import load

first, second = (load(sys.argv[1], engine=sys.argv[2], threads=1) for _ in range(2))
answers = [model.predict_proba(["A wonderful film."])[0] for model in (first, second)]
assert answers[0] == answers[1]
del first
del second
signal.signal(signal.SIGTERM, lambda number, frame: print("received"))
signal.raise_signal(signal.SIGTERM)
"""


@pytest.mark.parametrize("engine", [name for name in ENGINES if _is_here(name)])
def test_a_signal_is_received_after_engines_have_gone(engine, trained):
    command = [sys.executable, "-c", SCRIPT, str(trained), engine]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "received\n", "")
