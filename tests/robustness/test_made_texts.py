"""Sentences made from templates."""

import re
from collections import Counter

from reelfeel.robustness.made_texts import KINDS, TEMPLATES, WORDS, fill_template, make_texts


def test_there_are_hundreds_of_different_texts_of_both_verdicts():
    made = make_texts()
    assert len(made) > 400
    assert len({one.text for one in made}) == len(made)
    assert make_texts() == made
    templates = {(one.template, one.label) for one in made}
    assert len(templates) >= 90
    counts = Counter(label for _, label in templates)
    assert 0.45 < counts[1] / len(templates) < 0.55


def test_every_kind_but_the_negations_has_as_many_templates_of_either_verdict():
    for kind in KINDS:
        negative, positive = map(len, TEMPLATES[kind])
        assert negative == positive or kind.startswith("negated")
        assert max(negative, positive) >= 3


def test_the_texts_are_short_and_finished():
    for one in make_texts():
        assert len(one.text.split()) <= 20, one.text
        assert one.text[0].isupper()
        assert one.text[-1] in ".!"
        assert not set(one.text) & set("{}_")
        # "a awful film" and the same word twice in a row are no English.
        assert not re.search(r"\ba [aeiou]", one.text), one.text
        assert not re.search(r"\b(\w+) \1\b", one.text), one.text


def test_every_word_is_used_and_slots_differ():
    text = " ".join(one.text for one in make_texts())
    assert all(word in text for words in WORDS.values() for word in words)
    for filled in fill_template("{good} and {good}"):
        first, second = filled.split(" and ")
        assert first != second


def test_no_word_of_praise_is_one_of_blame():
    assert not set(WORDS["good"]) & set(WORDS["bad"])
    assert not set(WORDS["loved"]) & set(WORDS["hated"])
