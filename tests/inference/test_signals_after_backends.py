"""A signal that comes after classifiers have come and gone is received, on every backend."""

import subprocess
import sys

import pytest

from reelfeel.inference.backends.choice import BACKENDS, _is_here

# The memory of a signal stack that one backend put back for another may be freed by then, which
# ends the process: so in one of its own.
SCRIPT = """
import signal, sys
from reelfeel.inference.classifier import load

first, second = (load(sys.argv[1], backend=sys.argv[2], threads=1) for _ in range(2))
answers = [model.predict_proba(["A wonderful film."])[0] for model in (first, second)]
assert answers[0] == answers[1]
del first
del second
signal.signal(signal.SIGTERM, lambda number, frame: print("received"))
signal.raise_signal(signal.SIGTERM)
"""


@pytest.mark.parametrize("backend", [name for name in BACKENDS if _is_here(name)])
def test_a_signal_is_received_after_classifiers_have_gone(backend, trained):
    command = [sys.executable, "-c", SCRIPT, str(trained), backend]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "received\n", "")
