import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file

from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.config.sections import ModelConfig
from reelfeel.errors import BundleError, UsageError
from reelfeel.models.classifier import build_classifier
from reelfeel.models.language_model import (
    LanguageModel,
    LanguageNetwork,
    keep_frequent_words,
    read_language_model,
    write_language_model,
)
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary

CONFIG = PretrainingConfig(embedding_dim=6, units=(7, 5))
VOCABULARY = Vocabulary(("good", "film", "bad"))
NUM_ROWS = VOCABULARY.size + 1


def make_model():
    weights = {
        direction: LanguageNetwork(CONFIG, NUM_ROWS, seed=seed).named_weights()
        for seed, direction in enumerate(("forward", "backward"))
    }
    about = {"figures": {"forward": {"held_out_loss": 4.2}}, "provenance": {"split_seed": 0}}
    return LanguageModel(CONFIG, VOCABULARY, TextSettings(max_tokens=1_000), weights, about)


@pytest.fixture
def folder(tmp_path):
    write_language_model(make_model(), tmp_path / "lm")
    return tmp_path / "lm"


def test_a_language_model_comes_back_exactly(folder):
    model, loaded = make_model(), read_language_model(folder)
    assert (loaded.config, loaded.vocabulary) == (model.config, model.vocabulary)
    assert (loaded.text_settings, loaded.about) == (model.text_settings, model.about)
    assert loaded.end_id == len(loaded.weights["forward"]["embedding/embeddings"]) - 1
    for direction, weights in model.weights.items():
        for name, array in weights.items():
            np.testing.assert_array_equal(loaded.weights[direction][name], array)


def test_weights_of_16_bits_are_read_as_float32(tmp_path):
    model = make_model()
    model = replace(model, config=model.config.updated({"weight_precision": "float16"}))
    write_language_model(model, tmp_path / "lm")
    stored = load_file(tmp_path / "lm" / "forward.safetensors")
    loaded = read_language_model(tmp_path / "lm").weights["forward"]
    for name, array in model.weights["forward"].items():
        assert (stored[name].dtype, loaded[name].dtype) == (np.float16, np.float32)
        np.testing.assert_array_equal(loaded[name], array.astype("float16").astype("float32"))


def test_fewer_words_keep_their_rows_and_the_end_of_a_text(tmp_path):
    model = make_model()
    fewer = keep_frequent_words(model, 2)
    assert fewer.vocabulary.tokens == ("good", "film")
    assert fewer.config.vocabulary_size == 5
    for direction, weights in model.weights.items():
        for name in ("embedding/embeddings", "softmax/bias"):
            # Padding, unknown, good, film; not bad; the end.
            expected = weights[name][[0, 1, 2, 3, 5]]
            np.testing.assert_array_equal(fewer.weights[direction][name], expected)
        other = "lstm_0/lstm_cell/kernel"
        assert fewer.weights[direction][other] is weights[other]
    write_language_model(fewer, tmp_path / "lm")
    assert read_language_model(tmp_path / "lm").end_id == 4


@pytest.mark.parametrize("num_words", [0, 3, 99])
def test_all_words_are_kept_where_no_fewer_are_asked_for(num_words):
    model = make_model()
    assert keep_frequent_words(model, num_words) is model


def test_a_direction_may_be_missing(tmp_path):
    model = make_model()
    del model.weights["backward"]
    write_language_model(model, tmp_path / "lm")
    assert list(read_language_model(tmp_path / "lm").weights) == ["forward"]


def test_names_and_shapes_are_those_of_a_classifier():
    classifier = build_classifier(ModelConfig(embedding_dim=6, units=(7, 5)), NUM_ROWS, seed=0)
    network = LanguageNetwork(CONFIG, NUM_ROWS, seed=0)
    shapes = {name: array.shape for name, array in network.named_weights().items()}
    shared = {v.path: tuple(v.shape) for v in classifier.weights if v.path in shapes}
    assert len(shared) == 7
    assert {name: shapes[name] for name in shared} == shared


def test_the_same_seed_gives_the_same_weights_and_another_others():
    first, same, other = (
        LanguageNetwork(CONFIG, NUM_ROWS, seed=seed).named_weights() for seed in (0, 0, 1)
    )
    for name in ("embedding/embeddings", "lstm_1/lstm_cell/kernel", "projection/kernel"):
        assert np.array_equal(first[name], same[name])
        assert not np.array_equal(first[name], other[name])


def test_foreign_weights_are_refused():
    with pytest.raises(ValueError, match="must be named"):
        LanguageNetwork(CONFIG, NUM_ROWS, seed=0).assign({"logit/kernel": np.zeros((1, 1))})


def test_nothing_is_replaced_unasked(folder):
    with pytest.raises(UsageError, match="--force"):
        write_language_model(make_model(), folder)
    write_language_model(make_model(), folder, overwrite=True)


def change_description(folder, **values):
    file = folder / "language_model.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))
    (folder / "SHA256SUMS").unlink(missing_ok=True)


def test_what_is_no_language_model_is_refused(tmp_path, folder):
    with pytest.raises(BundleError, match="no language model"):
        read_language_model(tmp_path)
    change_description(folder, format="something else")
    with pytest.raises(BundleError, match="no language model"):
        read_language_model(folder)


def test_a_newer_format_names_the_mend(folder):
    change_description(folder, format_version=99)
    with pytest.raises(BundleError, match="pip install --upgrade"):
        read_language_model(folder)


@pytest.mark.parametrize("name", ["forward.safetensors", "backward.safetensors", "vocabulary.json"])
def test_a_changed_byte_is_found(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[-9] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(BundleError, match=f"{name} is not the file"):
        read_language_model(folder)


def test_a_model_written_without_sums_is_read(folder):
    (folder / "SHA256SUMS").unlink()
    assert read_language_model(folder).vocabulary == VOCABULARY


@pytest.mark.parametrize("name", ["forward.safetensors", "vocabulary.json"])
def test_a_damaged_folder_is_refused(folder, name):
    (folder / name).write_bytes(b"damaged")
    with pytest.raises(BundleError, match="damaged or incomplete"):
        read_language_model(folder)


def test_a_foreign_vocabulary_is_refused(folder):
    Vocabulary(("other", "words", "here")).save(folder / "vocabulary.json")
    (folder / "SHA256SUMS").unlink()
    with pytest.raises(BundleError, match="vocabulary of another model"):
        read_language_model(folder)
