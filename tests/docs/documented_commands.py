"""The commands that a page of the documentation shows, and a way to run them as a reader does."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(bash|console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One command of a page, or one block of Python, and what the page shows below it."""

    place: str
    language: str
    source: str
    shown: str = ""


def read_steps(page: str) -> list[Step]:
    """Returns the commands of a page in their order; a block of Python is one step."""
    text = (ROOT / page).read_text("utf-8")
    steps = []
    for block in FENCE.finditer(text):
        place = f"{page}:{text.count(chr(10), 0, block.start()) + 1}"
        if block[1] == "python":
            steps.append(Step(place, "python", block[2]))
        elif block[1] == "console":
            steps += _read_session(place, block[2])
        else:
            lines = block[2].replace("\\\n", " ").splitlines()
            commands = [" ".join(shlex.split(line, comments=True)) for line in lines]
            steps += [
                Step(place, "shell", line)
                for line, command in zip(lines, commands, strict=True)
                if command
            ]
    return steps


def _read_session(place: str, text: str) -> list[Step]:
    """Returns the commands behind `$ `, each with the output up to the next one."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [
        Step(place, "shell", command, shown)
        for command, _, shown in (part.partition("\n") for part in parts)
    ]


def run_step(step: Step, namespace: dict[str, object]) -> str:
    """Runs a step in this process where that is the same, and in a shell otherwise.

    Returns:
        What it printed to standard output.
    """
    if step.language == "python":
        exec(compile(step.source, step.place, "exec"), namespace)  # noqa: S102 - our own pages
        return ""
    if step.source.startswith("reelfeel ") and not re.search(r"[|<>$]|&&", step.source):
        return _call_reelfeel(shlex.split(step.source, comments=True)[1:])
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail\n{step.source}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"{step.place}: {step.source}\n{result.stderr}"
    return result.stdout


def _call_reelfeel(arguments: list[str]) -> str:
    from reelfeel.cli.commands import build_app, choose_commands

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = build_app(choose_commands(arguments))(arguments, standalone_mode=False)
    assert not code, f"reelfeel {shlex.join(arguments)} ended with {code}"
    return printed.getvalue()


def list_make_targets(source: str) -> list[str]:
    """Returns the targets that a `make` command names; variables are none."""
    words = shlex.split(source, comments=True)[1:]
    return [word for word in words if "=" not in word]
