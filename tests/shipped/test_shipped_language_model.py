"""The language model that comes with ReelFeel: small, whole, documented, and what it says it is."""

import functools

import numpy as np
import pytest
from safetensors.numpy import load_file
from stand_ins import STAND_IN, list_places, make_in, make_texts, name_place

from reelfeel.config.sections import Config, DataConfig, ModelConfig
from reelfeel.inference.backends.choice import BACKENDS
from reelfeel.inference.backends.in_numpy import run_layer
from reelfeel.inference.bundle import Bundle, Decision, write_bundle
from reelfeel.inference.classifier import load
from reelfeel.inference.golden import GOLDEN_TEXTS, with_golden_answers
from reelfeel.models.language_model import read_language_model
from reelfeel.native.inference import LayerWeights, has_kernel
from reelfeel.text.encoder import TextEncoder
from reelfeel.text.tokenizer import TextSettings
from reelfeel.weights import round_weights

TEXTS = make_texts()

MAX_SIZE_BYTES = 32_000_000
FILES = {"README.md", "SHA256SUMS", "language_model.json", "vocabulary.json",
         "forward.safetensors", "backward.safetensors"}  # fmt: skip


@pytest.fixture(scope="module", params=list_places("language-model"), ids=name_place)
def language_model(request, tmp_path_factory):
    """The folder of the language model that comes with ReelFeel."""
    if request.param != STAND_IN:
        return request.param
    from reelfeel.config.pretraining import get_pretraining_preset
    from reelfeel.training.language_model.pretrain import pretrain

    saved = {"epochs": 1, "saved_words": 300, "weight_precision": "float16"}
    config = get_pretraining_preset("mini").updated(saved)
    make = functools.partial(pretrain, ["mini"], config=config)
    return make_in(tmp_path_factory.mktemp("shipped"), lambda output: make(output=output))


@pytest.fixture(scope="module")
def model(language_model):
    """The language model, read."""
    return read_language_model(language_model)


def lose(model, weights, ids):
    """Sums the losses of one text by the equations: what stands before each word predicts it."""
    outputs = weights["embedding/embeddings"][[model.end_id, *ids]][None]
    for index in range(len(model.config.units)):
        name = f"lstm_{index}/lstm_cell"
        parts = (weights[f"{name}/{part}"] for part in ("kernel", "recurrent_kernel", "bias"))
        outputs = run_layer(LayerWeights(*parts), outputs)
    hidden = outputs[0] @ weights["projection/kernel"] + weights["projection/bias"]
    logits = hidden @ weights["embedding/embeddings"].T + weights["softmax/bias"]
    logits = logits.astype(np.float64)
    targets = [*ids, model.end_id]
    largest = logits.max(axis=1)
    normalised = largest + np.log(np.exp(logits - largest[:, None]).sum(axis=1))
    return float((normalised - logits[np.arange(len(targets)), targets]).sum())


def test_golden_losses_are_those_of_the_equations(model):
    assert set(model.about["golden_loss"]) == {"forward", "backward"}
    encoded = TextEncoder(model.vocabulary, model.text_settings).encode(GOLDEN_TEXTS)
    texts = [ids.tolist() for ids in encoded.token_ids]
    num_tokens = sum(len(ids) + 1 for ids in texts)
    for direction, golden in model.about["golden_loss"].items():
        turned = texts if direction == "forward" else [ids[::-1] for ids in texts]
        losses = [lose(model, model.weights[direction], ids) for ids in turned]
        assert sum(losses) / num_tokens == pytest.approx(golden, abs=1e-4)


@pytest.fixture(scope="module")
def started(model, tmp_path_factory):
    """A classifier whose towers are the language model's, with heads by chance."""
    config = ModelConfig(
        embedding_dim=model.config.embedding_dim,
        units=model.config.units,
        pooling="last_max_mean",
        direction="both",
        weight_precision="float16",
    )
    rng = np.random.default_rng(0)
    weights = {}
    for direction, learned in model.weights.items():
        taken = {name: array for name, array in learned.items() if name.startswith("lstm_")}
        taken["embedding/embeddings"] = learned["embedding/embeddings"][:-1]
        taken["logit/kernel"] = rng.normal(size=(3 * config.units[-1], 1)).astype(np.float32)
        taken["logit/bias"] = np.zeros(1, np.float32)
        weights |= {f"{direction}/{name}": array for name, array in taken.items()}
    data = DataConfig(vocabulary_size=model.vocabulary.size, max_tokens=300)
    path = tmp_path_factory.mktemp("started") / "model"
    settings = TextSettings(max_tokens=300, keep="tail")
    bundle = Bundle(
        path, "test", Config(data, config), ("neg", "pos"), settings, model.vocabulary,
        Decision(), (),
    )  # fmt: skip
    write_bundle(with_golden_answers(bundle, round_weights(weights, "float16")), weights, {})
    return path


@pytest.fixture(scope="module")
def expected(started):
    """The answers of the equations in NumPy."""
    return load(started, backend="numpy").predict_proba(TEXTS)


@pytest.mark.parametrize(
    ("backend", "precision"),
    [(backend, "float32") for backend in BACKENDS if backend != "numpy"] + [("native", "bfloat16")],
)
def test_a_classifier_from_it_is_the_same_in_every_backend(started, expected, backend, precision):
    if backend == "native" and not has_kernel(precision):
        pytest.skip(f"this machine has no native kernel in {precision}")
    received = load(started, backend=backend, precision=precision).predict_proba(TEXTS)
    allowed = 1e-5 if precision == "float32" else 0.05
    np.testing.assert_allclose(received, expected, atol=allowed, rtol=0)


def test_weights_are_stored_in_16_bits_and_the_folder_is_small(language_model):
    for file in language_model.glob("*.safetensors"):
        assert {str(array.dtype) for array in load_file(file).values()} == {"float16"}
    assert {file.name for file in language_model.iterdir()} == FILES
    assert sum(file.stat().st_size for file in language_model.iterdir()) <= MAX_SIZE_BYTES


def test_the_card_says_how_it_was_made_and_what_was_left_out(language_model, model):
    card = " ".join((language_model / "README.md").read_text("utf-8").split())
    provenance = model.about["provenance"]
    for fact in (
        provenance["command"],
        provenance["hygiene"],
        provenance["data"]["sha256"],
        "Perplexity on held-out texts",
        "Hardware:",
        "hours",
        "## Limits",
    ):
        assert fact in card
