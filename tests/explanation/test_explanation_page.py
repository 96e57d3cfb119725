"""The web page of explanations: every text escaped, nothing requested."""

import re
from html.parser import HTMLParser

import pytest
from bags import WordBag

from reelfeel.explanation.explain import Explainer
from reelfeel.explanation.page import render_explanations
from reelfeel.values import Explanation, Prediction

HOSTILE = '</p><script>alert("good")</script><img src=x onerror=bad> & "film" \' \ud800'
VOID = {"meta", "br", "img", "input"}


class Reader(HTMLParser):
    """Collects the tags and what stands in the texts; unclosed tags stay open."""

    def __init__(self):
        super().__init__()
        self.tags, self.open, self.texts = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "p" in self.open and "style" not in self.open:
            self.texts.append(data)


def render(texts, label_names=("neg", "pos"), **options):
    bag = WordBag()
    explainer = Explainer(bag.encoder, bag.predict, bag.score)
    explanations = [
        explainer.find_flip(one, threshold=0.5) for one in explainer.explain(texts, **options)
    ]
    page = render_explanations(explanations, label_names=label_names)
    reader = Reader()
    reader.feed(page)
    assert not reader.open
    return page, reader


def test_hostile_markup_stays_text():
    page, reader = render([HOSTILE], label_names=("<i>neg", '"pos"'))
    assert {tag for tag, _ in reader.tags}.isdisjoint({"script", "img", "i"})
    shown = HOSTILE.replace("\ud800", "?")
    assert shown in "".join(reader.texts)
    assert page.encode("utf-8")


def test_the_page_asks_for_nothing():
    page, reader = render(["A good film.", ""])
    assert not re.search(r"https?:|url\(|@import", page)
    assert all(not attrs.keys() & {"src", "href", "onclick"} for _, attrs in reader.tags)
    policy = next(attrs for _, attrs in reader.tags if "http-equiv" in attrs)
    assert policy["content"].startswith("default-src 'none'")


def test_words_are_marked_by_line_and_colour():
    _, reader = render(["Good film, dull plot."])
    marks = [attrs for tag, attrs in reader.tags if tag == "b"]
    assert [mark["class"] for mark in marks] == ["for", "against"]
    assert [mark["title"] for mark in marks] == ["+2.00", "-1.00"]


@pytest.mark.parametrize(("text", "said"), [
    ("", "no words"), ("zxqv", "By occlusion"), ("good bad film dull", "Without"),
])  # fmt: skip
def test_odd_texts_are_explained_in_words(text, said):
    page, _ = render([text])
    assert said in page


def test_an_abstaining_model_says_so():
    said = Prediction("pos", 0.55, 1, False, 0.0, abstained=True)
    page = render_explanations(
        [Explanation("ok", said, (), (), "occlusion")], label_names=("neg", "pos")
    )
    assert "abstains" in page
