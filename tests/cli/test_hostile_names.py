"""Paths, labels, columns and texts of markup, control characters and half characters.

No traceback, nothing raw on the terminal, nothing that a spreadsheet, a browser or XML would obey.
"""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import reelfeel
from reelfeel.cli import running

# Markup, quotes, an escape sequence, a bell, right-to-left, XML, a new line, a formula.
HOSTILE = "[/x][red]'\"\x1b[2J\x07\u202e<b>&\n=x"
# A name of a file on Linux may be any bytes.
NOT_UTF8 = "[/x]\udcff\x1b"
DATA, OTHER = "reviews \udcff\x1b.jsonl", "others \udcff\x1b.jsonl"
MISTAKEN = "mistaken \udcff\x1b.jsonl"
POSITIVE, NEGATIVE = f"{HOSTILE}1", f"{HOSTILE}0"
COLUMNS = ["--text-column", HOSTILE, "--label-column", f"{HOSTILE}l"]
OPTIONS = [*COLUMNS, "--positive", POSITIVE]
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
FORMULA = re.compile(r"[=+\-@\t\r\n]")


def call(*arguments):
    """Runs a command in this process as `reelfeel` does; returns its exit code and its words."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", err)
        patch.setenv("COLUMNS", "400")
        words = list(map(str, arguments))
        patch.setattr("sys.argv", ["reelfeel", *words])
        # An exception would be a traceback.
        code = running._explain_errors(lambda: running._call(words))
    words = [stream.buffer.getvalue().decode("utf-8") for stream in (out, err)]
    for text in words:
        assert not FORBIDDEN.search(text), ascii(text)
    return code, *words


def write_reviews(path, kind, words=("awful", "lovely")):
    with path.open("w") as file:
        for i in range(60):
            label, word = (NEGATIVE, POSITIVE)[i % 2], words[i % 2]
            text = f"={HOSTILE} {kind} {i} is {word} {word}"
            row = {"id": f"={HOSTILE}{i}", HOSTILE: text, f"{HOSTILE}l": label, f"{HOSTILE}s": "@x"}
            file.write(json.dumps(row) + "\n")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A folder with a hostile name: tables and a model with hostile labels, columns and texts."""
    folder = tmp_path_factory.mktemp("hostile") / "a [/x]\x1b[2J\u202e\n b"
    folder.mkdir(parents=True)
    write_reviews(folder / DATA, "film")
    write_reviews(folder / OTHER, "story")
    write_reviews(folder / MISTAKEN, "film", ("lovely", "awful"))
    settings = [part for setting in ("epochs=2", "alarm=false") for part in
                ("--set", f"training.{setting}")]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REELFEEL_HOME", str(folder / "home"))
        arguments = ["train", folder / DATA, "--preset", "mini", *settings, *OPTIONS]
        code, _, err = call(*arguments, "-o", folder / "model")
        assert code == 0, err
        yield folder
    shutil.rmtree(folder)


COMMANDS = {
    "info": ["info", "MODEL"],
    "check-data": ["check-data", "DATA", "OPTIONS"],
    "evaluate": ["evaluate", "MODEL", "--data", "DATA", "OPTIONS", "--min", "accuracy=0",
                 "--slice-column", f"{HOSTILE}s", "--junit", "FOLDER/gates.xml"],
    "errors": ["errors", "MODEL", "--data", "MISTAKEN", "OPTIONS", "-o", "FOLDER/errors.csv"],
    "compare": ["compare", "MODEL", "base", "--data", "DATA", "OPTIONS"],
    "calibrate": ["calibrate", "COPY", "--data", "OTHER", "OPTIONS"],
    "predict": ["predict", "--model", "MODEL", HOSTILE, NOT_UTF8],
    "explain": ["explain", "--model", "MODEL", HOSTILE, "--flip"],
    "explain --html": ["explain", "--model", "MODEL", HOSTILE, "--html", "FOLDER/why.html"],
}  # fmt: skip
SLOW_COMMANDS = {
    "report": ["report", "MODEL", "--data", "DATA", "OPTIONS", "-o", "FOLDER/report"],
    "check-behaviour": ["check-behaviour", "MODEL", "--data", "DATA", "OPTIONS"],
    "export": ["export", "MODEL", "-o", "FOLDER/a.keras"],
    "distill": ["distill", "MODEL", "--data", "DATA", "OPTIONS", "--preset", "mini", "--set",
                "training.epochs=1", "--set", "training.alarm=false", "-o", "FOLDER/student"],
    "pretrain": ["pretrain", "DATA", "OPTIONS", "--preset", "mini", "--set", "epochs=1", "-o",
                 "FOLDER/lm"],
}  # fmt: skip


def fill_in(arguments, folder):
    places = {"MODEL": "model", "DATA": DATA, "OTHER": OTHER, "MISTAKEN": MISTAKEN, "COPY": "copy"}
    filled = []
    for argument in arguments:
        if argument == "OPTIONS":
            filled += OPTIONS
        elif argument in places:
            filled.append(str(folder / places[argument]))
        else:
            filled.append(argument.replace("FOLDER", str(folder)))
    return filled


@pytest.mark.parametrize(
    "name",
    [*COMMANDS, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW_COMMANDS)],
)
def test_a_command_takes_hostile_names_and_shows_them_spelled_out(name, hostile):
    if name == "calibrate":
        shutil.copytree(hostile / "model", hostile / "copy")
    code, _, err = call(*fill_in((COMMANDS | SLOW_COMMANDS)[name], hostile))
    assert code == 0, err


@pytest.mark.parametrize(
    "arguments",
    [
        ["info", NOT_UTF8],
        ["predict", "--model", HOSTILE, "x"],
        ["check-data", NOT_UTF8],
        ["train", HOSTILE, "-o", "unwritten"],
        ["train", "mini", "-o", NOT_UTF8],
        ["train", "mini", "--preset", HOSTILE, "-o", "unwritten"],
        ["train", "mini", "--set", HOSTILE, "-o", "unwritten"],
        ["train", "mini", "--config", NOT_UTF8, "-o", "unwritten"],
        ["evaluate", "base", "--data", "mini", "--min", HOSTILE],
        ["check-data", "DATA", "--text-column", NOT_UTF8],
        ["check-data", "DATA", *COLUMNS],
        ["check-data", "DATA", "OPTIONS", "--negative", HOSTILE],
        [HOSTILE],
        ["predict", f"--{HOSTILE}", "x"],
        ["calibrate", "base", "--min-recall", HOSTILE],
    ],
)
def test_a_refusal_shows_hostile_names_spelled_out(arguments, hostile):
    code, out, err = call(*fill_in(arguments, hostile))
    assert code in (1, 2, 3)
    assert not out
    assert err


def test_what_is_written_for_other_programs_is_harmless(hostile):
    for name, file in (
        ("errors", "errors.csv"),
        ("evaluate", "gates.xml"),
        ("explain --html", "why.html"),
    ):
        if not (hostile / file).exists():
            assert call(*fill_in(COMMANDS[name], hostile))[0] == 0
    with (hostile / "errors.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert len(rows) > 1
    assert not [cell for row in rows for cell in row if FORMULA.match(cell)]
    assert any(cell.startswith("'=") for cell in rows[1])
    root = ElementTree.parse(hostile / "gates.xml").getroot()  # noqa: S314 - our own
    assert root.tag == "testsuites"
    page = (hostile / "why.html").read_text("utf-8")
    assert "&lt;" in page
    assert "<b>" not in page


def test_the_model_keeps_its_labels_and_its_command_whatever_they_are(hostile):
    config = json.loads((hostile / "model" / "config.json").read_text("utf-8"))
    assert config["label_names"] == [NEGATIVE, POSITIVE]
    provenance = json.loads((hostile / "model" / "provenance.json").read_text("utf-8"))
    assert DATA in provenance["command"]


def test_the_whole_process_shows_them_so_too():
    result = subprocess.run(
        [sys.executable, "-m", "reelfeel", "info", NOT_UTF8], capture_output=True, check=False
    )
    assert result.returncode == 1
    assert b"There is no model at [/x]\\udcff\\x1b." in result.stderr


def test_commands_write_through_the_one_place():
    """Only JSON, which escapes by itself, goes to the terminal in another way."""
    for path in sorted((Path(reelfeel.__file__).parent).rglob("*.py")):
        for line in path.read_text("utf-8").splitlines():
            if path.parts[-2:] != ("terminal", "tables.py"):
                assert "Console(" not in line.replace("ConsoleObserver(", ""), path.name
            if "typer.echo(" in line and "def " not in line:
                assert re.search(r"json|_format\(|__version__", line), (path.name, line)
            assert "secho(" not in line, path.name
