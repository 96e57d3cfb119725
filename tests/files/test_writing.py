import re
from pathlib import Path

import pytest

import reelfeel
from reelfeel.errors import MissingExtraError, ReelFeelError, UsageError
from reelfeel.extras import require_extra
from reelfeel.files.writing import add_ending, home, name_of, write_whole


def fail_halfway(path, overwrite=True):
    with write_whole(path, overwrite=overwrite) as unfinished:
        unfinished.write_text("half")
        raise RuntimeError("stop")


def test_an_error_leaves_nothing_behind(tmp_path):
    with pytest.raises(RuntimeError, match="stop"):
        fail_halfway(tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_an_error_leaves_the_old_file(tmp_path):
    (tmp_path / "old").write_text("whole")
    with pytest.raises(RuntimeError, match="stop"):
        fail_halfway(tmp_path / "old")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("old", "whole")]


def test_a_folder_replaces_a_folder(tmp_path):
    for content in ("first", "second"):
        with write_whole(tmp_path / "folder") as unfinished:
            unfinished.mkdir()
            (unfinished / content).write_text(content)
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["second"]
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_an_existing_file_is_refused_before_the_work(tmp_path):
    (tmp_path / "old").write_text("whole")
    with pytest.raises(UsageError, match="--force"):
        fail_halfway(tmp_path / "old", overwrite=False)


def test_an_impossible_place_is_explained(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReelFeelError, match="Could not write"):
        fail_halfway(tmp_path / "file" / "below")


def test_the_home_is_where_the_variable_says(monkeypatch, tmp_path):
    monkeypatch.setenv("REELFEEL_HOME", str(tmp_path))
    assert home() == tmp_path
    monkeypatch.setenv("REELFEEL_HOME", "~/reels")
    assert home() == Path("~/reels").expanduser()
    monkeypatch.delenv("REELFEEL_HOME")
    assert home().name == "reelfeel"


def test_a_missing_extra_is_one_line_to_type():
    with pytest.raises(MissingExtraError, match=r'pip install "reelfeel\[train\]"'):
        require_extra("train", "keras", "no_such_package")
    require_extra("train", "json")


@pytest.mark.parametrize("name", ["sent-1.1", "sent-1.2", "v2.0.keras", ".hidden", "a b", "model."])
def test_an_ending_is_put_behind_the_whole_name(name):
    assert add_ending(f"runs/{name}", ".onnx") == Path(f"runs/{name}.onnx")
    assert add_ending(name, ".onnx") == Path(f"{name}.onnx")


def test_the_name_of_here_is_that_of_the_folder(tmp_path, monkeypatch):
    (tmp_path / "sent-1.1" / "below").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "sent-1.1")
    for path in (".", "./", "below/..", "../sent-1.1", Path()):
        assert name_of(path) == "sent-1.1"
        assert add_ending(path, ".x").resolve() == tmp_path / "sent-1.1.x"


def test_a_link_is_named_as_it_is_called(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "latest").symlink_to(tmp_path / "real")
    assert name_of(tmp_path / "latest") == "latest"
    assert add_ending(tmp_path / "latest", ".x") == tmp_path / "latest.x"


def test_nothing_in_the_package_cuts_a_name_at_a_dot():
    source = Path(reelfeel.__file__).parent
    cutting = re.compile(r"\.with_suffix\(|\.with_stem\(|\.stem\b")
    found = {
        (path.name, line.strip())
        for path in source.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if cutting.search(line) and "add_ending" not in line
    }
    # What is cut off here is known to be `.txt`: these files were found by it.
    assert {name for name, _ in found} <= {"folders.py", "plain_texts.py"}, found
