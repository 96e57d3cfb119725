"""Every classifier that comes with ReelFeel: small, whole, documented, the same in every backend."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file
from stand_ins import STAND_IN, list_places, make_in, make_texts, name_place

from reelfeel.evaluation.evaluate import evaluate
from reelfeel.evaluation.recording import record_evaluation
from reelfeel.inference.backends.choice import BACKENDS
from reelfeel.inference.bundle import SUMMED_FILES, read_bundle
from reelfeel.inference.classifier import load
from reelfeel.inference.shipped import CLASSIFIERS
from reelfeel.native.inference import has_kernel

TEXTS = make_texts()

MAX_SIZE_BYTES = {"small": 8_000_000, "base": 24_000_000}
BACKENDS_AND_PRECISIONS = [(backend, "float32") for backend in BACKENDS] + [("native", "bfloat16")]
# What stands in a folder besides the summed files; nothing else may.
ABOUT = {"README.md", "SHA256SUMS", "metrics.json", "provenance.json", "training_texts.json",
         "calibration_texts.json", "history.json", "history_forward.json",
         "history_backward.json"}  # fmt: skip


@pytest.fixture(scope="module", params=list_places(*CLASSIFIERS), ids=name_place)
def classifier(request, tmp_path_factory):
    """The folder of a classifier that comes with ReelFeel."""
    if request.param != STAND_IN:
        return request.param
    from reelfeel.training.train import train

    def make(output):
        saved = {"training": {"epochs": 1}, "model": {"weight_precision": "float16"}}
        train("mini", output=output, preset="mini", settings=saved)
        record_evaluation(output, evaluate(output, "mini"))

    return make_in(tmp_path_factory.mktemp("shipped"), make)


def open_classifier(folder, backend, precision):
    if backend == "native" and not has_kernel(precision):
        pytest.skip(f"this machine has no native kernel in {precision}")
    return load(folder, backend=backend, precision=precision)


@pytest.mark.parametrize(("backend", "precision"), BACKENDS_AND_PRECISIONS)
def test_golden_answers_are_given_again(classifier, backend, precision):
    allowed = 1e-5 if precision == "float32" else 0.02
    loaded = open_classifier(classifier, backend, precision)
    assert len(loaded.bundle.golden) >= 8
    assert loaded.golden_difference() < allowed


@pytest.fixture(scope="module")
def expected(classifier):
    """The answers of the equations in NumPy."""
    return load(classifier, backend="numpy").predict_proba(TEXTS)


@pytest.mark.parametrize(
    ("backend", "precision"), BACKENDS_AND_PRECISIONS[:-2] + BACKENDS_AND_PRECISIONS[-1:]
)
def test_made_texts_are_answered_as_the_equations_do(classifier, expected, backend, precision):
    received = open_classifier(classifier, backend, precision).predict_proba(TEXTS)
    if precision == "float32":
        np.testing.assert_allclose(received, expected, atol=1e-5, rtol=0)
    else:
        np.testing.assert_allclose(received, expected, atol=0.05, rtol=0)
        assert np.abs(received - expected).mean() < 0.005


def test_weights_are_stored_in_16_bits_and_the_folder_is_small(classifier):
    stored = load_file(classifier / "weights.safetensors")
    assert {str(array.dtype) for array in stored.values()} == {"float16"}
    size_bytes = sum(file.stat().st_size for file in classifier.iterdir())
    assert size_bytes <= MAX_SIZE_BYTES.get(classifier.name, 8_000_000)


def test_only_known_files_are_there_and_no_text_of_a_review(classifier):
    assert {file.name for file in classifier.iterdir()} <= {*SUMMED_FILES, *ABOUT}
    for name in ("training_texts.json", "calibration_texts.json"):
        for number in read_bundle(classifier).about(name.removesuffix(".json")) or ():
            assert re.fullmatch("[0-9a-f]{16}", number)


def test_figures_and_card_are_complete(classifier):
    bundle = read_bundle(classifier)
    test, provenance = bundle.about("metrics")["test"], bundle.about("provenance")
    lower, upper = test["intervals"]["accuracy"]
    assert lower <= test["accuracy"] <= upper
    card = " ".join((classifier / "README.md").read_text("utf-8").split())
    for fact in (
        provenance["command"],
        provenance["data"]["sha256"],
        f"**{test['accuracy']:.4f}**",
        f"ECE {test['ece']:.4f}",
        "reviews a second",
        "Hardware:",
        "Time in all:",
        "## Limits",
    ):
        assert fact in card


def test_no_path_of_another_machine_is_in_it(classifier):
    if classifier.name == STAND_IN:
        pytest.skip("the command of a stand-in is that of the tests")
    for file in classifier.glob("*.*"):
        if file.suffix in (".json", ".md") and file.name != "vocabulary.json":
            found = re.findall(
                r"(?<![\w./])/(?:home|tmp|work|root|usr)/\S*", file.read_text("utf-8")
            )
            assert not found, (file.name, found)


def test_the_default_answers_without_keras_and_pytorch(classifier):
    code = (
        "import json, sys; from reelfeel.inference.classifier import load; "
        f"label = load({str(classifier)!r}).predict(['A fine film.'])[0].label; "
        "print(json.dumps([label, sorted(sys.modules)]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    label, modules = json.loads(result.stdout)
    assert label in read_bundle(classifier).label_names
    assert not {"keras", "torch", "onnx", "sklearn", "polars"} & set(modules)
