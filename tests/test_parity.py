"""A command and the Python function of its name say the same of the same input."""

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

import reelfeel
from reelfeel.cli import app
from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.plain_values import to_plain

TEXT = "A slow start, but what an ending."
ONE_EPOCH = {"training": {"epochs": 1, "alarm": False}}
EPOCH_OPTIONS = ("--set", "training.epochs=1", "--set", "training.alarm=false")
SHORT = PretrainingConfig(units=(16,), embedding_dim=16, epochs=1)
SHORT_OPTIONS = ("--set", "units=16", "--set", "embedding_dim=16", "--epochs", "1")
# Told by the clock, or of the place that was written to.
OWN = {"speed", "model", "seconds", "minutes"}


def run(*arguments, code=0):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


def run_json(*arguments, **options):
    return json.loads(run(*arguments, "--json", **options))


def without_own(value):
    """Leaves out what differs between two runs of the same."""
    if isinstance(value, dict):
        return {name: without_own(one) for name, one in value.items() if name not in OWN}
    return [without_own(one) for one in value] if isinstance(value, list) else value


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "said.csv"
    path.write_text("label,probability\n" + "1,0.9\n0,0.2\n1,0.4\n" * 8)
    return path


def test_check_data(tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text("text,label\nA gem.,1\na  gem.,0\nDull.,0\nFine.,1\n")
    found = reelfeel.check_data(path, max_tokens=3)
    assert isinstance(found, reelfeel.Audit)
    assert found.has_errors
    assert run_json("check-data", path, "--max-tokens", 3, code=3) == found.to_dict()
    whole = reelfeel.check_data("mini")
    assert run_json("check-data", "mini", code=3 * whole.has_errors) == whole.to_dict()
    both = reelfeel.check_data("mini", path)
    assert list(both.to_dict()["parts"]) == ["mini train", "mini test", str(path)]
    assert run_json("check-data", "mini", path, code=3) == both.to_dict()


def test_check_data_takes_what_a_program_holds():
    columns = {"text": ["A gem.", "Dull."], "label": [1, 0]}
    frames = reelfeel.check_data(columns, reelfeel.Reviews(*columns.values()))
    assert [part.name for part in frames.parts] == ["source 1", "source 2"]
    assert [one.part for one in frames.findings if one.code == "overlap"] == ["source 2"]
    for sources in ((), ("mini", "mini")):
        with pytest.raises(reelfeel.errors.UsageError, match="once"):
            reelfeel.check_data(*sources)
    with pytest.raises(reelfeel.errors.UsageError, match="Received 0"):
        reelfeel.check_data("mini", max_tokens=0)


@pytest.mark.parametrize("method", ["occlusion", "integrated-gradients"])
def test_explain(trained, method):
    options = ("--flip", "--method", method, "--model", trained)
    [found] = reelfeel.explain([TEXT], trained, with_flip=True, method=method)
    assert isinstance(found, reelfeel.Explanation)
    assert run_json("explain", *options, TEXT) == found.to_dict()
    [by_sentence] = reelfeel.explain([TEXT], reelfeel.load(trained), by="sentence")
    assert run_json("explain", "--by", "sentence", "-m", trained, TEXT) == by_sentence.to_dict()


def test_explain_refuses_what_it_does_not_know(trained):
    for wrong in ({"method": "gradients"}, {"by": "letter"}):
        with pytest.raises(reelfeel.errors.UsageError, match="Received"):
            reelfeel.explain([TEXT], trained, **wrong)
    assert reelfeel.explain([], trained) == []


def test_predict(trained):
    [said] = reelfeel.load(trained).predict([TEXT])
    assert isinstance(said, reelfeel.Prediction)
    assert run_json("predict", "--model", trained, TEXT) == {"text": TEXT, **said.to_dict()}


def test_list_mistakes(trained, tmp_path):
    options = ("--data", "mini", "--training-data", "mini", "--most", 5)
    found = reelfeel.list_mistakes(trained, "mini", training_source="mini", most=5)
    assert isinstance(found, reelfeel.Mistakes)
    assert len(found.errors) == 5
    assert found.errors[0].neighbours
    written = tmp_path / "by_command.csv"
    assert run_json("errors", trained, *options, "-o", written) == found.to_dict()
    found.write_csv(tmp_path / "by_function.csv")
    assert (tmp_path / "by_function.csv").read_bytes() == written.read_bytes()
    with pytest.raises(reelfeel.errors.UsageError, match="exists"):
        found.write_csv(written)
    with pytest.raises(reelfeel.errors.UsageError, match="Received 0"):
        reelfeel.list_mistakes(trained, "mini", most=0)


def test_check_behaviour(trained):
    options = ("--data", "mini", "--training-data", "mini")
    found = reelfeel.check_behaviour(trained, "mini", training_source="mini")
    assert isinstance(found, reelfeel.Behaviour)
    assert run_json("check-behaviour", trained, *options) == found.to_dict()
    made = reelfeel.check_behaviour(trained)
    assert run_json("check-behaviour", trained) == made.to_dict()
    # A printed table has the numbers of every row.
    printed = run("check-behaviour", trained, *options)
    for row in found.perturbations:
        assert f"{100 * row.baseline.accuracy:.2f}" in printed


def test_sources_that_a_program_holds_are_compared_with_nothing_but_their_names(trained):
    columns = {"text": ["A gem.", "Dull."] * 20, "label": [1, 0] * 20}
    others = {"text": ["Lovely film.", "A bore."] * 20, "label": [1, 0] * 20}
    pandas = pytest.importorskip("pandas")
    for source in (columns, pandas.DataFrame(columns)):
        training = type(source)(others)
        found = reelfeel.check_behaviour(trained, source, training_source=training)
        assert found.baseline["num_reviews"] == found.data["num_reviews"] == 40
        assert reelfeel.list_mistakes(trained, source, most=3).to_dict()
        with pytest.raises(reelfeel.errors.DataError, match="trained on other reviews"):
            reelfeel.list_mistakes(trained, source, training_source=source)
        with pytest.raises(reelfeel.errors.UsageError, match="'imdb' only"):
            reelfeel.evaluate(trained, source, data_dir="somewhere")


def test_export(trained, tmp_path):
    found = reelfeel.export(trained, tmp_path / "mine.onnx", format="onnx")
    assert isinstance(found, reelfeel.ExportedModel)
    contents = [file.read_bytes() for file in found.files]
    arguments = ("export", trained, "--format", "onnx", "--output", tmp_path / "mine.onnx")
    assert run_json(*arguments, "--force") == found.to_dict()
    assert [file.read_bytes() for file in found.files] == contents
    assert run(*arguments, "--force").split() == [str(file) for file in found.files]


def test_models():
    found = reelfeel.models()
    assert all(isinstance(one, reelfeel.ModelFacts) for one in found)
    assert run_json("models") == [one.to_dict() for one in found]


def test_evaluate(trained, table):
    found = reelfeel.evaluate(trained, "mini")
    assert without_own(run_json("evaluate", trained, "--data", "mini")) == without_own(
        to_plain(found)
    )
    found = reelfeel.evaluate_predictions(table)
    assert run_json("evaluate", "--predictions", table) == to_plain(found)


def test_compare(trained, table):
    found = reelfeel.compare(trained, trained, "mini")
    assert run_json("compare", trained, trained, "--data", "mini") == to_plain(found)
    assert run_json("compare", table, table) == to_plain(reelfeel.compare(table, table))


def test_calibrate(trained, tmp_path):
    copies = [shutil.copytree(trained, tmp_path / name) for name in ("a", "b")]
    found = without_own(to_plain(reelfeel.calibrate(copies[0], "mini", part="test")))
    said = run_json("calibrate", copies[1], "--data", "mini", "--part", "test")
    assert without_own(said) == found
    decisions = [(copy / "decision.json").read_text() for copy in copies]
    assert decisions[0] == decisions[1]


def assert_same_weights(*folders):
    first, second = (reelfeel.load(folder).bundle.weights() for folder in folders)
    assert all(np.array_equal(array, second[name]) for name, array in first.items())


def test_train_and_distill(trained, home, tmp_path):
    made = [
        reelfeel.train("mini", output=tmp_path / "a", preset="mini", settings=ONE_EPOCH),
        reelfeel.distill(
            [trained], "mini", output=tmp_path / "b", preset="mini", settings=ONE_EPOCH
        ),
    ]
    commands = [("train", "mini"), ("distill", trained, "--data", "mini")]
    for classifier, place, command in zip(made, "ab", commands, strict=True):
        assert isinstance(classifier, reelfeel.Classifier)
        output = tmp_path / f"command {place}"
        said = run_json(*command, "-o", output, "--preset", "mini", *EPOCH_OPTIONS)
        assert said.pop("model") == str(output)
        assert without_own(said) == without_own(classifier.bundle.about("metrics"))
        assert_same_weights(output, tmp_path / place)


def test_pretrain(home, tmp_path):
    made = reelfeel.pretrain(["mini"], output=tmp_path / "a", config=SHORT, directions=("forward",))
    options = ("--direction", "forward", *SHORT_OPTIONS)
    said = run_json("pretrain", "mini", "--output", tmp_path / "b", *options)
    assert without_own(said) == without_own(made.about["figures"])
