"""Runs chapters of the tutorial and writes each as a Markdown page with its outputs and pictures.

python docs/tutorial/execute.py                      # all chapters on mini
python docs/tutorial/execute.py --data imdb          # some 15 minutes on one core
python docs/tutorial/execute.py --data imdb 4 5      # two chapters; the earlier ones ran before

The chapters are Python files in the "percent" format: `# %%` starts a cell of code and
`# %% [markdown]` one of text. Jupyter (with jupytext) and VS Code open them as notebooks.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CELL_START = re.compile(r"^# %%( \[markdown\])?$", re.MULTILINE)
# Enough for a picture half a page wide on a fine screen, at some 40 kB each.
DOTS_PER_INCH = 110


@dataclass
class Cell:
    """One cell of a chapter and what it left behind."""

    is_code: bool
    source: str
    first_line: int
    output: str = ""
    figures: list[Any] = field(default_factory=list)


def list_chapters() -> list[Path]:
    """Returns the chapters in their order."""
    return sorted(HERE.glob("[1-9]_*.py"))


def read_cells(path: Path) -> list[Cell]:
    """Splits a chapter into its cells; the text of markdown cells comes without `# `."""
    text = path.read_text("utf-8")
    starts = list(CELL_START.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    cells = []
    for start, end in zip(starts, ends, strict=True):
        source = text[start.end() : end].strip("\n")
        if start[1]:
            source = re.sub(r"^# ?", "", source, flags=re.MULTILINE)
        first_line = text.count("\n", 0, start.end()) + 2
        cells.append(Cell(not start[1], source, first_line))
    return cells


def run_chapter(path: Path) -> tuple[list[Cell], dict[str, Any]]:
    """Runs a chapter's cells in a fresh namespace.

    Returns:
        The cells with their printed output and matplotlib figures, and the namespace they left.
    """
    cells = read_cells(path)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in cells:
        if cell.is_code:
            _run_cell(cell, path, namespace)
    return cells, namespace


def _run_cell(cell: Cell, path: Path, namespace: dict[str, Any]) -> None:
    # Empty lines in front, so that a traceback names the line of the file.
    code = compile("\n" * (cell.first_line - 1) + cell.source, str(path), "exec")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, namespace)  # noqa: S102  # a chapter of this folder
    cell.output = printed.getvalue().rstrip()
    cell.figures = list(_take_figures())


def _take_figures() -> Iterator[Any]:
    """Yields the figures that a cell left open and closes them, as a notebook does."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    for number in pyplot.get_fignums() if pyplot else []:
        yield pyplot.figure(number)
        pyplot.close(number)


def write_page(cells: list[Cell], output: Path, name: str, note: str) -> None:
    """Writes `NAME.md` and its pictures; a figure's label is the picture's alternative text."""
    parts = []
    for cell in cells:
        if not cell.is_code:
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        if cell.output:
            parts.append(f"```text\n{cell.output}\n```")
        for figure in cell.figures:
            label = figure.get_label()
            picture = f"{name}_{label.replace(' ', '_').lower()}.png"
            figure.savefig(output / picture, dpi=DOTS_PER_INCH)
            parts.append(f"![{label}]({picture})")
    parts.insert(1, f"> {note}")
    (output / f"{name}.md").write_text("\n\n".join(parts) + "\n", "utf-8")


def _describe_versions() -> str:
    packages = {"Keras": "keras", "PyTorch": "torch", "scikit-learn": "scikit-learn"}
    return ", ".join(f"{name} {version(package)}" for name, package in packages.items())


def main() -> None:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("numbers", nargs="*", type=int, help="chapters; all where none is named")
    parser.add_argument("--data", choices=("mini", "imdb"), default="mini")
    parser.add_argument("--output", type=Path, help="default: a folder named after the data")
    arguments = parser.parse_args()
    os.environ["REELFEEL_TUTORIAL_DATA"] = arguments.data
    os.environ.setdefault("KERAS_BACKEND", "torch")
    os.environ.setdefault("MPLBACKEND", "agg")
    output = arguments.output or HERE / arguments.data
    output.mkdir(parents=True, exist_ok=True)
    for path in list_chapters():
        if not arguments.numbers or int(path.name[0]) in arguments.numbers:
            started = time.perf_counter()
            cells, _ = run_chapter(path)
            seconds = time.perf_counter() - started
            note = (
                f"Source: [{path.name}](../{path.name}), run by `execute.py --data "
                f"{arguments.data}` in {seconds:.0f} s, with {_describe_versions()}."
            )
            write_page(cells, output, path.stem, note)
            print(f"{path.name}: {seconds:.0f} s")


if __name__ == "__main__":
    main()
