"""The model card says where a model comes from, what it can do, and what it cannot."""

import json

import pytest

from reelfeel.inference.bundle import read_bundle
from reelfeel.inference.card import write_card


@pytest.fixture
def card_of(trained):
    def make(metrics=None, **provenance):
        bundle = read_bundle(trained)
        about = {
            "provenance": {**bundle.about("provenance"), **provenance},
            "metrics": {**bundle.about("metrics"), **(metrics or {})},
        }
        return " ".join(write_card(bundle, about, num_parameters=12_345).split())

    return make


TEST = {
    "accuracy": 0.9512,
    "log_loss": 0.1301,
    "ece": 0.0071,
    "intervals": {"accuracy": [0.9484, 0.9538]},
    "num_training_texts": 123,
    "accuracy_without_training_texts": 0.9509,
    "data": {"source": "IMDB test", "num_reviews": 25_000, "sha256": "ab" * 32},
    "speed": {
        "reviews_per_s": 2_345.6,
        "backend": "native",
        "precision": "bfloat16",
        "threads": 2,
        "processor": "x86_64, 2 cores",
    },
}


def test_a_card_has_the_command_the_data_the_hardware_and_the_size(card_of, trained):
    card = card_of()
    provenance = json.loads((trained / "provenance.json").read_text())
    for fact in (
        provenance["command"],
        provenance["data"]["sha256"],
        provenance["kernel"],
        provenance["truncation"],
        "12,345 parameters, 0.0 MB in float32",
        "no neutral class",
        "MIT",
    ):
        assert fact in card
    assert "95 % interval" not in card


def test_figures_of_a_test_are_there_with_their_conditions(card_of):
    card = card_of({"test": TEST})
    for fact in (
        "**0.9512** (95 % interval 0.9484 to 0.9538)",
        "ECE 0.0071",
        "123 of these",
        "without them accuracy is 0.9509",
        "2,346 reviews a second",
        "native backend, bfloat16, 2 threads",
        "ab" * 32,
    ):
        assert fact in card


def test_teachers_stages_and_what_was_left_out_are_told(card_of):
    hygiene = "Texts: 75,000 read, 269 left out that equal a review of IMDB's test set."
    teacher = {"model": "teacher", "sha256": "cd" * 32}
    card = card_of(
        language_model={"provenance": {"hygiene": hygiene}},
        distillation={
            "texts": "Texts: 72,231 to learn from.",
            "num_labelled": 22_500,
            "num_unlabelled": 49_731,
            "num_variants": 7_000,
            "num_statements": 900,
            "teachers": [teacher],
        },
        stages=[{"name": "language model", "seconds": 5_400, "command": "reelfeel pretrain"}],
        seconds_total=9_000,
    )
    for fact in (
        hygiene,
        "Distilled from `teacher`",
        "cd" * 32,
        "22,500 labelled and 49,731 unlabelled texts and 7,000 short",
        "Besides from 900 made statements",
        "Stage language model, 90.0 minutes: `reelfeel pretrain`",
        "Time in all: 2.50 hours.",
    ):
        assert fact in card


def test_the_language_models_texts_are_told_of_however_many_classifiers_lie_between(card_of):
    classifier = {"hygiene": None, "language_model": {"provenance": {"hygiene": "Texts: 7 read."}}}
    assert "without labels: Texts: 7 read." in card_of(language_model={"provenance": classifier})


@pytest.mark.parametrize(
    ("ends", "fact"),
    [
        ({"best_epoch": 3}, "The epoch kept is 3"),
        ({"best_epoch": None, "best_epochs": {"forward": 2, "backward": 4}}, "4 of the backward"),
        ({"best_epoch": 0}, "Only its head was fitted"),
        ({"best_epoch": None, "best_epochs": {"forward": 0, "backward": 0}}, "Only its head"),
    ],
    ids=str,
)
def test_the_epochs_kept_are_told(card_of, ends, fact):
    assert fact in card_of(**ends)


def test_limits_are_those_of_the_data(card_of):
    of_imdb = card_of(data={"source": "IMDB train", "num_reviews": 25_000, "sha256": "0"})
    assert "5 and 6 stars" in of_imdb
    assert "other languages were not measured" in of_imdb
    assert "5 and 6 stars" not in card_of()
