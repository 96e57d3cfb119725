"""Turns SIGINT, SIGTERM and SIGHUP into one exception, delayed during critical steps."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, ClassVar

# A closed terminal sends SIGHUP, a cluster or `kill` SIGTERM, Ctrl-C SIGINT.
SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
# After which a signal comes again whose exception was lost in a callback of the interpreter.
_AGAIN_AFTER_S = 0.05


class Interrupted(KeyboardInterrupt):
    """A signal asked this process to end; whoever catches Ctrl-C catches it.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"by signal {number}")
        self.number = number


class Interruption:
    """Remembers that a signal came.

    Attributes:
        last: number of the last signal that came to any of them; None as long as there was none.
        number: of the one that came to this one and was not asked for yet.
    """

    last: ClassVar[int | None] = None

    def __init__(self) -> None:
        self.number: int | None = None

    def raise_if_come(self) -> None:
        """Raises Interrupted if a signal came; call it where nothing is half done."""
        if self.number is not None:
            number, self.number = self.number, None
            raise Interrupted(number)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        Interruption.last = self.number = number


def _raise(number: int, frame: FrameType | None) -> None:
    Interruption.last = number
    raise Interrupted(number)


@contextlib.contextmanager
def delayed_interruption() -> Iterator[Interruption]:
    """Holds signals back until the block asks for them, or ends.

    A step that is broken off after it has moved half of the weights cannot be gone on from, and a
    folder that replaces another must not be left between two names. Outside of the main thread,
    where no signals arrive, this changes nothing. What nobody asked for is delivered at the end of
    the block to who would have received it without.

    Yields:
        What the block asks between two steps.

    Example:

    >>> with delayed_interruption() as interruption:
    ...     interruption.raise_if_come()
    """
    interruption = Interruption()
    with _handlers(interruption._remember):
        yield interruption
    if interruption.number is not None:
        signal.raise_signal(interruption.number)


@contextlib.contextmanager
def raised_signals() -> Iterator[None]:
    """Turns each signal into an `Interrupted`, wherever the block then is.

    `Interruption.last` knows the signal even where its exception was swallowed, as some imports do.
    """
    before = sys.unraisablehook

    def send_again(lost: Any) -> None:
        # Python drops what is raised in a destructor: let the signal come again a moment later.
        if isinstance(lost.exc_value, Interrupted):
            timer = threading.Timer(_AGAIN_AFTER_S, signal.raise_signal, [lost.exc_value.number])
            timer.daemon = True
            timer.start()
        else:
            before(lost)

    sys.unraisablehook = send_again
    try:
        with _handlers(_raise):
            yield
    finally:
        sys.unraisablehook = before


@contextlib.contextmanager
def _handlers(handler: Any) -> Iterator[None]:
    """Lets a handler receive the signals that are not ignored (as under nohup) in the block."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    # None stands for a handler that is not Python's, and cannot be put back.
    ours = [n for n, old in before.items() if old is not None and old is not signal.SIG_IGN]
    try:
        for number in ours:
            signal.signal(number, handler)
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])
