"""What messages tell a user to type exists: options, commands, extras and Python arguments."""

import ast
import inspect
import re
import tomllib
from pathlib import Path

import pytest
import typer

import reelfeel
from reelfeel.cli.commands import COMMANDS, build_app
from reelfeel.cli.old_options import OLD_OPTIONS

SOURCE = Path(reelfeel.__file__).parent
ROOT = SOURCE.parents[1]


def list_messages():
    """Yields every string of the source that is no docstring, with its place."""
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        docs = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                text = "".join(
                    part.value if isinstance(part, ast.Constant) else "{}" for part in node.values
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
            else:
                continue
            if id(node) not in docs:
                yield f"{path.relative_to(SOURCE)}:{node.lineno}", text


def options_of(command):
    names = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    return names | {"--help"}


COMMAND_LINE = typer.main.get_command(build_app())
OPTIONS = {name: options_of(COMMAND_LINE.commands[name]) for name in COMMANDS}
ALL_OPTIONS = set().union(*OPTIONS.values(), {"--version"})
# The pages have style sheets, whose variables look like options.
MESSAGES = [one for one in list_messages() if not re.match(r"report/|explanation/page", one[0])]
# Options of other programs that a message may name: pip's, and the exports' reader's.
FOREIGN = {"--upgrade", "--index-url", "--extra-index-url", "--check"}
# Read for one more release; see `cli/old_options.py`.
OLD = {old for names in OLD_OPTIONS.values() for old in names}


def test_messages_are_found():
    assert len([text for _, text in MESSAGES if "--force" in text]) >= 1


@pytest.mark.parametrize("name", sorted({
    option for _, text in MESSAGES for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)
}))  # fmt: skip
def test_every_option_that_a_message_names_is_one(name):
    places = [place for place, text in MESSAGES if name in text]
    assert name in ALL_OPTIONS | FOREIGN | OLD, places


@pytest.mark.parametrize("name", sorted({
    verb for _, text in MESSAGES for verb in re.findall(r"\breelfeel ([a-z][a-z-]+)\b", text)
}))  # fmt: skip
def test_every_command_that_a_message_names_is_one(name):
    # "ReelFeel" is written so in prose; in lower case it is what is typed.
    assert name in COMMANDS, [place for place, text in MESSAGES if f"reelfeel {name}" in text]


def test_a_command_with_an_option_behind_it_has_that_option():
    found = 0
    for place, text in MESSAGES:
        for command, rest in re.findall(r"\breelfeel ([a-z][a-z-]+)((?: [^.,;`]+)?)", text):
            for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", rest):
                found += 1
                assert option in OPTIONS[command], (place, text)
    assert found > 3


def test_every_extra_that_a_message_names_is_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = {extra for _, text in MESSAGES for extra in re.findall(r"reelfeel\[([a-z]+)\]", text)}
    assert named <= set(project["optional-dependencies"])


def test_every_python_argument_that_a_message_names_is_taken_by_something_public():
    taken = set()
    for name in reelfeel.__all__:
        value = getattr(reelfeel, name)
        if callable(value):
            taken |= set(inspect.signature(value).parameters)
    from reelfeel.data.options import TableOptions

    taken |= set(inspect.signature(TableOptions).parameters)
    named = {
        argument
        for _, text in MESSAGES
        for argument in re.findall(r"in\s+Python: ([a-z_]+)=", text)
    }
    assert named
    assert named <= taken


def test_help_eats_no_brackets():
    # Square brackets are markup to what prints the help, unless they are escaped.
    for name in COMMANDS:
        for param in COMMAND_LINE.commands[name].params:
            unescaped = re.findall(r"(?<!\\)\[[a-z]+\]", getattr(param, "help", None) or "")
            assert not unescaped, (name, param.name)
