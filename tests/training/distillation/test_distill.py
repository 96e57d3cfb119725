"""Students: what they learn from, that they learn it, and that they go on where they were."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from word_salad import TINY, make_reviews

from reelfeel.config.sections import Config, TrainingConfig
from reelfeel.data import corpus
from reelfeel.data.audit.duplicates import hash_texts
from reelfeel.data.sets.imdb_test_hashes import read_test_hashes
from reelfeel.data.splitting import Split
from reelfeel.errors import UsageError
from reelfeel.inference.bundle import read_bundle
from reelfeel.training.classifier.losses import Batch, Steps
from reelfeel.training.classifier.records import EncodedReviews
from reelfeel.training.classifier.training_data import TrainingData
from reelfeel.training.distillation import soft_targets
from reelfeel.training.distillation.augmentation import Variants
from reelfeel.training.distillation.distill import distill
from reelfeel.training.distillation.soft_targets import blend
from reelfeel.training.distillation.synthetic_sentences import Lexicon, SyntheticSentences
from reelfeel.training.distillation.teachers import Teachers
from reelfeel.training.loop.progress import Observer
from reelfeel.training.train import train
from reelfeel.values import Reviews


class Oracle:
    """Teachers that know what makes a text positive: a word, and nothing else."""

    seconds, members = 0.0, ()

    def __init__(self):
        self.asked = []

    def describe_doubts(self, label_names, split):
        return []

    def answer(self, texts, observer):
        self.asked += texts
        return np.where(["great" in text for text in texts], 2.0, -2.0)


def make_targets(oracle, *, texts=(), **settings):
    train, validation = make_reviews(40), make_reviews(20, seed=1)
    reviews = Reviews(
        [*train.texts, *validation.texts],
        np.concatenate([train.labels, validation.labels]),
        [str(row) for row in range(60)],
        source="word salad",
    )
    split = Split(np.arange(40), np.arange(40, 60), (0.5, 0.5), 0, 1 / 3, "random", "", 60, 20)
    config = Config(training=TrainingConfig(**settings))
    data = TrainingData(reviews, tuple(texts))
    return train, soft_targets.soft_targets(oracle, data, split, config, Observer())


def test_labels_are_blended_and_unlabelled_texts_are_the_teachers():
    train, taught = make_targets(Oracle(), texts=["a great film", "a dull film"], label_share=0.25)
    p = 1 / (1 + np.exp(-2.0))
    answers = np.where(["great" in text for text in train.texts], p, 1 - p)
    expected = [*(0.25 * train.labels + 0.75 * answers), p, 1 - p]
    np.testing.assert_allclose(taught.targets, expected, rtol=1e-6)
    assert taught.targets.dtype == np.float32
    assert np.array_equal(taught.labels, np.array(expected) >= 0.5)
    counts = ("num_labelled", "num_unlabelled", "num_variants")
    assert [taught.about[name] for name in counts] == [40, 2, 0]
    right = np.mean([("great" in t) == (y == 1) for t, y in zip(train.texts, train.labels)])  # noqa: B905
    assert taught.about["agreement_with_labels"] == right


def test_the_ends_of_the_label_share():
    labels, answers = np.array([1, 0], np.int8), np.array([0.2, 0.3])
    assert blend(labels, answers, 1).tolist() == [1, 0]
    assert blend(labels, answers, 0).tolist() == [0.2, 0.3]


def test_no_text_of_a_test_or_validation_set_is_learned(monkeypatch):
    test_text = "Secret  of the TEST set"
    known = np.union1d(read_test_hashes(), hash_texts([test_text]))
    monkeypatch.setattr(corpus, "read_test_hashes", lambda: known)
    monkeypatch.setattr(
        soft_targets,
        "make_variants",
        lambda texts, **how: Variants([test_text.lower(), "a variant"], np.array([3, 5])),
    )
    held_out = make_reviews(20, seed=1).texts[3]
    oracle = Oracle()
    _, taught = make_targets(oracle, texts=[test_text, held_out.upper(), "kept"], variant_share=0.1)
    assert list(taught.texts[40:]) == ["kept", "a variant"]
    assert taught.targets[41] == taught.targets[5]
    assert test_text not in oracle.asked
    assert "1 that equal a review of IMDB's test set" in taught.about["texts"]


def test_a_variant_has_what_is_to_be_answered_for_the_whole_text():
    oracle = Oracle()
    whole = ["It was great. Nothing else to say here.", "It was dull. Nothing else to say here."]
    settings = {"epochs": 1, "variant_share": 2.0, "label_share": 0.25}
    _, taught = make_targets(oracle, texts=whole, **settings)
    assert taught.about["num_variants"] == 84
    assert not set(taught.texts[42:]) & set(oracle.asked) - set(taught.texts[:42])
    assert set(taught.targets[42:]) == set(taught.targets[:42])
    silent = [
        (target > 0.5)
        for text, target in zip(taught.texts[42:], taught.targets[42:], strict=True)
        if text == "Nothing else to say here."
    ]
    assert silent
    again, other = (make_targets(Oracle(), variant_share=0.5, seed=s)[1] for s in (0, 1))
    assert again.texts != other.texts


def test_students_of_other_teachers_read_other_variants():
    taught = []
    for letter in "abb":
        oracle = Oracle()
        member = SimpleNamespace(fingerprint=lambda letter=letter: letter * 64, describe=dict)
        oracle.members = [member]
        taught.append(make_targets(oracle, variant_share=1.0, epochs=1)[1].texts)
    assert taught[1] == taught[2]
    assert len(set(taught[0]) & set(taught[1])) < len(set(taught[0]))


def test_every_epoch_has_variants_of_its_own():
    _, taught = make_targets(Oracle(), texts=["kept"], variant_share=2.0, epochs=3)
    reviews = EncodedReviews(
        [np.array([1], np.int32)] * len(taught.texts), taught.labels, 0.0, None, taught.epochs
    )
    read = [reviews.rows_of(epoch).tolist() for epoch in range(3)]
    assert [len(rows) for rows in read] == [41 + 82] * 3
    assert set(read[0]) & set(read[1]) == set(read[1]) & set(read[2]) == set(range(41))
    assert set().union(*read) == set(range(len(taught.texts)))


def test_statements_are_made_of_all_texts_by_the_labels_of_train(monkeypatch):
    held_out = make_reviews(20, seed=1).texts[3]
    seen = {}

    def make(texts, lexicon, *, seed):
        seen.update(texts=list(texts), lexicon=lexicon)
        return SyntheticSentences(["It is dull.", held_out], np.array([0.03, 0.97], np.float32))

    monkeypatch.setattr(soft_targets, "make_sentences", make)
    settings = {"variant_share": 0.5, "made_statements": True}
    train, taught = make_targets(Oracle(), texts=["without a label"], **settings)
    assert seen["texts"] == [*train.texts, "without a label"]
    assert seen["lexicon"] == Lexicon.learn(train.texts, train.labels)
    assert (taught.texts[-1], taught.labels[-1]) == ("It is dull.", 0)
    assert taught.targets[-1] == np.float32(0.03)
    assert taught.about["num_statements"] == 1
    # Word salad gives no sentences, and learns all the same.
    monkeypatch.undo()
    assert make_targets(Oracle(), **settings)[1].about["num_statements"] == 0


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teacher")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REELFEEL_HOME", str(folder / "home"))
        train(
            make_reviews(400), output=folder / "model", preset="mini",
            settings=TINY | {"training": TINY["training"] | {"epochs": 8}},
        )  # fmt: skip
    return folder / "model"


def distill_tiny(teacher, output, reviews=None, **changes):
    reviews = make_reviews(120) if reviews is None else reviews
    settings = {name: dict(section) for name, section in TINY.items()}
    for name, values in changes.pop("settings", {}).items():
        settings[name] |= values
    return distill([teacher], reviews, output=output, preset="mini", settings=settings, **changes)


def test_a_student_learns_from_its_teacher_what_labels_do_not_say(home, tmp_path, teacher):
    # Only a few reviews have labels, and half of those are wrong.
    many, labels = make_reviews(400, seed=2), np.full(400, -1, np.int8)
    labels[:40] = np.arange(40) % 2
    reviews = Reviews(many.texts, labels, many.ids)
    learn = {"epochs": 12, "label_share": 0.0, "alarm": False}
    classifier = distill_tiny(teacher, tmp_path / "model", reviews, settings={"training": learn})
    unseen = make_reviews(200, seed=3)
    # The validation labels are noise too, and choose the epoch: any will do here but the first.
    right = ((classifier.predict_proba(unseen.texts) >= 0.5) == unseen.labels).mean()
    assert right > 0.9


def test_a_student_says_where_it_learned(home, tmp_path, teacher):
    bundle = distill_tiny(teacher, tmp_path / "model").bundle
    about = bundle.about("provenance")["distillation"]
    [described] = about["teachers"]
    assert described["model"] == "model"
    assert 0.9 < described["validation_accuracy"] <= 1
    assert about["num_labelled"] == 96
    assert "teachers" in bundle.about("provenance")["seconds"]
    card = (tmp_path / "model" / "README.md").read_text()
    assert "distilled" in card.lower()


class StopAt(Observer):
    def __init__(self, step):
        self.steps_left = step

    def on_step(self, *args):
        self.steps_left -= 1
        if self.steps_left == 0:
            raise KeyboardInterrupt


def test_an_interrupted_student_resumes_to_the_same_weights(home, tmp_path, teacher):
    unbroken = distill_tiny(teacher, tmp_path / "unbroken").bundle
    with pytest.raises(KeyboardInterrupt):
        distill_tiny(teacher, tmp_path / "model", observer=StopAt(8))
    resumed = distill_tiny(teacher, tmp_path / "model", resume=True).bundle
    assert resumed.about("provenance")["resumed_at"] is not None
    for name, array in unbroken.weights().items():
        assert np.array_equal(array, resumed.weights()[name]), name


def test_what_made_the_teachers_is_handed_on(home, tmp_path, teacher):
    first = distill_tiny(teacher, tmp_path / "first").bundle
    both = [teacher, tmp_path / "first"]
    settings = {name: dict(section) for name, section in TINY.items()}
    second = distill(
        both, make_reviews(120), output=tmp_path / "second", preset="mini", settings=settings
    ).bundle
    (early, late), stages = (one.about("provenance")["stages"] for one in (first, second))
    assert (early["name"], late["name"]) == ("model", "student of model")
    # What both have behind them counts once.
    assert [stage["name"] for stage in stages] == [
        "model", "student of model", "student of model and first",
    ]  # fmt: skip
    assert stages[:2] == [early, late]
    assert early["seconds"] > 0
    assert early["command"] == read_bundle(teacher).about("provenance")["command"]


def test_two_directions_learn_with_adversaries_from_the_same_targets(home, tmp_path, teacher):
    rich = {"adversarial_norm": 0.3, "virtual_adversarial_norm": 0.3, "epochs": 1}
    model = {"direction": "both", "pooling": "last_max_mean"}
    bundle = distill_tiny(
        teacher, tmp_path / "model", settings={"training": rich, "model": model}
    ).bundle
    assert set(bundle.about("provenance")["best_epochs"]) == {"forward", "backward"}


def test_a_student_may_start_from_its_teacher(home, tmp_path, teacher):
    still = {"learning_rate": 1e-9, "epochs": 1, "alarm": False}
    classifier = distill_tiny(
        teacher, tmp_path / "model", start=teacher, settings={"training": still}
    )
    taught = read_bundle(teacher).weights()
    for name, array in classifier.bundle.weights().items():
        np.testing.assert_allclose(array, taught[name], atol=1e-6)


def test_targets_make_another_run():
    ids, labels = [np.array([1], np.int32)], np.array([1], np.int8)
    plain = EncodedReviews(ids, labels)
    runs = [plain, *(
        EncodedReviews(ids, labels, targets=np.array([value], np.float32)) for value in (0.6, 0.7)
    )]  # fmt: skip
    epochs = [EncodedReviews(ids, labels, epochs=np.array([epoch], np.int16)) for epoch in (0, 1)]
    assert len({run.fingerprint() for run in [*runs, *epochs]}) == 5
    assert runs[1].to_learn(np.array([0])).tolist() == [np.float32(0.6)]
    assert plain.to_learn(np.array([0])).tolist() == [1.0]


def test_no_epoch_reads_what_is_another_ones(home, tmp_path, teacher, monkeypatch):
    seen, learn = [], Steps.learn
    monkeypatch.setattr(
        Steps, "learn", lambda self, batch: seen.append(len(batch.labels)) or learn(self, batch)
    )
    settings = {"training": {"epochs": 2, "variant_share": 0.5, "alarm": False}}
    distill_tiny(teacher, tmp_path / "model", make_reviews(60), settings=settings)
    assert sum(seen) == 2 * (48 + 24)


def test_every_batch_has_the_answers_and_not_the_labels(home, tmp_path, teacher, monkeypatch):
    seen = []
    learn = Steps.learn
    monkeypatch.setattr(
        Steps, "learn", lambda self, batch: seen.extend(batch.labels.tolist()) or learn(self, batch)
    )
    answers = Teachers.read([teacher])
    reviews, one_epoch = make_reviews(60), {"training": {"epochs": 1, "label_share": 0.25}}
    distill_tiny(teacher, tmp_path / "model", reviews, settings=one_epoch)
    logits = answers.answer(reviews.texts, Observer())
    expected = 0.25 * reviews.labels + 0.75 / (1 + np.exp(-logits))
    assert len(seen) == 48
    assert 0 < min(seen) < max(seen) < 1
    # Each is some review's answer, but for what the size of a batch does to bfloat16.
    assert np.abs(np.subtract.outer(seen, expected)).min(axis=1).max() < 5e-4


def test_targets_are_learned_as_they_are():
    """The slope of the loss at logit 0 is one half less the target."""
    logits = torch.zeros(2, requires_grad=True)
    targets = torch.tensor([0.9, 0.25])
    Batch(torch.zeros(2, 1), torch.ones(2), targets).loss(logits).backward()
    np.testing.assert_allclose(logits.grad * 2, [0.5 - 0.9, 0.5 - 0.25], atol=1e-6)


def test_without_epochs_a_student_is_refused_with_the_mend(home, tmp_path, teacher):
    settings = {"training": {"epochs": 0}}
    with pytest.raises(UsageError, match=r"reelfeel train .* training\.epochs to 1 or more"):
        distill(
            [teacher], make_reviews(60), output=tmp_path / "s", settings=settings, start=teacher
        )
