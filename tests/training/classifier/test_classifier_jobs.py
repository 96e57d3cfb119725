"""Two directions side by side, in turn, interrupted: always the same weights."""

import numpy as np
import pytest
from word_salad import TINY, make_reviews

from reelfeel.config.presets import get_preset
from reelfeel.training.classifier import directions as jobs
from reelfeel.training.classifier.batches import UnlabelledStream
from reelfeel.training.loop import jobs as loop_jobs
from reelfeel.training.loop.progress import Observer
from reelfeel.training.train import train
from reelfeel.values import Reviews

RICH = {
    "data": TINY["data"],
    "model": TINY["model"] | {
        "pooling": "last_max_mean", "direction": "both", "embedding_dropout_rate": 0.2,
        "word_dropout_rate": 0.1,
    },
    "training": TINY["training"] | {
        "epochs": 2, "adversarial_norm": 0.3, "virtual_adversarial_norm": 0.3,
        "virtual_batch_size": 24, "average_decay": 0.9, "learning_rate_decay": "linear",
        "frozen_epochs": 1, "rate_factor_per_layer": 0.5, "max_gradient_norm": 1.0,
    },
}  # fmt: skip


def make_unlabelled(num_reviews=240, num_extra=50):
    """The last reviews have lost their labels."""
    reviews = make_reviews(num_reviews + num_extra)
    labels = reviews.labels.copy()
    labels[num_reviews:] = -1
    return Reviews(reviews.texts, labels, reviews.ids, source="word salad")


def train_rich(output, **changes):
    settings = RICH
    if "training" in changes:
        settings = RICH | {"training": RICH["training"] | changes.pop("training")}
    return train(make_unlabelled(), output=output, preset="mini", settings=settings, **changes)


class Recorder(Observer):
    """Notes what it is told, and may press Ctrl-C after so many steps."""

    def __init__(self, stop_after=None):
        self.steps_left, self.directions, self.epochs, self.notes = stop_after, [], [], []

    def of(self, direction):
        self.directions.append(direction)
        return self

    def on_note(self, text):
        self.notes.append(text)

    def on_step(self, *args):
        if self.steps_left:
            self.steps_left -= 1
            if self.steps_left == 0:
                raise KeyboardInterrupt

    def on_epoch(self, record, remark):
        self.epochs.append(record)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REELFEEL_HOME", str(folder / "home"))
        return train_rich(folder / "model").bundle


def assert_same(bundle, expected):
    received = bundle.weights()
    for name, array in expected.weights().items():
        assert np.array_equal(array, received[name]), name


# Steps 1 to 24 are the forward network's, 25 to 48 the backward one's.
@pytest.mark.parametrize("step", [5, 12, 13, 30])
def test_an_interrupted_run_resumes_to_the_same_weights(home, tmp_path, unbroken, step):
    with pytest.raises(KeyboardInterrupt):
        train_rich(tmp_path / "model", observer=Recorder(step))
    assert_same(train_rich(tmp_path / "model", resume=True).bundle, unbroken)


def test_two_processes_train_the_same_as_one(home, tmp_path, unbroken, monkeypatch):
    monkeypatch.setattr(loop_jobs, "run_at_once", lambda jobs: True)
    observer = Recorder()
    bundle = train_rich(tmp_path / "model", observer=observer).bundle
    assert_same(bundle, unbroken)
    assert sorted(observer.directions) == ["backward", "forward"]
    assert len(observer.epochs) == 4
    assert bundle.about("provenance")["resumed_at"] == {"forward": None, "backward": None}
    assert not list((home / "runs").iterdir())


def test_two_processes_go_on_where_one_was_stopped(home, tmp_path, unbroken, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        train_rich(tmp_path / "model", observer=Recorder(30))
    monkeypatch.setattr(loop_jobs, "run_at_once", lambda jobs: True)
    bundle = train_rich(tmp_path / "model", resume=True).bundle
    assert_same(bundle, unbroken)
    # The forward network was finished, the backward one was in its first epoch.
    assert bundle.about("provenance")["resumed_at"] == {"forward": [2, 0], "backward": [0, 6]}


def test_each_direction_has_its_history_and_its_best_epoch(unbroken):
    provenance = unbroken.about("provenance")
    histories = [unbroken.about(f"history_{name}") for name in ("forward", "backward")]
    for name, history in zip(("forward", "backward"), histories, strict=True):
        losses = [record["validation_loss"] for record in history]
        assert provenance["best_epochs"][name] == 1 + int(np.argmin(losses))
    means = [np.mean([r["validation_loss"] for r in rows]) for rows in zip(*histories, strict=True)]
    assert [r["validation_loss"] for r in unbroken.about("history")] == pytest.approx(means)


def test_texts_without_labels_are_counted_and_validation_is_left_out(home, tmp_path):
    observer = Recorder()
    bundle = train_rich(tmp_path / "model", observer=observer).bundle
    note = bundle.about("provenance")["unlabelled"]
    assert f"Without labels: {note}" in observer.notes
    # 192 to train and 48 to validate, and 50 without labels.
    assert note.startswith("Texts: 290 read, ")
    assert "48 held out" in note


def test_every_step_gets_the_next_unlabelled_batch(home, tmp_path, monkeypatch):
    asked = []
    batch = UnlabelledStream.batch
    monkeypatch.setattr(
        UnlabelledStream, "batch", lambda self, step: asked.append(step) or batch(self, step)
    )
    train_rich(tmp_path / "model")
    assert asked == [*range(24), *range(24)]


def test_both_are_learned(home, tmp_path):
    unseen = make_reviews(200, seed=1)
    longer = {"epochs": 6, "learning_rate": 0.02, "frozen_epochs": 0, "rate_factor_per_layer": 1.0}
    classifier = train_rich(tmp_path / "model", training=longer)
    predicted = classifier.predict_proba(unseen.texts) >= 0.5
    assert (predicted == unseen.labels).mean() > 0.95


def test_a_finished_direction_is_not_trained_again(home, tmp_path, unbroken):
    with pytest.raises(KeyboardInterrupt):
        train_rich(tmp_path / "model", observer=Recorder(30))
    observer = Recorder()
    train_rich(tmp_path / "model", resume=True, observer=observer)
    assert len(observer.epochs) == 2  # the backward network's


def test_a_job_survives_its_folder(tmp_path):
    train_reviews = jobs.EncodedReviews(
        [np.array([1, 2], np.int32), np.array([3], np.int32)],
        np.array([0, 1], np.int8),
        0.25,
        np.array([0.125, 0.75], np.float32),
        np.array([-1, 1], np.int16),
    )
    config = get_preset("mini").updated({"model": {"direction": "backward"}})
    weights = {"embedding/embeddings": np.ones((4, 2), np.float32)}
    job = jobs.ClassifierJob(config, tmp_path, weights, train_reviews, train_reviews)
    job.write(resume=True)
    read, resume = jobs.ClassifierJob.read(tmp_path)
    assert resume
    assert (read.config, read.unlabelled) == (config, None)
    assert [ids.tolist() for ids in read.train.token_ids] == [[1, 2], [3]]
    assert read.train.unknown_share == 0.25
    assert read.train.targets.tolist() == [0.125, 0.75]
    assert read.train.epochs.tolist() == [-1, 1]
    assert read.train.fingerprint() == train_reviews.fingerprint()
    assert np.array_equal(read.start_weights["embedding/embeddings"], np.ones((4, 2)))
