"""`reelfeel models`: lists the models that come with ReelFeel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from reelfeel.cli import options as shared

if TYPE_CHECKING:
    from reelfeel.inference.facts import ModelFacts


def models(as_json: shared.Json = False) -> None:
    """List the models that come with ReelFeel, with their size and accuracy.

    Every command that takes a model takes these names; the default is base.
    """
    import json

    from reelfeel.inference.facts import models as list_models

    found = list_models()
    if as_json:
        typer.echo(json.dumps([facts.to_dict() for facts in found], indent=2))
    else:
        _print_table(found)


def _print_table(found: list[ModelFacts]) -> None:
    from rich.table import Table

    from reelfeel.terminal.tables import open_console

    console = open_console()
    if not found:
        console.print("No model is in this installation of ReelFeel.")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("name", "MB", "parameters", "accuracy (95 % interval)", "reviews/s", "license"):
        table.add_column(title, justify="left" if title in ("name", "license") else "right")
    for facts in found:
        table.add_row(*_format(facts))
    console.print(table)
    for facts in found:
        judged = f"; evaluated on {facts.evaluated_on}" if facts.evaluated_on else ""
        console.print(f"\n{facts.name} {facts.purpose}{judged}\n  {facts.path}", soft_wrap=True)


def _format(facts: ModelFacts) -> tuple[str, ...]:
    accuracy = "-"
    if facts.accuracy is not None and facts.interval:
        lower, upper = facts.interval
        accuracy = f"{facts.accuracy:.2%} ({lower:.2%} to {upper:.2%})"
    return (
        facts.name,
        f"{facts.size_bytes / 1e6:.1f}",
        f"{facts.parameters:,}",
        accuracy,
        f"{facts.reviews_per_s:,.0f}" if facts.reviews_per_s else "-",
        facts.license or "-",
    )
