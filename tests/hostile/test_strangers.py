"""Each way to tamper with a model that was found, and the line that it ends in now."""

import hashlib
import json
import os
import pickle
import re
import resource
import socket
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from mutations import grow_consistently, refresh_sums
from safetensors.numpy import load_file, save_file

from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.config.sections import Config, ModelConfig
from reelfeel.errors import BundleError, ConfigError
from reelfeel.inference.bundle import read_bundle, write_bundle
from reelfeel.inference.classifier import load
from reelfeel.inference.graph import encode_classifier
from reelfeel.weights import read_layout

# A graph that ONNX accepts and that is not ours.
BACKENDS_WITH_GRAPHS = ("onnxruntime", "openvino")


def edit(folder, name, **changes):
    """Changes fields of a JSON file, given as section__field or field."""
    document = json.loads((folder / name).read_text())
    for key, value in changes.items():
        section, _, field = key.rpartition("__")
        (document[section] if section else document)[field] = value
    (folder / name).write_text(json.dumps(document))
    refresh_sums(folder)


def edit_weights(folder, change):
    arrays = dict(load_file(folder / "weights.safetensors"))
    change(arrays)
    save_file(arrays, folder / "weights.safetensors")
    refresh_sums(folder)


def refuse(folder, match, **options):
    with pytest.raises(BundleError, match=match) as refusal:
        load(folder, **options)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 1_500


@pytest.mark.parametrize("keep", ["head", "head_tail"])
@pytest.mark.parametrize("most", [2**31, 2**63, 2**64 + 1, 2**64 + 5, 10**6 + 1, 0, -1])
def test_a_number_of_tokens_beyond_any_use_is_refused(bundle_copy, most, keep):
    edit(bundle_copy, "config.json", text__max_tokens=most, text__keep=keep,
         data__max_tokens=most, data__keep=keep)  # fmt: skip
    refuse(bundle_copy, "max_tokens")


def test_text_settings_that_are_not_those_of_the_data_are_refused(bundle_copy):
    edit(bundle_copy, "config.json", text__max_tokens=7)
    refuse(bundle_copy, r"text\.max_tokens must be \d+, as data\.max_tokens is\. Received: 7")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("embedding_dim", 33), ("embedding_dim", 64), ("units", [900]), ("dense_units", 5),
     ("pooling", "last_max_mean"), ("direction", "both"), ("weight_precision", "float16"),
     ("units", [32, 32])],
)  # fmt: skip
def test_settings_that_ask_for_other_weights_are_refused(bundle_copy, setting, value):
    edit(bundle_copy, "config.json", **{f"model__{setting}": value})
    refuse(bundle_copy, r"weights\.safetensors cannot be used: its arrays are not those of")


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w.update(
            {"embedding/embeddings": np.tile(w["embedding/embeddings"], (1, 100))}
        ),
        lambda w: w.update({"embedding/embeddings": w["embedding/embeddings"].ravel()}),
        lambda w: w.pop("lstm_0/lstm_cell/bias"),
        lambda w: w.update({"logit/bias": w["logit/bias"].astype(np.float64)}),
        lambda w: w.update({"more": np.zeros(3, np.float32)}),
    ],
    ids=["wide", "flat", "missing", "float64", "more"],
)  # fmt: skip
def test_other_weights_than_the_settings_ask_for_are_refused(bundle_copy, change):
    edit_weights(bundle_copy, change)
    refuse(bundle_copy, "its arrays are not those of its settings")


@pytest.mark.parametrize("value", [np.nan, np.inf, 2e6])
def test_weights_that_are_no_numbers_are_refused(bundle_copy, value):
    edit_weights(bundle_copy, lambda w: w["lstm_0/lstm_cell/kernel"].__setitem__((2, 3), value))
    refuse(bundle_copy, "Expected finite numbers")


@pytest.mark.parametrize("seed", range(4))
def test_networks_too_large_for_memory_are_refused_before_it_is_asked_for(bundle_copy, seed):
    class Largest:
        def choice(self, values):
            return values[-1 - seed % 2]

    grow_consistently(bundle_copy, Largest())
    refresh_sums(bundle_copy)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refuse(bundle_copy, "has .* bytes, and .* are allowed|weights, and at most 100,000,000|damaged")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_more_words_than_embeddings_are_refused_when_loading(bundle_copy):
    document = json.loads((bundle_copy / "vocabulary.json").read_text())
    document["tokens"].append("zxqv")
    (bundle_copy / "vocabulary.json").write_text(json.dumps(document))
    digest = hashlib.sha256(json.dumps(document["tokens"]).encode()).hexdigest()
    edit(bundle_copy, "config.json", vocabulary_fingerprint=digest)
    refuse(bundle_copy, "embedding/embeddings")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"format_version": "1"}, "format_version must be a whole number"),
        ({"format_version": 2**70}, "format_version must be a whole number"),
        ({"label_names": [None, 3]}, "label_names"),
        ({"label_names": ["same", "same"]}, "two different names"),
        ({"label_names": ["a\ud800", "b"]}, "without half characters"),
        ({"preset": 3}, "preset must be a text"),
        ({"extra": 3}, "extra"),
        ({"text__token_pattern": "(?:a+)+$"}, "one token pattern"),
        ({"training__seed": 10**400}, "training.seed"),
        ({"training__learning_rate": float("inf")}, "learning_rate"),
        ({"data__vocabulary_size": 4}, "vocabulary_size must be at least"),
        ({"data__fixed_timesteps": True, "data__max_tokens": 10**6, "text__max_tokens": 10**6},
         "at most 10000 with fixed_timesteps"),
    ],
)  # fmt: skip
def test_absurd_settings_are_refused_by_name(bundle_copy, changes, match):
    edit(bundle_copy, "config.json", **changes)
    refuse(bundle_copy, match)


@pytest.mark.parametrize(
    "changes",
    [{"temperature": True}, {"temperature": 1e30}, {"temperature": 1e308}, {"threshold": 0},
     {"threshold": 1}, {"threshold": "x"}, {"abstain_lower": 0.9, "abstain_upper": 0.1},
     {"abstain_lower": 0.2}, {"calibration": 3}, {"calibration": {"num_reviews": "many"}}],
    ids=str,
)  # fmt: skip
def test_absurd_decisions_are_refused(bundle_copy, changes):
    edit(bundle_copy, "decision.json", **changes)
    refuse(bundle_copy, r"decision\.json|threshold")


@pytest.mark.parametrize("probability", ["x", [], {}, [1, 2, 3], True, None, 2, -1, float("nan")])
def test_golden_answers_that_are_no_probabilities_are_refused(bundle_copy, probability):
    line = json.dumps({"text": "good", "probability": probability})
    (bundle_copy / "golden.jsonl").write_text(f"{line}\n")
    refresh_sums(bundle_copy)
    refuse(bundle_copy, r"line 1 of golden\.jsonl\.probability")


@pytest.mark.parametrize(
    "content", ["", "{}\n", "[]\n", "x\n", '{"text": 3, "probability": 0.5}\n']
)
def test_golden_answers_that_are_none_are_refused(bundle_copy, content):
    (bundle_copy / "golden.jsonl").write_text(content)
    refresh_sums(bundle_copy)
    refuse(bundle_copy, r"golden\.jsonl")


def test_a_model_is_not_saved_without_golden_answers(trained, tmp_path):
    bundle = read_bundle(trained)
    bare = type(bundle)(**{**bundle.__dict__, "path": tmp_path / "m", "golden": ()})
    with pytest.raises(BundleError, match="at least one golden answer"):
        write_bundle(bare, bundle.weights(), {})


def test_golden_answers_that_take_minutes_are_refused(bundle_copy, monkeypatch):
    monkeypatch.setattr("reelfeel.inference.golden.MAX_REPLAY", 1e5)
    refuse(bundle_copy, "too long to be replayed")


@pytest.mark.parametrize(
    "name", ["config.json", "decision.json", "vocabulary.json", "golden.jsonl", "provenance.json"]
)
@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_deep_nesting_is_refused(bundle_copy, name, bracket):
    (bundle_copy / name).write_text(bracket * 40_000)
    refresh_sums(bundle_copy)
    with pytest.raises(BundleError, match="nested too deep"):
        load(bundle_copy).bundle.about("provenance")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-1],
        lambda content: content[:100],
        lambda content: content + b"x",
        lambda content: b"",
        lambda content: struct.pack("<Q", 2**63) + content[8:],
        lambda content: struct.pack("<Q", 3) + content[8:],
        lambda content: pickle.dumps([1]),
        lambda content: b"PK\x05\x06" + bytes(18),
        lambda content: content.replace(b'"F32"', b'"I32"', 1),
        lambda content: content.replace(b"data_offsets", b"data_offsetz", 1),
    ],
)
@pytest.mark.parametrize("backend", ["native", *BACKENDS_WITH_GRAPHS, "numpy"])
def test_a_damaged_file_of_weights_is_one_line(bundle_copy, spoil, backend):
    file = bundle_copy / "weights.safetensors"
    file.write_bytes(spoil(file.read_bytes()))
    refresh_sums(bundle_copy)
    refuse(bundle_copy, r"weights\.safetensors", backend=backend)


@pytest.mark.parametrize("backend", BACKENDS_WITH_GRAPHS)
@pytest.mark.parametrize("way", ["cut", "flipped", "empty", "another"])
def test_a_graph_that_is_not_ours_is_not_run(bundle_copy, backend, way):
    file = bundle_copy / "graph.onnx"
    content = bytearray(file.read_bytes())
    if way == "cut":
        content = content[:-100]
    elif way == "flipped":
        content[len(content) // 2] ^= 1
    elif way == "empty":
        content = b""
    else:
        layout = read_layout(bundle_copy / "weights.safetensors")
        pooled = ModelConfig(**{**read_bundle(bundle_copy).config.model.__dict__,
                                "pooling": "last_max_mean"})  # fmt: skip
        content = encode_classifier(pooled, layout, "weights.safetensors")
    file.write_bytes(content)
    refresh_sums(bundle_copy)
    refuse(bundle_copy, r"graph\.onnx is not the graph", backend=backend)
    # The others read no graph.
    assert 0 <= load(bundle_copy, backend="numpy").predict_proba(["good"])[0] <= 1


SPECIAL = {
    "pipe": (os.mkfifo, "is a pipe"),
    "folder": (lambda path: path.mkdir(), "is a folder"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "is a device"),
    "socket": (lambda path: bind(path), "is a socket"),
    "sparse": (lambda path: path.touch() or os.truncate(path, 3 << 40), "are allowed"),
    "link": (lambda path: path.symlink_to("nowhere"), "missing|not a ReelFeel model"),
}


def bind(path):
    place = os.open(path.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            # Shorter than the path, which is too long for a socket.
            one.bind(f"/proc/self/fd/{place}/{path.name}")
    finally:
        os.close(place)


@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.parametrize(
    "name", ["config.json", "SHA256SUMS", "vocabulary.json", "weights.safetensors", "golden.jsonl"]
)
def test_what_is_no_plain_file_is_named(bundle_copy, name, kind):
    make, match = SPECIAL[kind]
    (bundle_copy / name).unlink()
    make(bundle_copy / name)
    refuse(bundle_copy, match)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
@pytest.mark.parametrize("name", ["metrics", "provenance", "history", "training_texts"])
def test_what_is_about_a_model_is_a_plain_file_too(bundle_copy, name, kind):
    (bundle_copy / f"{name}.json").unlink()
    SPECIAL[kind][0](bundle_copy / f"{name}.json")
    with pytest.raises(BundleError, match=SPECIAL[kind][1]):
        load(bundle_copy).bundle.about(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("training_texts", {"a": 1}), ("training_texts", ["xyz"]), ("training_texts", [1]),
        ("calibration_texts", "x"), ("provenance", []), ("provenance", {"data": 3}),
        ("provenance", {"data": {"source": None}}), ("history", {}), ("history", [[]]),
        ("history", [{"epoch": "1"}]), ("metrics", 3), ("metrics", {"validation": []}),
        ("metrics", {"validation": {"accuracy": "x"}}),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_said_about_a_model_has_its_types(bundle_copy, name, value):
    (bundle_copy / f"{name}.json").write_text(json.dumps(value))
    with pytest.raises(BundleError, match=rf"{name}\.json does not say what it should"):
        load(bundle_copy).bundle.about(name)


@pytest.mark.parametrize("content", [b"", b"x", b"\xff\xfe", b"[", b"NaN" * 3])
def test_what_is_said_about_a_model_is_json(bundle_copy, content):
    (bundle_copy / "provenance.json").write_bytes(content)
    with pytest.raises(BundleError, match=r"provenance\.json is not JSON"):
        load(bundle_copy).bundle.about("provenance")


@pytest.mark.parametrize("command", ["predict", "info", "evaluate", "report", "explain"])
@pytest.mark.parametrize("name", ["provenance.json", "config.json"])
def test_a_command_ends_in_one_line(bundle_copy, tmp_path, command, name):
    from typer.testing import CliRunner

    from reelfeel.cli import app

    (bundle_copy / name).write_text("[" * 1_000)
    refresh_sums(bundle_copy)
    arguments = {
        "predict": ["--model", str(bundle_copy), "good film"],
        "explain": ["--model", str(bundle_copy), "good film"],
        "evaluate": [str(bundle_copy), "--data", "mini"],
        "report": [str(bundle_copy), "--data", "mini", "--no-baselines", "-o", str(tmp_path / "r")],
        "info": [str(bundle_copy)],
    }[command]
    result = CliRunner().invoke(app, [command, *arguments])
    if result.exception is not None:
        assert isinstance(result.exception, BundleError), result.exception
    else:
        assert command in ("predict", "explain", "evaluate"), result.output
        assert name == "provenance.json"


def test_settings_of_a_training_have_the_same_bounds():
    for settings in (
        {"data": {"max_tokens": 18446744073709551621, "keep": "head_tail"}},
        {"model": {"units": [60_000]}},
        {"model": {"units": [8] * 17}},
        {"model": {"embedding_dim": 10**9}},
        {"model": {"embedding_dim": 16_000}},
        {"training": {"epochs": 2**70}},
        {"training": {"learning_rate": float("nan")}},
        {"training": {"checkpoint_every_s": float("inf")}},
    ):
        with pytest.raises(ConfigError, match="Received"):
            Config().updated(settings)
    for settings in ({"units": [60_000]}, {"vocabulary_size": 2**40}, {"seed": 2**64}):
        with pytest.raises(ConfigError, match="Received"):
            PretrainingConfig().updated(settings)


def test_train_refuses_them_before_it_begins(tmp_path):
    command = [sys.executable, "-m", "reelfeel", "train", "mini", "--preset", "mini", "--set",
               "data.max_tokens=18446744073709551621", "--set", "data.keep=head_tail", "-o",
               str(tmp_path / "x")]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 2
    assert re.fullmatch(r"Error: .*data\.max_tokens must be at most 1000000.*\n", result.stderr)


def test_a_zip_is_no_model(tmp_path):
    zipfile.ZipFile(tmp_path / "model.zip", "w").close()
    refuse(tmp_path / "model.zip", "it is no folder")


def test_what_the_system_refuses_is_one_line(tmp_path):
    refuse(tmp_path / ("x" * 300), "cannot be read|no model at")
    refuse(tmp_path / "nul\0", "no model at|cannot be read")
