import shutil

import numpy as np
import polars as pl
import pytest

from reelfeel.data.sets.mini import load_mini
from reelfeel.data.tables import TableOptions
from reelfeel.errors import DataError, UsageError
from reelfeel.evaluation.compare import Side, compare, refuse_different_reviews
from reelfeel.inference.classifier import load


@pytest.fixture
def said(trained, tmp_path):
    """What the model says about `mini`, as a table of predictions."""
    reviews, path = load_mini("test"), tmp_path / "said.csv"
    columns = {
        "id": list(reviews.ids),
        "label": reviews.labels,
        "probability": load(trained).predict_proba(reviews.texts),
    }
    pl.DataFrame(columns).write_csv(path)
    return path


def test_a_model_is_no_different_from_its_own_predictions(trained, said):
    result = compare(trained, said, "mini")
    assert result["better"] is None
    assert result["test"]["p_value"] == 1.0
    assert all(abs(one["difference"]) < 1e-9 for one in result["differences"].values())
    assert "cannot tell" in result["sentence"]


def test_a_better_table_is_called_better_without_any_model(tmp_path):
    labels = np.arange(400) % 2
    for name, wrong in (("good", 10), ("bad", 90)):
        y_prob = np.where(np.arange(400) < wrong, 1 - labels, labels) * 0.8 + 0.1
        pl.DataFrame({"label": labels, "probability": y_prob}).write_csv(tmp_path / f"{name}.csv")
    result = compare(tmp_path / "bad.csv", tmp_path / "good.csv")
    assert result["better"] == "B"
    assert result["test"] == {"only_a_right": 0, "only_b_right": 80, "p_value": pytest.approx(0)}
    assert f"{tmp_path / 'good.csv'} is better than" in result["sentence"]


def test_other_reviews_are_refused_with_what_differs(trained, said, tmp_path):
    frame = pl.read_csv(said)
    changes = {
        "reviews": frame.head(50),
        "labels that differ, first in row 3": frame.with_columns(
            label=pl.Series([1 - v if row == 2 else v for row, v in enumerate(frame["label"])])
        ),
        "ids that differ, first in row 1": frame.with_columns(id=frame["id"].reverse()),
    }
    for words, changed in changes.items():
        changed.write_csv(tmp_path / "other.csv")
        with pytest.raises(DataError, match=f"same reviews.*{words}"):
            compare(said, tmp_path / "other.csv")
    frame.head(50).write_csv(tmp_path / "other.csv")
    with pytest.raises(DataError, match="50"):
        compare(trained, tmp_path / "other.csv", "mini")


def test_other_texts_are_refused_even_where_labels_agree():
    labels, y_prob = np.array([0, 1]), np.array([0.1, 0.9])
    sides = [Side("x", labels, y_prob, texts=texts) for texts in (["a", "b"], ["a", "c"])]
    with pytest.raises(DataError, match="texts that differ, first in row 2"):
        refuse_different_reviews(*sides)


def test_models_need_reviews(trained, said):
    with pytest.raises(UsageError, match="--data"):
        compare(trained, said)


def test_each_model_is_compared_by_its_own_threshold(trained, bundle_copy, tmp_path):
    from reelfeel.inference.bundle import Decision, write_decision

    other = shutil.copytree(bundle_copy, tmp_path / "always")
    write_decision(other, Decision(threshold=1e-9), {})
    result = compare(bundle_copy, other, load_mini("test"), options=TableOptions())
    assert result["differences"]["accuracy"]["b"] == 0.5
    assert result["differences"]["roc_auc"]["difference"] == 0.0
