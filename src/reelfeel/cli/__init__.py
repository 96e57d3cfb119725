"""The command line: one command a file, named by its verb.

A command imports the rooms it needs inside its function, so that `--help` costs nothing.
Data goes to stdout; progress, notes and errors go to stderr.
"""

from __future__ import annotations

import logging
import signal
import sys
from typing import Annotated, Any

import typer

from reelfeel import __version__
from reelfeel.cli.calibrate import calibrate
from reelfeel.cli.check_behaviour import check_behaviour
from reelfeel.cli.check_data import check_data
from reelfeel.cli.compare import compare
from reelfeel.cli.distill import distill
from reelfeel.cli.doctor import doctor
from reelfeel.cli.errors import errors
from reelfeel.cli.evaluate import evaluate
from reelfeel.cli.explain import explain
from reelfeel.cli.export import export
from reelfeel.cli.info import info
from reelfeel.cli.models import models
from reelfeel.cli.predict import predict
from reelfeel.cli.pretrain import pretrain
from reelfeel.cli.report import report
from reelfeel.cli.train import train
from reelfeel.errors import ReelFeelError
from reelfeel.escaping import for_terminal
from reelfeel.signals import SIGNALS, Interruption, raised_signals
from reelfeel.terminal import say

# Of wrong options and arguments; typer names only what derives from it.
_UsageError: Any = typer.BadParameter.__base__

app = typer.Typer(
    name="reelfeel",
    help="Sentiment analysis of reviews with LSTMs.",
    epilog="Exit codes: 0 ok, 1 failure, 2 usage, 3 data refused, 4 gate not met, "
    "130, 143, 129 ended by SIGINT, SIGTERM, SIGHUP.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(train)
app.command()(pretrain)
app.command()(distill)
app.command()(evaluate)
app.command()(predict)
app.command()(explain)
app.command()(errors)
app.command()(report)
app.command()(compare)
app.command()(calibrate)
app.command("check-behaviour")(check_behaviour)
app.command("check-data")(check_data)
app.command()(info)
app.command()(models)
app.command()(export)
app.command()(doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"reelfeel {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Sentiment analysis of reviews with LSTMs."""


def main() -> None:
    """Runs the command line; an error raised on purpose is a message and an exit code.

    SIGINT, SIGTERM and SIGHUP end it in order, wherever it is, with 130, 143 and 129.
    """
    logging.getLogger("reelfeel").addHandler(_Notes())
    try:
        with raised_signals():
            code = _run()
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


def _run() -> int:
    try:
        return app(standalone_mode=False) or 0
    except ReelFeelError as error:
        say(f"Error: {error}", err=True, is_error=True)
        return error.exit_code
    except _UsageError as error:
        error.message = for_terminal(error.message)
        error.show()
        return int(error.exit_code)
    except MemoryError:
        say("Error: The memory is not enough. Give it less at once.", err=True, is_error=True)
        return ReelFeelError.exit_code


class _Notes(logging.Handler):
    """Says what is logged, such as rows that were dropped, on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage(), err=True)
