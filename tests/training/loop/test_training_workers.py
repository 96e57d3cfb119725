"""Workers of a few lines each, as processes of their own."""

import os
import signal
import time

import pytest

from reelfeel.errors import DataError, ReelFeelError
from reelfeel.training.loop.workers import run_side_by_side

HEAD = "import sys, time\nfrom reelfeel.training.loop.workers import run_worker\n"


def script(body):
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return ["-c", f"{HEAD}def work(tell):\n{lines}sys.exit(run_worker(work))"]


def run(**bodies):
    events = []
    workers = {name: script(body) for name, body in bodies.items()}
    run_side_by_side(workers, lambda name, event, values: events.append((name, event, *values)))
    return events


def test_events_of_all_workers_arrive_each_in_its_order():
    events = run(first="for i in range(3): tell('on_step', i, 0.5)", second="tell('on_end')")
    assert [event for event in events if event[0] == "first"] == [
        ("first", "on_step", number, 0.5) for number in range(3)
    ]
    assert ("second", "on_end") in events


def test_the_error_of_a_worker_is_raised_and_the_others_stop():
    started = time.monotonic()
    with pytest.raises(DataError, match="no such thing"):
        run(
            bad="from reelfeel.errors import DataError\nraise DataError('no such thing')",
            good="time.sleep(300)",
        )
    assert time.monotonic() - started < 120


def test_a_crash_is_told_with_the_mend():
    with pytest.raises(ReelFeelError, match=r"'bad'.*code 7.*--resume"):
        run(bad="import os\nos._exit(7)")


def test_after_ctrl_c_every_worker_has_ended_its_own_way(tmp_path):
    mark = tmp_path / "mark"
    body = (
        "try:\n    tell('ready')\n    time.sleep(300)\n"
        f"except KeyboardInterrupt:\n    open({str(mark)!r}, 'w').close()\n    raise"
    )

    def press(name, event, values):
        os.kill(os.getpid(), signal.SIGINT)

    # A shell starts what it sends to the background deaf to Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_side_by_side({"worker": script(body)}, press)
    finally:
        signal.signal(signal.SIGINT, before)
    assert mark.exists()
