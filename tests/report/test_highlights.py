import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelfeel.report.highlights import cut_passage, grade
from reelfeel.report.report_data import ScoredText
from reelfeel.values import Attribution


def attribute(text, scores):
    """An attribution for each run of letters, with the scores in turn."""
    matches = list(re.finditer(r"\w+", text))
    return [
        Attribution(match[0], match.start(), match.end(), scores[place % len(scores)])
        for place, match in enumerate(matches)
    ]


@given(st.lists(st.text("ab <>\n", max_size=8), max_size=30), st.integers(5, 80))
def test_a_passage_is_a_stretch_of_the_text_with_its_scores(pieces, most):
    text = " ".join(pieces)
    words = attribute(text, [0.5, -1.0, 2.0])
    spans = cut_passage(text, words, most)
    shown = "".join(span.text for span in spans).replace("…", "")
    assert " ".join(shown.split()) in " ".join(text.split())
    scored = [(span.text, span.score) for span in spans if span.score]
    pairs = [(word.text, word.score) for word in words]
    starts = range(len(pairs) - len(scored) + 1)
    assert any(pairs[start : start + len(scored)] == scored for start in starts)


def test_the_window_holds_the_words_that_did_most():
    text = "dull " * 200 + "splendid masterpiece" + " plain" * 200
    scores = [0.01] * 200 + [3.0, 2.0] + [0.01] * 200
    words = [
        Attribution(m[0], m.start(), m.end(), s)
        for m, s in zip(re.finditer(r"\w+", text), scores, strict=True)
    ]
    spans = cut_passage(text, words, 100)
    assert {"splendid", "masterpiece"} <= {span.text for span in spans}
    assert spans[0].text == "… "
    assert spans[-1].text == " …"
    assert sum(len(span.text) for span in spans) <= 104


def test_odd_texts_have_a_passage():
    assert cut_passage("", [], 10) == ()
    assert cut_passage("x" * 50, [], 10) == (ScoredText("x" * 10 + " …", 0.0),)
    hostile = "a\ud800<br/>\x1b b"
    spans = cut_passage(hostile, [Attribution("a", 0, 1, 1.0)], 10)
    assert "".join(span.text for span in spans) == "a? b"


@pytest.mark.parametrize(
    ("scores", "steps"),
    [([1, -1, 0.05], [4, -4, 0]), ([0, 0], [0, 0]), ([], []), ([4, 2, 1, 0.5], [4, 2, 1, 0])],
)
def test_colours_have_steps_that_follow_the_strongest_word(scores, steps):
    assert grade([ScoredText("x", score) for score in scores]) == steps
