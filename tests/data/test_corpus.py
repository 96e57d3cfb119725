"""Hygiene: what a language model must not learn from is left out, and counted."""

import os
import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from reelfeel.data import corpus as corpus_module
from reelfeel.data.corpus import exclude_texts, hash_cleaned, read_corpus
from reelfeel.data.loading import load_reviews
from reelfeel.data.sets.mini import load_mini
from reelfeel.data.splitting import split_train_validation
from reelfeel.errors import DataError, UsageError


def fold(text):
    """Written again, and by text in place of hashes: the witness."""
    return re.sub(r"\s+", " ", text.casefold()).strip()


@pytest.fixture
def test_hashes(monkeypatch):
    """Makes two texts the whole test set."""
    hashes = np.unique(hash_cleaned(["A secret of the test set.", "Another secret!"]))
    monkeypatch.setattr(corpus_module, "read_test_hashes", lambda: hashes)


def test_texts_of_the_test_set_are_left_out_however_they_are_written(test_hashes):
    texts = ["Fine.", "a SECRET  of the<br />test set.", "Another secret?"]
    corpus = exclude_texts(texts, ["Held out."])
    assert corpus.texts == ["Fine.", "Another secret?"]
    assert (corpus.counts["equal_to_test"], corpus.counts["used"]) == (1, 2)


def test_held_out_texts_are_left_out_and_do_not_hold_test_texts(test_hashes):
    corpus = exclude_texts(["Fine.", "HELD out.", ""], ["Held out.", "Another secret!", " "])
    assert (corpus.texts, corpus.held_out) == (["Fine."], ["Held out."])
    assert corpus.counts == {
        "read": 6,
        "equal_to_test": 1,
        "equal_to_held_out": 1,
        "empty": 2,
        "held_out": 1,
        "used": 1,
    }
    assert "1 that equal a review of IMDB's test set" in corpus.describe()


def test_too_few_texts_are_refused(test_hashes):
    with pytest.raises(DataError, match="too few"):
        exclude_texts(["Another secret!"], ["Held out."])


def test_of_labelled_reviews_those_are_held_out_that_a_classifier_validates_on():
    reviews = load_mini("train")
    split = split_train_validation(reviews, validation_share=0.2, seed=3)
    corpus = read_corpus(["mini"], validation_share=0.2, split_seed=3)
    assert corpus.held_out == reviews.take(split.validation).texts
    assert corpus.texts == reviews.take(split.train).texts
    assert not {fold(text) for text in load_mini("test").texts} & {fold(t) for t in corpus.texts}


def test_reviews_without_a_label_among_others_are_all_learned_from():
    reviews = load_mini("train")
    labels = reviews.labels.copy()
    labels[::3] = -1
    mixed = replace(reviews, labels=labels)
    labelled = mixed.take(np.flatnonzero(labels != -1))
    split = split_train_validation(labelled, validation_share=0.2, seed=3)
    corpus = read_corpus([mixed], validation_share=0.2, split_seed=3)
    assert corpus.held_out == labelled.take(split.validation).texts
    assert set(reviews.texts[::3]) - set(corpus.held_out) <= set(corpus.texts)


def test_the_rows_say_where_texts_were(test_hashes):
    texts = ["Fine.", "Another secret!", "Held out.", "", "Good."]
    corpus = exclude_texts(texts, ["Held out."])
    assert [texts[row] for row in corpus.rows] == corpus.texts == ["Fine.", "Good."]


def test_texts_without_labels_are_split_by_text_and_seed(tmp_path):
    lines = [f"text {number % 50}" for number in range(100)]
    (tmp_path / "texts.txt").write_text("\n".join(lines))
    first, same, other = (
        read_corpus([tmp_path / "texts.txt"], split_seed=seed) for seed in (0, 0, 1)
    )
    assert len(set(first.held_out)) == 5
    assert not set(first.texts) & set(first.held_out)
    assert first == same
    assert first.held_out != other.held_out


def test_of_a_folder_with_parts_only_the_train_part_is_read(tmp_path):
    for part in ("train", "test"):
        for number in range(4):
            file = tmp_path / part / "notes" / f"{number}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{part} {number}")
    corpus = read_corpus([tmp_path])
    assert {text.split()[0] for text in [*corpus.texts, *corpus.held_out]} == {"train"}


def test_labels_of_one_kind_are_no_labels(tmp_path):
    pl.DataFrame({"text": list("abcdefgh"), "label": ["pos"] * 8}).write_csv(tmp_path / "t.csv")
    assert read_corpus([tmp_path / "t.csv"], validation_share=0.25).counts["held_out"] == 2


def test_a_data_folder_without_imdb_is_refused(tmp_path):
    with pytest.raises(UsageError, match="'imdb' only"):
        read_corpus(["mini"], data_dir=tmp_path)


def test_several_sources_are_joined(tmp_path):
    pl.DataFrame({"text": ["one", "two", "three"]}).write_csv(tmp_path / "more.csv")
    corpus = read_corpus(["mini", tmp_path / "more.csv"], validation_share=0.2)
    assert corpus.counts["read"] == 143
    assert corpus.sources == ("mini", str(tmp_path / "more.csv"))


@pytest.mark.slow
@pytest.mark.skipif("REELFEEL_IMDB" not in os.environ, reason="needs a copy of IMDB")
def test_of_imdb_no_text_of_test_or_validation_is_learned_from():
    corpus = read_corpus(["imdb"])
    train, test = load_reviews("imdb", "train"), load_reviews("imdb", "test")
    split = split_train_validation(train, validation_share=0.1, seed=0)
    learned = {fold(text) for text in corpus.texts}
    assert not learned & {fold(text) for text in test.texts}
    assert not learned & {fold(train.texts[row]) for row in split.validation}
    # 123 texts stand in train and test, 269 in the unlabelled part and test; some of them twice.
    assert 380 <= corpus.counts["equal_to_test"] <= 400
    assert len(corpus.texts) > 72_000


def test_no_file_of_the_test_part_is_opened(home, tmp_path, monkeypatch):
    from reelfeel.data.sets import imdb

    folder = tmp_path / "aclImdb"
    for split, label, count in (("train", "neg", 3), ("train", "pos", 3), ("train", "unsup", 4)):
        (folder / split / label).mkdir(parents=True)
        for number in range(count):
            stars = {"neg": 2, "pos": 9, "unsup": 0}[label]
            text = f"{split} {label} {number}"
            (folder / split / label / f"{number}_{stars}.txt").write_text(text)
    (folder / "imdb.vocab").write_text("the\n")
    counts = {"train": (3, 3, 0), "unsupervised": (0, 0, 4)}
    monkeypatch.setattr(imdb, "EXPECTED_COUNTS", counts)
    corpus = read_corpus([folder], validation_share=0.3)
    assert corpus.counts["read"] == 10
    assert all("unsup" in text or "train" in text for text in corpus.texts)
