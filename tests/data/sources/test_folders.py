import pytest
from imdb_copies import write_folder

from reelfeel.data.labels import LabelMap
from reelfeel.data.sources.folders import read_folder
from reelfeel.errors import SchemaError, UsageError

FILES = {"pos/10.txt": b"ten", "pos/2.txt": b"two", "neg/1.txt": b"one"}


def test_folders_are_labels_and_files_are_in_natural_order(tmp_path):
    reviews = read_folder(write_folder(tmp_path, FILES))
    assert reviews.ids == ["neg/1", "pos/2", "pos/10"]
    assert reviews.texts == ["one", "two", "ten"]
    assert reviews.labels.tolist() == [0, 1, 1]
    assert reviews.label_names == ("neg", "pos")


def test_folders_of_other_names_need_a_rule(tmp_path):
    write_folder(tmp_path, {"good/1.txt": b"a", "bad/1.txt": b"b"})
    with pytest.raises(SchemaError, match="is not known"):
        read_folder(tmp_path)
    reviews = read_folder(tmp_path, LabelMap("good"))
    assert (reviews.ids, reviews.labels.tolist()) == (["bad/1", "good/1"], [0, 1])


def test_a_third_folder_of_texts_is_refused_by_name(tmp_path):
    write_folder(tmp_path, FILES | {"unsup/1.txt": b"x"})
    with pytest.raises(SchemaError, match=r"unsup/1: the label 'unsup' is neither 'pos' nor 'neg'"):
        read_folder(tmp_path)


def test_hidden_and_other_files_are_passed_over(tmp_path):
    others = {".cache/1.txt": b"x", "notes/a.md": b"x", "pos/.2.txt": b"x", "pos/2.doc": b"x"}
    assert len(read_folder(write_folder(tmp_path, FILES | others | {"README.txt": b"x"}))) == 3


def test_empty_and_damaged_files_are_kept(tmp_path):
    write_folder(tmp_path, FILES | {"neg/2.txt": b"", "neg/3.txt": "caf\u00e9".encode("cp1252")})
    assert read_folder(tmp_path).texts[:3] == ["one", "", "caf\u00e9"]


def test_a_folder_without_reviews_says_what_it_holds(tmp_path):
    with pytest.raises(SchemaError, match=r"holds no reviews.*Received an empty folder"):
        read_folder(tmp_path)
    with pytest.raises(UsageError, match="no folder"):
        read_folder(tmp_path / "nowhere")
