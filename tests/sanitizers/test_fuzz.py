"""The fuzzers fit the library as it is, without a sanitizer too."""

import random

import numpy as np
import pytest
from fuzz import FUZZERS, run_case
from sanitize import load_build

from reelfeel.native.library import load_library


@pytest.mark.skipif(load_library() is None, reason="the library is not compiled")
@pytest.mark.parametrize("fuzzer", FUZZERS, ids=lambda fuzzer: fuzzer.__name__)
def test_every_fuzzer_runs(fuzzer, monkeypatch):
    monkeypatch.setenv("REELFEEL_BFLOAT16", "emulate")
    with np.errstate(all="ignore"):
        for seed in range(2):
            fuzzer(random.Random(seed))


@pytest.mark.skipif(load_library() is None, reason="the library is not compiled")
def test_a_case_is_drawn_from_its_seed_and_number(monkeypatch):
    for name in ("ONEDNN_MAX_CPU_ISA", "REELFEEL_BFLOAT16"):
        monkeypatch.setenv(name, "")
    with np.errstate(all="ignore"):
        assert len({run_case(5, 0) for _ in range(2)}) == 1


def test_a_library_in_another_folder_can_be_asked_for(tmp_path, monkeypatch):
    monkeypatch.delenv("REELFEEL_PLATFORM", raising=False)
    build = load_build()
    monkeypatch.setattr(build, "ROOM", tmp_path)
    assert build.wanted_platform().library.parent == tmp_path
