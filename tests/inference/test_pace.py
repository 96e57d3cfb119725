"""Compiled code in pieces: the same answers, and Ctrl-C within a second."""

import hashlib
import os
import signal
import threading
import time

import numpy as np
import pytest

from reelfeel.inference import pace as room
from reelfeel.inference.classifier import load
from reelfeel.inference.pace import Pace
from reelfeel.native.inference import NativeTower, has_kernel
from reelfeel.text.token_ids import TokenIds

needs_native = pytest.mark.skipif(not has_kernel("float32"), reason="needs the compiled library")


class Clock:
    """A clock that stands still but for what a test adds."""

    now = 0.0

    def perf_counter(self):
        return self.now

    process_time = perf_counter


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(room, "time", clock)
    return clock


def read(pace, lengths, clock, tokens_per_s):
    """Reads texts at a speed; returns the texts and the seconds of each piece."""
    pieces, seconds = [], []
    for rows in pace.divide(lengths):
        pieces.append(np.arange(len(lengths)) if rows is None else rows)
        seconds.append(float(lengths[pieces[-1]].sum() / tokens_per_s))
        clock.now += seconds[-1]
    return pieces, seconds


@pytest.mark.parametrize("tokens_per_s", [20_000, 200_000, 5_000_000])
def test_pieces_hold_every_text_once_and_take_as_long_as_they_are_meant_to(clock, tokens_per_s):
    lengths = np.random.default_rng(0).integers(1, 500, 8_192)
    pace = Pace(1)
    read(pace, lengths, clock, tokens_per_s)  # finds the pace
    pieces, seconds = read(pace, lengths, clock, tokens_per_s)
    assert sorted(np.concatenate(pieces).tolist()) == list(range(8_192))
    assert max(seconds) < 0.7
    assert len(pieces) <= 1 + sum(seconds) / 0.2


def test_a_slow_machine_does_not_wait_a_second_for_the_first_piece(clock):
    _, seconds = read(Pace(1), np.full(2_000, 400), clock, 20_000)
    assert max(seconds) < 1


def test_a_machine_that_becomes_slow_is_noticed(clock):
    pace, lengths = Pace(1), np.full(40_000, 250)
    for _ in range(3):
        read(pace, lengths, clock, 5_000_000)
    _, seconds = read(pace, lengths, clock, 500_000)
    assert max(seconds[1:]) < 0.7


def test_taken_texts_are_those_asked_for():
    rng = np.random.default_rng(1)
    texts = [rng.integers(2, 99, size).tolist() for size in (3, 1, 7, 2)]
    rows = np.array([2, 0, 0, 3])
    taken = TokenIds.of(texts).take(rows)
    assert [ids.tolist() for ids in taken] == [texts[row] for row in rows]


@needs_native
@pytest.mark.parametrize("threads", [1, 3])
def test_pieces_change_no_answer_by_a_bit(trained, monkeypatch, threads):
    texts = [f"a good film {'and so on ' * (number % 40)}" for number in range(300)]
    whole = load(trained, threads=threads).predict_proba(texts).tolist()
    monkeypatch.setattr(room, "_FIRST_TOKENS", 50)
    monkeypatch.setattr(room, "PIECE_S", 1e-9)
    cut = load(trained, threads=threads)
    read = []
    monkeypatch.setattr(NativeTower, "run", count(NativeTower.run, read))
    assert cut.predict_proba(texts).tolist() == whole
    assert len(read) > 5


def count(run, read):
    def run_and_count(tower, token_ids, offsets, num_threads):
        read.append(len(offsets) - 1)
        return run(tower, token_ids, offsets, num_threads)

    return run_and_count


@needs_native
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_ends_a_long_call_within_a_second(trained, monkeypatch):
    run = NativeTower.run

    started = time.process_time()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 50_000)
    rounds_per_token = 50_000 / (time.process_time() - started) / 20_000

    def run_slowly(tower, token_ids, offsets, num_threads):
        # Compiled code of Python's own, which cannot be broken off either.
        hashlib.pbkdf2_hmac("sha256", b"", b"", int(rounds_per_token * len(token_ids)) + 1)
        return run(tower, token_ids, offsets, num_threads)

    monkeypatch.setattr(NativeTower, "run", run_slowly)
    classifier = load(trained, threads=1)
    texts = ["a long film about people who talk " * 20] * 8_000  # a minute
    sent = []

    def interrupt():
        sent.append(time.process_time())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.5, interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        classifier.predict_proba(texts)
    assert time.process_time() - sent[0] < 1
