"""Ctrl-C between two steps, and not within one."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Interruption:
    """Remembers that a signal came.

    Attributes:
        has_come: whether one did.
    """

    def __init__(self) -> None:
        self.has_come = False

    def raise_if_come(self) -> None:
        """Raises KeyboardInterrupt if a signal came; call it where nothing is half done."""
        if self.has_come:
            self.has_come = False
            raise KeyboardInterrupt

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.has_come = True


@contextlib.contextmanager
def delayed_interruption() -> Iterator[Interruption]:
    """Holds Ctrl-C and SIGTERM back until the block asks for them, or ends.

    A step that is broken off after it has moved half of the weights cannot be gone on from. Outside
    of the main thread, where no signals arrive, this changes nothing.

    Yields:
        What the block asks between two steps.

    Raises:
        KeyboardInterrupt: at the end of the block, if a signal came that was not asked for.

    Example:

    >>> with delayed_interruption() as interruption:
    ...     interruption.raise_if_come()
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, interruption._remember) for number in signals]
    try:
        yield interruption
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
    interruption.raise_if_come()
