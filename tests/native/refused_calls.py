"""Calls every function of the library while C++ gets less and less: run by test_refusals.py.

refused_calls.py PRELOADED     the library of refusing.cpp, which is loaded already
"""

import ctypes
import random
import sys

import numpy as np

from reelfeel.native.inference import LayerWeights, NativeTower, has_kernel
from reelfeel.native.text import NativeTextEngine, NativeTokenCounter
from reelfeel.text.characters import describe_page

UNLIMITED = -1
drawn = random.Random(0)
TEXTS = [
    " ".join(drawn.choices(["good", "bad", "<b>film</b>", "&amp;", "é", "x" * 40], k=20)).encode()
    for _ in range(300)
]
IDS = np.array([drawn.randrange(9) for _ in range(4000)], np.int32)
OFFSETS = np.arange(0, 4001, 40)


def make_engine():
    engine = NativeTextEngine([f"word{i}" for i in range(700)] + ["good"], ["b"], lowercase=True)
    engine.define_page(0, describe_page(0))
    return engine


def encode(threads=4):
    return make_engine().encode(TEXTS, first=9, last=9, num_threads=threads).ids.tolist()


def count(threads=4):
    counter = NativeTokenCounter(make_engine())
    counter.add(TEXTS, num_threads=threads)
    totals = dict.fromkeys("xxxxx", 0)
    for token, number in counter.counts():
        totals[token] = totals.get(token, 0) + number
    return sorted((token, number) for token, number in totals.items() if number)


def run_tower(threads=4, precision="float32"):
    rng = np.random.default_rng(0)
    draw = lambda *shape: rng.normal(0, 1, shape).astype(np.float32)  # noqa: E731
    layers = [LayerWeights(draw(8, 64), draw(16, 64), draw(64))]
    layers.append(LayerWeights(draw(16, 128), draw(32, 128), draw(128)))
    tower = NativeTower(
        draw(9, 8), layers, pooling="last_max_mean", is_reversed=False, precision=precision
    )
    return tower.run(IDS, OFFSETS, threads).tolist()


def run_tower_in_bfloat16(threads=4):
    return run_tower(threads, "bfloat16")


def refuse_memory(task, refuse):
    """Refuses the first allocation, then the second, until the task finds all that it needs."""
    expected, refused = task(), 0
    for allowed in range(100_000):
        refuse(UNLIMITED, allowed)
        try:
            found = task()
        except MemoryError:
            refused += 1
        else:
            refuse(UNLIMITED, UNLIMITED)
            # A thread that found no memory to start is only one thread less.
            assert found == expected, task.__name__
            if allowed > refused + 50:
                return refused
    raise AssertionError("There is no end to what it needs.")


def refuse_threads(task, refuse):
    """Refuses all threads, then all but one, and so on."""
    expected = task(threads=8)
    for allowed in range(9):
        refuse(allowed, UNLIMITED)
        assert task(threads=8) == expected, task.__name__
    refuse(UNLIMITED, UNLIMITED)


def main():
    refuse = ctypes.CDLL(sys.argv[1]).refuse
    tasks = [encode, count, run_tower]
    if has_kernel("bfloat16"):
        tasks.append(run_tower_in_bfloat16)
    for task in tasks:
        refuse_threads(task, refuse)
        print(f"{task.__name__}: {refuse_memory(task, refuse)} allocations refused")


if __name__ == "__main__":
    main()
