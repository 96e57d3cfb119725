import json
import sys

import numpy as np
import pytest

from reelfeel.data.sets.mini import load_mini
from reelfeel.inference.classifier import load
from reelfeel.training.train import train
from reelfeel.values import UNLABELLED


@pytest.fixture
def curve(monkeypatch, home):
    """The benchmark, on the tiny data set."""
    import learning_curve

    monkeypatch.setattr(learning_curve, "load_imdb", load_mini)
    monkeypatch.setattr(learning_curve, "installed_versions", dict)
    monkeypatch.setattr(learning_curve, "METHODS", (learning_curve.LENT, learning_curve.TFIDF))
    return learning_curve


def measure(curve, monkeypatch, tmp_path, start, *words):
    words = ["learning_curve.py", str(start), "--output", str(tmp_path), *words]
    monkeypatch.setattr(sys, "argv", words)
    curve.main()
    return json.loads((tmp_path / "learning_curve.json").read_text())


def test_a_draw_has_as_many_labels_of_each_class_and_others_none(curve):
    reviews = load_mini("train")
    drawn = curve.draw_labels(reviews, 20, 0)
    assert np.bincount(drawn.labels[drawn.labels != UNLABELLED]).tolist() == [10, 10]
    assert len(curve.take_labelled(drawn)) == 20
    other = curve.draw_labels(reviews, 20, 1)
    assert (drawn.labels != other.labels).any()
    known = drawn.labels != UNLABELLED
    assert (drawn.labels[known] == reviews.labels[known]).all()


def test_the_test_part_is_read_once_and_judged_as_the_classifier_judges(
    curve, trained, home, tmp_path, monkeypatch
):
    test = curve.TestPart(load_mini("test"))
    for number in range(2):
        drawn = curve.take_labelled(curve.draw_labels(load_mini("train"), 40, number))
        classifier = train(drawn, output=tmp_path / str(number), start=trained)
        answers = load(tmp_path / str(number)).predict_proba(test.reviews.texts) >= 0.5
        expected = (answers == (test.reviews.labels == 1)).mean()
        assert test.measure(classifier) == pytest.approx(expected, abs=0.02)
        monkeypatch.setattr(test, "_read", None)


def test_figures_are_kept_and_a_second_run_goes_on(curve, trained, monkeypatch, tmp_path):
    words = ("--sizes", "20", "40", "--methods", curve.LENT, curve.TFIDF)
    record = measure(curve, monkeypatch, tmp_path, trained, *words, "--draws", "1")
    assert len(record["measured"]) == 4
    monkeypatch.setattr(curve, "measure", lambda *_: {"accuracy": 0.5, "seconds": 0.0})
    record = measure(curve, monkeypatch, tmp_path, trained, *words, "--draws", "2")
    accuracies = [figures["accuracy"] for figures in record["measured"].values()]
    assert len(accuracies) == 8
    assert sum(accuracy == 0.5 for accuracy in accuracies) >= 4
    summary = record["summary"][curve.LENT]["20"]
    first = record["measured"][f"{curve.LENT} / 20 / 0"]["accuracy"]
    assert summary["mean"] == pytest.approx((first + 0.5) / 2)
    assert "labelled reviews" in (tmp_path / "learning_curve.svg").read_text()


def test_the_table_has_a_row_for_each_method_and_a_column_for_each_size(curve):
    measured = {
        f"{curve.TFIDF} / 50 / 0": {"accuracy": 0.70},
        f"{curve.TFIDF} / 50 / 1": {"accuracy": 0.72},
        f"{curve.LENT} / 5000 / 0": {"accuracy": 0.9},
    }
    table = curve.tabulate(curve.summarise(measured))
    assert "| labels | 50 | 5,000 |" in table
    assert "| TF-IDF | 71.0 ± 1.4 |  |" in table
    assert "| language model |  | 90.0 |" in table
    page = "a <!-- learning_curve:begin -->old<!-- learning_curve:end --> b"
    assert curve.fill_page(page, "new").startswith("a <!-- learning_curve:begin -->\n\nnew")
