from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import PCA
from word_salad import TINY, make_reviews

from reelfeel.config.presets import get_preset
from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.config.sections import Config
from reelfeel.errors import UsageError
from reelfeel.models.language_model import LanguageModel, LanguageNetwork, write_language_model
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary
from reelfeel.training.classifier.preparation import prepare
from reelfeel.training.classifier.pretrained import (
    Pretrained,
    describe_loan,
    describe_split_difference,
    fit_config_to,
)
from reelfeel.training.classifier.start_weights import project_embeddings, start_weights
from reelfeel.training.classifier.training_data import TrainingData
from reelfeel.training.loop.progress import Observer
from reelfeel.training.train import train

WORDS = ("film", "story", "great", "dull", "a", "the")
# Of padding, the unknown word and the words, in some texts.
COUNTS = np.array([0, 5, 1, 2, 3, 3, 2, 9])
SIZES = PretrainingConfig(
    vocabulary_size=9, embedding_dim=8, units=(8, 6), validation_share=0.2, split_seed=5
)


@pytest.fixture(scope="module")
def language_model():
    vocabulary = Vocabulary(WORDS)
    weights = {
        direction: LanguageNetwork(SIZES, vocabulary.size + 1, seed=seed).named_weights()
        for seed, direction in enumerate(("forward", "backward"))
    }
    return LanguageModel(SIZES, vocabulary, TextSettings(max_tokens=1_000_000), weights)


@pytest.fixture(scope="module")
def pretrained(language_model):
    return Pretrained.of_language_model(language_model)


def test_sizes_words_and_held_out_reviews_come_from_the_language_model(pretrained):
    config = fit_config_to(pretrained, get_preset("seed"))
    assert (config.model.embedding_dim, config.model.units) == (8, (8, 6))
    assert config.data.vocabulary_size == len(WORDS) + 2
    assert config.data.split_seed == 5
    assert config.training == get_preset("seed").training


def test_another_split_is_said_with_the_mend(pretrained):
    config = fit_config_to(pretrained, Config())
    assert "data.validation_share=0.2" in describe_split_difference(pretrained, config)
    same = config.updated({"data": {"validation_share": 0.2}})
    assert describe_split_difference(pretrained, same) is None
    other = same.updated({"data": {"split_seed": 6}})
    assert "data.split_seed=5" in describe_split_difference(pretrained, other)


def test_a_missing_direction_is_refused_with_the_mend(pretrained):
    only = replace(pretrained, weights={"forward": pretrained.weights["forward"]})
    for direction in ("backward", "both"):
        config = Config().updated({"model": {"direction": direction}})
        with pytest.raises(UsageError, match="--direction backward"):
            fit_config_to(only, config)


def test_everything_but_the_head_is_taken_over(pretrained):
    learned = pretrained.weights["backward"]
    fresh = {
        "embedding/embeddings": np.zeros((len(WORDS) + 2, 8), np.float32),
        "lstm_0/lstm_cell/kernel": np.zeros((8, 32), np.float32),
        "logit/bias": np.ones(1, np.float32),
    }
    backward = Config().updated({"model": {"direction": "backward"}})
    start = start_weights(fresh, pretrained, fit_config_to(pretrained, backward), COUNTS)
    assert np.array_equal(start["embedding/embeddings"], learned["embedding/embeddings"][:-1])
    assert np.array_equal(start["lstm_0/lstm_cell/kernel"], learned["lstm_0/lstm_cell/kernel"])
    assert start["logit/bias"] is fresh["logit/bias"]


def test_another_shape_is_refused(pretrained):
    fresh = {"lstm_0/lstm_cell/kernel": np.zeros((8, 4), np.float32)}
    with pytest.raises(UsageError, match="lstm_0"):
        start_weights(fresh, pretrained, Config(), COUNTS)


def own_sizes(**changes):
    return Config().updated(
        {"data": {"vocabulary_size": 5}, "model": {"own_sizes": True, **changes}}
    )


def test_own_sizes_are_kept_and_words_are_the_most_frequent(pretrained):
    config = fit_config_to(pretrained, own_sizes(embedding_dim=4, units=[3]))
    assert (config.data.vocabulary_size, config.model.embedding_dim) == (5, 4)
    assert config.model.units == (3,)
    assert config.data.split_seed == 5
    data = TrainingData(make_reviews(8), pretrained=pretrained)
    assert prepare(data, config, Observer()).encoder.vocabulary.tokens == WORDS[:3]
    larger = own_sizes().updated({"data": {"vocabulary_size": 100}})
    assert fit_config_to(pretrained, larger).data.vocabulary_size == len(WORDS) + 2


def test_a_smaller_network_gets_projected_embeddings_and_fresh_lstms(pretrained):
    config = own_sizes(embedding_dim=4, units=[8, 6])
    fresh = {
        "embedding/embeddings": np.zeros((5, 4), np.float32),
        "lstm_1/lstm_cell/kernel": np.ones((8, 24), np.float32),  # the same shape, and not lent
    }
    start = start_weights(fresh, pretrained, config, COUNTS[:5])
    rows = pretrained.weights["forward"]["embedding/embeddings"][:5]
    assert np.array_equal(start["embedding/embeddings"], project_embeddings(rows, COUNTS[:5], 4))
    assert start["lstm_1/lstm_cell/kernel"] is fresh["lstm_1/lstm_cell/kernel"]
    assert describe_loan(pretrained, config) == (
        "The language model lends 5 words, embeddings of 8, projected to 4, and no LSTM: those "
        "start from chance."
    )
    classifier = replace(pretrained, classifier=Config())
    assert describe_loan(classifier, config).startswith("The classifier lends 5 words")


def test_fewer_words_alone_leave_embeddings_and_lstms_as_they_were(pretrained):
    config = own_sizes(embedding_dim=8, units=[8, 6])
    learned = pretrained.weights["forward"]
    fresh = {
        "embedding/embeddings": np.zeros((5, 8), np.float32),
        "lstm_0/lstm_cell/kernel": np.zeros((8, 32), np.float32),
    }
    start = start_weights(fresh, pretrained, config, COUNTS[:5])
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
    classifier = train(
        make_reviews(60), output=tmp_path / "model", preset="mini", settings=settings,
        start=tmp_path / "lm",
    )  # fmt: skip
    bundle = classifier.bundle
    assert bundle.vocabulary.tokens == WORDS
    assert bundle.text_settings.max_tokens == TINY["data"]["max_tokens"]
    prefix = "backward/" if direction == "both" else ""
    learned = language_model.weights["backward"]["lstm_1/lstm_cell/kernel"]
    received = bundle.weights()[f"{prefix}lstm_1/lstm_cell/kernel"]
    np.testing.assert_allclose(received, learned, atol=1e-6)
    assert set(bundle.about("provenance")["language_model"]["sha256"]) == {"forward", "backward"}
