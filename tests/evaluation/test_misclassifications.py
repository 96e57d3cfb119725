"""Mistakes, what drove them, what they share, and what they resemble in training."""

import csv

import numpy as np
import polars as pl
import pytest

from reelfeel.data.sets.mini import load_mini
from reelfeel.errors import DataError, UsageError
from reelfeel.evaluation.error_analysis import (
    COLUMNS,
    add_neighbours,
    find_misclassifications,
    find_themes,
    rank_errors,
    write_misclassifications,
)
from reelfeel.evaluation.neighbours import find_neighbours, load_training_reviews
from reelfeel.inference.classifier import load
from reelfeel.values import Reviews


@pytest.fixture(scope="module")
def classifier(trained):
    return load(trained)


@pytest.fixture(scope="module")
def wrong(classifier):
    """Reviews, half of them labelled as the model does not see them, and its probabilities."""
    texts = load_mini("test").texts
    y_prob = classifier.predict_proba(texts)
    said = (y_prob >= classifier.bundle.decision.threshold).astype(np.int8)
    labels = np.where(np.arange(len(texts)) % 2, said, 1 - said).astype(np.int8)
    return Reviews(texts, labels, [f"review {row}" for row in range(len(texts))]), y_prob


def test_the_surest_mistakes_come_first(wrong):
    reviews, y_prob = wrong
    rows = rank_errors(reviews.labels, y_prob, threshold=0.5, most=1_000)
    assert sorted(rows.tolist()) == list(range(0, len(reviews), 2))
    sureness = [abs(y_prob[row] - 0.5) for row in rows]
    assert sureness == sorted(sureness, reverse=True)
    assert not rank_errors([1], [0.9], threshold=0.5, most=3).size


def test_a_mistake_knows_what_was_said_and_why(classifier, wrong):
    reviews, y_prob = wrong
    found = find_misclassifications(classifier, reviews, y_prob, most=4)
    assert len(found) == 4
    for error in found:
        row = int(error.id.removeprefix("review "))
        assert error.label == reviews.labels[row] != error.said
        assert error.probability == pytest.approx(max(y_prob[row], 1 - y_prob[row]))
        assert error.explanation.text == reviews.texts[row]
        sign = 1 if error.said else -1
        strengths = [sign * word.score for word in error.driving_words]
        assert strengths == sorted(strengths, reverse=True)
        assert strengths[-1] > 0
        assert strengths[0] == max(sign * word.score for word in error.explanation.words)


def test_a_faultless_model_has_no_mistakes(classifier, wrong):
    reviews, y_prob = wrong
    right = reviews.take(np.arange(1, len(reviews), 2))
    assert find_misclassifications(classifier, right, y_prob[1::2], most=5) == []
    assert find_themes(classifier, right, y_prob[1::2]) == []


def plant(classifier, share, num_reviews=600):
    """Reviews called positive; a known word marks those that are not, with the given share."""
    word, *others = [token for token in classifier.bundle.vocabulary.tokens if token.isalpha()][:40]
    rng = np.random.default_rng(0)
    labels = (rng.random(num_reviews) < 0.7).astype(np.int8)
    texts = []
    for label in labels:
        has_word = rng.random() < (0.1 if label else share)
        texts.append(" ".join([*rng.choice(others, 12, replace=False), *[word] * has_word]))
    return word, Reviews(texts, labels, texts), np.full(num_reviews, 0.9)


def test_a_planted_theme_is_found(classifier):
    word, reviews, y_prob = plant(classifier, share=0.5)
    (theme,) = find_themes(classifier, reviews, y_prob)
    has_word = np.array([text.endswith(f" {word}") for text in reviews.texts])
    assert (theme.word, theme.said) == (word, 1)
    assert theme.num_wrong == int((has_word & (reviews.labels == 0)).sum())
    assert theme.num_right == int((has_word & (reviews.labels == 1)).sum())


def test_without_a_theme_none_is_named(classifier):
    _, reviews, y_prob = plant(classifier, share=0.1)
    assert find_themes(classifier, reviews, y_prob) == []
    # The same words mark the rightly called ones: no mistakes of that verdict have a theme.
    word, reviews, y_prob = plant(classifier, share=0.5)
    flipped = Reviews(reviews.texts, 1 - reviews.labels, reviews.ids)
    assert word not in [theme.word for theme in find_themes(classifier, flipped, y_prob)]


def test_probabilities_of_other_reviews_are_refused(classifier, wrong):
    with pytest.raises(DataError, match="received 1"):
        find_themes(classifier, wrong[0], np.array([0.5]))


def test_neighbours_are_those_of_a_dense_cosine():
    texts = load_mini("train").texts
    training = Reviews(texts[:60], load_mini("train").labels[:60], [str(i) for i in range(60)])
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics.pairwise import cosine_similarity

    vectorizer = TfidfVectorizer(sublinear_tf=True).fit(training.texts)
    expected = cosine_similarity(
        vectorizer.transform(texts[60:70]).toarray(), vectorizer.transform(texts[:60]).toarray()
    )
    found = find_neighbours(texts[60:70], training, most=3)
    for row, near in zip(expected, found, strict=True):
        assert [one.similarity for one in near] == pytest.approx(sorted(-row)[:3] * np.array(-1))
        assert [row[int(one.id)] for one in near] == pytest.approx([n.similarity for n in near])
        assert [one.label for one in near] == [training.labels[int(one.id)] for one in near]


def test_odd_texts_have_no_neighbours():
    training = Reviews(["a dull plot"], np.array([0], np.int8), ["a"])
    assert find_neighbours(["", "\ud800", "zxqv"], training) == [(), (), ()]
    assert find_neighbours([], training) == []
    with pytest.raises(DataError, match="nothing"):
        find_neighbours(["x"], training.take(np.array([], np.intp)))


def test_training_reviews_are_those_the_model_learned_from(classifier, tmp_path):
    assert load_training_reviews(classifier, "mini").texts == load_mini("train").texts
    known = [text.upper() for text in load_mini("train").texts[:3]]
    table = tmp_path / "mixed.csv"
    pl.DataFrame({"text": ["never seen", *known], "label": [1, 0, 1, 0]}).write_csv(table)
    assert list(load_training_reviews(classifier, str(table)).texts) == known


def test_another_source_than_that_of_training_is_refused(classifier, tmp_path):
    table = tmp_path / "other.csv"
    table.write_text("text,label\nnever seen,1\nnor this,0\n")
    with pytest.raises(DataError, match="other reviews"):
        load_training_reviews(classifier, str(table))


def test_the_table_holds_every_mistake(classifier, wrong, tmp_path):
    reviews, y_prob = wrong
    odd = 'He said "=1+1", and\nleft. \ud800'
    reviews = Reviews([odd, *reviews.texts[1:]], reviews.labels, reviews.ids)
    found = find_misclassifications(classifier, reviews, y_prob, most=1_000)
    found = add_neighbours(found, load_training_reviews(classifier, "mini"))
    path = tmp_path / "errors.csv"
    write_misclassifications(path, found, ("bad", "good"), overwrite=False)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["id"] for row in rows] == [error.id for error in found]
    for row, error in zip(rows, found, strict=True):
        assert {row["label"], row["predicted_label"]} == {"bad", "good"}
        assert row["text"] == error.explanation.text.replace("\ud800", "?")
        assert len(row["nearest_training_reviews"].split(";")) == 3
    with pytest.raises(UsageError, match="--force"):
        write_misclassifications(path, found, ("bad", "good"), overwrite=False)
