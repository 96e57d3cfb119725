"""Compiled engines are shared: between threads, with forked processes, to the very end."""

import itertools
import multiprocessing
import os
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from reelfeel.native.inference import LayerWeights, NativeTower, has_kernel
from reelfeel.native.library import load_library
from reelfeel.text.encoder import TextEncoder
from reelfeel.text.vocabulary import Vocabulary

pytestmark = pytest.mark.skipif(load_library() is None, reason="the library is not compiled")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")

NUM_WORDS, NUM_THREADS = 50, 8


def make_tower(seed, *, units, pooling, precision="float32"):
    rng = np.random.default_rng(seed)
    shapes = (12, 4 * units), (units, 4 * units), (4 * units,)
    layer = LayerWeights(*(rng.normal(0, 0.5, shape).astype(np.float32) for shape in shapes))
    embeddings = rng.normal(0, 1, (NUM_WORDS, 12)).astype(np.float32)
    return NativeTower(embeddings, [layer], pooling=pooling, is_reversed=False, precision=precision)


def make_towers():
    precision = "bfloat16" if has_kernel("bfloat16") else "float32"
    return [
        make_tower(0, units=33, pooling="last_max_mean"),
        make_tower(1, units=16, pooling="last", precision=precision),
    ]


def draw_request(drawn):
    lengths = [drawn.randrange(1, 60) for _ in range(drawn.choice([1, 2, 17, 40]))]
    ids = np.array([drawn.randrange(NUM_WORDS) for _ in range(sum(lengths))], np.int32)
    return ids, np.concatenate([[0], np.cumsum(lengths)]), drawn.randrange(1, 4)


def draw_requests(seed, number):
    """Requests and their answers, each given alone: a text at a time, in one thread."""
    drawn, towers, requests = random.Random(seed), make_towers(), []
    for place in range(number):
        tower = towers[place % 2]
        ids, offsets, threads = draw_request(drawn)
        alone = [
            tower.run(ids[start:end], np.array([0, end - start]), 1)
            for start, end in itertools.pairwise(offsets)
        ]
        requests.append((tower, (ids, offsets, threads), np.concatenate(alone)))
    return requests


def count_wrong(requests):
    return sum(
        not np.array_equal(tower.run(*request), expected) for tower, request, expected in requests
    )


def test_two_towers_answer_eight_threads_as_they_answer_alone():
    requests = draw_requests(0, 60)
    with ThreadPoolExecutor(NUM_THREADS) as pool:
        wrong = list(pool.map(lambda _: count_wrong(requests), range(NUM_THREADS)))
    assert wrong == [0] * NUM_THREADS


def test_one_encoder_answers_eight_threads_as_it_answers_alone():
    drawn = random.Random(0)
    # Of scripts that the engine asks for page by page, while other threads read.
    pieces = [
        "good",
        "Film",
        "é",
        "Ж",
        "ش",
        "中",
        "ｱ",
        "😀",
        "<br />",
        "&amp;",
        "e\u0301",
        "<!-- -->",
    ]
    requests = [
        [" ".join(drawn.choices(pieces, k=drawn.randrange(30))) for _ in range(drawn.randrange(70))]
        for _ in range(100)
    ]
    vocabulary = Vocabulary(("good", "film", "é", "ж", "&"))
    alone = TextEncoder(vocabulary)
    expected = [[alone.encode([text]).token_ids[0].tolist() for text in one] for one in requests]
    shared = TextEncoder(vocabulary)
    with ThreadPoolExecutor(NUM_THREADS) as pool:
        found = pool.map(lambda texts: shared.encode(texts, threads=2), requests)
        assert [[ids.tolist() for ids in one.token_ids] for one in found] == expected


def test_other_threads_run_while_the_library_works():
    """ctypes.CDLL gives the interpreter's lock back; PyDLL would not."""
    tower = make_tower(0, units=256, pooling="last")
    ids = np.zeros(10_000, np.int32)
    finished, beats = threading.Event(), 0

    def run():
        tower.run(ids, np.array([0, len(ids)]), 1)
        finished.set()

    thread = threading.Thread(target=run)
    thread.start()
    while not finished.wait(0.001):
        beats += 1
    thread.join()
    assert beats > 5


def answer_in_child(requests, results):
    results.put(count_wrong(requests))


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_child_answers_alike_though_threads_ran_when_it_was_forked():
    requests = draw_requests(1, 20)
    context, stop = multiprocessing.get_context("fork"), threading.Event()
    results = context.SimpleQueue()

    def keep_running():
        while not stop.is_set():
            assert count_wrong(requests[:4]) == 0

    threads = [threading.Thread(target=keep_running) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        children = [
            # As daemons, so that one that hangs fails the test and ends with it.
            context.Process(target=answer_in_child, args=(requests, results), daemon=True)
            for _ in range(6)
        ]
        for child in children:
            child.start()
        for child in children:
            child.join(60)
        assert [child.exitcode for child in children] == [0] * 6
        assert [results.get() for _ in children] == [0] * 6
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert count_wrong(requests) == 0


ENDING = """
import sys, threading, time
import numpy as np
from reelfeel.native.inference import LayerWeights, NativeTower

layer = LayerWeights(*(np.zeros(shape, np.float32) for shape in [(16, 1024), (256, 1024), 1024]))
tower = NativeTower(
    np.zeros((9, 16), np.float32), [layer], pooling="last", is_reversed=False, precision="float32"
)
inside = threading.Event()

def read():
    while True:
        inside.set()
        tower.run(np.zeros(20_000, np.int32), np.array([0, 20_000]), int(sys.argv[1]))

threading.Thread(target=read, daemon=True).start()
inside.wait()
time.sleep(0.05)
"""


@pytest.mark.parametrize("num_threads", ["1", "2"])
def test_a_process_ends_while_a_thread_is_inside_the_kernel(num_threads):
    for _ in range(3):
        subprocess.run([sys.executable, "-c", ENDING, num_threads], check=True, timeout=60)
