"""Every mend that a message of the data room prints, followed literally: it works, classes stay."""

import ast
import re
import shlex
from pathlib import Path

import pytest
import typer
from made_reviews import (
    REVIEWS,
    TEXTS,
    lines,
    named,
    quote,
    stray_quotes,
    write,
    write_label_folder,
)
from typer.testing import CliRunner

import reelfeel.data
from reelfeel.cli.check_data import check_data
from reelfeel.data.loading import load_reviews
from reelfeel.data.options import make_options
from reelfeel.errors import ReelFeelError

TRUTH = dict(REVIEWS)
RUSSIAN = "\u0445\u043e\u0440\u043e\u0448\u0438\u0439 \u0444\u0438\u043b\u044c\u043c"
ROWS = [f"{quote(text)},{label}" for text, label in REVIEWS]
FLAGS = {"--skip-bad-rows", "--drop-other-labels", "--no-header"}
OPTION = r"--[a-z-]+(?: '[^']*'| (?!--)[^\s;,()]+)?"
GROUP = re.compile(rf"{OPTION}(?: {OPTION})*")
PYTHON = re.compile(r"\(in Python: (.*?)\)(?=[;:,.\s])")
PROSE = {"and", "or", "for", "takes", "to", "such", "in"}


def stars(values):
    rows = [f"{quote(text)},{values[label][n % 3]}" for n, (text, label) in enumerate(REVIEWS)]
    return lines(rows)


# The name of a file, its content, and what stands for LABEL, N and NAME, in the order of options.
CASES = {
    "unknown labels": ("a.csv", named("bad", "good"), {"--positive": "good"}),
    "unknown labels, exchanged": ("a.csv", named("good1", "bad1"), {"--positive": "bad1"}),
    "a third label": ("a.csv", named("negative", "positive", third="neutral"), {}),
    "a third label beside unknown ones": (
        "a.csv", named("bad", "good", third="so-so"), {"--positive": "good", "--negative": "bad"},
    ),
    "0, 1 and 2": (
        "a.csv", named("0", "2", third="1"), {"--positive": "2", "--negative": "0"},
    ),
    "no label": ("a.csv", named("0", "1", third="N/A"), {}),
    "an empty label": ("a.csv", named("0", "1", third=""), {}),
    "ten stars": ("a.csv", stars(["134", "789"]), {"--positive": "9", "--negative": "1"}),
    "five stars": ("a.csv", stars(["112", "455"]), {"--positive": "5", "--negative": "1"}),
    "fastText": (
        "a.txt", "\n".join(f"__label__{y + 1} {t}" for t, y in REVIEWS), {"--positive": "2"},
    ),
    "a bad line of fastText": (
        "a.txt", "\n".join(["no label", *(f"__label__{y} {t}" for t, y in REVIEWS)]), {},
    ),
    "a title": ("a.csv", "Export of 2024\n" + lines(ROWS), {}),
    "two titles of several fields": ("a.csv", "Export,of,2024\nby,me,\n" + lines(ROWS), {}),
    "no line of names": (
        "a.csv", lines(ROWS, header=""), {"--text-column": "1", "--label-column": "2"},
    ),
    "other names": ("a.csv", lines(ROWS, header="Text,Labels"), {}),
    "quite other names": (
        "a.csv", lines(ROWS, header="review,mood"),
        {"--text-column": "review", "--label-column": "mood"},
    ),
    "a column named twice": ("a.csv", lines((f"{row},x" for row in ROWS), header="text,label,text"),
                             {}),
    "unquoted commas": ("a.csv", lines([*ROWS, "a, b, c"]), {}),
    "quotes with backslashes": (
        "a.csv", lines(row.replace(" was", ' \\"was\\"', 1) for row in ROWS), {},
    ),
    "quotes that quote nothing, refused": (
        "a.tsv", lines((f'"{t}\t{y}' for t, y in REVIEWS), header="text\tlabel"), {},
    ),
    "quotes that glue rows": ("a.tsv", stray_quotes(), {}),
    "text behind a quote": ("a.csv", lines([*ROWS, '"b"x,0']), {}),
    "a broken line of JSON": (
        "a.jsonl", "\n".join([*(f'{{"text": {quote(t)}, "label": {y}}}' for t, y in REVIEWS), "{"]),
        {},
    ),
    "a row of JSON that is no object": (
        "a.json",
        "[5," + ",".join(f'{{"text": {quote(t)}, "label": {y}}}' for t, y in REVIEWS) + "]",
        {},
    ),
    "no text and several labels": (
        "a.jsonl",
        "\n".join([*(f'{{"text": {quote(t)}, "label": {y}}}' for t, y in REVIEWS),
                   '{"text": 5, "label": 1}', '{"text": "x", "label": [1, 0]}']),
        {},
    ),
    "an unknown ending": ("a.data", lines(ROWS), {}),
    "Russian": (
        "a.csv",
        lines(f"{RUSSIAN} {n},{n % 2}" for n in range(40)).encode("cp1251"),
        {},
    ),
}  # fmt: skip


def run(*arguments):
    """Returns what check-data says: of a refusal the message, of a success its findings."""
    application = typer.Typer()
    application.command()(check_data)
    result = CliRunner().invoke(application, [str(one) for one in arguments])
    if isinstance(result.exception, ReelFeelError):
        return 1, str(result.exception)
    assert result.exit_code in (0, 3), result.output
    flat = " ".join(result.output.split())
    return result.exit_code, flat


def list_mends(message, fill):
    """Returns the groups of options that a message names, as they would be typed."""
    for group in GROUP.findall(message):
        words = shlex.split(group)
        typed = []
        while words:
            option = words.pop(0)
            if option in FLAGS:
                typed.append(option)
                words = words if words[:1] and words[0].startswith("--") else []
                continue
            value = words.pop(0) if words and not words[0].startswith("--") else None
            if value is None or value in PROSE:
                typed = []
                break
            value = value.removesuffix(".").removesuffix(":")
            if value in ("LABEL", "N", "NAME"):
                value = fill[option]
            if option == "--encoding" and value != "cp1251":  # those for other languages
                typed = []
                break
            typed += [option, value]
        if typed:
            yield tuple(typed)


def follow(path, fill, done=(), *, ran):
    """Follows every mend until there is none left; returns how many ways end in success."""
    code, message = run(path, *done)
    mends = list(list_mends(message, fill)) if code else []
    if not code:
        assert_classes(path, done)
        return 1
    assert mends, f"{path.name} {done}: no mend in: {message}"
    assert len(done) < 12, f"{done}: the mends go round in circles: {message}"
    ways = 0
    for mend in mends:
        new = tuple(mend[at] for at in range(len(mend)) if mend[at].startswith("--"))
        assert not (set(new) <= set(done)), f"{done} is followed by {mend} again: {message}"
        ran.update(new)
        ways += follow(path, fill, (*done, *mend), ran=ran)
    return ways


def assert_classes(path, done):
    options = dict(zip(done, [*done[1:], ""], strict=True))
    settings = {
        name.removeprefix("--").replace("-", "_"): True if name in FLAGS else value
        for name, value in options.items()
        if name.startswith("--")
    }
    if settings.pop("no_header", False):
        settings["header"] = False
    for name in ("skip_rows", "positive_from_stars", "negative_to_stars"):
        if name in settings:
            settings[name] = int(settings[name])
    reviews = load_reviews(path, options=make_options(**settings))
    if "double" in done or "--encoding" in done:
        return  # one row for several, as the message says; or texts that are not among ours
    for text, label in zip(reviews.texts, reviews.labels.tolist(), strict=True):
        plain = text.strip('"').replace('"', "").replace("\\", "")
        assert TRUTH.get(plain, label) == label, (text, label)
    known = sum(
        text.strip('"').replace('"', "").replace("\\", "") in TRUTH for text in reviews.texts
    )
    assert known >= 13  # of ten stars, two values are a third of the reviews


RAN = set()


@pytest.mark.parametrize("name", CASES)
def test_each_mend_followed_literally_succeeds_and_keeps_the_classes(tmp_path, name):
    file, content, fill = CASES[name]
    path = write(tmp_path, file, content)
    code, message = run(path)
    assert code, message
    assert follow(path, fill, ran=RAN)


@pytest.mark.parametrize("name", CASES)
def test_each_mend_for_python_is_a_keyword_that_is_known(tmp_path, name):
    file, content, _ = CASES[name]
    _, message = run(write(tmp_path, file, content))
    for mend in PYTHON.findall(message):
        for one in mend.split(" or "):
            make_options(**eval(f"dict({one})"))  # noqa: S307 - our own message


def test_a_folder_of_three_labels_is_mended_as_its_message_says(tmp_path):
    write_label_folder(tmp_path)
    write(tmp_path, "unsup/1.txt", "one more")
    _, message = run(tmp_path)
    (mend,) = list_mends(message, {})
    assert mend == ("--drop-other-labels",)
    RAN.update(mend)
    assert run(tmp_path, *mend)[0] == 0
    assert sorted(load_reviews(tmp_path, options=make_options(drop_other_labels=True)).texts) == (
        sorted(TEXTS)
    )


def test_every_option_that_messages_name_was_run_here():
    """Run after the others of this file; those named only to say what was wrong are left out."""
    mentioned = set()
    for path in Path(reelfeel.data.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                mentioned |= set(re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*", node.value))
    application = typer.Typer()
    application.command()(check_data)
    known = set(re.findall(r"--[a-z-]+", CliRunner().invoke(application, ["--help"]).output))
    assert mentioned - known - {"--strict", "--slice-column"} == set()
    elsewhere = {"--data-dir", "--max-tokens", "--group-column", "--split-column", "--sheet",
                 "--slice-column", "--delimiter"}  # fmt: skip
    if len(RAN) > 3:  # the whole file was run
        assert mentioned - RAN - elsewhere == set()
