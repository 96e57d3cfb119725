"""`reelfeel predict` as it is used: files, pipes, dashes, full disks and odd terminals."""

import json
import os
import shlex
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from reelfeel.cli.commands import build_app
from reelfeel.errors import DataError, UsageError
from reelfeel.inference.classifier import load

needs_posix = pytest.mark.skipif(os.name != "posix", reason="redirections of a POSIX shell")


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    app = build_app()

    def call(*arguments, **options):
        return CliRunner().invoke(app, [str(part) for part in arguments], **options)

    return call


def shell(command, model, **environment):
    """Runs a line of a shell in which `reelfeel` is this checkout, and $MODEL a model."""
    line = command.replace("reelfeel", f"{shlex.quote(sys.executable)} -m reelfeel")
    return subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, "MODEL": str(model), **environment},
    )


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "my reviews.csv"
    path.write_text("review,label\nA wonderful film.,pos\nA dreadful bore.,neg\n", "utf-8")
    return path


def test_a_table_is_read_by_the_name_of_its_column(run, trained, table):
    answers = run("predict", "-m", trained, "--data", table, "--text-column", "review", "--json")
    said = [json.loads(line) for line in answers.stdout.splitlines()]
    texts = ["A wonderful film.", "A dreadful bore."]
    assert [one["text"] for one in said] == texts
    assert [one["probability"] for one in said] == load(trained).predict_proba(texts).tolist()


def test_a_text_file_is_one_text_a_line(run, trained, tmp_path):
    (tmp_path / "new.txt").write_bytes("A film.\r\nNaïve.\r\n".encode("utf-16"))
    answers = run("predict", "-m", trained, "--data", "new.txt").stdout.splitlines()
    assert [line.split("\t")[2] for line in answers] == ["A film.", "Naïve."]


@pytest.mark.parametrize("command", ["predict", "explain"])
@pytest.mark.parametrize("name", ["my reviews.csv", "./my reviews.csv", "missing.csv", "a.tsv.gz"])
def test_the_name_of_a_file_is_no_text(run, trained, table, command, name):
    refused = run(command, "-m", trained, "A film.", name)
    assert isinstance(refused.exception, UsageError)
    assert not refused.stdout
    # Both mends name an option and a command that are there.
    option = {"predict": "--data", "explain": "--file"}[command]
    assert f"{option} {shlex.quote(name)}" in str(refused.exception)
    assert f"| reelfeel {command} -" in str(refused.exception)
    assert run(command, "-m", trained, "-", input=name).exit_code == 0


def test_a_folder_is_no_text_either_and_long_texts_are_no_paths(run, trained, tmp_path):
    (tmp_path / "docs").mkdir()
    assert isinstance(run("predict", "-m", trained, "docs").exception, UsageError)
    for text in ("a film " * 2_000, "a" * 5_000, "what a film.", "The end.", "e.g. this one"):
        assert run("predict", "-m", trained, text).exit_code == 0


@pytest.mark.parametrize("command", ["predict", "explain"])
@pytest.mark.parametrize(
    "text",
    ["-hello", "-meh film", "- great movie", "-10/10", "-A film", "--great movie", "--great"],
)
def test_a_text_that_begins_with_a_dash_is_told_how_to_be_one(run, trained, command, text):
    refused = run(command, text)
    assert isinstance(refused.exception, UsageError)
    mend = str(refused.exception).split("as in: ")[1]
    program, *arguments = shlex.split(mend)
    assert program == "reelfeel"
    answered = run(arguments[0], "-m", trained, "--json", *arguments[1:])
    assert json.loads(answered.stdout)["text"] == text


def test_options_are_still_options(run, trained):
    assert "--model" in run("predict", "--help").stdout
    assert "--model" in run("predict", "-h").stdout
    assert run("predict", f"-m{trained}", "A film.").exit_code == 0
    assert run("predict", f"--model={trained}", "A film.").exit_code == 0
    assert "Did you mean --model?" in str(run("predict", "--modle", "small", "A film.").exception)
    # A value may begin with a dash.
    assert "There is no model at -x" in str(run("predict", "-m", "-x", "A film.").exception)


@pytest.mark.parametrize("arguments", [[], ["A film.", "--data", "x.csv"], ["-", "A film."]])
def test_nothing_and_too_much_are_refused(run, trained, arguments):
    assert isinstance(run("predict", "-m", trained, *arguments).exception, UsageError)


def test_what_was_not_read_is_marked(run, trained):
    long = "a good film " * 2_000
    lines = run("predict", "-m", trained, "A good film.", "", "zxqv wqxz", long).stdout.splitlines()
    assert lines[0].endswith("\tA good film.")
    assert lines[1].endswith("\t[nothing to read]")
    assert lines[2].endswith("\t[100% of the words are unknown]")
    assert lines[3].endswith("\t[cut: 6,000 words, not all were read]")


def test_a_table_on_standard_input_is_refused(run, trained):
    refused = run("predict", "-m", trained, "-", input="text,label\nA film.,pos\n")
    assert isinstance(refused.exception, DataError)


@needs_posix
def test_a_slow_source_is_answered_while_it_waits(trained):
    process = subprocess.Popen(
        [sys.executable, "-m", "reelfeel", "predict", "-m", str(trained), "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    for text in (b"A great film.", b"A dull one."):
        process.stdin.write(text + b"\n")
        process.stdin.flush()
        # Blocks, until the test's timeout, where the answer waits for more lines.
        assert process.stdout.readline().rstrip().endswith(text)
    process.stdin.close()
    assert process.wait(60) == 0
    process.stdout.close()


@needs_posix
@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("reelfeel predict -m $MODEL good > /dev/full", 1, "No space left"),
        ("reelfeel models > /dev/full", 1, "No space left"),
        ("reelfeel info $MODEL --json > /dev/full", 1, "No space left"),
        ("reelfeel --help > /dev/full", 1, "No space left"),
        ("reelfeel predict -m $MODEL good >&-", 1, "closed"),
        ("reelfeel predict -m $MODEL - <&-", 2, "closed"),
        ("reelfeel predict -m $MODEL - < /dev/null", 3, "empty"),
        ("reelfeel predict -m $MODEL missing.csv 2> /dev/full", 2, ""),
        ("reelfeel predict -m $MODEL good >&- 2>&- <&-", 1, ""),
    ],
)
def test_a_stream_that_is_full_or_closed_ends_in_one_line(trained, line, code, said):
    if "/dev/full" in line and not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("no /dev/full here")
    ended = shell(line, trained)
    message = ended.stderr.decode()
    assert ended.returncode == code, message
    assert said in message
    assert message.count("\n") == (1 if said else 0)
    assert not ended.stdout


@needs_posix
def test_a_reader_that_leaves_is_no_reason_for_words(trained):
    line = "yes 'a film' | head -n 30000 | reelfeel predict -m $MODEL - | head -n 1"
    ended = shell(line, trained)
    assert ended.stdout.count(b"\n") == 1
    assert not ended.stderr


@needs_posix
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii"])
@pytest.mark.parametrize("command", ["predict", "explain"])
def test_what_the_terminal_has_no_letter_for_is_spelled_out(trained, command, encoding):
    ended = shell(
        f"reelfeel {command} -m $MODEL 'Great film \U0001f44d'", trained, PYTHONIOENCODING=encoding
    )
    assert ended.returncode == 0, ended.stderr.decode()
    assert b"film" in ended.stdout
    assert b"\\U0001f44d" in ended.stdout or "\U0001f44d".encode() in ended.stdout


@needs_posix
@pytest.mark.slow
def test_ctrl_c_at_any_moment_of_the_start_is_no_traceback(trained):
    for number in range(40):
        process = subprocess.Popen(
            [sys.executable, "-c", "from reelfeel.cli import main; print(flush=True); main()",
             "predict", "-m", str(trained), "good"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        process.stdout.readline()
        time.sleep(number * 0.02)
        process.send_signal(2)
        out, err = process.communicate(timeout=60)
        assert not err, err.decode()
        assert process.returncode in ((0, -2) if out else (130, -2))
