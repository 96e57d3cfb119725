"""What stands in the files of a saved model: a type and a range for every field.

Settings are checked by `config`, text settings by `text`, and the weights against both. What is
here are the other fields, of the files that the sums cover and of those about the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reelfeel.schema import (
    Check,
    anything,
    integer,
    many,
    mapping,
    matching,
    number,
    one_of,
    optional,
    record,
    require,
    text,
)

# Of a temperature: what `fit_temperature` looks in.
COLDEST, HOTTEST = 0.01, 100.0
# Golden answers are replayed at every load, so they bound how long a load takes.
MAX_GOLDEN, MAX_GOLDEN_BYTES = 1_000, 256 << 10

COUNT = integer(0, 1 << 40)
SECONDS = number(0, 1e12)
NAME = text(least=1, most=500)
# Only shown: a command or a source may name a file whose path is not UTF-8.
LINE = text(most=20_000, has_halves=True)
SHA256 = matching("[0-9a-f]{64}", "64 digits from 0 to f")
_HASHES = many(matching("[0-9a-f]{1,16}", "1 to 16 digits from 0 to f"), most=2_000_000)
_SHARE = number(0, 1)
# A loss is infinite or NaN where a training went wrong, and its history says so.
_LOSS = number(is_finite=False)


def _check_labels(value: Any, name: str) -> None:
    many(NAME, least=2, most=2)(value, name)
    require(value[0] != value[1], name, "two different names", value)


CONFIG = record(
    {
        "format": one_of("reelfeel-bundle"),
        "format_version": integer(1, 1_000_000),
        "preset": NAME,
        "label_names": _check_labels,
        "text": record({}),
        "vocabulary_fingerprint": SHA256,
        "data": record({}),
        "model": record({}),
        "training": record({}),
    },
    required=("preset", "label_names", "text", "vocabulary_fingerprint", "data", "model",
              "training"),
    others=None,
)  # fmt: skip

GOLDEN = record(
    {"text": text(most=MAX_GOLDEN_BYTES), "probability": _SHARE},
    required=("text", "probability"),
    others=None,
)

_CALIBRATION = record({"source": LINE, "num_reviews": COUNT, "sha256": SHA256, "aims": record({})})
_DECISION = record(
    {
        "threshold": number(0, 1),
        "temperature": number(COLDEST, HOTTEST),
        "abstain_lower": optional(_SHARE),
        "abstain_upper": optional(_SHARE),
        "calibration": optional(_CALIBRATION),
    },
    required=("threshold",),
    others=None,
)


def check_decision(value: Any, name: str) -> None:
    """Accepts what `decision.json` holds: its fields, and that they fit each other."""
    _DECISION(value, name)
    require(0 < value["threshold"] < 1, f"{name}.threshold", "between 0 and 1", value["threshold"])
    band = value.get("abstain_lower"), value.get("abstain_upper")
    holds = band == (None, None) or (None not in band and band[0] <= band[1])
    require(holds, f"{name}'s abstain band", "two rising probabilities", band)


_EPOCH = record(
    {
        "epoch": number(0, 1e9),
        "train_loss": _LOSS,
        "train_accuracy": _LOSS,
        "validation_loss": _LOSS,
        "validation_accuracy": _LOSS,
        "seconds": SECONDS,
        "reviews_per_s": number(0),
        "validation_s": SECONDS,
    },
    required=("epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy"),
)
_HISTORY = many(_EPOCH, most=100_000)

_EVALUATION = record(
    {
        "num_reviews": COUNT,
        "accuracy": _LOSS,
        "log_loss": _LOSS,
        "ece": optional(_LOSS),
        "intervals": mapping(optional(many(optional(_LOSS), least=2, most=2))),
        "num_training_texts": COUNT,
        "accuracy_without_training_texts": optional(_LOSS),
        "data": record({"source": LINE, "num_reviews": COUNT, "sha256": SHA256}),
        "speed": record(
            {"reviews_per_s": number(0), "backend": NAME, "precision": NAME, "threads": COUNT,
             "processor": LINE}
        ),
    },
    required=("num_reviews", "accuracy", "log_loss"),
)  # fmt: skip
_TEST = record(
    {"intervals": record({}, required=("accuracy",)),
     "data": record({}, required=("source", "num_reviews", "sha256")),
     "speed": record({}, required=("reviews_per_s", "backend", "precision", "threads",
                                   "processor"))},
    required=("ece", "intervals", "num_training_texts", "accuracy_without_training_texts", "data",
              "speed"),
)  # fmt: skip


def _check_test(value: Any, name: str) -> None:
    _EVALUATION(value, name)
    _TEST(value, name)


_METRICS = record({"validation": _EVALUATION, "test": _check_test})


def _check_origin(value: Any, name: str) -> None:
    # What a model started from has a provenance of its own, and so on.
    _ORIGIN(value, name)


_ORIGIN = record(
    {
        "provenance": optional(
            record(
                {
                    "hygiene": LINE,
                    "command": LINE,
                    "seconds": mapping(SECONDS),
                    "language_model": optional(_check_origin),
                }
            )
        ),
        "sha256": mapping(NAME),
    }
)
_STAGE = record(
    {"name": NAME, "command": optional(LINE), "seconds": SECONDS}, required=("name", "seconds")
)
_TEACHER = record(
    {
        "model": text(most=500),
        "preset": NAME,
        "sha256": SHA256,
        "command": optional(LINE),
        "validation_accuracy": optional(_LOSS),
        "seconds": SECONDS,
    },
    required=("model", "sha256"),
)
_DISTILLATION = record(
    {
        "teachers": many(_TEACHER, most=1_000),
        "texts": LINE,
        "num_labelled": COUNT,
        "num_unlabelled": COUNT,
        "num_variants": COUNT,
        "num_statements": COUNT,
    },
    required=("teachers", "texts", "num_labelled", "num_unlabelled", "num_variants"),
)
_LEDGER = record(
    {
        "source": LINE,
        "unit": NAME,
        "found": COUNT,
        "read": COUNT,
        "passed_over": many(
            record({"reason": LINE, "count": COUNT, "examples": many(LINE, most=100)},
                   required=("reason", "count")),
            most=1_000,
        ),
        "notes": many(LINE, most=100_000),
        "doubts": many(LINE, most=100_000),
    },
    required=("source", "unit", "found", "read"),
)  # fmt: skip
_PROVENANCE = record(
    {
        "command": LINE,
        "versions": mapping(NAME),
        "machine": record({"processor": LINE, "cores": optional(COUNT), "threads": COUNT}),
        "kernel": NAME,
        "seed": integer(0, 2**63 - 1),
        "data": record(
            {
                "source": LINE,
                "num_reviews": COUNT,
                "sha256": SHA256,
                "load_summaries": many(_LEDGER, most=100_000),
            },
            required=("source", "num_reviews", "sha256"),
        ),
        "split": record({"description": LINE, "sha256": SHA256}, required=("description",)),
        "truncation": LINE,
        "unlabelled": LINE,
        "unknown_words": LINE,
        "hygiene": LINE,
        "language_model": optional(_check_origin),
        "distillation": optional(_DISTILLATION),
        "best_epoch": optional(COUNT),
        "best_epochs": mapping(COUNT),
        "resumed_at": anything,
        "alarm": anything,
        "seconds": mapping(SECONDS),
        "seconds_total": SECONDS,
        "stages": many(_STAGE, most=1_000),
    },
    required=("command", "data", "split", "truncation"),
)


def _check_provenance(value: Any, name: str) -> None:
    if value == {}:
        return
    _PROVENANCE(value, name)
    holds = value.get("best_epoch") is not None or "best_epochs" in value
    require(holds, f"{name}.best_epoch", "a number, or best_epochs beside it", None)


# The files about a model, by name.
ABOUT: Mapping[str, Check] = {
    "history": _HISTORY,
    "history_forward": _HISTORY,
    "history_backward": _HISTORY,
    "metrics": _METRICS,
    "provenance": _check_provenance,
    "training_texts": _HASHES,
    "calibration_texts": _HASHES,
}
