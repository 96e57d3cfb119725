from dataclasses import replace

import numpy as np
import pytest

from reelfeel.data.sets.mini import load_mini
from reelfeel.evaluation.scored_reviews import read_reviews
from reelfeel.evaluation.truncation_report import measure_truncation, read_by
from reelfeel.inference.classifier import load

MAX_TOKENS = 12


@pytest.fixture(scope="module")
def classifier(trained):
    """The model, reading so little that most reviews are cut."""
    classifier = load(trained)
    settings = replace(classifier.bundle.text_settings, max_tokens=MAX_TOKENS, keep="tail")
    classifier.bundle = replace(classifier.bundle, text_settings=settings)
    classifier._encoder = replace(classifier._encoder, settings=settings)
    return classifier


def test_the_own_policy_is_the_served_probability(classifier):
    texts = load_mini("test").texts
    assert read_by(classifier, texts, "tail") == pytest.approx(
        classifier.predict_proba(texts), abs=1e-6
    )


def test_head_and_windows_are_what_cutting_by_hand_gives(classifier):
    words = [*"a good film with a dull plot and a fine actor in it yes".split()]  # noqa: SIM905
    text = " ".join(words)
    head = classifier.predict_proba([" ".join(words[:MAX_TOKENS])])
    assert read_by(classifier, [text], "head") == pytest.approx(head, abs=1e-6)
    pieces = [words[:MAX_TOKENS], words[-MAX_TOKENS:]]
    by_hand = classifier.predict_proba([" ".join(piece) for piece in pieces]).mean()
    assert read_by(classifier, [text, "", "fine"], "windows") == pytest.approx(
        [by_hand, *classifier.predict_proba(["", "fine"])], abs=1e-6
    )


def test_the_ledger_compares_every_policy_on_the_cut_reviews(classifier):
    reading = read_reviews(classifier, load_mini("test"))
    truncation = measure_truncation(classifier, reading, compares_policies=True)
    assert truncation.num_cut == int((reading.num_tokens > MAX_TOKENS).sum()) > 0
    assert [policy.policy for policy in truncation.policies] == [
        "head",
        "tail",
        "head_tail",
        "windows",
    ]
    own = [policy for policy in truncation.policies if policy.is_own]
    assert [(one.policy, one.accuracy, one.against_own) for one in own] == [
        ("tail", truncation.accuracy_cut, None)
    ]
    texts = [
        text for text, cut in zip(reading.reviews.texts, reading.truncated, strict=True) if cut
    ]
    labels = reading.y_true[reading.truncated]
    head = np.mean((read_by(classifier, texts, "head") >= 0.5) == labels)
    assert truncation.policies[0].accuracy == head


def test_without_cut_reviews_there_is_nothing_to_compare(trained):
    classifier = load(trained)
    reading = read_reviews(classifier, load_mini("test").take(np.arange(5)))
    assert measure_truncation(classifier, reading, compares_policies=True).policies == ()
