import os
import signal
import threading

import pytest

from reelfeel.training.interruption import delayed_interruption


def work_and_send(number, done, *, asks):
    with delayed_interruption() as interruption:
        interruption.raise_if_come()
        os.kill(os.getpid(), number)
        done.append("the rest of the step")
        if asks:
            interruption.raise_if_come()
        done.append("the next step")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_until_it_is_asked_for(number):
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    done = []
    with pytest.raises(KeyboardInterrupt):
        work_and_send(number, done, asks=True)
    assert done == ["the rest of the step"]
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_a_signal_that_nobody_asked_for_is_raised_at_the_end():
    done = []
    with pytest.raises(KeyboardInterrupt):
        work_and_send(signal.SIGINT, done, asks=False)
    assert done == ["the rest of the step", "the next step"]


def test_an_error_goes_before_a_signal():
    def fail():
        with delayed_interruption():
            os.kill(os.getpid(), signal.SIGINT)
            raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        fail()


def test_another_thread_may_use_it_too():
    results = []

    def work():
        with delayed_interruption() as interruption:
            results.append(interruption.has_come)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert results == [False]
