"""Builds the command line; imports only the command that is called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from reelfeel import __version__

# The module of each command in this room, in the order of the help.
_MODULES = {
    "train": "making.train",
    "pretrain": "making.pretrain",
    "distill": "making.distill",
    "evaluate": "models.evaluate",
    "predict": "texts.predict",
    "score": "texts.score",
    "explain": "texts.explain",
    "errors": "models.errors",
    "report": "models.report",
    "compare": "models.compare",
    "calibrate": "models.calibrate",
    "check-behaviour": "models.check_behaviour",
    "check-data": "check_data",
    "info": "models.info",
    "models": "models.models",
    "export": "models.export",
    "doctor": "doctor",
}
COMMANDS = tuple(_MODULES)


def choose_commands(arguments: Sequence[str]) -> tuple[str, ...]:
    """Returns the command that is called, none for `--version`, and all for anything else.

    Example:

    >>> choose_commands(["predict", "A fine film."])
    ('predict',)
    >>> choose_commands(["--help"]) == choose_commands(["predcit"]) == COMMANDS
    True
    """
    first = arguments[0] if arguments else ""
    if first == "--version":
        return ()
    return (first,) if first in COMMANDS else COMMANDS


def build_app(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """Returns the command line with some of its commands; imports their modules and no others.

    Args:
        names: of commands.
    """
    app = typer.Typer(
        name="reelfeel",
        help="Sentiment analysis of reviews with LSTMs.",
        epilog="Exit codes: 0 ok, 1 failure, 2 usage, 3 data refused, 4 gate not met, "
        "130, 143, 129 ended by SIGINT, SIGTERM, SIGHUP.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name in names:
        module: Any = import_module(f"reelfeel.cli.{_MODULES[name]}")
        # A command whose arguments are texts reads its words in a way of its own.
        app.command(name, cls=getattr(module, "COMMAND_CLASS", None))(
            getattr(module, name.replace("-", "_"))
        )
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"reelfeel {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Sentiment analysis of reviews with LSTMs."""
