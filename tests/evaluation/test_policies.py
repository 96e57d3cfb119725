from dataclasses import replace

import numpy as np
import pytest

from reelfeel.data.sets.mini import load_mini
from reelfeel.evaluation.reporting.reading import read_reviews
from reelfeel.evaluation.truncation_report import keep_ledger, read_by
from reelfeel.inference.classifier import load

MAX_TOKENS = 12


@pytest.fixture(scope="module")
def engine(trained):
    """The model, reading so little that most reviews are cut."""
    engine = load(trained)
    settings = replace(engine.bundle.text_settings, max_tokens=MAX_TOKENS, keep="tail")
    engine.bundle = replace(engine.bundle, text_settings=settings)
    engine._encoder = replace(engine._encoder, settings=settings)
    return engine


def test_the_own_policy_is_the_served_probability(engine):
    texts = load_mini("test").texts
    assert read_by(engine, texts, "tail") == pytest.approx(engine.predict_proba(texts), abs=1e-6)


def test_head_and_windows_are_what_cutting_by_hand_gives(engine):
    words = [*"a good film with a dull plot and a fine actor in it yes".split()]  # noqa: SIM905
    text = " ".join(words)
    head = engine.predict_proba([" ".join(words[:MAX_TOKENS])])
    assert read_by(engine, [text], "head") == pytest.approx(head, abs=1e-6)
    pieces = [words[:MAX_TOKENS], words[-MAX_TOKENS:]]
    by_hand = engine.predict_proba([" ".join(piece) for piece in pieces]).mean()
    assert read_by(engine, [text, "", "fine"], "windows") == pytest.approx(
        [by_hand, *engine.predict_proba(["", "fine"])], abs=1e-6
    )


def test_the_ledger_compares_every_policy_on_the_cut_reviews(engine):
    reading = read_reviews(engine, load_mini("test"))
    ledger = keep_ledger(engine, reading, compares_policies=True)
    assert ledger.num_cut == int((reading.num_tokens > MAX_TOKENS).sum()) > 0
    assert [policy.policy for policy in ledger.policies] == ["head", "tail", "head_tail", "windows"]
    own = [policy for policy in ledger.policies if policy.is_own]
    assert [(one.policy, one.accuracy, one.against_own) for one in own] == [
        ("tail", ledger.accuracy_cut, None)
    ]
    texts = [
        text for text, cut in zip(reading.reviews.texts, reading.truncated, strict=True) if cut
    ]
    labels = reading.y_true[reading.truncated]
    head = np.mean((read_by(engine, texts, "head") >= 0.5) == labels)
    assert ledger.policies[0].accuracy == head


def test_without_cut_reviews_there_is_nothing_to_compare(trained):
    engine = load(trained)
    reading = read_reviews(engine, load_mini("test").take(np.arange(5)))
    assert keep_ledger(engine, reading, compares_policies=True).policies == ()
