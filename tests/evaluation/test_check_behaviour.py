"""A saved model on damaged reviews and made sentences."""

import json

import numpy as np
import polars as pl
import pytest

from reelfeel.baselines.baselines import fit_baseline
from reelfeel.data.sets.mini import load_mini
from reelfeel.data.splitting import split_train_validation
from reelfeel.errors import UsageError
from reelfeel.evaluation.robustness_check import check_behaviour
from reelfeel.inference.classifier import load
from reelfeel.robustness.figures import AS_WRITTEN
from reelfeel.robustness.made_texts import KINDS, make_texts
from reelfeel.robustness.perturbations import PERTURBATIONS, perturb_texts


def by_name(result, key="perturbations", name="name"):
    return {one[name]: one for one in result[key]}


def test_the_figures_are_those_of_the_model_on_the_changed_reviews(trained):
    classifier, reviews = load(trained), load_mini("test")
    result = check_behaviour(trained, "mini", seed=5)
    rows = by_name(result)
    assert list(rows) == [AS_WRITTEN, *PERTURBATIONS]
    for name in ("three typos", "last sentence"):
        texts = perturb_texts(reviews.texts, name, seed=5)
        right = (classifier.predict_proba(texts) >= 0.5) == reviews.labels
        assert rows[name]["accuracy"] == pytest.approx(right.mean())
    assert result["data"]["num_reviews"] == len(reviews)
    assert result["baseline"] is None
    assert "baseline" not in rows["three typos"]
    json.dumps(result, allow_nan=False)


def test_case_and_layout_change_no_verdict_of_a_model(trained):
    rows = by_name(check_behaviour(trained, "mini"))
    for name in ("lower case", "upper case", "line breaks", "white space"):
        assert rows[name]["flip_share"] == rows[name]["change"] == 0


def test_made_sentences_need_no_reviews(trained):
    result = check_behaviour(trained)
    assert result["data"] is None
    assert result["perturbations"] == []
    rows = by_name(result, "made_texts", "kind")
    assert list(rows)[:-1] == list(KINDS)
    made = [one for one in make_texts() if one.kind == "plain"]
    positive = load(trained).predict_proba([one.text for one in made]) >= 0.5
    wrong = [one.text for one, said in zip(made, positive, strict=True) if said != one.label]
    assert list(rows["plain"]["wrong"]) == wrong


def test_the_baseline_learns_from_other_reviews_than_those_judged(trained, tmp_path):
    train = load_mini("train")
    half = train.take(np.arange(0, len(train), 2))
    result = check_behaviour(trained, half, training_source=train)
    rest = train.take(np.arange(1, len(train), 2))
    assert result["baseline"] == {
        "name": "tfidf", "source": "mini", "num_reviews": len(rest),
    }  # fmt: skip
    tfidf = fit_baseline("tfidf", rest.texts, rest.labels)
    texts = perturb_texts(half.texts, "first sentence", seed=0)
    right = (tfidf.predict_proba(texts) >= 0.5) == half.labels
    row = by_name(result)["first sentence"]
    assert row["baseline"]["accuracy"] == pytest.approx(right.mean())
    assert row["lead"] == pytest.approx(row["accuracy"] - right.mean())
    assert row["lead_interval"][0] < row["lead"] < row["lead_interval"][1]
    assert "baseline" in result["made_texts"][0]


def test_validation_is_what_was_held_out_in_training(trained):
    classifier, train = load(trained), load_mini("train")
    config = classifier.bundle.config
    split = split_train_validation(
        train, validation_share=config.data.validation_share, seed=config.training.seed
    )
    result = check_behaviour(classifier, "mini", part="validation")
    assert result["data"]["sha256"] == train.take(split.validation).fingerprint()
    assert "epoch and temperature" in result["warnings"][0]
    known = check_behaviour(classifier, "mini", part="train")
    assert "trained on the text of every one" in known["warnings"][0]


def test_validation_of_other_reviews_is_refused(trained, tmp_path):
    path = tmp_path / "other.csv"
    pl.DataFrame({"text": ["Fine.", "Dull."], "label": ["pos", "neg"]}).write_csv(path)
    with pytest.raises(UsageError, match="held out for validation"):
        check_behaviour(trained, path, part="validation")


def test_the_threshold_of_the_model_is_obeyed(bundle_copy):
    from reelfeel.inference.bundle import Decision, write_decision

    write_decision(bundle_copy, Decision(threshold=1 - 1e-9), {})
    result = check_behaviour(bundle_copy, "mini")
    rows = by_name(result, "made_texts", "kind")
    assert (rows["negated praise"]["accuracy"], rows["negated blame"]["accuracy"]) == (1.0, 0.0)
    share = float(np.mean(load_mini("test").labels == 0))
    assert by_name(result)["three typos"]["accuracy"] == pytest.approx(share)
