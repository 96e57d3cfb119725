from dataclasses import replace

import numpy as np
import pytest

from reelfeel.data.mini import load_mini
from reelfeel.evaluation.metrics import evaluate_binary
from reelfeel.runtime.engine import load
from reelfeel.scoring.evaluate import Checks, evaluate
from reelfeel.scoring.gates import parse_gates


@pytest.fixture(scope="module")
def engine(trained):
    return load(trained)


def test_gates_judge_what_the_model_has_not_met(engine):
    everything, test = load_mini("all"), load_mini("test")
    result = evaluate(engine, everything, checks=Checks(gates=parse_gates(["accuracy=0.0"], [])))
    unseen = evaluate_binary(test.labels, engine.predict_proba(test.texts))
    assert result["num_training_texts"] == 140
    assert result["without_training_texts"]["accuracy"] == unseen.accuracy
    assert result["gates"][0]["value"] == unseen.accuracy
    assert result["all"]["accuracy"] != unseen.accuracy


def test_reviews_that_are_all_known_are_judged_with_a_warning(engine):
    assert "every one of these reviews" in evaluate(engine, load_mini("train"))["warnings"][0]


def test_slices_count_what_was_read(engine):
    reviews = load_mini("test")
    result = evaluate(engine, reviews)
    right = (engine.predict_proba(reviews.texts) >= 0.5) == reviews.labels
    named = {one["name"]: one for one in result["slices"]}
    positive = named["“positive” reviews"]
    assert positive["count"] == int(reviews.labels.sum())
    assert positive["accuracy"] == right[reviews.labels == 1].mean()
    stars = np.array([1, 10] * 30, np.int8)
    starred = evaluate(engine, replace(reviews, ratings=stars))["slices"]
    assert {"reviews with 1 star", "reviews with 10 stars"} <= {one["name"] for one in starred}


def test_labels_the_wrong_way_round_are_noticed(engine):
    reviews = load_mini("test")
    said = (engine.predict_proba(reviews.texts) >= 0.5).astype(np.int8)
    swapped = evaluate(engine, replace(reviews, labels=1 - said))
    assert "swapped" in swapped["warnings"][0]
