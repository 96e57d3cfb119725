import json
import os
import signal

import numpy as np
import pytest
from word_salad import TINY, make_reviews

from reelfeel.config.presets import get_preset
from reelfeel.errors import DataError, UsageError
from reelfeel.inference.bundle import read_bundle
from reelfeel.models.classifier import build_classifier, named_weights
from reelfeel.training.loop.ema import AveragedWeights
from reelfeel.training.loop.progress import Observer
from reelfeel.training.train import train
from reelfeel.values import Reviews


def train_tiny(reviews, output, **changes):
    settings = {name: dict(section) for name, section in TINY.items()}
    for name, values in changes.pop("settings", {}).items():
        settings[name] |= values
    return train(reviews, output=output, preset="mini", settings=settings, **changes)


def test_a_small_corpus_is_learned(home, tmp_path, reviews):
    classifier = train_tiny(reviews, tmp_path / "model")
    unseen = make_reviews(200, seed=1)
    predicted = classifier.predict_proba(unseen.texts) >= 0.5
    assert (predicted == unseen.labels).mean() > 0.95


def test_the_same_seed_gives_the_same_weights_and_another_gives_others(home, tmp_path, reviews):
    weights = []
    for name, seed in (("first", 0), ("same", 0), ("other", 1)):
        classifier = train_tiny(reviews, tmp_path / name, settings={"training": {"seed": seed}})
        weights.append(classifier.bundle.weights())
    first, same, other = weights
    assert all(np.array_equal(first[name], same[name]) for name in first)
    assert not all(np.array_equal(first[name], other[name]) for name in first)


class StopAt(Observer):
    """Presses Ctrl-C after so many steps."""

    def __init__(self, step):
        self.steps_left = step

    def on_step(self, *args):
        self.steps_left -= 1
        if self.steps_left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("step", [1, 7, 12, 13, 30])
def test_an_interrupted_run_resumes_to_the_same_weights(home, tmp_path, reviews, step):
    unbroken = train_tiny(reviews, tmp_path / "unbroken").bundle
    with pytest.raises(KeyboardInterrupt):
        train_tiny(reviews, tmp_path / "model", observer=StopAt(step))
    assert not (tmp_path / "model").exists()
    resumed = train_tiny(reviews, tmp_path / "model", resume=True).bundle
    assert resumed.about("provenance")["resumed_at"] is not None
    for name, array in unbroken.weights().items():
        assert np.array_equal(array, resumed.weights()[name]), name
    losses = [[r["train_loss"] for r in b.about("history")] for b in (unbroken, resumed)]
    assert losses[0] == losses[1]


def press_ctrl_c_within(patch, step):
    """Lets a signal arrive in the middle of a step: before its averages are moved."""
    update = AveragedWeights.update

    def update_interrupted(average, number):
        if number == step:
            os.kill(os.getpid(), signal.SIGINT)
        update(average, number)

    patch.setattr(AveragedWeights, "update", update_interrupted)


def test_ctrl_c_within_a_step_waits_for_its_end(home, tmp_path, reviews, monkeypatch):
    averaged = {"training": {"average_decay": 0.9}}
    unbroken = train_tiny(reviews, tmp_path / "unbroken", settings=averaged).bundle
    with monkeypatch.context() as patch:
        press_ctrl_c_within(patch, step=17)
        with pytest.raises(KeyboardInterrupt):
            train_tiny(reviews, tmp_path / "model", settings=averaged)
    resumed = train_tiny(reviews, tmp_path / "model", settings=averaged, resume=True).bundle
    assert resumed.about("provenance")["resumed_at"] == [1, 5]
    for name, array in unbroken.weights().items():
        assert np.array_equal(array, resumed.weights()[name]), name


def test_averaged_weights_survive_an_interruption_too(home, tmp_path, reviews):
    averaged = {"training": {"average_decay": 0.9}}
    plain = train_tiny(reviews, tmp_path / "plain").bundle
    unbroken = train_tiny(reviews, tmp_path / "unbroken", settings=averaged).bundle
    with pytest.raises(KeyboardInterrupt):
        train_tiny(reviews, tmp_path / "model", settings=averaged, observer=StopAt(17))
    resumed = train_tiny(reviews, tmp_path / "model", settings=averaged, resume=True).bundle
    for name, array in unbroken.weights().items():
        assert np.array_equal(array, resumed.weights()[name]), name
        assert not np.array_equal(array, plain.weights()[name]), name


def test_a_small_gradient_norm_holds_the_first_step_back(home, tmp_path, reviews):
    # Adam divides by the gradient's size, so only a norm near its epsilon (1e-7) slows it down.
    one_step = {"training": {"epochs": 1, "batch_size": 240, "max_gradient_norm": 1e-9}}
    free = {"training": {**one_step["training"], "max_gradient_norm": 0.0}}
    held, moved = (
        train_tiny(reviews, tmp_path / name, settings=settings).bundle.weights()["logit/kernel"]
        for name, settings in (("held", one_step), ("moved", free))
    )
    start = named_weights(build_classifier(get_preset("mini").updated(TINY).model, 40, seed=0))
    changes = [np.abs(weights - start["logit/kernel"]).max() for weights in (held, moved)]
    assert changes[0] < 1e-3 < changes[1]


def test_a_finished_run_leaves_no_checkpoint(home, tmp_path, reviews):
    train_tiny(reviews, tmp_path / "model")
    assert not list((home / "runs").iterdir())


def test_the_best_epoch_is_kept(home, tmp_path, reviews):
    bundle = train_tiny(reviews, tmp_path / "model").bundle
    losses = [record["validation_loss"] for record in bundle.about("history")]
    assert bundle.about("provenance")["best_epoch"] == 1 + int(np.argmin(losses))
    assert bundle.about("metrics")["validation"]["log_loss"] == pytest.approx(min(losses), abs=1e-6)


def test_patience_stops_early(home, tmp_path):
    shuffled = make_reviews(120)
    classifier = train_tiny(
        Reviews(shuffled.texts, shuffled.labels[::-1].copy(), shuffled.ids),
        tmp_path / "model",
        settings={"training": {"epochs": 30, "patience": 2, "alarm": False}},
    )
    history, best = (
        classifier.bundle.about("history"),
        classifier.bundle.about("provenance")["best_epoch"],
    )
    assert len(history) == best + 2 < 30


def test_the_bundle_says_how_it_was_made(home, tmp_path, reviews):
    train_tiny(reviews, tmp_path / "model")
    bundle = read_bundle(tmp_path / "model")
    provenance = bundle.about("provenance")
    assert provenance["data"]["sha256"] == reviews.fingerprint()
    assert provenance["data"]["source"] == "word salad"
    assert len(bundle.about("training_texts")) == len(reviews)
    card = (tmp_path / "model" / "README.md").read_text()
    assert reviews.fingerprint() in card
    for text in reviews.texts[:20]:
        assert text not in json.dumps(bundle.about("training_texts"))
        assert text not in card


def test_an_existing_output_is_refused_before_anything_is_read(home, tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(UsageError, match="--force"):
        train("no such file", output=tmp_path / "model")


def test_one_class_only_is_refused(home, tmp_path, reviews):
    positive = reviews.take(np.flatnonzero(reviews.labels == 1))
    with pytest.raises(DataError):
        train_tiny(positive, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_unequal_classes_are_weighted(home, tmp_path):
    reviews = make_reviews(400)
    rows = np.flatnonzero((reviews.labels == 0) | (np.arange(400) % 9 == 0))
    classifier = train_tiny(
        reviews.take(rows), tmp_path / "model", settings={"training": {"epochs": 10}}
    )
    unseen = make_reviews(200, seed=1)
    predicted = classifier.predict_proba(unseen.texts) >= 0.5
    assert predicted[unseen.labels == 1].mean() > 0.8


class Notes(Observer):
    """Remembers what it is told."""

    def __init__(self):
        self.notes = []

    def on_note(self, text):
        self.notes.append(text)


def test_what_the_audit_calls_an_error_is_said_and_with_strict_refused(home, tmp_path, reviews):
    torn = Reviews([*reviews.texts, *reviews.texts], [*reviews.labels, *(1 - reviews.labels)])
    with pytest.raises(DataError, match=r"not fit for training.*stand.* under the other label"):
        train_tiny(torn, tmp_path / "model", strict=True)
    assert not (tmp_path / "model").exists()
    observer = Notes()
    train_tiny(torn, tmp_path / "model", settings={"training": {"epochs": 1}}, observer=observer)
    assert any("check-data calls this an error" in note for note in observer.notes)


def test_tables_are_read_with_keywords_and_their_ledger_is_kept(home, tmp_path, reviews):
    rows = [f"{text};{('sad', 'glad')[label]}" for text, label in
            zip(reviews.texts, reviews.labels.tolist(), strict=True)]  # fmt: skip
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["An export", "review;label", *rows, ";glad", "so so;meh", ""]))
    observer = Notes()
    classifier = train_tiny(
        path, tmp_path / "model", settings={"training": {"epochs": 1}}, observer=observer,
        text_column="review", skip_rows=1, positive="glad", negative="sad", skip_bad_rows=True,
        drop_other_labels=True,
    )  # fmt: skip
    (summary,) = classifier.bundle.about("provenance")["data"]["load_summaries"]
    assert (summary["found"], summary["read"]) == (len(rows) + 2, len(rows))
    assert [one["count"] for one in summary["passed_over"]] == [1, 1]
    assert any(f"{len(rows) + 2:,} rows found" in note for note in observer.notes)
    with pytest.raises(UsageError, match="Did you mean 'skip_bad_rows'"):
        train_tiny(path, tmp_path / "other", skip_bad_row=True)
