"""Whatever `train` takes as reviews, with keywords for tables, its neighbours take too."""

import inspect
import shutil

import numpy as np
import pytest

import reelfeel
from reelfeel.data.options import TableKeywords
from reelfeel.errors import UsageError
from reelfeel.evaluation.reporting.report import ReportSettings

NUM_ROWS = 60
TABLE = {
    "review": [f"Row {row} is a {('dull', 'lovely')[row % 2]} film." for row in range(NUM_ROWS)],
    "mood": [("sad", "glad")[row % 2] for row in range(NUM_ROWS)],
}
KEYWORDS = {"text_column": "review", "label_column": "mood", "positive": "glad"}
TAKERS = [getattr(reelfeel, name) for name in reelfeel.__all__]
TAKERS = [
    one
    for one in TAKERS
    if inspect.isfunction(one)
    and "options" in inspect.signature(one).parameters
    # Its options say how to score; those of tables are an argument of their own.
    and one is not reelfeel.score
]


def test_every_function_that_takes_options_takes_their_keywords():
    assert len(TAKERS) >= 9
    for function in TAKERS:
        keywords = inspect.signature(function).parameters["table"]
        assert keywords.kind is inspect.Parameter.VAR_KEYWORD, function
    assert set(KEYWORDS) <= set(TableKeywords.__annotations__)


def test_frames_and_keywords_are_judged_alike(trained, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(TABLE)
    expected = reelfeel.evaluate(trained, TABLE, **KEYWORDS)["all"]
    assert expected["num_reviews"] == NUM_ROWS
    assert expected["share_positive"] == 0.5
    result = reelfeel.compare(trained, trained, frame, **KEYWORDS)
    assert result["num_reviews"] == NUM_ROWS
    copy = shutil.copytree(trained, tmp_path / "copy")
    assert reelfeel.calibrate(copy, frame, **KEYWORDS)["decision"]
    page = reelfeel.report(
        trained, TABLE, output=tmp_path / "report", settings=ReportSettings(baselines=()),
        **KEYWORDS,
    )  # fmt: skip
    assert page.is_file()


def test_a_student_learns_from_a_table_with_keywords(home, trained, tmp_path):
    settings = {"training": {"epochs": 1, "alarm": False}}
    student = reelfeel.distill(
        [trained], TABLE, output=tmp_path / "student", preset="mini", settings=settings, **KEYWORDS
    )
    assert np.isfinite(student.predict_proba(["A lovely film."])).all()
    assert student.bundle.label_names == ("sad", "glad")


def test_a_wrong_keyword_is_refused_by_name(trained):
    for function in (reelfeel.compare, reelfeel.calibrate, reelfeel.report):
        arguments = (trained, trained) if function is reelfeel.compare else (trained,)
        with pytest.raises(UsageError, match="Did you mean 'text_column'"):
            function(*arguments, TABLE, text_colum="review")
