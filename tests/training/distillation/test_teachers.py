import numpy as np
import pytest
from word_salad import make_reviews

from reelfeel.errors import BundleError, UsageError
from reelfeel.inference.bundle import Decision, write_decision
from reelfeel.inference.classifier import load
from reelfeel.training.distillation import teachers as room
from reelfeel.training.distillation.teachers import Teachers
from reelfeel.training.loop.progress import Observer


class Bars(Observer):
    def __init__(self):
        self.seen = []

    def on_work(self, name, done, total):
        self.seen.append((name, done, total))


@pytest.fixture
def texts():
    return make_reviews(30).texts


def test_teachers_answer_with_the_mean_of_their_calibrated_logits(home, trained, texts):
    probabilities = load(trained).predict_proba(texts)
    expected = np.log(probabilities / (1 - probabilities))
    answers = Teachers.read([trained, trained]).answer(texts, Observer())
    np.testing.assert_allclose(answers, expected, atol=1e-6)
    assert Teachers.read([trained]).answer([], Observer()).shape == (0,)


def test_two_teachers_are_averaged_as_logits(home, trained, texts, monkeypatch):
    given = iter([np.full(len(texts), 2.0), np.full(len(texts), -1.0)])
    monkeypatch.setattr(room.Teacher, "answer", lambda self, texts, observer: next(given))
    assert Teachers.read([trained, trained]).answer(texts, Observer()).tolist() == [0.5] * 30


def test_an_answer_is_given_once(home, trained, texts, monkeypatch):
    monkeypatch.setattr(room, "_CHUNK_SIZE", 8)
    first = Teachers.read([trained])
    bars = Bars()
    answers = first.answer(texts, bars)
    assert [done for _, done, _ in bars.seen] == [8, 16, 24, 30]
    assert first.seconds > 0

    def refuse(path):
        raise AssertionError("was asked again")

    monkeypatch.setattr(room, "load", refuse)
    again = Teachers.read([trained])
    assert np.array_equal(again.answer(texts, Observer()), answers)
    assert again.seconds == first.seconds
    with pytest.raises(AssertionError):
        again.answer(["another text"], Observer())


def test_a_stopped_teacher_goes_on_where_it_was(home, trained, texts, monkeypatch):
    monkeypatch.setattr(room, "_CHUNK_SIZE", 8)
    asked = []

    class Stopping:
        def __init__(self, path):
            self.classifier = load(path)

        def predict_proba(self, chunk):
            asked.append(len(chunk))
            if len(asked) == 3:
                raise KeyboardInterrupt
            return self.classifier.predict_proba(chunk)

    monkeypatch.setattr(room, "load", Stopping)
    with pytest.raises(KeyboardInterrupt):
        Teachers.read([trained]).answer(texts, Observer())
    Teachers.read([trained]).answer(texts, Observer())
    assert asked == [8, 8, 8, 8, 6]


def test_another_temperature_is_another_teacher(home, trained, bundle_copy, texts):
    one, other = (Teachers.read([path]).members[0] for path in (trained, bundle_copy))
    assert one._find_place(texts) == other._find_place(texts)
    write_decision(bundle_copy, Decision(temperature=2.0), {})
    [other] = Teachers.read([bundle_copy]).members
    assert one._find_place(texts) != other._find_place(texts)


@pytest.mark.parametrize("content", [b"", b"x" * 500, b"PK\x05\x06" + bytes(18)])
def test_kept_answers_that_are_damaged_are_asked_for_again(home, trained, texts, content):
    first = Teachers.read([trained]).answer(texts, Observer())
    for file in (home / "teachers").iterdir():
        file.write_bytes(content)
    np.testing.assert_array_equal(Teachers.read([trained]).answer(texts, Observer()), first)


def test_what_does_not_fit_is_said(trained):
    teachers = Teachers.read([trained])
    split = teachers.members[0].bundle.about("provenance")["split"]["sha256"]
    assert teachers.describe_doubts(("negative", "positive"), split) == []
    [names] = teachers.describe_doubts(("thumbs down", "thumbs up"), split)
    assert "its positive is taken for thumbs up" in names
    [held_out] = teachers.describe_doubts(("negative", "positive"), "another")
    assert "data.split_seed=N" in held_out


def test_no_teacher_and_no_model_are_refused(tmp_path):
    with pytest.raises(UsageError, match="at least one teacher"):
        Teachers.read([])
    with pytest.raises(BundleError):
        Teachers.read([tmp_path / "nothing"])
