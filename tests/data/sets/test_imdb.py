import os
import random
import shutil
from collections import Counter

import numpy as np
import polars as pl
import pytest
from imdb_copies import write_folder, write_tar

from reelfeel.data.sets import imdb
from reelfeel.data.sets.imdb import find_imdb, load_imdb
from reelfeel.errors import ArchiveError, DataError, ReelFeelError, SchemaError, UsageError


def test_ids_stars_movies_and_texts_are_read_in_numeric_order(tmp_path, small_imdb):
    reviews = load_imdb("train", write_tar(tmp_path / "a.tar.gz", small_imdb))
    assert reviews.ids == ["train/neg/2_3", "train/neg/10_3", "train/pos/2_9", "train/pos/10_9"]
    assert reviews.labels.tolist() == [0, 0, 1, 1]
    assert reviews.ratings.tolist() == [3, 3, 9, 9]
    assert reviews.movies == ["tt0000002", "tt0000010", "tt0000002", "tt0000010"]
    assert reviews.texts[0] == "train neg 2, caf\u00e9<br />"
    assert reviews.label_names == ("neg", "pos")


def test_the_unlabelled_part_has_neither_label_nor_stars(tmp_path, small_imdb):
    reviews = load_imdb("unsupervised", write_tar(tmp_path / "a.tar.xz", small_imdb))
    assert reviews.labels.tolist() == [-1, -1, -1]
    assert reviews.ratings.tolist() == [0, 0, 0]
    assert reviews.movies == ["tt0000042"] * 3


@pytest.mark.parametrize("part", imdb.PARTS)
def test_every_form_of_a_copy_gives_the_same_reviews(tmp_path, small_imdb, part):
    folder = write_folder(tmp_path / "unpacked", small_imdb)
    forms = [
        write_tar(tmp_path / "official.tar.gz", small_imdb),
        write_tar(tmp_path / "packed.tar.xz", small_imdb),
        folder / "aclImdb",
        folder,
    ]
    (tmp_path / "holder").mkdir()
    shutil.copy(forms[1], tmp_path / "holder" / "aclImdb_v1.tar.xz")
    loaded = [load_imdb(part, form) for form in [*forms, tmp_path / "holder"]]
    assert len({reviews.fingerprint() for reviews in loaded}) == 1
    assert len({(tuple(reviews.ids), tuple(reviews.movies)) for reviews in loaded}) == 1


def test_the_environment_variable_names_the_copy(tmp_path, small_imdb, monkeypatch):
    monkeypatch.setenv("REELFEEL_IMDB", str(write_tar(tmp_path / "a.tar.gz", small_imdb)))
    assert len(load_imdb("test")) == 4


def test_a_copy_is_parsed_once_and_again_when_it_changes(tmp_path, small_imdb, monkeypatch):
    path = write_tar(tmp_path / "a.tar.gz", small_imdb)
    first = load_imdb("train", path)
    with monkeypatch.context() as patch:
        patch.setattr(imdb, "parse_members", lambda *_: pytest.fail("parsed again"))
        assert load_imdb("train", path).fingerprint() == first.fingerprint()
        load_imdb("test", path)
    changed = small_imdb | {"aclImdb/train/pos/2_9.txt": b"another text"}
    assert "another text" in load_imdb("train", write_tar(path, changed)).texts


def test_an_edited_file_of_an_unpacked_copy_is_noticed(tmp_path, small_imdb):
    folder = write_folder(tmp_path / "unpacked", small_imdb)
    edited = folder / "aclImdb/train/pos/2_9.txt"
    load_imdb("train", folder)
    text = edited.read_text("utf-8")
    edited.write_text(text.upper(), "utf-8")  # the same size
    os.utime(edited, (1, 1))
    assert text.upper() in load_imdb("train", folder).texts


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_cache_is_noticed_and_replaced(tmp_path, small_imdb, seed):
    path = write_tar(tmp_path / "a.tar.gz", small_imdb)
    first = load_imdb("train", path)
    (cached,) = (tmp_path / "home").rglob("train-*.parquet")
    content = bytearray(cached.read_bytes())
    content[random.Random(seed).randrange(len(content))] ^= 1 << seed % 8
    cached.write_bytes(content)
    again = load_imdb("train", path)
    assert (again.fingerprint(), again.ids, again.movies) == (
        first.fingerprint(),
        first.ids,
        first.movies,
    )
    assert len(pl.read_parquet(cached)) == 4
    assert cached.read_bytes() != content


def test_invalid_utf8_is_replaced_and_counted(tmp_path, small_imdb):
    small_imdb["aclImdb/train/pos/2_9.txt"] = b"caf\xe9 \xff good"
    reviews = load_imdb("train", write_tar(tmp_path / "a.tar.gz", small_imdb))
    assert reviews.texts[2] == "caf\ufffd \ufffd good"
    assert "1 texts with invalid UTF-8" in reviews.source


def test_a_missing_review_is_told_with_both_counts(tmp_path, small_imdb):
    del small_imdb["aclImdb/test/neg/2_3.txt"]
    path = write_tar(tmp_path / "short.tar.gz", small_imdb)
    with pytest.raises(SchemaError, match=r"short.*'test'.*2 neg, 2 pos.*Received 1 neg, 2 pos"):
        load_imdb("train", path)
    assert not list((tmp_path / "home").rglob("*.parquet"))


def test_a_review_that_stands_twice_is_refused(tmp_path, small_imdb):
    small_imdb["aclImdb/train/pos/2_10.txt"] = b"the same number with other stars"
    with pytest.raises(ArchiveError, match="review 2 stands twice in train/pos"):
        load_imdb("train", write_tar(tmp_path / "a.tar.gz", small_imdb))


def test_too_few_addresses_are_refused_and_none_are_allowed(tmp_path, small_imdb):
    short = small_imdb | {"aclImdb/train/urls_pos.txt": b"http://www.imdb.com/title/tt1/\n"}
    with pytest.raises(SchemaError, match=r"urls_pos\.txt has no line for review 2"):
        load_imdb("train", write_tar(tmp_path / "a.tar.gz", short))
    without = {name: text for name, text in small_imdb.items() if "urls" not in name}
    assert load_imdb("train", write_tar(tmp_path / "b.tar.gz", without)).movies is None


def test_a_truncated_archive_leaves_no_cache(tmp_path, small_imdb):
    path = write_tar(tmp_path / "a.tar.gz", small_imdb)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ArchiveError):
        load_imdb("train", path)
    assert not [file for file in (tmp_path / "home").rglob("*") if file.is_file()]


def test_a_home_that_cannot_be_written_is_named(tmp_path, small_imdb, monkeypatch):
    (tmp_path / "occupied").write_text("a file where a folder should be")
    monkeypatch.setenv("REELFEEL_HOME", str(tmp_path / "occupied"))
    with pytest.raises(ReelFeelError, match=r"Could not write .*occupied"):
        load_imdb("train", write_tar(tmp_path / "a.tar.gz", small_imdb))


def test_wrong_places_and_parts_are_told(tmp_path):
    with pytest.raises(UsageError, match=r"no file or folder .*nowhere.*REELFEEL_IMDB"):
        find_imdb(tmp_path / "nowhere")
    with pytest.raises(SchemaError, match=r"holds no copy of IMDB.*an empty folder"):
        find_imdb(tmp_path)
    with pytest.raises(UsageError, match=r"train, test, unsupervised.*'unsup'"):
        load_imdb("unsup")
    assert issubclass(SchemaError, DataError)


def test_the_real_imdb_has_the_published_facts(real_imdb):
    train, test = real_imdb["train"], real_imdb["test"]
    assert (len(set(train.texts)), len(set(test.texts))) == (24_904, 24_801)
    assert len({*train.texts, *test.texts}) == 49_582
    assert (len({*train.movies}), len({*test.movies})) == (3_456, 3_581)
    assert len({*train.movies} & {*test.movies}) == 1
    assert sum(len(text.encode()) for text in train.texts) == 33_132_823
    assert sum(len(text.encode()) for text in test.texts) == 32_350_685
    for reviews in (train, test):
        assert Counter(reviews.labels.tolist()) == {0: 12_500, 1: 12_500}
        assert np.array_equal(reviews.ratings >= 7, reviews.labels == 1)
        assert set(reviews.ratings.tolist()) == {1, 2, 3, 4, 7, 8, 9, 10}
        assert len(set(reviews.ids)) == 25_000


@pytest.mark.usefixtures("real_imdb")
def test_the_real_unlabelled_part_has_the_published_facts():
    reviews = load_imdb("unsupervised")
    assert len(set(reviews.texts)) == 49_507
    assert len(set(reviews.movies)) == 7_091
    assert sum(len(text.encode()) for text in reviews.texts) == 66_506_794
