"""Writes the command reference from the program: what `--help` says, as Markdown."""

from __future__ import annotations

import re
from typing import Any

import typer

from reelfeel.cli.commands import build_app

INTRODUCTION = """# Commands

`reelfeel COMMAND --help` prints the same in a terminal. Data goes to standard output; progress,
notes and errors go to standard error. `--json` prints one JSON object for programs.
"""


def write_command_reference() -> str:
    """Returns a page with a section for each command, in the order of `reelfeel --help`."""
    program: Any = typer.main.get_command(build_app())
    context = program.make_context("reelfeel", [], resilient_parsing=True)
    sections = [INTRODUCTION, program.epilog, _summarise(program)]
    for name, command in program.commands.items():
        sections.append(f"## reelfeel {name}")
        sections.append(_describe(command, name, context))
    return "\n\n".join(sections) + "\n"


def _summarise(program: Any) -> str:
    rows = [
        f"| [`{name}`](#reelfeel-{name}) | {_first_paragraph(command.help)} |"
        for name, command in program.commands.items()
    ]
    return "\n".join(["| command | does |", "| --- | --- |", *rows])


def _first_paragraph(text: str) -> str:
    return " ".join(text.partition("\n\n")[0].split())


def _describe(command: Any, name: str, parent: Any) -> str:
    context = type(parent)(command, info_name=name, parent=parent)
    usage = " ".join(["reelfeel", name, *command.collect_usage_pieces(context)])
    parts = [command.help, f"```console\n$ {usage}\n```"]
    for title, parameters in _by_panel(command).items():
        parts.append(f"**{title}**")
        rows = [row for parameter in parameters if (row := _row(parameter, context))]
        parts.append("\n".join(["| name | meaning |", "| --- | --- |", *rows]))
    return "\n\n".join(parts)


def _by_panel(command: Any) -> dict[str, list[Any]]:
    panels: dict[str, list[Any]] = {}
    for parameter in command.params:
        if not getattr(parameter, "hidden", False):
            kind = "Arguments" if parameter.param_type_name == "argument" else "Options"
            panels.setdefault(parameter.rich_help_panel or kind, []).append(parameter)
    return panels


def _row(parameter: Any, context: Any) -> str | None:
    record = parameter.get_help_record(context)
    if record is None:
        return None
    name, meaning = (" ".join(text.split()) for text in record)
    return f"| `{name}` | {_escape(meaning)} |"


def _escape(text: str) -> str:
    """Escapes what Markdown would read as markup in a cell of a table."""
    return re.sub(r"([|*_<>\[\]])", r"\\\1", text)
