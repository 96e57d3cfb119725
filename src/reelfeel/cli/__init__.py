"""The command line: one command a file, named by its verb.

A command imports the rooms it needs inside its function, and of the commands only the one that is
called is imported at all. Data goes to stdout; progress, notes and errors go to stderr.
"""

from __future__ import annotations

import sys
from typing import Any


def main() -> None:
    """Runs the command line; an error raised on purpose is a message and an exit code.

    SIGINT, SIGTERM and SIGHUP end it in order, wherever it is, with 130, 143 and 129.
    """
    try:
        # Inside: importing takes a tenth of a second, in which Ctrl-C is no traceback either.
        from reelfeel.cli.running import run
    except KeyboardInterrupt:
        sys.exit(130)
    run(sys.argv[1:])


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module 'reelfeel.cli' has no attribute {name!r}")
    from reelfeel.cli.commands import build_app

    return build_app()
