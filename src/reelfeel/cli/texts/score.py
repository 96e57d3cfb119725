"""`reelfeel score`: files in, the same files out, with the model's answers as columns."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from reelfeel.cli import options as shared
from reelfeel.cli.table_options import TableOptions, takes_tables
from reelfeel.terminal.lines import say


@takes_tables(labels=False)
def score(
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="Tables (.csv, .tsv, .jsonl, .parquet, .arrow, .xlsx, also packed), .txt files, "
            "folders, archives, globs in quotes, or - for standard input.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="File to write: .csv, .tsv, .jsonl, .parquet or .arrow, the first three also .gz, "
            ".bz2, .xz or .zst; - for standard output, as JSON Lines.",
            show_default=False,
        ),
    ],
    options: TableOptions = None,  # type: ignore[assignment]
    model: shared.ModelOption = shared.DEFAULT_MODEL,
    prefix: Annotated[str, typer.Option(help="Of the names of the added columns.")] = "",
    max_bad: Annotated[
        int | None, typer.Option(help="Stop when more rows than this cannot be scored.", min=0)
    ] = None,
    quarantine: Annotated[
        str | None,
        typer.Option(help="File for rows that cannot be scored; default: beside the output."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a job that was not finished.")
    ] = False,
    force: shared.Force = False,
    for_spreadsheets: Annotated[
        bool,
        typer.Option(
            "--for-spreadsheets",
            help="Put an apostrophe before cells that spreadsheets run.",
        ),
    ] = False,
    backend: shared.BackendName = None,
    precision: shared.Precision = "auto",
    threads: shared.Threads = None,
    as_json: shared.Json = False,
) -> None:
    """Score every row of files of any size.

    Keeps all columns and the order of the rows, and adds predicted_label, probability, abstained,
    truncated and model. Rows that cannot be scored go to a quarantine file with the reason. A job
    that was killed goes on with --resume, and its output is the same.
    """
    import json

    from reelfeel.inference.classifier import load
    from reelfeel.scoring.score import ScoreOptions
    from reelfeel.scoring.score import score as score_files

    loaded = load(model, backend=backend, precision=precision, threads=threads)
    how = ScoreOptions(prefix, max_bad, resume, force, for_spreadsheets, quarantine)
    with _Progress() as progress:
        summary = score_files(
            inputs, output, classifier=loaded, table=options, options=how, progress=progress
        )
    if as_json:
        say(json.dumps(summary.to_dict(), indent=2), err=output == "-")
    else:
        say(summary, err=True)


class _Progress:
    """A bar on stderr: rows so far, and rows a second."""

    def __enter__(self) -> _Progress:
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        from reelfeel.terminal.tables import open_console

        console = open_console(stderr=True)
        said = TextColumn("{task.completed:,.0f} rows, {task.speed:,.0f} rows/s")
        self._bar: Any = Progress(
            SpinnerColumn(), said, TimeElapsedColumn(), console=console, transient=True
        )
        self._task = None
        if console.is_terminal:
            self._bar.start()
        return self

    def __call__(self, num_rows: int) -> None:
        if self._task is None:
            self._task = self._bar.add_task("", total=None)
        self._bar.advance(self._task, num_rows)

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
