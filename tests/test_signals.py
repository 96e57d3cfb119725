"""Signals are held back where nothing may be half done, and end everything else in order."""

import os
import signal
import threading
import time

import pytest

from reelfeel.signals import (
    SIGNALS,
    Interrupted,
    Interruption,
    delayed_interruption,
    raised_signals,
)


def work_and_send(number, done, *, asks):
    with delayed_interruption() as interruption:
        interruption.raise_if_come()
        os.kill(os.getpid(), number)
        done.append("the rest of the step")
        if asks:
            interruption.raise_if_come()
        done.append("the next step")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_waits_until_it_is_asked_for(number):
    handlers = [signal.getsignal(number) for number in SIGNALS]
    done = []
    with pytest.raises(Interrupted) as caught:
        work_and_send(number, done, asks=True)
    assert caught.value.number == number
    assert done == ["the rest of the step"]
    assert [signal.getsignal(n) for n in SIGNALS] == handlers


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
            results.append(interruption.number is not None)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert results == [False]


def send_and_wait(number):
    with raised_signals():
        os.kill(os.getpid(), number)
        time.sleep(5)


@pytest.mark.parametrize("number", SIGNALS)
def test_each_signal_is_raised_as_what_it_is(number):
    with pytest.raises(Interrupted) as caught:
        send_and_wait(number)
    assert caught.value.number == Interruption.last == number


def send_within_two_blocks(done):
    with raised_signals():
        with delayed_interruption() as outer:
            with delayed_interruption():
                os.kill(os.getpid(), signal.SIGTERM)
                done.append("inner")
            done.append("outer")
            outer.raise_if_come()
        done.append("never")


def test_a_signal_that_is_held_back_goes_on_to_who_waits_outside():
    done = []
    with pytest.raises(Interrupted):
        send_within_two_blocks(done)
    assert done == ["inner", "outer"]


class SendsWhenGone:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)


def lose_a_signal():
    with raised_signals():
        SendsWhenGone()
        time.sleep(5)


def test_a_signal_whose_exception_is_lost_in_a_destructor_comes_again():
    with pytest.raises(Interrupted):
        lose_a_signal()


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with raised_signals(), delayed_interruption() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
            assert interruption.number is None
    finally:
        signal.signal(signal.SIGHUP, before)
