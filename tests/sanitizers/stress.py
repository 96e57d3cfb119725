"""Shares one text engine and some towers between eight threads, for ThreadSanitizer to watch.

Pages of characters are defined while other threads read, and every answer has to be the one that
was given alone.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from odd_networks import draw_texts, draw_tower
from odd_texts import draw_text

from reelfeel.text.bulk import BulkEncoder
from reelfeel.text.encoder import ends_kept
from reelfeel.text.reference import ReferenceEncoder
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary

NUM_THREADS = 8
LEVELS = ("SSE41", "AVX2", "AVX512_CORE", "AVX512_CORE_BF16", "AVX512_CORE_AMX")


def read_texts(drawn: random.Random, pool: ThreadPoolExecutor) -> None:
    """Lets all threads read with an engine that has met no character yet."""
    settings = TextSettings()
    vocabulary = Vocabulary(("good", "bad", "é", "!"))
    reference = ReferenceEncoder(vocabulary, settings, *ends_kept(settings))
    engine = BulkEncoder(vocabulary, settings, ends_kept(settings), reference)
    requests = [[draw_text(drawn) for _ in range(drawn.randrange(1, 130))] for _ in range(24)]
    expected = list(map(reference.encode, requests))
    found = pool.map(engine.encode, requests, [drawn.randrange(1, 4) for _ in requests])
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.ids, other.ids)


def run_towers(drawn: random.Random, pool: ThreadPoolExecutor) -> None:
    """Lets all threads run texts on the same towers, two at a time."""
    towers = [draw_tower(drawn) for _ in range(2)]
    requests = []
    for place in range(24):
        tower, num_words = towers[place % 2]
        requests.append((tower, *draw_texts(drawn, num_words), drawn.randrange(1, 4)))
    found = list(pool.map(lambda request: request[0].run(*request[1:]), requests))
    for (tower, ids, offsets, _), answer in zip(requests, found, strict=True):
        np.testing.assert_array_equal(tower.run(ids, offsets, 1), answer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    # bfloat16 without its instructions, on a processor that lacks them.
    os.environ["REELFEEL_BFLOAT16"] = "emulate"
    drawn, rounds = random.Random(options.seed), 0
    end = time.monotonic() + options.seconds
    with ThreadPoolExecutor(NUM_THREADS) as pool:
        while time.monotonic() < end:
            os.environ["ONEDNN_MAX_CPU_ISA"] = drawn.choice(LEVELS)
            read_texts(drawn, pool)
            run_towers(drawn, pool)
            rounds += 1
    print(f"{rounds} rounds of seed {options.seed} in {NUM_THREADS} threads, every answer as alone")


if __name__ == "__main__":
    main()
