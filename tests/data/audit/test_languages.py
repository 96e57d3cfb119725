import sys

import numpy as np
import pytest

from reelfeel.data.audit.audited_part import AuditedPart
from reelfeel.data.audit.languages import check_languages, load_language_detector
from reelfeel.data.sets.mini import load_mini
from reelfeel.values import Reviews

FOREIGN = {
    "de": "Dieser Film war eine sch\u00f6ne \u00dcberraschung, und ich habe ihn mit Freude gesehen",
    "fr": "Ce film est une belle surprise et on ne voit pas le temps passer avec ces acteurs",
    "it": "Questo film \u00e8 bellissimo e gli attori sono bravissimi, la storia mi ha commosso",
    "pl": "To jest bardzo dobry film, a on gra w nim to, co lubi, i to mi si\u0119 podoba, bo to",
    "ja": "\u3053\u306e\u6620\u753b\u306f\u3068\u3066\u3082\u9762\u767d\u3044",
}


@pytest.fixture(scope="module")
def detect():
    pytest.importorskip("py3langid", reason="py3langid (extra [audit]) is not installed")
    return load_language_detector()


def part_of(texts):
    labels = np.zeros(len(texts), dtype=np.int8)
    return AuditedPart.measure("train", Reviews(texts, labels, [str(i) for i in range(len(texts))]))


@pytest.mark.parametrize("language", FOREIGN)
def test_other_languages_are_named(detect, language):
    assert detect(FOREIGN[language]) == language


def test_no_english_review_is_taken_for_foreign(detect):
    assert {detect(text) for text in load_mini().texts if len(text.split()) >= 20} == {"en"}


def test_foreign_texts_are_counted_with_their_languages(detect):
    texts = [*load_mini().texts[:95], *[f"{FOREIGN['de']} {FOREIGN['de']} {i}" for i in range(5)]]
    (finding,) = check_languages(part_of(texts), detect)
    assert (finding.severity, finding.count) == ("warning", 5)
    assert finding.examples == ("95", "96", "97", "98", "99")
    assert "(de)" in finding.message


def test_short_texts_are_left_alone(detect):
    assert not list(check_languages(part_of(["Una pel\u00edcula muy buena"] * 50), detect))


def test_only_a_sample_is_looked_at():
    looked_at = []
    texts = ["a word " * 20] * 5_000
    list(check_languages(part_of(texts), lambda text: looked_at.append(text) or "en"))
    assert len(looked_at) == 2_000


def test_a_missing_package_is_a_note_with_the_command_to_type(monkeypatch):
    monkeypatch.setitem(sys.modules, "py3langid", None)
    assert load_language_detector() is None
    (finding,) = check_languages(part_of(["a film"]), load_language_detector())
    assert finding.severity == "note"
    assert "pip install 'reelfeel[audit]'" in finding.mend
