"""The alarm on planted faults: each is named, and healthy runs are left alone."""

import numpy as np
import pytest
from word_salad import TINY, make_reviews

from reelfeel.errors import NotLearningError
from reelfeel.training.loop.alarm import find_symptom, predict_with_bag_of_words, shows_learning
from reelfeel.training.train import train
from reelfeel.values import Reviews

# 15 steps an epoch, so the alarm looks after epoch 20 first.
LONG = {"epochs": 21, "batch_size": 16, "learning_rate": 0.01, "patience": 0}


def run(reviews, output, **sections):
    settings = {name: {**values, **sections.get(name, {})} for name, values in TINY.items()}
    settings["training"] = {**LONG, **sections.get("training", {})}
    return train(reviews, output=output, preset="mini", settings=settings)


def first_cause(error):
    return next(line for line in str(error.value).splitlines() if line.startswith("  1."))


def test_unmasked_padding_is_named(home, tmp_path):
    data = {"fixed_timesteps": True, "max_tokens": 400}
    with pytest.raises(NotLearningError) as error:
        run(
            make_reviews(300),
            tmp_path / "model",
            data=data,
            model={"masking": False},
            training={"learning_rate": 0.002},
        )
    assert "Unmasked padding" in first_cause(error)
    assert "model.masking=true" in str(error.value)
    assert not (tmp_path / "model").exists()


def test_a_learning_rate_of_10_is_named(home, tmp_path):
    with pytest.raises(NotLearningError) as error:
        run(make_reviews(300), tmp_path / "model", training={"learning_rate": 10.0})
    assert "Learning rate too high: 10" in first_cause(error)


def test_a_tiny_learning_rate_is_named(home, tmp_path):
    with pytest.raises(NotLearningError) as error:
        run(make_reviews(300), tmp_path / "model", training={"learning_rate": 1e-9})
    assert "Learning rate too low" in first_cause(error)


def test_unknown_words_are_named(home, tmp_path):
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    texts = [" ".join("".join(rng.choice(letters, 9)) for _ in range(8)) for _ in range(300)]
    reviews = make_reviews(300)
    with pytest.raises(NotLearningError) as error:
        run(Reviews(texts, reviews.labels, reviews.ids), tmp_path / "model")
    assert "Unknown words" in first_cause(error)


def test_shuffled_labels_are_named(home, tmp_path):
    reviews = make_reviews(300)
    labels = np.random.default_rng(5).permutation(reviews.labels)
    with pytest.raises(NotLearningError) as error:
        run(Reviews(reviews.texts, labels, reviews.ids), tmp_path / "model")
    assert "Shuffled labels" in first_cause(error)


@pytest.mark.parametrize("seed", range(5))
def test_healthy_runs_are_left_alone(home, tmp_path, seed):
    run(make_reviews(300, seed=seed), tmp_path / "model", training={"seed": seed})


def test_told_to_go_on_it_goes_on_and_keeps_the_record(home, tmp_path):
    classifier = run(
        make_reviews(300), tmp_path / "model", training={"learning_rate": 1e-9, "alarm": False}
    )
    assert "Learning rate too low" in classifier.bundle.about("provenance")["alarm"]


def test_nothing_is_said_before_300_steps():
    y_true, y_prob = np.array([0, 1] * 50, np.int8), np.full(100, 0.5)
    assert find_symptom(y_true, y_prob, 0.69, steps=299) is None
    assert "same class" in find_symptom(y_true, y_prob, 0.69, steps=300)


def test_a_bad_epoch_after_a_good_one_is_no_alarm():
    y_true = np.array([0, 1] * 500, np.int8)
    good, bad = np.where(y_true == 1, 0.9, 0.1), np.full(1000, 0.6)
    assert shows_learning(y_true, good, 0.3, steps=150)
    assert not shows_learning(y_true, bad, 0.6, steps=150)
    assert not shows_learning(y_true, bad, 0.6, steps=350)


def test_chance_before_300_steps_is_no_learning():
    rng = np.random.default_rng(0)
    y_true = np.array([0, 1] * 50, np.int8)
    assert not any(shows_learning(y_true, rng.random(100), 0.69, steps=99) for _ in range(2_000))


def test_a_loss_far_worse_than_guessing_is_said_even_where_luck_has_it_right():
    y_true = np.array([0, 1] * 500, np.int8)
    y_prob = np.where(np.arange(1000) % 10 < 6, y_true, 1 - y_true) * 1.0
    assert "worse than guessing" in find_symptom(y_true, y_prob, 12.2, steps=352)
    assert find_symptom(y_true, y_prob, 0.69, steps=352) is None


def test_nan_is_said_at_once():
    y_true, y_prob = np.array([0, 1], np.int8), np.array([0.5, np.nan])
    assert "no longer numbers" in find_symptom(y_true, y_prob, 0.69, steps=1)


def test_the_bag_of_words_tells_classes_apart():
    token_ids = [np.array(ids, np.int32) for ids in ([2, 4], [2, 5], [3, 4], [3, 5])]
    y_prob = predict_with_bag_of_words(token_ids, np.array([1, 1, 0, 0], np.int8), token_ids, 6)
    assert (y_prob > 0.5).tolist() == [True, True, False, False]
