"""Fuzzes the compiled library for some seconds: odd texts, ids, settings and networks.

Each case is drawn from the seed and its number, which stand in the file that `--journal` names
while it runs: after a crash, the same seed with `--case` runs it alone.
"""

from __future__ import annotations

import argparse
import os
import random
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from odd_networks import fuzz_lstm, fuzz_softmax, fuzz_tower, fuzz_tower_arguments
from odd_texts import fuzz_bytes, fuzz_padding, fuzz_reader_arguments, fuzz_texts

FUZZERS = (
    *(fuzz_texts, fuzz_bytes, fuzz_reader_arguments, fuzz_padding, fuzz_tower),
    *(fuzz_tower_arguments, fuzz_lstm, fuzz_softmax),
)
# Older processors than this one, as reelfeel.native.library knows them.
LEVELS = ("SSE41", "AVX2", "AVX512_CORE", "AVX512_CORE_BF16", "AVX512_CORE_AMX")


def run_case(seed: int, case: int) -> str:
    """Runs one case, on one of the processors that this one can stand for; returns its kind."""
    drawn = random.Random(f"{seed}/{case}")
    os.environ["ONEDNN_MAX_CPU_ISA"] = drawn.choice(LEVELS)
    # bfloat16 without its instructions, on a processor that lacks them.
    os.environ["REELFEEL_BFLOAT16"] = "emulate"
    fuzzer = drawn.choice(FUZZERS)
    fuzzer(drawn)
    return fuzzer.__name__


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", type=int, help="run this one case only")
    parser.add_argument("--journal", type=Path, default=Path(os.devnull))
    options = parser.parse_args()
    np.seterr(all="ignore")  # weights that are no numbers are a part of it
    warnings.simplefilter("error")
    if options.case is not None:
        print(run_case(options.seed, options.case))
        return
    end, kinds = time.monotonic() + options.seconds, Counter[str]()
    while time.monotonic() < end:
        case = kinds.total()
        options.journal.write_text(f"--seed {options.seed} --case {case}")
        kinds[run_case(options.seed, case)] += 1
    print(f"{kinds.total()} cases of seed {options.seed}: {dict(sorted(kinds.items()))}")


if __name__ == "__main__":
    main()
