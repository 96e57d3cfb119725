from dataclasses import replace

import numpy as np
import pytest

from reelfeel.data.sets.mini import load_mini
from reelfeel.errors import SchemaError
from reelfeel.evaluation.evaluate import Checks, evaluate
from reelfeel.evaluation.gates import parse_gates
from reelfeel.inference.classifier import load
from reelfeel.metrics.table import evaluate_binary


@pytest.fixture(scope="module")
def classifier(trained):
    return load(trained)


def test_gates_judge_what_the_model_has_not_met(classifier):
    everything, test = load_mini("all"), load_mini("test")
    result = evaluate(
        classifier, everything, checks=Checks(gates=parse_gates(["accuracy=0.0"], []))
    )
    unseen = evaluate_binary(test.labels, classifier.predict_proba(test.texts))
    assert result["num_training_texts"] == 140
    assert result["without_training_texts"]["accuracy"] == unseen.accuracy
    assert result["gates"][0]["value"] == unseen.accuracy
    assert result["all"]["accuracy"] != unseen.accuracy


def test_reviews_that_are_all_known_are_judged_with_a_warning(classifier):
    assert "every one of these reviews" in evaluate(classifier, load_mini("train"))["warnings"][0]


def test_slices_count_what_was_read(classifier):
    reviews = load_mini("test")
    result = evaluate(classifier, reviews)
    right = (classifier.predict_proba(reviews.texts) >= 0.5) == reviews.labels
    named = {one["name"]: one for one in result["slices"]}
    positive = named["“positive” reviews"]
    assert positive["count"] == int(reviews.labels.sum())
    assert positive["accuracy"] == right[reviews.labels == 1].mean()
    stars = np.array([1, 10] * 30, np.int8)
    starred = evaluate(classifier, replace(reviews, ratings=stars))["slices"]
    assert {"reviews with 1 star", "reviews with 10 stars"} <= {one["name"] for one in starred}


def test_labels_the_wrong_way_round_are_noticed(classifier):
    reviews = load_mini("test")
    said = (classifier.predict_proba(reviews.texts) >= 0.5).astype(np.int8)
    swapped = evaluate(classifier, replace(reviews, labels=1 - said))
    assert "swapped" in swapped["warnings"][0]


def write_table(path, negative, positive, *, rest=""):
    reviews = load_mini("test")
    names = (negative, positive)
    pairs = zip(reviews.texts, reviews.labels.tolist(), strict=True)
    rows = [f'"{text.replace(chr(34), "")}",{names[label]}' for text, label in pairs]
    path.write_text("\n".join(["text,label", *rows, rest]), "utf-8")
    return path


def test_labels_that_the_model_knows_need_no_option_and_mean_what_they_mean_to_it(
    classifier, bundle_copy, tmp_path
):
    expected = evaluate(classifier, write_table(tmp_path / "a.csv", "neg", "pos"))["all"]
    named = load(rename_labels(bundle_copy, "bad", "good"))
    table = write_table(tmp_path / "b.csv", "bad", "good")
    assert evaluate(named, table)["all"] == expected
    for words in (
        {"positive": "good"},
        {"positive": "bad"},
        {"positive": "bad", "negative": "good"},
    ):
        assert evaluate(named, table, **words)["all"] == expected  # the names decide
    strange = write_table(tmp_path / "c.csv", "ugly", "bad")
    with pytest.raises(SchemaError, match="means the other class"):
        evaluate(named, strange, positive="bad")


def rename_labels(folder, *names):
    import hashlib
    import json

    path = folder / "decision.json"
    key = "label_names"
    for path in folder.glob("*.json"):
        content = json.loads(path.read_text("utf-8"))
        if isinstance(content, dict) and key in content:
            content[key] = list(names)
            path.write_text(json.dumps(content), "utf-8")
    sums = [
        f"{hashlib.sha256((folder / line.split()[1]).read_bytes()).hexdigest()}  {line.split()[1]}"
        for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    ]
    (folder / "SHA256SUMS").write_text("\n".join([*sums, ""]), "utf-8")
    return folder


def test_table_options_are_keywords_and_what_is_not_judged_is_said(classifier, tmp_path):
    table = write_table(tmp_path / "a.csv", "neg", "pos", rest="A fine film,N/A\n")
    with pytest.raises(SchemaError, match="drop_other_labels=True"):
        evaluate(classifier, table)
    result = evaluate(classifier, table, drop_other_labels=True)
    assert result["data"]["num_reviews"] == 60
    assert "Passed over: 1 with another label (row 61)" in result["warnings"][-1]


def test_frames_are_judged_as_tables_are(classifier):
    reviews = load_mini("test")
    columns = {"text": list(reviews.texts), "label": reviews.labels.tolist()}
    assert evaluate(classifier, columns)["all"] == evaluate(classifier, reviews)["all"]
