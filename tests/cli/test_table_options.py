"""The options about tables: on every command that reads them, and each reaches the reader."""

from dataclasses import fields

import pytest
import typer
from typer.testing import CliRunner

from reelfeel.cli import app
from reelfeel.cli.table_options import takes_tables
from reelfeel.data.options import TableKeywords, TableOptions, make_options
from reelfeel.errors import UsageError

COMMANDS = ["train", "distill", "pretrain", "evaluate", "errors", "report", "compare", "calibrate",
            "check-behaviour", "check-data"]  # fmt: skip
# What a line says, and what it sets.
TYPED = {
    "text_column": (["--text-column", "review"], "review"),
    "label_column": (["--label-column", "mood"], "mood"),
    "group_column": (["--group-column", "film"], "film"),
    "split_column": (["--split-column", "part"], "part"),
    "positive": (["--positive", "good"], "good"),
    "negative": (["--negative", "bad"], "bad"),
    "positive_from_stars": (["--positive-from-stars", "7", "--negative-to-stars", "4"], 7.0),
    "negative_to_stars": (["--positive-from-stars", "7", "--negative-to-stars", "4"], 4.0),
    "drop_other_labels": (["--drop-other-labels"], True),
    "slice_columns": (["--slice-column", "a", "--slice-column", "b"], ["a", "b"]),
    "skip_bad_rows": (["--skip-bad-rows"], True),
    "missing": (["--missing", "None,N/A"], ("None", "N/A")),
    "format": (["--format", "csv"], "csv"),
    "sheet": (["--sheet", "Data"], "Data"),
    "encoding": (["--encoding", "cp1251"], "cp1251"),
    "header": (["--no-header"], False),
    "columns": (["--columns", "label, text"], ("label", "text")),
    "skip_rows": (["--skip-rows", "2"], 2),
    "delimiter": (["--delimiter", "tab"], "\t"),
    "quoting": (["--quoting", "none"], "none"),
    "escape": (["--escape", "\\"], "\\"),
}
NOT_TYPED = {"labelled", "known_labels"}


def test_every_option_can_be_typed_and_is_a_keyword():
    names = {field.name for field in fields(TableOptions)}
    assert set(TYPED) == names - NOT_TYPED
    assert set(TableKeywords.__annotations__) == names - {"known_labels"}


@pytest.mark.parametrize("name", TYPED)
def test_what_is_typed_reaches_the_reader(name):
    arguments, expected = TYPED[name]
    seen = []

    @takes_tables(groups=True, slices=True)
    def command(options: TableOptions = None) -> None:
        """Reads."""
        seen.append(options)

    application = typer.Typer()
    application.command()(command)
    result = CliRunner().invoke(application, arguments)
    assert result.exit_code == 0, result.output
    assert getattr(seen[0], name) == expected
    assert getattr(make_options(**{name: expected} | pair(name, expected)), name) == expected


def pair(name, value):
    """Stars have two limits."""
    if name.endswith("stars"):
        return {"positive_from_stars": 7.0, "negative_to_stars": 4.0}
    return {}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_about_reviews_has_them(command):
    output = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output
    for name, (arguments, _) in TYPED.items():
        if name not in ("group_column", "slice_columns"):
            assert arguments[0] in output, name


@pytest.mark.parametrize(
    "wrong",
    [{"delimiter": ",,"}, {"delimiter": '"'}, {"quoting": "single"}, {"encoding": "klingon"},
     {"encoding": "base64"}, {"format": "xml"}, {"skip_rows": -1}, {"escape": "\n"},
     {"escape": ";", "delimiter": ";"}],
)  # fmt: skip
def test_options_that_say_nothing_are_refused_at_once(wrong):
    with pytest.raises(UsageError, match=r"Received|encoding"):
        TableOptions(**wrong)
