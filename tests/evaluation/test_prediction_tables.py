import numpy as np
import polars as pl
import pytest

from reelfeel.data.tables import TableOptions
from reelfeel.errors import SchemaError
from reelfeel.evaluation.evaluate import Checks, evaluate_predictions
from reelfeel.evaluation.gates import parse_gates
from reelfeel.evaluation.prediction_tables import read_predictions
from reelfeel.metrics.table import evaluate_binary

OPTIONS = TableOptions(label_column="y")
CHECKS = Checks(probability_column="p")


def write(path, content):
    path.write_text(content, "utf-8")
    return path


def test_a_table_of_probabilities_is_judged_like_a_model(tmp_path):
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 2, 400)
    y_prob = np.clip(0.5 * y_true + 0.6 * rng.random(400), 0, 1)
    shop = np.where(rng.random(400) < 0.5, "A", "B")
    path = tmp_path / "said.parquet"
    pl.DataFrame({"y": y_true, "p": y_prob, "shop": shop}).write_parquet(path)
    options = TableOptions(label_column="y", slice_columns=["shop"])
    checks = Checks(probability_column="p", gates=parse_gates(["accuracy=0.99"], []), threshold=0.4)
    result = evaluate_predictions(path, options=options, checks=checks)
    assert result["all"] == evaluate_binary(y_true, y_prob, threshold=0.4).to_dict()
    named = {one["name"]: one for one in result["slices"]}
    right = (y_prob >= 0.4) == y_true
    assert named["reviews with shop = “A”"]["accuracy"] == right[shop == "A"].mean()
    assert [gate["passed"] for gate in result["gates"]] == [False]
    assert result["truncation"] is None


@pytest.mark.parametrize("value", ["nan", "1.5", "-0.1", "high", "inf"])
def test_what_is_no_probability_is_refused_with_its_row(tmp_path, value):
    path = write(tmp_path / "said.csv", f"y,p\n1,0.9\n0,{value}\n")
    with pytest.raises(SchemaError, match=rf"'p', row 2.*0 to 1.*{value}"):
        read_predictions(path, OPTIONS, probability_column="p")


def test_missing_columns_values_and_rows_are_named(tmp_path):
    path = write(tmp_path / "said.csv", "y,p\n1,0.9\n0,\n")
    with pytest.raises(SchemaError, match="row 2 is empty"):
        read_predictions(path, OPTIONS, probability_column="p")
    with pytest.raises(SchemaError, match=r"--probability-column.*'y', 'p'"):
        read_predictions(path, OPTIONS)
    with pytest.raises(SchemaError, match="no rows"):
        read_predictions(write(tmp_path / "empty.csv", "y,p\n"), OPTIONS, probability_column="p")


@pytest.mark.parametrize(
    ("rows", "undefined"),
    [
        ("1,0.5\n0,0.5\n1,0.5\n", set()),
        ("1,0.2\n1,0.5\n1,0.9\n", {"roc_auc", "matthews", "specificity"}),
        ("0,0.1\n0,0.1\n0,0.1\n", {"roc_auc", "matthews", "precision", "recall", "pr_auc", "f1"}),
        ("1,1\n0,0\n1,1\n", set()),
        ("1,0\n0,1\n1,0\n", set()),
    ],
    ids=["constant", "one class", "no positive", "certain", "certainly wrong"],
)
def test_odd_probabilities_have_a_defined_result(tmp_path, rows, undefined):
    path = write(tmp_path / "said.csv", f"y,p\n{rows}")
    result = evaluate_predictions(path, options=OPTIONS, checks=CHECKS)
    assert set(result["all"]["undefined"]) == undefined
    assert result["worse_slices"] == []


@pytest.mark.slow
def test_a_million_rows_are_judged(tmp_path):
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 2, 1_000_000)
    frame = pl.DataFrame({"y": y_true, "p": 0.4 * y_true + 0.6 * rng.random(1_000_000)})
    frame.write_parquet(tmp_path / "said.parquet")
    result = evaluate_predictions(tmp_path / "said.parquet", options=OPTIONS, checks=CHECKS)
    assert result["all"]["num_reviews"] == 1_000_000
    lower, upper = result["intervals"]["roc_auc"]
    assert lower < result["all"]["roc_auc"] < upper


def test_how_sure_a_classifier_was_is_not_taken_for_the_positive_probability(tmp_path):
    rows = "".join(f"{n % 2},0.{50 + n}\n" for n in range(40))
    result = evaluate_predictions(write(tmp_path / "said.csv", f"y,p\n{rows}"),
                                  options=OPTIONS, checks=CHECKS)  # fmt: skip
    assert "No probability is below 0.5" in result["warnings"][0]


def test_predictions_are_read_with_the_same_options_as_reviews(tmp_path):
    path = write(tmp_path / "said.txt", "Title\ny;p\n1;0.9\n0;0.2\n;0.3\nmeh;0.5\n")
    result = evaluate_predictions(path, checks=CHECKS, label_column="y", skip_rows=1,
                                  skip_bad_rows=True, drop_other_labels=True)  # fmt: skip
    assert result["data"]["num_reviews"] == 2
    assert "2 read. Passed over: 1 without a value in 'y' (row 3)" in result["warnings"][0]
