"""Classes are matched by name in everything that judges; order decides only without names."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from reelfeel.data.options import TableOptions
from reelfeel.data.sets.mini import load_mini
from reelfeel.errors import DataError, SchemaError
from reelfeel.evaluation.calibrate import calibrate
from reelfeel.evaluation.compare import compare
from reelfeel.evaluation.evaluate import Checks, evaluate, evaluate_predictions
from reelfeel.files.writing import write_sums
from reelfeel.inference.bundle import SUMMED_FILES
from reelfeel.inference.classifier import load

TEXTS = load_mini("test").texts
LABELS = load_mini("test").labels


@pytest.fixture
def rename(trained, tmp_path):
    """Makes copies of a model with other names of class 0 and class 1."""
    import shutil

    def make(*names):
        folder = shutil.copytree(trained, tmp_path / "-".join(names))
        config = json.loads((folder / "config.json").read_text("utf-8"))
        config["label_names"] = names
        (folder / "config.json").write_text(json.dumps(config), "utf-8")
        write_sums(folder, SUMMED_FILES)
        return folder

    return make


@pytest.fixture
def table(tmp_path):
    """Writes the reviews of `mini` with any names of their labels."""

    def write(negative, positive, **columns):
        path = tmp_path / f"{negative}-{positive}-{'-'.join(columns)}.csv"
        names = [positive if label else negative for label in LABELS.tolist()]
        pl.DataFrame({"text": TEXTS, "label": names, **columns}).write_csv(path)
        return path

    return write


@pytest.fixture(scope="module")
def accuracy(trained):
    """The witness: how often the network is right where class 1 is what it was trained to be."""
    return float(((load(trained).predict_proba(TEXTS) >= 0.5) == LABELS).mean())


def judge(model, table, **options):
    return evaluate(model, table, options=TableOptions(**options))["all"]["accuracy"]


@pytest.mark.parametrize("names", [("good", "bad"), ("Bad ", "GOOD"), ("1", "0"), ("pos", "neg")])
def test_names_that_a_model_knows_need_no_options(rename, table, accuracy, names):
    model = rename(*names)
    # The labels, where class 1 is called as the model's class 0, are the other way around.
    negative, positive = (name.strip().lower() for name in names)
    assert judge(model, table(negative, positive)) == pytest.approx(accuracy)
    assert judge(model, table(positive, negative)) == pytest.approx(1 - accuracy)


@pytest.mark.parametrize("said", [{"positive": "good"}, {"positive": "bad"}, {"negative": "bad"}])
def test_equal_names_are_matched_by_name_whatever_is_called_positive(rename, table, accuracy, said):
    assert judge(rename("bad", "good"), table("bad", "good"), **said) == pytest.approx(accuracy)
    turned = rename("good", "bad")
    assert judge(turned, table("bad", "good"), **said) == pytest.approx(1 - accuracy)


def test_words_of_one_meaning_are_one_name(rename, table, accuracy):
    reversed_words = rename("pos", "neg")
    assert judge(reversed_words, table("negative", "positive")) == pytest.approx(1 - accuracy)
    assert judge(reversed_words, "mini") == pytest.approx(1 - accuracy)


def test_names_that_nobody_knows_are_refused(rename, table):
    model = rename("bad", "good")
    with pytest.raises(SchemaError, match="awful"):
        judge(model, table("awful", "great"))
    # One name of both, with another meaning.
    with pytest.raises(SchemaError, match="other class"):
        judge(model, table("good", "great"), positive="great")
    with pytest.raises(SchemaError):
        judge(model, table("bad", "great"))


def test_two_models_are_compared_in_the_words_of_the_first(rename, table, accuracy):
    straight, turned = rename("bad", "good"), rename("good", "bad")
    path = table("bad", "good")
    gap = 2 * accuracy - 1
    for first, second, expected in ((straight, turned, gap), (turned, straight, -gap)):
        result = compare(first, second, path)
        assert result["differences"]["accuracy"]["difference"] == pytest.approx(expected)
    # A copy that calls the same classes the same is as good, whatever its order.
    assert compare(straight, rename("Bad", "Good"), path)["better"] is None


def test_tables_of_predictions_are_turned_by_their_names_too(rename, table, trained, accuracy):
    y_prob = load(trained).predict_proba(TEXTS)
    model = rename("bad", "good")
    same = table("bad", "good", probability=y_prob)
    result = compare(model, same, table("bad", "good"))
    assert result["differences"]["accuracy"]["difference"] == 0
    gate = evaluate(model, table("bad", "good"), checks=Checks(no_worse_than=same))["gates"]
    assert gate[-1]["passed"]
    # Class 1 of this table is "bad", and so is what its probabilities are of.
    options = TableOptions(positive="bad")
    other = table("bad", "good", probability=1 - y_prob)
    judged = evaluate_predictions(other, options=options)
    assert judged["all"]["accuracy"] == pytest.approx(accuracy, abs=1e-9)


def test_a_model_is_calibrated_in_its_own_words(rename, table):
    path = table("bad", "good")
    straight = calibrate(rename("bad", "good"), path)
    with_order = calibrate(rename("Bad", "Good"), path, options=TableOptions(positive="bad"))
    assert straight["after"] == with_order["after"]


def test_probabilities_of_the_verdict_are_warned_of(tmp_path):
    path = tmp_path / "said.csv"
    rows = [f"{name},{0.5 + number / 50}" for number in range(20) for name in ("pos", "neg")]
    path.write_text("\n".join(["label,probability", *rows]))
    assert any("below 0.5" in one for one in evaluate_predictions(path)["warnings"])


def test_sides_turn_without_moving_a_verdict(trained):
    from reelfeel.evaluation.compare import Side

    y_prob = np.array([0.1, 0.3, 0.3000001, 0.9, 0.5])
    side = Side("a", np.array([0, 1, 0, 1, 1]), y_prob, threshold=0.3)
    turned = side.turned()
    assert ((turned.y_prob >= turned.threshold) == (y_prob < 0.3)).all()
    assert (turned.y_true == 1 - side.y_true).all()
    assert replace(turned.turned(), threshold=0.3).label_names == side.label_names


def test_sides_that_mean_different_classes_by_one_name_are_refused():
    from reelfeel.evaluation.compare import Side, compare_sides

    y_true, y_prob = np.array([0, 1]), np.array([0.2, 0.8])
    a = Side("a", y_true, y_prob, label_names=("bad", "good"))
    b = Side("b", y_true, y_prob, label_names=("good", "great"))
    with pytest.raises(DataError, match="other class"):
        compare_sides(a, b)
