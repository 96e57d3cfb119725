"""Only what ReelFeel wrote is replaced; a place is tried before the work and kept from others."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading

import pytest
from typer.testing import CliRunner

from reelfeel.cli import app
from reelfeel.errors import ReelFeelError, UsageError
from reelfeel.files.outputs import claim_output, hold_place
from reelfeel.files.ownership import find_foreign
from reelfeel.files.scratch import _MACHINE, sweep
from reelfeel.files.writing import refuse_existing, write_whole
from reelfeel.inference.shipped import shipped_folder

TRAIN = ["train", "mini", "--preset", "mini"]
# Every command that writes, without the option that says where.
COMMANDS = {
    "train": [*TRAIN, "--output"],
    "seeds": [*TRAIN, "--seeds", "2", "--output"],
    "pretrain": ["pretrain", "mini", "--preset", "mini", "--output"],
    "distill": ["distill", "base", "--data", "mini", "--preset", "mini", "--output"],
    "report": ["report", "base", "--data", "mini", "--output"],
    "errors": ["errors", "base", "--data", "mini", "--output"],
    "explain": ["explain", "--model", "base", "A fine film.", "--html"],
    "export": ["export", "base", "--output"],
    "evaluate": ["evaluate", "base", "--data", "mini", "--min", "accuracy=0", "--junit"],
}
FILES = {"errors": "a.csv", "explain": "a.html", "export": "a.keras", "evaluate": "a.xml"}


def run(name, place, *extra):
    force = [] if name == "evaluate" else ["--force"]
    arguments = [*COMMANDS[name], str(place), *force, *extra]
    return CliRunner().invoke(app, arguments, catch_exceptions=True)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_replaces_what_a_user_wrote(name, tmp_path, home):
    place = tmp_path / FILES.get(name, "docs")
    if name in FILES:
        thesis = place
    else:
        thesis = (place / "seed-0" if name == "seeds" else place) / "thesis.txt"
        thesis.parent.mkdir(parents=True)
    thesis.write_text("years of work")
    result = run(name, place)
    assert isinstance(result.exception, UsageError)
    assert "was not written by ReelFeel" in str(result.exception)
    assert thesis.read_text() == "years of work"
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("name", ["errors", "explain", "export", "evaluate"])
def test_no_file_takes_the_place_of_a_model(name, bundle_copy, home):
    place = bundle_copy.rename(bundle_copy.parent / FILES[name])
    with_wrong_kind = run(name, place)
    assert isinstance(with_wrong_kind.exception, UsageError)
    assert "is a folder" in str(with_wrong_kind.exception)
    assert (place / "config.json").exists()


@pytest.mark.parametrize(
    "name", ["errors", "explain", "evaluate", pytest.param("report", marks=pytest.mark.slow)]
)
def test_what_a_command_wrote_it_replaces(name, tmp_path, home):
    place = tmp_path / FILES.get(name, "report")
    for _ in range(2):
        result = run(name, place)
        assert result.exception is None, result.exception
    assert find_foreign(place) is None


@pytest.mark.parametrize("name", ["base", "language-model"])
def test_a_saved_model_is_ours_and_with_a_file_of_a_user_no_more(name, tmp_path):
    model = shutil.copytree(shipped_folder() / name, tmp_path / "model")
    assert find_foreign(model) is None
    (model / ".DS_Store").write_text("litter")
    assert find_foreign(model) is None
    (model / "notes").mkdir()
    assert find_foreign(model) is None
    (model / "notes" / "mine.txt").write_text("mine")
    assert find_foreign(model) == model / "notes" / "mine.txt"
    with pytest.raises(UsageError, match=r"holds notes/mine\.txt, which was not written by"):
        refuse_existing(model, overwrite=True)


def test_a_trained_model_is_ours_with_its_report_and_its_figures(bundle_copy, home):
    for arguments in (
        ["report", str(bundle_copy), "--data", "mini", "--no-baselines", "--no-texts"],
        ["calibrate", str(bundle_copy), "--data", "mini"],
        ["errors", str(bundle_copy), "--data", "mini", "-o", str(bundle_copy / "errors.csv")],
    ):
        result = CliRunner().invoke(app, arguments)
        assert result.exception is None, result.exception
    assert find_foreign(bundle_copy) is None
    assert find_foreign(bundle_copy.parent / "copy") is None


@pytest.mark.parametrize(
    "content", [b"x", b"\x00" * 9, b"PK\x03\x04", b"id,text\n", b"<html>", b'{"format": "other"}']
)
def test_another_file_is_not_ours(content, tmp_path):
    (tmp_path / "config.json").write_bytes(content)
    assert find_foreign(tmp_path / "config.json") == tmp_path / "config.json"
    assert find_foreign(tmp_path) == tmp_path / "config.json"


def test_a_folder_of_models_is_no_output_of_ours(tmp_path, bundle_copy):
    (tmp_path / "runs").mkdir()
    bundle_copy.rename(tmp_path / "runs" / "one")
    assert find_foreign(tmp_path / "runs") == tmp_path / "runs" / "one"


def test_an_output_that_cannot_be_written_is_told_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReelFeelError, match="Could not write"):
        claim_output(tmp_path / "file" / "model", overwrite=False).__enter__()


def test_a_claim_leaves_nothing_behind(tmp_path):
    with claim_output(tmp_path / "a" / "b" / "model", overwrite=False):
        assert (tmp_path / "a" / "b" / ".model.lock").exists()
    assert not list(tmp_path.iterdir())


def test_a_claimed_place_is_refused_to_others_and_not_to_the_same_run(tmp_path):
    caught = []

    def claim():
        try:
            with hold_place(tmp_path / "model"):
                pass
        except UsageError as error:
            caught.append(str(error))

    with claim_output(tmp_path / "model", overwrite=False):
        claim()  # a stage of the same run
        assert not caught
        thread = threading.Thread(target=claim)
        thread.start()
        thread.join()
    assert "Another run is writing" in caught[0]


def hold_in_a_process(body, *arguments):
    """Starts a process that says "ready" from within a block, and waits there."""
    code = textwrap.dedent(body)
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


WRITE = """
    import pathlib, sys
    from reelfeel.files.writing import write_whole
    with write_whole(pathlib.Path(sys.argv[1])) as path:
        path.write_text("half")
        print("ready", flush=True)
        sys.stdin.read()
"""
CLAIM = """
    import sys
    from reelfeel.files.outputs import claim_output
    with claim_output(sys.argv[1], overwrite=False):
        print("ready", flush=True)
        sys.stdin.read()
"""


def test_two_processes_do_not_write_to_one_place(tmp_path):
    with hold_in_a_process(CLAIM, tmp_path / "model") as process:
        with pytest.raises(UsageError, match="Another run is writing"):
            claim_output(tmp_path / "model", overwrite=False).__enter__()
        process.kill()
    with claim_output(tmp_path / "model", overwrite=False):
        pass
    assert not list(tmp_path.iterdir())


def test_what_a_killed_writer_left_is_swept_and_what_is_at_work_is_not(tmp_path):
    with hold_in_a_process(WRITE, tmp_path / "a.txt") as process:
        with claim_output(tmp_path / "model", overwrite=False):
            assert len(list(tmp_path.glob(".a.txt-*"))) == 1
        process.kill()
    with claim_output(tmp_path / "model", overwrite=False):
        assert not list(tmp_path.glob(".a.txt-*"))
    assert not list(tmp_path.iterdir())


def test_leftovers_in_the_home_are_swept_by_any_run(home, tmp_path):
    place = home / "runs" / "0123456789abcdef" / "checkpoint.safetensors"
    place.parent.mkdir(parents=True)
    with hold_in_a_process(WRITE, place) as process:
        process.kill()
    with claim_output(tmp_path / "model", overwrite=False):
        assert not list(place.parent.iterdir())


def test_a_folder_that_a_kill_left_aside_gets_its_name_back(tmp_path):
    aside = tmp_path / f".model-{_MACHINE}abcdefgh" / "old"
    aside.mkdir(parents=True)
    (aside / "config.json").write_text("the old one")
    sweep(tmp_path)
    assert (tmp_path / "model" / "config.json").read_text() == "the old one"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize(
    "name", [".model-abcdefgh", f".model-{'0000' if _MACHINE != '0000' else '1111'}abcdefgh"]
)
def test_what_another_machine_may_be_at_work_in_stays_for_a_day(tmp_path, name):
    (tmp_path / name).mkdir()
    sweep(tmp_path)
    assert (tmp_path / name).exists()
    os.utime(tmp_path / name, (0, 0))
    sweep(tmp_path)
    assert not (tmp_path / name).exists()


def test_hidden_folders_and_locks_of_others_stay(tmp_path):
    (tmp_path / f".model-{_MACHINE}abcdefgh").mkdir()
    (tmp_path / f".model-{_MACHINE}abcdefgh" / "mine.txt").write_text("mine")
    (tmp_path / ".git.lock").write_text("of git")
    sweep(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_signal_while_a_folder_is_replaced_leaves_one_of_the_two(tmp_path, monkeypatch):
    from pathlib import Path

    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "one").touch()
    rename = Path.rename

    def interrupted(self, target):
        if self.parent.name.startswith(".model-") and self.name == "model":
            raise KeyboardInterrupt
        return rename(self, target)

    def replace():
        with write_whole(tmp_path / "model") as unfinished:
            unfinished.mkdir()
            monkeypatch.setattr(Path, "rename", interrupted)

    with pytest.raises(KeyboardInterrupt):
        replace()
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["one"]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.slow
def test_two_trainings_into_one_output_do_not_both_say_saved(tmp_path):
    environment = {**os.environ, "REELFEEL_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "reelfeel", *TRAIN, "--output", str(tmp_path / "m"), "--force"]
    both = [
        subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate()[1] for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes == [0, 2], said
    assert sum("Saved" in text for text in said) == 1
    assert sum("Another run is writing" in text for text in said) == 1
    assert json.loads((tmp_path / "m" / "config.json").read_text())["preset"] == "mini"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "m"]
