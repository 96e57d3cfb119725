"""A system without threads or memory to give gets an answer from fewer, or an error in words."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reelfeel.data.sets.mini import load_mini
from reelfeel.native.library import load_library

pytestmark = [
    pytest.mark.skipif(load_library() is None, reason="the library is not compiled"),
    pytest.mark.skipif(sys.platform != "linux", reason="loads a library before Python"),
]
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def refusing(tmp_path_factory):
    """A library that refuses threads and memory, to be loaded before Python."""
    if shutil.which("g++") is None:
        pytest.skip("needs g++")
    made = tmp_path_factory.mktemp("refusing") / "refusing.so"
    command = ["g++", "-std=c++17", "-O1", "-shared", "-fPIC", HERE / "refusing.cpp", "-ldl"]
    subprocess.run([*command, "-o", made], check=True)
    return made


@pytest.fixture(scope="module")
def many_texts():
    texts = [" ".join(text.split()) for text in load_mini("train").texts]
    return "".join(f"{text}\n" for text in (texts * 10)[:4000]).encode()


def predict(texts, *, threads=512, **arguments):
    command = [sys.executable, "-m", "reelfeel", "predict", "-m", "small", "--threads"]
    return subprocess.run(
        [*command, str(threads), "-"], input=texts, capture_output=True, timeout=120, **arguments
    )


def test_every_allocation_that_is_refused_is_an_error_and_every_thread_one_thread_less(refusing):
    result = subprocess.run(
        [sys.executable, HERE / "refused_calls.py", refusing],
        env=os.environ | {"LD_PRELOAD": str(refusing)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    refused = [int(line.split()[1]) for line in result.stdout.splitlines()]
    assert len(refused) >= 3
    assert min(refused) >= 5


@pytest.fixture(scope="module")
def expected(many_texts):
    result = predict(many_texts, threads=1)
    assert result.returncode == 0
    return result.stdout


@pytest.mark.parametrize("allowed", [0, 1, 5])
def test_predict_goes_on_with_the_threads_that_the_system_gives(
    refusing, many_texts, expected, allowed
):
    environment = {"LD_PRELOAD": str(refusing), "REFUSE_THREADS_AFTER": str(allowed)}
    result = predict(many_texts, env=os.environ | environment)
    assert (result.returncode, result.stdout) == (0, expected), result.stderr


def test_predict_goes_on_where_memory_has_no_room_for_more_threads(many_texts, expected):
    def limit_memory():
        resource.setrlimit(resource.RLIMIT_AS, (500 << 20, 500 << 20))

    # NumPy's own threads take as much for each core.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    result = predict(many_texts, preexec_fn=limit_memory, env=environment)
    assert (result.returncode, result.stdout) == (0, expected), result.stderr
