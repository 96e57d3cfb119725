"""Makes the two pictures of the README: the report, and the terminal.

    python docs/pictures.py runs/seed runs/seed/report/index.html

Needs Chromium (Debian's package chromium) for the report; everything else comes with ReelFeel.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

PICTURES = Path(__file__).parent / "pictures"
WIDTH = 92
# An outside font would be an outside request; any monospaced one will do.
SVG_FORMAT = re.sub(r"@font-face \{\{.*?\}\}\n?", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def draw_terminal(model: str, output: Path) -> None:
    """Runs some commands as a user types them and keeps what they print, with its colours."""
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(WIDTH)}
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    for command in (
        [
            "reelfeel", "predict", "--model", model,
            "A slow start, but what an ending. I left the cinema smiling and want to see it again.",
            "Two hours of my life that I will never get back. Dull, loud and far too long.",
        ],
        ["reelfeel", "evaluate", model, "--data", "imdb"],
    ):  # fmt: skip
        typed = " ".join(f'"{word}"' if " " in word else word for word in command)
        console.print(Text(f"$ {typed}", style="bold green"))
        executable = str(Path(sys.executable).with_name(command[0]))
        result = subprocess.run(  # noqa: S603  # our own commands
            [executable, *command[1:]], env=environment, capture_output=True, text=True, check=True
        )
        console.print(Text.from_ansi(result.stdout))
    console.save_svg(str(output), title="reelfeel", code_format=SVG_FORMAT)


def draw_report(page: Path, output: Path) -> None:
    """Takes a screenshot of the top of a report."""
    chromium = shutil.which("chromium") or sys.exit("Install Chromium first.")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(  # noqa: S603  # a browser without network, on our own page
            [
                chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--no-first-run", f"--user-data-dir={profile}",
                "--window-size=1280,1500", f"--screenshot={output}", page.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
        )  # fmt: skip


def main() -> None:
    """Draws both pictures into docs/pictures/."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("page", type=Path)
    arguments = parser.parse_args()
    PICTURES.mkdir(exist_ok=True)
    draw_terminal(arguments.model, PICTURES / "terminal.svg")
    draw_report(arguments.page, PICTURES / "report.png")


if __name__ == "__main__":
    main()
