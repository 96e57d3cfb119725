import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from word_salad import make_reviews

from reelfeel.config import label_presets
from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.config.sections import ModelConfig
from reelfeel.errors import BundleError, DataError, UsageError
from reelfeel.evaluation.calibrate import calibrate
from reelfeel.inference.classifier import load
from reelfeel.models.classifier import build_classifier, named_weights
from reelfeel.models.language_model import LanguageModel, LanguageNetwork, write_language_model
from reelfeel.text.encoder import token_counts
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import Vocabulary
from reelfeel.training.classifier.directions import ClassifierJob
from reelfeel.training.classifier.pretrained import Pretrained, fit_config_to
from reelfeel.training.classifier.records import EncodedReviews
from reelfeel.training.few_labels import linear_probe
from reelfeel.training.few_labels.features import FeatureExtractor
from reelfeel.training.few_labels.linear_head import Head
from reelfeel.training.loop.progress import Observer
from reelfeel.training.train import train
from reelfeel.values import UNLABELLED

SIZES = PretrainingConfig(vocabulary_size=40, embedding_dim=16, units=(32,))


class Listener(Observer):
    def __init__(self):
        self.notes = []

    def on_note(self, text):
        self.notes.append(text)

    def said(self, words):
        return any(words in note for note in self.notes)


def write_start(folder, texts):
    """A network of chance that knows all words: enough for a head on means of its outputs."""
    vocabulary = Vocabulary.build(token_counts(texts), size=40)
    weights = {}
    for seed, direction in enumerate(("forward", "backward")):
        network = LanguageNetwork(SIZES, vocabulary.size + 1, seed=seed).named_weights()
        # Larger than a fresh one's: its words must differ, as those that have been learned do.
        weights[direction] = {
            name: array * (10 if name.startswith("embedding") else 1)
            for name, array in network.items()
        }
    settings = TextSettings(max_tokens=1_000_000)
    write_language_model(LanguageModel(SIZES, vocabulary, settings, weights), folder)
    return folder


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return write_start(tmp_path_factory.mktemp("start") / "lm", make_reviews(300, seed=9).texts)


@pytest.fixture(scope="module")
def few():
    """The reviews, and the folder of a classifier that was trained from their labels."""
    return replace(make_reviews(120, seed=1), label_names=("meh", "wow"))


@pytest.fixture(scope="module")
def trained_head(start, few, tmp_path_factory):
    folder = tmp_path_factory.mktemp("few")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REELFEEL_HOME", str(folder / "home"))
        train(few, output=folder / "head", start=start)
    return folder / "head"


def test_a_hundred_labels_teach_a_head_and_leave_the_network_as_it_was(start, trained_head):
    classifier = load(trained_head)
    unseen = make_reviews(200, seed=2)
    right = ((classifier.predict_proba(unseen.texts) > 0.5) == (unseen.labels == 1)).mean()
    assert right > 0.8
    lent = Pretrained.read(start).weights["backward"]["lstm_0/lstm_cell/kernel"]
    kept = classifier.bundle.weights()["backward/lstm_0/lstm_cell/kernel"]
    np.testing.assert_array_equal(kept, lent.astype(np.float16).astype(np.float32))
    assert classifier.bundle.config.training.epochs == 0
    assert classifier.bundle.preset == "few-labels"


def test_classes_keep_the_names_that_the_user_gave_them(trained_head):
    classifier = load(trained_head)
    labels = {prediction.label for prediction in classifier.predict(["great lovely", "dull awful"])}
    assert labels == {"meh", "wow"}
    assert classifier(["great superb film"])[0]["label"] == "wow"


def test_every_label_validates_and_none_flatters(trained_head, few):
    metrics = json.loads((trained_head / "metrics.json").read_text())["validation"]
    assert metrics["num_reviews"] == len(few)
    unseen = make_reviews(400, seed=3)
    right = ((load(trained_head).predict_proba(unseen.texts) > 0.5) == (unseen.labels == 1)).mean()
    assert metrics["accuracy"] == pytest.approx(right, abs=0.12)


def test_the_saved_model_answers_as_the_one_head_over_both_directions(trained_head, few):
    weights = load(trained_head).bundle.weights()
    # One bias for both, and nothing from the last and the largest outputs.
    assert weights["forward/logit/bias"] == weights["backward/logit/bias"]
    assert not weights["forward/logit/kernel"][: 2 * 32].any()
    assert weights["forward/logit/kernel"][2 * 32 :].any()


def test_the_same_seed_gives_the_same_model_and_another_another(start, few, home, tmp_path):
    answers = [
        train(
            few, output=tmp_path / str(n), start=start, settings={"training": {"seed": seed}}
        ).predict_proba(few.texts)
        for n, seed in enumerate((3, 3, 4))
    ]
    np.testing.assert_array_equal(answers[0], answers[1])
    assert (answers[0] != answers[2]).any()


def test_twenty_validation_rows_and_fewer_are_enough(start, home, tmp_path):
    reviews = make_reviews(12, seed=4)
    classifier = train(reviews, output=tmp_path / "model", start=start)
    assert classifier.bundle.decision.temperature == 1.0


def test_texts_without_labels_train_the_network_in_a_second_stage(
    start, home, tmp_path, monkeypatch
):
    monkeypatch.setattr(label_presets, "FEWEST_TEXTS", 100)
    monkeypatch.setattr(label_presets, "NUM_STEPS", 20)
    everything = make_reviews(300, seed=5)
    labels = everything.labels.copy()
    labels[60:] = UNLABELLED
    listener = Listener()
    classifier = train(
        replace(everything, labels=labels),
        output=tmp_path / "model",
        start=start,
        settings={"training": {"learning_rate": 0.01}},
        observer=listener,
    )
    assert listener.said("learns the head's answers to 240 of the texts")
    provenance = classifier.bundle.about("provenance")
    assert provenance["distillation"]["num_unlabelled"] > 200
    unseen = make_reviews(200, seed=6)
    right = ((classifier.predict_proba(unseen.texts) > 0.5) == (unseen.labels == 1)).mean()
    assert right > 0.8
    lent = Pretrained.read(start).weights["forward"]["lstm_0/lstm_cell/kernel"]
    assert (classifier.bundle.weights()["forward/lstm_0/lstm_cell/kernel"] != lent).any()


def test_a_classifier_lends_its_network_and_to_the_same_classes_its_head(
    trained_head, few, home, tmp_path
):
    listener = Listener()
    same = train(
        few.take(np.arange(10)), output=tmp_path / "a", start=trained_head, observer=listener
    )
    assert listener.said("the one that it came with")
    assert same.bundle.config.model.pooling == "last_max_mean"
    others = replace(few.take(np.arange(10)), label_names=("no", "yes"))
    listener = Listener()
    train(others, output=tmp_path / "b", start=trained_head, observer=listener)
    assert not listener.said("came with")


def test_a_classifier_of_one_direction_stays_one(few, home, tmp_path):
    model = {"embedding_dim": 8, "units": [8], "direction": "backward"}
    settings = {"data": {"max_tokens": 15}, "model": model, "training": {"epochs": 1}}
    train(few, output=tmp_path / "first", settings=settings)
    second = train(few, output=tmp_path / "second", start=tmp_path / "first")
    assert second.bundle.config.model.direction == "backward"
    assert second.bundle.config.model.pooling == "last"
    assert second.bundle.text_settings.max_tokens == 15


def test_a_high_share_of_unknown_words_is_said_with_the_mend(start, home, tmp_path):
    known, listener = make_reviews(40, seed=7), Listener()
    train(known, output=tmp_path / "a", start=start, observer=listener)
    assert not listener.said("unknown")
    foreign = [f"{text} bonjour merci beaucoup" for text in known.texts]
    classifier = train(
        replace(known, texts=foreign), output=tmp_path / "b", start=start, observer=listener
    )
    assert listener.said("reelfeel pretrain")
    assert "unknown" in classifier.bundle.about("provenance")["unknown_words"]


def test_a_head_alone_needs_a_network_to_start_from(few, home, tmp_path):
    with pytest.raises(UsageError, match="--from"):
        train(few, output=tmp_path / "m", settings={"training": {"epochs": 0}})


def test_folds_need_a_head_alone(start, few, home, tmp_path):
    with pytest.raises(UsageError, match=r"training\.epochs=0"):
        train(few, output=tmp_path / "m", start=start, settings={"training": {"epochs": 2}})


def test_the_last_epoch_is_kept_where_validation_is_chance(few, home, tmp_path, monkeypatch):
    # Which epoch is the best by the reviews is chance: on another processor sums are rounded in
    # another order. So it is told, once for each run.
    losses = itertools.cycle([0.7, 0.5, 0.6, 0.8])
    monkeypatch.setattr(
        "reelfeel.training.classifier.task.loss_and_accuracy", lambda *_: (next(losses), 0.5)
    )

    def best_epoch(name, settings):
        settings = {"epochs": 4, "alarm": False, **settings}
        model = {"embedding_dim": 8, "units": [8]}
        classifier = train(
            few, output=tmp_path / name, settings={"model": model, "training": settings}
        )
        return classifier.bundle.about("provenance")["best_epoch"]

    assert best_epoch("best", {}) == 2
    assert best_epoch("last", {"last_epoch_kept": True}) == 4


def test_calibration_says_that_nothing_was_held_out(trained_head, few):
    with pytest.raises(DataError, match="No reviews were held out"):
        calibrate(trained_head, few)


def test_one_head_is_the_mean_of_its_parts_and_its_parts_are_one_head():
    rng = np.random.default_rng(0)
    head, features = Head(rng.normal(size=6), 0.7), rng.normal(size=(5, 6))
    parts = linear_probe._split(head, 2)
    answers = [
        part.logits(half) for part, half in zip(parts, np.split(features, 2, 1), strict=True)
    ]
    np.testing.assert_allclose(np.mean(answers, axis=0), head.logits(features))
    joined = linear_probe._join(parts)
    np.testing.assert_allclose(joined.logits(features), head.logits(features))
    assert linear_probe._join([head, None]) is None


def test_a_preset_that_is_named_is_taken(start, few, home, tmp_path):
    settings = {"data": {"max_tokens": 20}, "training": {"epochs": 1}}
    classifier = train(few, output=tmp_path / "m", preset="seed", start=start, settings=settings)
    assert classifier.bundle.preset == "seed"


def test_what_is_no_model_is_refused_with_what_is(tmp_path):
    with pytest.raises(BundleError, match="reelfeel models"):
        Pretrained.read(tmp_path)


def test_only_a_classifier_brings_a_way_of_reading(start, trained_head):
    config = replace(
        label_presets.choose_label_preset(10, 0).head, model=ModelConfig(direction="forward")
    )
    assert fit_config_to(Pretrained.read(start), config).model.direction == "forward"
    theirs = fit_config_to(Pretrained.read(trained_head), config)
    assert theirs.model.direction == "both"


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_kernels_and_keras_read_the_same(direction, tmp_path, monkeypatch):
    config = label_presets.choose_label_preset(10, 0).head
    model = replace(config.model, embedding_dim=8, units=(16,), direction=direction)
    config = replace(config, model=model, training=replace(config.training, precision="float32"))
    weights = named_weights(build_classifier(model, 30, seed=0))
    rng = np.random.default_rng(0)
    ids = [rng.integers(1, 30, length).astype(np.int32) for length in (1, 7, 3, 12)]
    reviews = EncodedReviews(ids, np.array([0, 1, 0, 1], np.int8))
    extractor = FeatureExtractor.of(
        ClassifierJob(config, tmp_path, weights, reviews, reviews), None
    )
    natively = extractor.extract(ids, config.data)
    monkeypatch.setattr("reelfeel.training.few_labels.features.has_kernel", lambda precision: False)
    by_keras = extractor.extract(ids, config.data)
    assert natively.shape == (4, 16)
    np.testing.assert_allclose(natively, by_keras, atol=1e-5)
