"""`reelfeel info`: shows what a saved model is and how it was made."""

from __future__ import annotations

from typing import Any

import typer

from reelfeel.cli import options as shared


def info(model: shared.ModelArgument, as_json: shared.Json = False) -> None:
    """Show a saved model's settings, training and metrics."""
    import json

    from reelfeel.inference.bundle import read_bundle
    from reelfeel.inference.shipped import find_model

    folder = find_model(model)
    bundle = read_bundle(folder)
    weights = bundle.weights()
    facts: dict[str, Any] = {
        "model": model,
        "preset": bundle.preset,
        "labels": list(bundle.label_names),
        "parameters": sum(array.size for array in weights.values()),
        "size_bytes": sum(file.stat().st_size for file in folder.iterdir() if file.is_file()),
        "vocabulary_size": bundle.vocabulary.size,
        "threshold": bundle.decision.threshold,
        "config": bundle.config.to_dict(),
        "metrics": bundle.about("metrics"),
        "provenance": bundle.about("provenance"),
    }
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    from rich.table import Table

    from reelfeel.terminal.tables import open_console

    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _flatten(facts):
        table.add_row(name, str(value))
    open_console().print(table)


def _flatten(facts: Any, prefix: str = "") -> list[tuple[str, Any]]:
    if not isinstance(facts, dict):
        return [(prefix, facts)]
    rows = []
    for name, value in facts.items():
        rows += _flatten(value, f"{prefix}.{name}" if prefix else name)
    return rows
