"""Runs one command: streams, signals, errors and exit codes."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from reelfeel.cli.output import (
    READER_LEFT,
    ReaderLeftError,
    finish_output,
    give_up_output,
    prepare_streams,
)
from reelfeel.errors import ReelFeelError
from reelfeel.signals import SIGNALS, Interruption, raised_signals
from reelfeel.terminal.escaping import for_terminal
from reelfeel.terminal.lines import say


def run(arguments: Sequence[str]) -> None:
    """Runs one command and ends the process with its exit code."""
    try:
        with raised_signals():
            prepare_streams()
            logging.getLogger("reelfeel").addHandler(_Notes())
            code = _explain_errors(lambda: _call(arguments))
            code = _explain_errors(finish_output) or code
    except KeyboardInterrupt:
        code = 1
    except BaseException:
        # An import that is broken off may say so by an error of its own.
        if Interruption.last is None:
            raise
        code = 1
    for number in SIGNALS:
        # All is said and done: from here on a signal ends the process at once, without a traceback.
        signal.signal(number, signal.SIG_DFL)
    sys.exit(128 + Interruption.last if code and Interruption.last else code)


def _call(arguments: Sequence[str]) -> int:
    from reelfeel.cli.commands import build_app, choose_commands
    from reelfeel.cli.old_options import rename_old_options

    arguments = rename_old_options(arguments)
    app = build_app(choose_commands(arguments))
    # Of wrong options and arguments; typer names only what derives from it.
    usage_error: Any = _find_usage_error()
    try:
        return app(arguments, standalone_mode=False) or 0
    except usage_error as error:
        error.message = for_terminal(error.message)
        error.show()
        return int(error.exit_code)


def _find_usage_error() -> Any:
    import typer

    return typer.BadParameter.__base__


def _explain_errors(action: Callable[[], int | None]) -> int:
    """Returns the exit code of an action; what it raises on purpose becomes a line on stderr."""
    try:
        return action() or 0
    except ReaderLeftError:
        give_up_output()
        return READER_LEFT
    except ReelFeelError as error:
        if not _can_write():
            give_up_output()
        say(f"Error: {error}", err=True, is_error=True)
        return error.exit_code
    except MemoryError:
        say("Error: The memory is not enough. Give it less at once.", err=True, is_error=True)
        return ReelFeelError.exit_code


def _can_write() -> bool:
    try:
        finish_output()
    except (ReelFeelError, ReaderLeftError):
        return False
    return True


class _Notes(logging.Handler):
    """Says what is logged, such as rows that were dropped, on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage(), err=True)
