"""Frames in, frames of the same kind out; answers as `predict` gives them."""

import itertools

import polars as pl
import pyarrow as pa
import pytest

import reelfeel
from reelfeel.errors import SchemaError, UsageError
from reelfeel.inference.answers import ANSWERS

TEXTS = ["A fine film.", "A bore.", "", "Worst film ever. " * 300]
FRAME = pl.DataFrame({"id": [1, 2, 3, 4], "review": TEXTS})


@pytest.fixture(scope="module")
def classifier(trained):
    return reelfeel.load(trained, threads=1)


def make_kinds():
    pandas = pytest.importorskip("pandas")
    return [
        (FRAME, lambda frame: frame),
        (FRAME.lazy(), lambda frame: frame.collect()),
        (FRAME.to_arrow(), pl.from_arrow),
        (
            pandas.DataFrame(FRAME.to_dict(as_series=False), index=[3, 3, 1, 0]),
            lambda frame: pl.DataFrame(frame.to_dict("list")),
        ),
    ]


@pytest.mark.parametrize("place", range(4))
def test_every_kind_of_frame_comes_back_with_the_answers(place, classifier):
    frame, to_polars = make_kinds()[place]
    scored = classifier.score_frame(frame, text="review", prefix="rf_")
    assert type(scored) is type(frame)
    as_polars = to_polars(scored)
    assert as_polars.columns == ["id", "review", *(f"rf_{name}" for name in ANSWERS)]
    expected = classifier.predict(TEXTS)
    assert as_polars["rf_predicted_label"].to_list() == [one.label for one in expected]
    assert as_polars["rf_truncated"].to_list() == [one.truncated for one in expected]
    assert as_polars["rf_probability"].to_list() == pytest.approx(
        [one.probability for one in expected], abs=1e-6
    )
    assert to_polars(frame).columns == ["id", "review"]


@pytest.mark.parametrize("place", range(4))
def test_columns_that_are_missing_taken_or_empty_are_refused(place, classifier):
    frame, _ = make_kinds()[place]
    with pytest.raises(SchemaError, match="no column 'text'"):
        classifier.score_frame(frame)
    once = classifier.score_frame(frame, text="review")
    with pytest.raises(SchemaError, match="columns that scoring adds"):
        classifier.score_frame(once, text="review")


def test_rows_without_a_text_and_other_objects_are_refused(classifier):
    with pytest.raises(SchemaError, match="1 rows have no text"):
        classifier.score_frame(pa.table({"text": ["a", None]}))
    with pytest.raises(UsageError, match=r"Received builtins\.list"):
        classifier.score_frame(TEXTS)


def test_an_endless_iterable_is_answered_as_it_comes(classifier):
    taken = []
    texts = (taken.append(text) or text for text in itertools.cycle(TEXTS[:2]))
    answers = classifier.score_iter(texts)
    assert next(answers) == classifier.predict(TEXTS[:1])[0]
    assert len(taken) == 1
    rest = list(itertools.islice(answers, 50))
    assert rest == list(itertools.islice(itertools.cycle(classifier.predict(TEXTS[1::-1])), 50))
    assert len(taken) < 200
