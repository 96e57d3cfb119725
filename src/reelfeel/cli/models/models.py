"""`reelfeel models`: what comes with ReelFeel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from reelfeel.cli import options as shared

if TYPE_CHECKING:
    from reelfeel.inference.facts import ModelFacts


def models(as_json: shared.Json = False) -> None:
    """List the models that come with ReelFeel, with the figures that stand in them.

    Their names can be given wherever a command asks for a model; without one, it takes base.
    """
    import json
    from dataclasses import asdict

    from reelfeel.inference.facts import describe_model
    from reelfeel.inference.shipped import list_shipped

    found = [describe_model(folder) for folder in list_shipped()]
    if as_json:
        typer.echo(json.dumps([asdict(facts) for facts in found], indent=2))
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
        judged = f"; judged on {facts.evaluated_on}" if facts.evaluated_on else ""
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
