"""What `evaluate` returns is what `docs/schemas/evaluation.schema.json` promises."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from reelfeel.data.sets.mini import load_mini
from reelfeel.evaluation.evaluate import Checks, evaluate
from reelfeel.evaluation.gates import parse_gates
from reelfeel.inference.bundle import Decision
from reelfeel.inference.classifier import load
from reelfeel.metrics.table import METRICS

FILE = Path(__file__).parents[2] / "docs" / "schemas" / "evaluation.schema.json"
SCHEMA = json.loads(FILE.read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def check(result):
    # As a program reads it: tuples are lists, and NaN is refused.
    VALIDATOR.validate(json.loads(json.dumps(result, allow_nan=False)))


def test_the_schema_is_one_and_knows_every_metric():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(METRICS) < set(SCHEMA["$defs"]["metrics"]["required"])
    assert tuple(SCHEMA["properties"]["intervals"]["required"]) == METRICS


def test_everything_at_once_fits_the_schema(bundle_copy, trained):
    classifier = load(bundle_copy)
    classifier.bundle = replace(
        classifier.bundle, decision=Decision(abstain_lower=0.4, abstain_upper=0.6)
    )
    checks = Checks(
        gates=parse_gates(["accuracy=0.5"], ["ece=0.001"]),
        no_worse_than=trained,
        compares_policies=True,
    )
    result = evaluate(classifier, load_mini("all"), checks=checks)
    assert len(result["gates"]) == 3
    assert result["abstention"]
    assert result["without_training_texts"]
    check(result)


@pytest.mark.parametrize("labels", [[1, 1, 1], [0, 1, 1]])
def test_few_reviews_and_one_class_fit_the_schema(trained, labels):
    reviews = load_mini("test").take(np.arange(3))
    check(evaluate(trained, replace(reviews, labels=np.array(labels, np.int8))))


def test_the_schema_refuses_what_is_not_promised(trained):
    result = json.loads(json.dumps(evaluate(trained, load_mini("test"))))
    result["all"]["accuracy"] = "high"
    with pytest.raises(jsonschema.ValidationError):
        check(result)
