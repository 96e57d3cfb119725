"""Names of models that come with ReelFeel, and folders that are called the same."""

import shutil
from pathlib import Path

import pytest

import reelfeel
from reelfeel.cli.options import DEFAULT_MODEL
from reelfeel.errors import BundleError, UsageError
from reelfeel.evaluation.calibrate import calibrate
from reelfeel.inference import shipped
from reelfeel.inference.classifier import load
from reelfeel.inference.shipped import (
    CLASSIFIERS,
    NAMES,
    find_model,
    is_shipped,
    list_shipped,
    name_model,
    refuse_shipped,
)


@pytest.fixture
def installed(tmp_path, trained, monkeypatch):
    """An installation that has only the model base: the one trained on `mini`."""
    folder = tmp_path / "package" / "shipped"
    shutil.copytree(trained, folder / "base")
    monkeypatch.setattr(shipped, "shipped_folder", lambda: folder)
    return folder


def test_the_default_of_commands_is_a_classifier_that_comes_with_reelfeel():
    assert DEFAULT_MODEL in CLASSIFIERS
    assert set(CLASSIFIERS) < set(NAMES)


def test_a_name_is_found_in_the_package_and_a_folder_where_it_is(installed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base").mkdir()
    assert find_model("base") == installed / "base"
    assert find_model("./base").resolve() == tmp_path / "base"
    assert find_model(Path("base")).resolve() == tmp_path / "base"
    assert find_model("runs/mine") == Path("runs/mine")


def test_a_model_is_loaded_by_its_name(installed, trained):
    texts = ["a fine film", "a dull one"]
    expected = load(trained, precision="float32").predict_proba(texts)
    assert load("base", precision="float32").predict_proba(texts).tolist() == expected.tolist()
    result = reelfeel.evaluate("base", "mini")
    assert result["model"] == "base"


def test_a_name_that_is_not_installed_says_so(installed):
    with pytest.raises(BundleError, match=r"small is missing .* \./small"):
        load("small")


def test_an_unknown_name_lists_the_known(installed):
    with pytest.raises(BundleError, match=r"no model at bsae.*base or small"):
        load("bsae")


def test_a_language_model_is_told_from_a_classifier(tmp_path):
    (tmp_path / "language_model.json").write_text("{}")
    with pytest.raises(BundleError, match="reelfeel train DATA --from"):
        load(tmp_path)


def test_a_model_that_comes_with_reelfeel_is_not_changed(installed, tmp_path):
    before = (installed / "base" / "decision.json").read_bytes()
    with pytest.raises(UsageError, match="Copy its folder"):
        calibrate("base", "mini")
    assert (installed / "base" / "decision.json").read_bytes() == before
    refuse_shipped(tmp_path / "mine", "Calibrating")


def test_what_is_installed_is_listed_in_order(installed):
    shutil.copytree(installed / "base", installed / "small")
    assert [folder.name for folder in list_shipped()] == ["base", "small"]
    assert is_shipped(installed / "small")
    assert (name_model(installed / "small"), name_model(Path("runs/mine"))) == (
        "small",
        "runs/mine",
    )
