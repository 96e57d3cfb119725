"""The command line: one command a file, named by its verb.

A command imports the rooms it needs inside its function, so that `--help` costs nothing.
Data goes to stdout; progress, notes and errors go to stderr.
"""

from __future__ import annotations

import sys
from typing import Annotated

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

app = typer.Typer(
    name="reelfeel",
    help="Sentiment analysis of reviews with LSTMs.",
    epilog="Exit codes: 0 ok, 1 failure, 2 usage, 3 data refused, 4 gate not met, 130 interrupted.",
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
    """Runs the command line; an error raised on purpose is a message and an exit code."""
    try:
        app()
    except ReelFeelError as error:
        # What was read may hold half a character, which no terminal can print.
        message = str(error).encode("utf-8", "backslashreplace").decode("utf-8")
        typer.secho(f"Error: {message}", err=True, fg="red" if sys.stderr.isatty() else None)
        sys.exit(error.exit_code)
