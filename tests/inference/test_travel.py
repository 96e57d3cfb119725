"""A loaded model shared by threads and copied, pickled and sent to other processes."""

import copy
import json
import multiprocessing
import os
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from reelfeel.errors import BundleError
from reelfeel.inference.backends.choice import BACKENDS
from reelfeel.inference.bundle import Decision, write_decision
from reelfeel.inference.classifier import load
from reelfeel.inference.shipped import list_shipped
from reelfeel.native.library import load_library

RNG = np.random.default_rng(0)
WORDS = ("a", "good", "film", "dull", "not", "very", "plot", "zxqv", ".", "10/10")
TEXTS = [" ".join(RNG.choice(WORDS, length)) for length in RNG.integers(0, 200, 60)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_eight_threads_get_the_answers_that_one_gets(trained, backend):
    loaded = load(trained, backend=backend, threads=2)
    batches = [
        [TEXTS[place] for place in np.random.default_rng(seed).integers(0, 60, 1 + seed % 30)]
        for seed in range(64)
    ]
    alone = [loaded.predict_proba(batch) for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(loaded.predict_proba, batches))
    for expected, received in zip(alone, together, strict=True):
        np.testing.assert_array_equal(received, expected)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_pickled_classifier_answers_the_same(trained, backend):
    loaded = load(trained, backend=backend, precision="float32", threads=1)
    sent = pickle.dumps(loaded)
    assert len(sent) < 2_000
    received = pickle.loads(sent)  # noqa: S301
    assert received.backend == loaded.backend
    np.testing.assert_array_equal(received.predict_proba(TEXTS), loaded.predict_proba(TEXTS))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_answers_the_same_and_is_another(trained, copied):
    loaded = load(trained)
    twin = copied(loaded)
    twin.bundle = replace(twin.bundle, decision=Decision(temperature=9.0))
    assert twin.predict_proba(TEXTS).std() < loaded.predict_proba(TEXTS).std()
    np.testing.assert_array_equal(copied(loaded).predict_proba(TEXTS), loaded.predict_proba(TEXTS))


def test_a_decision_that_was_changed_in_memory_travels(trained):
    loaded = load(trained)
    loaded.bundle = replace(loaded.bundle, decision=Decision(temperature=9.0))
    received = pickle.loads(pickle.dumps(loaded))  # noqa: S301
    np.testing.assert_array_equal(received.predict_proba(TEXTS), loaded.predict_proba(TEXTS))
    # The next one that is unpickled does not inherit it.
    fresh = pickle.loads(pickle.dumps(load(trained)))  # noqa: S301
    assert fresh.bundle.decision == load(trained).bundle.decision


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_a_pool_of_processes_answers_as_one(trained, method):
    loaded = load(trained, threads=1)
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        parts = list(pool.map(loaded.predict_proba, [TEXTS[:30], TEXTS[30:]], timeout=120))
    np.testing.assert_array_equal(parts[0], loaded.predict_proba(TEXTS[:30]))
    np.testing.assert_array_equal(parts[1], loaded.predict_proba(TEXTS[30:]))


def test_joblib_takes_a_classifier(trained):
    joblib = pytest.importorskip("joblib")
    loaded = load(trained, threads=1)
    jobs = (joblib.delayed(loaded.predict_proba)(part) for part in (TEXTS[:30], TEXTS[30:]))
    parts = joblib.Parallel(n_jobs=2, backend="loky")(jobs)
    np.testing.assert_array_equal(parts[0], loaded.predict_proba(TEXTS[:30]))


def test_what_is_an_address_refuses_to_travel(trained):
    if load_library() is None:
        pytest.skip("there is no native library")
    loaded = load(trained, backend="native")
    loaded.predict_proba(TEXTS)
    tower, text_engine = loaded._session._towers[0][1], loaded._encoder._bulk._engine
    for one, send in (
        (tower, copy.copy), (tower, pickle.dumps), (text_engine, copy.deepcopy),
        (text_engine, pickle.dumps), (loaded._session, pickle.dumps),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            send(one)


def test_a_folder_that_changed_or_went_is_said_at_either_end(bundle_copy):
    loaded = load(bundle_copy)
    sent = pickle.dumps(loaded)
    write_decision(bundle_copy, Decision(threshold=0.6), {})
    with pytest.raises(BundleError, match="is not the one that was sent"):
        pickle.loads(sent)  # noqa: S301
    with pytest.raises(BundleError, match="cannot be sent"):
        pickle.dumps(loaded)
    shutil.rmtree(bundle_copy)
    with pytest.raises(BundleError, match="SHA256SUMS"):
        pickle.dumps(loaded)


def test_a_model_that_comes_with_reelfeel_travels_by_its_name():
    if not list_shipped():
        pytest.skip("no model is put in yet")
    sent = pickle.dumps(load("small"))
    assert b"small" in sent
    assert b"/shipped" not in sent


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_forked_process_gets_the_same_answers(trained, backend):
    # In a process of its own, as pytest's may have threads that make a fork unsafe.
    code = f"""
import json, os, sys
from reelfeel.inference.classifier import load
texts = json.loads(sys.stdin.read())
loaded = load({str(trained)!r}, backend={backend!r}, threads=2)
before = loaded.predict_proba(texts).tolist()
reader, writer = os.pipe()
child = os.fork()
if not child:
    os.write(writer, json.dumps(loaded.predict_proba(texts).tolist()).encode())
    os._exit(0)
os.close(writer)
answer = b"".join(iter(lambda: os.read(reader, 1 << 16), b""))
print(json.dumps([before, json.loads(answer), os.waitpid(child, 0)[1]]))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        input=json.dumps(TEXTS[:20]), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    before, after, status = json.loads(done.stdout)
    assert status == 0
    assert before == after


def test_a_daemon_thread_in_the_kernel_does_not_trouble_the_end(trained):
    code = f"""
import threading
from reelfeel.inference.classifier import load
loaded = load({str(trained)!r})
texts = ["a good film " * 100] * 2000
def work():
    while True:
        loaded.predict_proba(texts)
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
threading.Event().wait(1)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
