"""`reelfeel explain` and `reelfeel errors` as a user types them."""

import csv
import json
import os
import subprocess
import sys

import pytest

import reelfeel

TEXT = "A slow start,<br />but what an ending. \x1b[31mGood & fun!"


def run(*arguments, stdin=""):
    return subprocess.run(
        [sys.executable, "-m", "reelfeel", *map(str, arguments)],
        input=stdin.encode("utf-8", "surrogateescape"),
        capture_output=True,
        timeout=250,
        check=False,
        env={**os.environ, "COLUMNS": "100"},
    )


def check_error(result, code, *words):
    message = result.stderr.decode()
    assert result.returncode == code, message
    assert "Traceback" not in message
    for word in words:
        assert word in message, message


def test_the_explained_probability_is_the_served_one(trained):
    texts = [TEXT, "", "good", "zxqv wqxz", "good film " * 10_000]
    classifier = reelfeel.load(trained)
    for text in texts:
        (explanation,) = classifier.explain([text])
        assert explanation.prediction == classifier.predict([text])[0]
        assert explanation.prediction.probability == classifier.predict_proba([text])[0]


def test_json_has_offsets_and_equals_the_library(trained):
    result = run("explain", "-m", trained, TEXT, "", "--json", "--flip")
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    expected = reelfeel.load(trained).explain([TEXT, ""], with_flip=True)
    assert [answer["text"] for answer in answers] == [TEXT, ""]
    for answer, explanation in zip(answers, expected, strict=True):
        assert answer["prediction"]["probability"] == explanation.prediction.probability
        assert [w["score"] for w in answer["words"]] == [w.score for w in explanation.words]
        for part in (*answer["words"], *answer["sentences"]):
            assert answer["text"][part["start"] : part["end"]] == part["text"]
    assert answers[1]["words"] == []


def test_the_terminal_shows_signs_and_no_control_characters(trained):
    result = run("explain", "-m", trained, TEXT, "--flip")
    shown = result.stdout.decode()
    assert result.returncode == 0, result.stderr.decode()
    assert "% positive" in shown
    assert "\x1b" not in shown  # no colours in a pipe, and none from the text
    assert any(sign in shown for sign in ("+", "-"))
    assert "<br />" in shown


def test_odd_texts_are_explained(trained):
    result = run("explain", "-m", trained, "", "good", "zxqv", "good film " * 10_000)
    shown = result.stdout.decode()
    assert result.returncode == 0, result.stderr.decode()
    for words in ("no words", "knows none", "Only a part of its 20,000 words", "not read ..."):
        assert words in " ".join(shown.split())


def test_a_file_is_one_text_and_standard_input_a_text_a_line(trained, tmp_path):
    file = tmp_path / "review.txt"
    file.write_bytes("Good.\n\nFun \xe9".encode("latin-1"))
    (answer,) = run("explain", "-m", trained, "--file", file, "--json").stdout.splitlines()
    assert json.loads(answer)["text"] == "Good.\n\nFun \udce9"
    lines = run("explain", "-m", trained, "-", "--json", stdin="good\n\nbad\n").stdout.splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["good", "", "bad"]


def test_the_web_page_is_written_whole_or_not_at_all(trained, tmp_path):
    page = tmp_path / "page.html"
    assert run("explain", "-m", trained, "<script>", "--html", page).returncode == 0
    written = page.read_text("utf-8")
    assert "&lt;script&gt;" in written
    assert "<script" not in written
    check_error(run("explain", "-m", trained, "good", "--html", page), 2, "--force")
    assert page.read_text("utf-8") == written
    assert run("explain", "-m", trained, "good", "--html", page, "--force").returncode == 0


def test_integrated_gradients_add_up(trained):
    arguments = ("--method", "integrated-gradients", "--json")
    (line,) = run("explain", "-m", trained, "A good film. A dull end.", *arguments).stdout.split(
        b"\n"
    )[:1]
    answer = json.loads(line)
    assert answer["method"] == "integrated-gradients"
    assert 0 <= answer["convergence_error"] < 0.05
    words = sum(word["score"] for word in answer["words"])
    sentences = sum(sentence["score"] for sentence in answer["sentences"])
    assert words == pytest.approx(sentences, abs=1e-9)


def test_what_cannot_be_explained_is_refused(trained, tmp_path):
    check_error(run("explain", "-m", trained), 2, "--file")
    check_error(run("explain", "-m", trained, "a", "--file", tmp_path / "x"), 2, "one --file")
    check_error(run("explain", "-m", trained, "--file", tmp_path / "x"), 3, "No such file")
    check_error(run("explain", "-m", tmp_path / "none", "good"), 1, "no model")
    check_error(run("explain", "-m", trained, "a", "--by", "letter"), 2, "letter")


def test_errors_are_listed_and_written(trained, tmp_path):
    table = tmp_path / "errors.csv"
    arguments = ("errors", trained, "--data", "mini", "--training-data", "mini", "-o", table)
    result = run(*arguments)
    assert result.returncode == 0, result.stderr.decode()
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert rows[0]["id"] in result.stdout.decode()
    answer = json.loads(run(*arguments, "--force", "--json", "--most", "1").stdout)
    assert len(answer["errors"]) == 1
    assert answer["errors"][0]["id"] == rows[0]["id"]
    check_error(run(*arguments), 2, "--force")
    assert run(*arguments[:4], "--json").returncode == 0
