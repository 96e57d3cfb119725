"""`reelfeel check-data`: looks a data set over before anything is trained on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reelfeel.cli import options as shared
from reelfeel.cli.table_options import TableOptions, takes_tables

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from reelfeel.data.audit.findings import Audit, Finding, PartSummary
    from reelfeel.values import Reviews

_STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}


@takes_tables(groups=True)
def check_data(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="imdb, mini, a folder, an archive or a table; several are compared, train first.",
            show_default=False,
        ),
    ],
    options: TableOptions = None,  # type: ignore[assignment]
    max_tokens: Annotated[
        int, typer.Option(min=1, help="How many tokens the model will read.")
    ] = 500,
    data_dir: shared.DataDir = None,
    as_json: shared.Json = False,
) -> None:
    """Check reviews for what would spoil training or flatter a score.

    The exit code is 3 when something would spoil training.
    """
    from reelfeel.terminal.tables import open_console

    with open_console(stderr=True).status("Reading the reviews"):
        parts = _load(sources, data_dir, options)
    with open_console(stderr=True).status("Checking the reviews"):
        result = _audit(parts, max_tokens)
    if as_json:
        typer.echo(json.dumps(result.to_dict(), indent=2, allow_nan=False))
    else:
        _print_audit(result, open_console())
    if result.has_errors:
        raise typer.Exit(3)


def _load(sources: list[str], data_dir: Path | None, options: TableOptions) -> dict[str, Reviews]:
    from reelfeel.data.loading import load_parts
    from reelfeel.errors import UsageError

    if len(set(sources)) < len(sources):
        raise UsageError(f"Name each source once. Received {', '.join(sources)}.")
    parts = {}
    for source in sources:
        folder = data_dir if source == "imdb" else None
        loaded = load_parts(source, data_dir=folder, options=options)
        for name, reviews in loaded.items():
            parts[name if len(sources) == 1 else f"{source} {name}".removesuffix(" all")] = reviews
    return parts


def _audit(parts: dict[str, Reviews], max_tokens: int) -> Audit:
    from reelfeel.data.audit.auditing import audit
    from reelfeel.data.audit.languages import load_language_detector
    from reelfeel.text.encoder import count_tokens

    return audit(
        parts,
        token_counts={name: count_tokens(reviews.texts) for name, reviews in parts.items()},
        max_tokens=max_tokens,
        detect_language=load_language_detector(),
    )


def _print_audit(result: Audit, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("part", *(part.name for part in result.parts), title="Sizes")
    rows = [_describe_part(part) for part in result.parts]
    for name in rows[0]:
        table.add_row(name, *(row[name] for row in rows))
    console.print(table)
    for summary in (summary for part in result.parts for summary in part.load_summaries):
        console.print(Text(str(summary)))
    findings = Table.grid(padding=(0, 1))
    for finding in result.findings:
        findings.add_row(Text(finding.severity, _STYLES[finding.severity]), _describe(finding))
    console.print(findings)
    if result.has_errors:
        console.print("Not fit for training: mend the errors first.", style="bold red")
    else:
        console.print("Nothing here would spoil training.", style="green")


def _describe_part(part: PartSummary) -> dict[str, str]:
    return {
        "reviews": f"{part.num_reviews:,}",
        "positive": f"{part.num_positive:,}",
        "negative": f"{part.num_negative:,}",
        "unlabelled": f"{part.num_unlabelled:,}",
        "different texts": f"{part.num_unique:,}",
        "movies (groups)": "-" if part.num_movies is None else f"{part.num_movies:,}",
        "words: median, p90, max": _describe_lengths(part.words),
        "tokens: median, p90, max": _describe_lengths(part.tokens),
    }


def _describe_lengths(lengths: dict[str, float] | None) -> str:
    if lengths is None:
        return "-"
    return ", ".join(f"{lengths[name]:,.0f}" for name in ("median", "p90", "max"))


def _describe(finding: Finding) -> Text:
    from rich.text import Text

    text = Text(f"{finding.part}: {finding.message} ({finding.code})\n")
    if finding.examples and finding.severity != "note":
        text.append(f"Such as {', '.join(finding.examples)}\n", style="dim")
    return text.append(finding.mend, style="dim")
