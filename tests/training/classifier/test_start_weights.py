from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import PCA
from word_salad import TINY, make_reviews

from reelfeel.config.presets import get_preset
from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.config.sections import Config, ModelConfig
from reelfeel.errors import UsageError
from reelfeel.models.language_model import LanguageModel, LanguageNetwork, write_language_model
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary
from reelfeel.training.classifier.start_weights import (
    adopt_language_model,
    choose_words,
    describe_loan,
    describe_split_difference,
    project_embeddings,
    start_weights,
)
from reelfeel.training.train import train

WORDS = ("film", "story", "great", "dull", "a", "the")
# Of padding, the unknown word and the words, in some texts.
COUNTS = np.array([0, 5, 1, 2, 3, 3, 2, 9])
SIZES = PretrainingConfig(
    vocabulary_size=9, embedding_dim=8, units=(8, 6), held_out_share=0.2, split_seed=5
)


@pytest.fixture(scope="module")
def language_model():
    vocabulary = Vocabulary(WORDS)
    weights = {
        direction: LanguageNetwork(SIZES, vocabulary.size + 1, seed=seed).named_weights()
        for seed, direction in enumerate(("forward", "backward"))
    }
    return LanguageModel(SIZES, vocabulary, TextSettings(max_tokens=1_000_000), weights)


def test_sizes_words_and_held_out_reviews_come_from_the_language_model(language_model):
    config = adopt_language_model(get_preset("seed"), language_model)
    assert (config.model.embedding_dim, config.model.units) == (8, (8, 6))
    assert config.data.vocabulary_size == len(WORDS) + 2
    assert config.data.split_seed == 5
    assert config.training == get_preset("seed").training


def test_another_split_is_said_with_the_mend(language_model):
    config = adopt_language_model(Config(), language_model)
    assert "data.validation_share=0.2" in describe_split_difference(config, language_model)
    same = config.updated({"data": {"validation_share": 0.2}})
    assert describe_split_difference(same, language_model) is None
    other = same.updated({"data": {"split_seed": 6}})
    assert "data.split_seed=5" in describe_split_difference(other, language_model)


def test_a_missing_direction_is_refused_with_the_mend(language_model):
    forward = {"forward": language_model.weights["forward"]}
    only = LanguageModel(SIZES, language_model.vocabulary, language_model.text_settings, forward)
    for direction in ("backward", "both"):
        config = Config().updated({"model": {"direction": direction}})
        with pytest.raises(UsageError, match="--direction backward"):
            adopt_language_model(config, only)


def test_everything_but_the_head_is_taken_over(language_model):
    learned = language_model.weights["backward"]
    fresh = {
        "embedding/embeddings": np.zeros((len(WORDS) + 2, 8), np.float32),
        "lstm_0/lstm_cell/kernel": np.zeros((8, 32), np.float32),
        "logit/bias": np.ones(1, np.float32),
    }
    backward = ModelConfig(embedding_dim=8, units=(8, 6), direction="backward")
    start = start_weights(fresh, language_model, backward, COUNTS)
    assert np.array_equal(start["embedding/embeddings"], learned["embedding/embeddings"][:-1])
    assert np.array_equal(start["lstm_0/lstm_cell/kernel"], learned["lstm_0/lstm_cell/kernel"])
    assert start["logit/bias"] is fresh["logit/bias"]


def test_another_shape_is_refused(language_model):
    fresh = {"lstm_0/lstm_cell/kernel": np.zeros((8, 4), np.float32)}
    with pytest.raises(UsageError, match="lstm_0"):
        start_weights(fresh, language_model, ModelConfig(), COUNTS)


def own_sizes(**changes):
    return Config().updated(
        {"data": {"vocabulary_size": 5}, "model": {"own_sizes": True, **changes}}
    )


def test_own_sizes_are_kept_and_words_are_the_most_frequent(language_model):
    config = adopt_language_model(own_sizes(embedding_dim=4, units=[3]), language_model)
    assert (config.data.vocabulary_size, config.model.embedding_dim) == (5, 4)
    assert config.model.units == (3,)
    assert config.data.split_seed == 5
    assert choose_words(language_model, 5).tokens == WORDS[:3]
    larger = own_sizes().updated({"data": {"vocabulary_size": 100}})
    assert adopt_language_model(larger, language_model).data.vocabulary_size == len(WORDS) + 2


def test_a_smaller_network_gets_projected_embeddings_and_fresh_lstms(language_model):
    config = own_sizes(embedding_dim=4, units=[8, 6])
    fresh = {
        "embedding/embeddings": np.zeros((5, 4), np.float32),
        "lstm_1/lstm_cell/kernel": np.ones((8, 24), np.float32),  # the same shape, and not lent
    }
    start = start_weights(fresh, language_model, config.model, COUNTS[:5])
    rows = language_model.weights["forward"]["embedding/embeddings"][:5]
    assert np.array_equal(start["embedding/embeddings"], project_embeddings(rows, COUNTS[:5], 4))
    assert start["lstm_1/lstm_cell/kernel"] is fresh["lstm_1/lstm_cell/kernel"]
    assert describe_loan(config, language_model) == (
        "The language model lends 5 words, embeddings of 8, projected to 4, and no LSTM: those "
        "start from chance."
    )
    classifier = replace(language_model, about={"classifier": {}})
    assert describe_loan(config, classifier).startswith("The classifier lends 5 words")


def test_fewer_words_alone_leave_embeddings_and_lstms_as_they_were(language_model):
    config = own_sizes(embedding_dim=8, units=[8, 6])
    learned = language_model.weights["forward"]
    fresh = {
        "embedding/embeddings": np.zeros((5, 8), np.float32),
        "lstm_0/lstm_cell/kernel": np.zeros((8, 32), np.float32),
    }
    start = start_weights(fresh, language_model, config.model, COUNTS[:5])
    assert np.array_equal(start["embedding/embeddings"], learned["embedding/embeddings"][:5])
    assert np.array_equal(start["lstm_0/lstm_cell/kernel"], learned["lstm_0/lstm_cell/kernel"])


def test_the_projection_is_that_of_principal_components():
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 9, 40)
    rows = rng.normal(size=(40, 6)).astype(np.float32) * np.array([5, 4, 1, 1, 1, 1], np.float32)
    # The same words as often as they occur, by another's hand.
    witness = PCA(3).fit(np.repeat(rows, counts, axis=0)).transform(rows)
    np.testing.assert_allclose(
        np.abs(project_embeddings(rows, counts, 3)), np.abs(witness), atol=1e-4
    )
    with pytest.raises(UsageError, match="or fewer"):
        project_embeddings(rows, counts, 7)


@pytest.mark.parametrize("direction", ["backward", "both"])
def test_a_classifier_is_trained_from_a_language_model(home, tmp_path, language_model, direction):
    write_language_model(language_model, tmp_path / "lm")
    frozen = {"learning_rate": 1e-9, "alarm": False, "epochs": 1}
    settings = {
        "data": TINY["data"],
        "model": {"pooling": "last_max_mean", "direction": direction},
        "training": TINY["training"] | frozen,
    }
    engine = train(
        make_reviews(60), output=tmp_path / "model", preset="mini", settings=settings,
        start=tmp_path / "lm",
    )  # fmt: skip
    bundle = engine.bundle
    assert bundle.vocabulary.tokens == WORDS
    assert bundle.text_settings.max_tokens == TINY["data"]["max_tokens"]
    prefix = "backward/" if direction == "both" else ""
    learned = language_model.weights["backward"]["lstm_1/lstm_cell/kernel"]
    received = bundle.weights()[f"{prefix}lstm_1/lstm_cell/kernel"]
    np.testing.assert_allclose(received, learned, atol=1e-6)
    assert set(bundle.about("provenance")["language_model"]["sha256"]) == {"forward", "backward"}
