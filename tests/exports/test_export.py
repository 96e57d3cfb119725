"""Exported networks, read by the reader beside them, give the classifier's calibrated answers."""

import json
import shutil

import numpy as np
import pytest
from test_reader import make_texts

from reelfeel.errors import UsageError
from reelfeel.exports.export import export_model
from reelfeel.exports.reelfeel_reader import Reader
from reelfeel.inference.bundle import Decision, write_decision
from reelfeel.inference.classifier import load


@pytest.fixture
def calibrated(bundle_copy):
    write_decision(bundle_copy, Decision(temperature=2.5, threshold=0.6), {})
    return bundle_copy


def answer_onnx(path, rows):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {"token_ids": np.array(rows, np.int64)})[0]


def answer_keras(path, rows):
    import keras

    answers = keras.saving.load_model(path)(np.array(rows, np.int32))
    return answers.detach().cpu().numpy().ravel()


# Keras saves through NumPy's old way to copy an array.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(("format", "answer"), [("onnx", answer_onnx), ("keras", answer_keras)])
def test_an_export_gives_the_calibrated_probability_of_a_text(calibrated, tmp_path, format, answer):
    files = export_model(
        calibrated, tmp_path / f"mine-1.0.{format}", format=format, overwrite=False
    )
    assert [file.name for file in files] == [
        f"mine-1.0.{format}", "mine-1.0.reading.json", "mine-1.0.reading.md", "reelfeel_reader.py"
    ]  # fmt: skip
    reader = Reader.open(str(files[1]))
    texts = make_texts(40, seed=3)
    received = answer(files[0], reader.pad([reader.read(text) for text in texts]))
    classifier = load(calibrated, precision="float32")
    expected = classifier.predict(texts)
    np.testing.assert_allclose(received, [one.probability for one in expected], atol=1e-5, rtol=0)
    assert [reader.label(p) for p in received.tolist()] == [one.label for one in expected]
    for example in json.loads(files[1].read_text())["examples"]:
        assert reader.read(example["text"]) == example["ids"]
        [again] = classifier.predict_proba([example["text"]])
        assert example["probability"] == pytest.approx(again, abs=1e-6)


def test_the_exported_graph_is_one_that_onnx_accepts(calibrated, tmp_path):
    import onnx

    export_model(calibrated, tmp_path / "m.onnx", format="onnx", overwrite=False)
    onnx.checker.check_model(tmp_path / "m.onnx", full_check=True)


def test_names_with_a_version_stay_apart(calibrated, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("sent-1.1", "sent-1.2"):
        shutil.copytree(calibrated, tmp_path / name)
        assert export_model(name, format="onnx", overwrite=False)[0].name == f"{name}.onnx"
    with pytest.raises(UsageError, match=r"sent-1\.1\.onnx exists"):
        export_model("sent-1.1", format="onnx", overwrite=False)
    monkeypatch.chdir(tmp_path / "sent-1.1")
    for place in (".", "./", "../sent-1.1", "../sent-1.2/../sent-1.1"):
        (tmp_path / "sent-1.1.onnx").unlink()
        [network, *_] = export_model(place, format="onnx", overwrite=False)
        assert network.resolve() == tmp_path / "sent-1.1.onnx"
    assert not list((tmp_path / "sent-1.1").glob("*.onnx.*"))


def test_another_reader_and_other_rules_are_not_replaced_unasked(calibrated, tmp_path):
    reader = tmp_path / "reelfeel_reader.py"
    reader.write_text("mine")
    for overwrite, words in ((False, "exists"), (True, "was not written by ReelFeel")):
        with pytest.raises(UsageError, match=rf"reelfeel_reader\.py {words}"):
            export_model(calibrated, tmp_path / "m.onnx", format="onnx", overwrite=overwrite)
    assert not (tmp_path / "m.onnx").exists()
    reader.unlink()
    files = export_model(calibrated, tmp_path / "m.onnx", format="onnx", overwrite=False)
    for file in files:  # as an earlier version wrote them
        file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(UsageError, match=r"m\.onnx exists"):
        export_model(calibrated, tmp_path / "m.onnx", format="onnx", overwrite=False)
    export_model(calibrated, tmp_path / "m.onnx", format="onnx", overwrite=True)
    # Another format of the same model takes the same rules.
    (tmp_path / "m.onnx").unlink()
    export_model(calibrated, tmp_path / "m.onnx", format="onnx", overwrite=False)


@pytest.mark.parametrize(
    ("output", "format"), [("m.txt", "onnx"), ("m", "keras"), (".onnx", "onnx"), ("m.h5", "h5")]
)
def test_another_ending_or_format_is_refused(calibrated, tmp_path, output, format):
    with pytest.raises(UsageError, match="Received"):
        export_model(calibrated, tmp_path / output, format=format, overwrite=False)
