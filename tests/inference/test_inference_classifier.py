"""The runtime against Keras, in every backend, on texts of very different lengths."""

import dataclasses

import numpy as np
import pytest
from safetensors.numpy import save as save_arrays

from reelfeel.config.presets import PRESETS
from reelfeel.config.sections import Config, DataConfig, ModelConfig
from reelfeel.errors import BundleError, DataError, MissingExtraError, UsageError
from reelfeel.files.writing import write_sums
from reelfeel.inference import classifier as classifier_module
from reelfeel.inference.backends import choice as sessions
from reelfeel.inference.backends.choice import BACKENDS, choose_backend, open_session
from reelfeel.inference.bundle import SUMMED_FILES, Bundle, Decision, GoldenAnswer, write_bundle
from reelfeel.inference.classifier import load
from reelfeel.inference.golden import with_golden_answers
from reelfeel.models.classifier import build_classifier, named_weights
from reelfeel.models.stock import build_stock_classifier
from reelfeel.native.inference import has_kernel
from reelfeel.text.batching import pad
from reelfeel.text.encoder import TextEncoder
from reelfeel.text.token_ids import TokenIds
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary
from reelfeel.weights import round_weights

WORDS = ("good", "bad", "film", "a", "the", ".", "not", "plot")
RNG = np.random.default_rng(0)
TEXTS = [
    "",
    "good",
    "zxqv unheard words only",
    "not a good film . the plot",
    " ".join(RNG.choice(WORDS, 37)),
    " ".join(RNG.choice(WORDS, 480)),
    " ".join(RNG.choice(WORDS, 3_000)),
]


def make_bundle(path, model_config, data_config, scale=0.3):
    """Saves a classifier with large random weights, so that a wrong step shows."""
    vocabulary = Vocabulary(WORDS)
    model = build_classifier(model_config, vocabulary.size, seed=0)
    rng = np.random.default_rng(1)
    weights = {
        name: rng.normal(size=array.shape, scale=scale).astype("float32")
        for name, array in named_weights(model).items()
    }
    settings = TextSettings(max_tokens=data_config.max_tokens, keep=data_config.keep)
    bundle = Bundle(
        path, "test", Config(data_config, model_config), ("neg", "pos"), settings, vocabulary,
        Decision(), (),
    )  # fmt: skip
    save(bundle, weights)
    return bundle, weights


def save(bundle, weights, **options):
    """Saves a model with golden answers that fit its weights."""
    stored = round_weights(weights, bundle.config.model.weight_precision)
    write_bundle(with_golden_answers(bundle, stored), weights, {}, **options)


def predict_with_stock_keras(bundle, weights, texts):
    """The witness: Keras' own layers and loop, one text at a time, padded only where it must be."""
    stock = build_stock_classifier(bundle.config.model, bundle.vocabulary.size, weights)
    encoded = TextEncoder(bundle.vocabulary, bundle.text_settings).encode(texts)
    timesteps = bundle.config.data.max_tokens if bundle.config.data.fixed_timesteps else None
    rows = [pad([ids], timesteps) for ids in encoded.token_ids]
    return np.array([stock(row)[0, 0].item() for row in rows])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("preset", ["seed", "seed-original", "mini"])
def test_every_backend_equals_keras(tmp_path, preset, backend):
    config = PRESETS[preset]
    data = DataConfig(max_tokens=60, keep="tail", fixed_timesteps=config.data.fixed_timesteps)
    bundle, weights = make_bundle(tmp_path / "model", config.model, data)
    expected = predict_with_stock_keras(bundle, weights, TEXTS)
    received = load(bundle.path, backend=backend, precision="float32").predict_proba(TEXTS)
    np.testing.assert_allclose(received, expected, atol=1e-5, rtol=0)
    assert np.ptp(expected) > 0.05


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
@pytest.mark.parametrize("pooling", ["last", "last_max_mean"])
def test_every_backend_pools_and_turns_around_as_keras_does(tmp_path, pooling, direction, backend):
    config = ModelConfig(embedding_dim=12, units=(9, 7), pooling=pooling, direction=direction)
    data = DataConfig(max_tokens=100, keep="head_tail")
    bundle, weights = make_bundle(tmp_path / "model", config, data, scale=0.8)
    expected = predict_with_stock_keras(bundle, weights, TEXTS)
    received = load(bundle.path, backend=backend, precision="float32").predict_proba(TEXTS)
    np.testing.assert_allclose(received, expected, atol=1e-5, rtol=0)
    assert np.ptp(expected) > 0.05


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("preset", ["seed", "seed-original"])
def test_every_backend_computes_with_what_16_bits_have_left_of_the_weights(
    tmp_path, preset, backend
):
    config = dataclasses.replace(PRESETS[preset].model, weight_precision="float16")
    data = DataConfig(max_tokens=60, fixed_timesteps=PRESETS[preset].data.fixed_timesteps)
    bundle, weights = make_bundle(tmp_path / "model", config, data)
    rounded = {name: array.astype("float16").astype("float32") for name, array in weights.items()}
    expected = predict_with_stock_keras(bundle, rounded, TEXTS)
    received = load(bundle.path, backend=backend, precision="float32").predict_proba(TEXTS)
    np.testing.assert_allclose(received, expected, atol=1e-5, rtol=0)
    assert np.abs(received - predict_with_stock_keras(bundle, weights, TEXTS)).max() > 2e-5


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_company_of_a_text_does_not_change_its_answer(tmp_path, backend):
    bundle, _ = make_bundle(tmp_path / "model", ModelConfig(), DataConfig())
    loaded = load(bundle.path, backend=backend, precision="float32")
    together = loaded.predict_proba(TEXTS * 30)
    alone = [loaded.predict_proba([text])[0] for text in TEXTS]
    np.testing.assert_allclose(together, alone * 30, atol=2e-6, rtol=0)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_on_the_native_backend_company_changes_not_even_the_last_bit(tmp_path, precision):
    if not has_kernel(precision):
        pytest.skip(f"this machine has no native kernel in {precision}")
    config = ModelConfig(pooling="last_max_mean", direction="both", dense_units=5)
    bundle, _ = make_bundle(tmp_path / "model", config, DataConfig())
    one, two = (load(bundle.path, precision=precision, threads=n) for n in (1, 2))
    alone = [one.predict_proba([text])[0] for text in TEXTS]
    assert two.predict_proba(TEXTS * 30).tolist() == alone * 30


@pytest.mark.skipif(not has_kernel("bfloat16"), reason="this machine has no bfloat16 kernel")
@pytest.mark.parametrize("units", [(64,), (48, 32)])
def test_bfloat16_is_float32_but_for_rounding(tmp_path, units):
    config = ModelConfig(units=units, pooling="last_max_mean", direction="both")
    bundle, _ = make_bundle(tmp_path / "model", config, DataConfig(), scale=0.2)
    exact = load(bundle.path, precision="float32").predict_proba(TEXTS)
    rounded = load(bundle.path).predict_proba(TEXTS)
    np.testing.assert_allclose(rounded, exact, atol=0.02, rtol=0)
    assert (rounded != exact).any()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_leaves_the_callers_array_alone(tmp_path, backend):
    bundle, _ = make_bundle(tmp_path / "model", ModelConfig(), DataConfig())
    session = open_session(bundle, choose_backend(backend))
    first, second = (TokenIds.of([[number] * 30] * 4) for number in (2, 3))
    session(first)
    session(second)
    assert (first.flat == 2).all()
    assert (second.flat == 3).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_weights_that_are_not_numbers_are_refused(tmp_path, backend):
    bundle, weights = make_bundle(tmp_path / "model", ModelConfig(), DataConfig())
    weights["lstm_0/lstm_cell/recurrent_kernel"][3, 5] = np.nan
    (bundle.path / "weights.safetensors").write_bytes(save_arrays(weights))
    write_sums(bundle.path, SUMMED_FILES)
    with pytest.raises(BundleError, match="finite numbers"):
        load(bundle.path, backend=backend)


def test_a_backend_that_is_not_there_is_refused_with_the_mend(tmp_path, monkeypatch):
    bundle, _ = make_bundle(tmp_path / "model", ModelConfig(), DataConfig())
    monkeypatch.setattr(sessions, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="pip install openvino"):
        load(bundle.path, backend="openvino")
    with pytest.raises(UsageError, match="native"):
        load(bundle.path, backend="tensorflow")


def test_without_anything_compiled_numpy_answers(tmp_path, monkeypatch):
    bundle, _ = make_bundle(tmp_path / "model", ModelConfig(), DataConfig())
    expected = load(bundle.path, precision="float32").predict_proba(TEXTS)
    monkeypatch.setenv("REELFEEL_NATIVE", "off")
    monkeypatch.setattr(sessions, "find_spec", lambda name: None if name != "numpy" else name)
    loaded = load(bundle.path)
    assert loaded.backend.name == "numpy"
    np.testing.assert_allclose(loaded.predict_proba(TEXTS), expected, atol=1e-5)


@pytest.mark.parametrize("choice", [{"precision": "float16"}, {"threads": 0}])
def test_a_choice_that_does_not_exist_is_refused(choice):
    with pytest.raises(UsageError, match=next(iter(choice))):
        choose_backend(**choice)


def test_bfloat16_without_the_hardware_is_refused_and_auto_is_float32(monkeypatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert choose_backend().precision == "float32"
    with pytest.raises(UsageError, match="AMX"):
        choose_backend(precision="bfloat16")


def test_answers_keep_the_callers_order_over_chunks(trained, monkeypatch):
    loaded = load(trained)
    texts = [f"{'very ' * number}good film" for number in (9, 0, 4, 30, 1, 2)]
    whole = loaded.predict_proba(texts)
    monkeypatch.setattr(classifier_module, "CHUNK_SIZE", 2)
    np.testing.assert_allclose(loaded.predict_proba(texts), whole, atol=2e-6)


def test_no_texts_give_no_answers(trained):
    loaded = load(trained)
    assert loaded.predict_proba([]).shape == (0,)
    assert loaded.predict([]) == loaded([]) == []


def test_a_bare_string_is_refused_with_the_mend(trained):
    with pytest.raises(UsageError, match=r"\["):
        load(trained).predict_proba("a good film")


@pytest.mark.parametrize("wrong", [None, float("nan"), b"bytes", 3])
def test_what_is_not_a_text_is_refused_with_its_place(trained, wrong):
    with pytest.raises(DataError, match="1"):
        load(trained).predict_proba(["good", wrong])


def test_a_prediction_says_how_the_text_was_read(trained):
    good, long, odd = load(trained).predict(["A good film", "good " * 900, "zxqv"])
    assert (good.num_tokens, good.truncated) == (3, False)
    assert (long.num_tokens, long.truncated) == (900, True)
    assert odd.unknown_share == 1.0
    assert good.label in ("negative", "positive")


def test_the_label_follows_the_threshold(trained):
    for prediction in load(trained).predict(TEXTS):
        assert prediction.label == ("positive" if prediction.probability >= 0.5 else "negative")


def test_a_pipeline_call_scores_the_label_it_gives(trained):
    loaded = load(trained)
    for answer, prediction in zip(loaded(TEXTS), loaded.predict(TEXTS), strict=True):
        of_positive = prediction.probability
        expected = of_positive if answer["label"] == "positive" else 1 - of_positive
        assert answer == {"label": prediction.label, "score": expected}


def test_golden_answers_are_replayed_at_load(tmp_path):
    bundle, weights = make_bundle(tmp_path / "model", ModelConfig(), DataConfig())
    honest = load(bundle.path).predict_proba(["good"])[0]
    for probability, precision in (
        (honest + 0.01, "float32"),
        (honest + 0.06, "auto"),
    ):
        wrong = Bundle(**{**bundle.__dict__, "golden": (GoldenAnswer("good", probability),)})
        write_bundle(wrong, weights, {}, overwrite=True)
        with pytest.raises(BundleError, match="other answers"):
            load(bundle.path, precision=precision)


def test_huge_logits_do_not_overflow(tmp_path):
    bundle, weights = make_bundle(tmp_path / "model", ModelConfig(), DataConfig())
    for sign in (-1, 1):
        weights["logit/bias"] = np.array([sign * 2000], "float32")
        save(bundle, weights, overwrite=True)
        assert load(bundle.path).predict_proba(["good"])[0] == (sign + 1) / 2


def test_a_flip_is_another_class_and_not_only_a_doubt(bundle_copy):
    from reelfeel.inference.bundle import write_decision

    write_decision(bundle_copy, Decision(abstain_lower=0.0, abstain_upper=1.0), {})
    loaded = load(bundle_copy)
    found = loaded.explain(
        ["A wonderful film, not dull.", "Dull, a dreadful bore."], with_flip=True
    )
    for one in found:
        assert one.prediction.label == "unsure"
        if one.flip:
            assert one.flip.prediction.best_guess != one.prediction.best_guess
