"""The commands as a user types them: output, errors and exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import reelfeel
from reelfeel.cli.commands import COMMANDS
from reelfeel.data.sets.mini import load_mini


def run(*arguments, stdin="", timeout=200, **environment):
    import os

    return subprocess.run(
        [sys.executable, "-m", "reelfeel", *map(str, arguments)],
        input=stdin.encode("utf-8", "surrogateescape") if isinstance(stdin, str) else stdin,
        capture_output=True,
        timeout=timeout,
        check=False,
        env={**os.environ, **environment},
    )


def check_error(result, code, *words):
    message = result.stderr.decode()
    assert result.returncode == code, message
    assert "Traceback" not in message
    for word in words:
        assert word in message, message
    assert not result.stdout


@pytest.fixture
def table(tmp_path):
    """A CSV of `mini` with other column names and labels than the defaults."""
    reviews = load_mini()
    path = tmp_path / "reviews.csv"
    pl.DataFrame(
        {"review": reviews.texts, "sentiment": np.where(reviews.labels == 1, "good", "bad")}
    ).write_csv(path)
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_stands_in_the_readme(command):
    result = run(command, "--help")
    assert result.returncode == 0
    assert b"Usage" in result.stdout
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert f"reelfeel {command}" in readme


def test_the_version_is_the_packages():
    assert run("--version").stdout.decode().split() == ["reelfeel", reelfeel.__version__]


def test_a_table_is_trained_evaluated_and_predicted(table, tmp_path, home):
    columns = ("--text-column", "review", "--label-column", "sentiment", "--positive", "good")
    model = tmp_path / "model"
    trained = run("train", table, "--preset", "mini", "--set", "training.epochs=2", *columns,
                  "--output", model, "--json")  # fmt: skip
    assert trained.returncode == 0, trained.stderr.decode()
    assert 0 < json.loads(trained.stdout)["validation"]["accuracy"] <= 1
    evaluated = run("evaluate", model, "--data", table, *columns, "--json")
    result = json.loads(evaluated.stdout)
    assert result["all"]["num_reviews"] == result["num_training_texts"] == 200
    assert sum(result["all"]["confusion"].values()) == 200
    predicted = run("predict", "--model", model, "A fine film.", "A dull one.")
    labels = [line.split("\t")[0] for line in predicted.stdout.decode().splitlines()]
    assert len(labels) == 2
    assert set(labels) <= {"good", "bad"}


def test_the_command_line_and_the_library_give_the_same(trained):
    texts = ["A fine film.", "", "Naïve & <b>bold</b> \U0001f3ac"]
    answers = [json.loads(line) for line in run(
        "predict", "--model", trained, "--json", *texts).stdout.splitlines()]  # fmt: skip
    expected = reelfeel.load(trained).predict(texts)
    assert [answer["text"] for answer in answers] == texts
    assert [answer["probability"] for answer in answers] == [p.probability for p in expected]


def test_standard_input_is_one_text_a_line(trained):
    result = run("predict", "-m", trained, "-", stdin=b"A fine film.\r\n\nbytes \xff\xfe here\n")
    assert result.returncode == 0, result.stderr.decode()
    lines = result.stdout.decode().splitlines()
    assert len(lines) == 3
    assert lines[1].endswith("\t\t[nothing to read]")


def test_evaluate_reads_as_a_table_too(trained):
    result = run("evaluate", trained, "--data", "mini")
    assert result.returncode == 0, result.stderr.decode()
    for word in (b"accuracy", b"roc_auc", b"log_loss", b"true_positives"):
        assert word in result.stdout


def test_info_tells_where_a_model_came_from(trained):
    facts = json.loads(run("info", trained, "--json").stdout)
    assert facts["preset"] == "mini"
    assert facts["config"]["model"]["units"] == [32]
    assert b"provenance.data.sha256" in run("info", trained).stdout


def test_doctor_trains_and_says_so(home):
    facts = json.loads(run("doctor", "--json").stdout)
    assert facts["training"].startswith("works")
    assert "because" in facts["LSTM kernel"]


def test_export_writes_a_keras_file_once(trained, tmp_path):
    output = tmp_path / "model.keras"
    assert run("export", trained, "-o", output).stdout.decode().split()[0] == str(output)
    assert output.read_bytes()[:2] == b"PK"
    check_error(run("export", trained, "-o", output), 2, "--force")


def test_an_unknown_setting_is_refused_with_the_nearest(tmp_path):
    result = run("train", "mini", "-o", tmp_path / "m", "--set", "training.epoch=3")
    check_error(result, 2, "training.epochs")


def test_a_config_file_is_read_and_overridden(tmp_path, home):
    config = tmp_path / "settings.toml"
    config.write_text("[training]\nepochs = 9\n[model]\nunits = [4]\n")
    result = run("train", "mini", "--preset", "mini", "--config", config, "--set",
                 "training.epochs=1", "-o", tmp_path / "m")  # fmt: skip
    assert result.returncode == 0, result.stderr.decode()
    resolved = json.loads((tmp_path / "m" / "config.json").read_text())
    assert (resolved["training"]["epochs"], resolved["model"]["units"]) == (1, [4])


def test_a_missing_file_names_what_was_expected(tmp_path):
    result = run("train", tmp_path / "nothing.csv", "-o", tmp_path / "m")
    check_error(result, 2, "nothing.csv")
    check_error(run("evaluate", tmp_path / "none", "--data", "mini"), 1, "no model")


def test_wrong_columns_and_labels_are_data_errors(table, tmp_path):
    wrong_column = run("train", table, "-o", tmp_path / "m")
    check_error(wrong_column, 3, "text", "review")
    unknown = run("train", table, "-o", tmp_path / "m", "--text-column", "review",
                  "--label-column", "sentiment")  # fmt: skip
    check_error(unknown, 3, "sentiment", "--positive")


def test_an_output_is_not_overwritten(trained, tmp_path):
    check_error(run("train", "mini", "-o", trained), 2, "--force")


@pytest.mark.skipif(sys.platform == "win32", reason="no such permissions on Windows")
def test_no_write_permission_is_explained(tmp_path, home):
    # The root user may write anywhere, so a file stands where a folder is needed.
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    result = run("train", "mini", "--preset", "mini", "--set", "training.epochs=1",
                 "-o", blocked / "model")  # fmt: skip
    check_error(result, 1, "Could not write", str(blocked))


def test_the_alarm_ends_with_its_causes_and_exit_code_1(tmp_path, home):
    result = run("train", "mini", "--preset", "mini", "--set", "training.learning_rate=1e-9",
                 "--set", "training.batch_size=1", "--set", "training.epochs=4",
                 "-o", tmp_path / "m")  # fmt: skip
    check_error(result, 1, "does not learn", "Learning rate too low", "training.alarm=false")
    assert not (tmp_path / "m").exists()


def test_ctrl_c_ends_with_130_and_the_way_on(tmp_path, home):
    import signal
    import time

    process = subprocess.Popen(
        [sys.executable, "-m", "reelfeel", "train", "mini", "--preset", "mini",
         "--set", "training.patience=0", "--set", "training.epochs=500",
         "-o", str(tmp_path / "m")],
        stderr=subprocess.PIPE,
    )  # fmt: skip
    while not list(home.glob("runs/*/history.jsonl")) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 130, message.decode()
    assert b"--resume" in message
    assert b"Traceback" not in message


def test_training_from_what_is_no_model_is_refused(tmp_path, home):
    (tmp_path / "empty").mkdir()
    for wrong in (tmp_path / "empty", tmp_path / "nothing"):
        result = run("train", "mini", "--from", str(wrong), "--output", str(tmp_path / "model"))
        check_error(result, 1, "There is no model", "reelfeel pretrain")
