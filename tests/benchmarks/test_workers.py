import os
import sys
import time

import pytest
from harness.machine import available_cores, busy_seconds, describe_machine, session_seconds
from harness.suite import Contestant
from harness.workers import ContestantFailed, Worker, worker_environment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

HONEST = """
import os, protocol

def prepare(settings):
    print("a library says hello")
    turns = []
    def take_turn():
        turns.append(1)
        return {"turn": len(turns), "cores": len(os.sched_getaffinity(0)), "given": settings["x"]}
    return take_turn

protocol.serve(prepare)
"""
SPINNING = """
import threading, protocol

def prepare(settings):
    def spin():
        while True:
            pass
    threading.Thread(target=spin, daemon=True).start()
    return lambda: {}

protocol.serve(prepare)
"""


def start(folder, script, **contestant):
    (folder / "script.py").write_text(script)
    settings = {"x": 7}
    return Worker(
        Contestant("c", "Contestant", "script.py", settings=settings, **contestant),
        sys.executable,
        folder / "log",
        cores=1,
    )


def test_a_worker_says_what_it_is_and_answers_every_turn(contestants):
    worker = start(contestants, HONEST)
    try:
        assert worker.load()["versions"]["numpy"]
        for turn in (1, 2):
            result = worker.measure()
            assert (result["turn"], result["cores"], result["given"]) == (turn, 1, 7)
            assert result["other_cores"] >= 0
    finally:
        worker.close()
    assert "a library says hello" in worker.log.read_text()


def test_a_worker_that_spins_uses_nothing_between_its_turns(contestants):
    worker = start(contestants, SPINNING)
    try:
        worker.load()
        before = session_seconds(worker.process.pid)
        time.sleep(0.5)
        assert session_seconds(worker.process.pid) - before < 0.05
        assert before > 0
    finally:
        worker.close()


def test_a_worker_that_cannot_load_leaves_its_last_words(contestants):
    worker = start(contestants, "raise SystemExit('no classifier of that name')")
    with pytest.raises(ContestantFailed, match="Contestant ended: no classifier of that name"):
        worker.load()
    worker.close()


def test_a_worker_inherits_no_settings_of_threads(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "17")
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    contestant = Contestant("c", "C", "c.py", variables={"ONEDNN_MAX_CPU_ISA": "AVX2"})
    environment = worker_environment(contestant, 2)
    assert environment["OMP_NUM_THREADS"] == "2"
    assert environment["ONEDNN_MAX_CPU_ISA"] == "AVX2"
    assert "OMP_WAIT_POLICY" not in environment


def test_what_this_process_uses_is_seen_and_counts_as_its_own():
    session, busy = os.getsid(0), busy_seconds()
    own, deadline = session_seconds(session), time.process_time() + 0.3
    while time.process_time() < deadline:
        pass
    own = session_seconds(session) - own
    assert own > 0.2
    assert busy_seconds().cores_since(busy) > 0
    assert busy_seconds().cores_since(busy, own) < busy_seconds().cores_since(busy)


def test_the_machine_is_described():
    machine = describe_machine()
    assert machine["cores"] == len(available_cores())
    assert machine["memory_gib"] > 0
    assert machine["processor"]
