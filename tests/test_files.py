from pathlib import Path

import pytest

from reelfeel.errors import MissingExtraError, ReelFeelError, UsageError
from reelfeel.extras import require
from reelfeel.files import home, write_whole


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
        require("train", "keras", "no_such_package")
    require("train", "json")
