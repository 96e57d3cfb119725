"""From raw texts to explanations: offsets, cuts, flips and odd texts."""

import dataclasses
import itertools

import numpy as np
import pytest
from bags import WEIGHTS, WordBag
from hypothesis import given
from hypothesis import strategies as st

from reelfeel.errors import DataError, UsageError
from reelfeel.explanation.explain import Explainer, remove_parts, share_parts
from reelfeel.explanation.flip import find_flips
from reelfeel.explanation.layout import lay_out
from reelfeel.text.tokenizer import TextSettings, tokenize
from reelfeel.values import Attribution

TEXT = "A <b>GOOD</b> film, &quot;fine&quot;.<br /><br />But the plot&#39;s dull...\nnot good!"


def open_explainer(**settings):
    bag = WordBag(settings=TextSettings(**settings))
    return Explainer(bag.encoder, bag.predict, bag.score), bag


def test_words_carry_their_weights_and_their_places():
    (explanation,) = open_explainer()[0].explain([TEXT])
    assert [word.text for word in explanation.words] == [
        "A", "GOOD", "film", ",", "&quot;", "fine", "&quot;", ".", "But", "the", "plot&#39;s",
        "dull", "...", "not", "good", "!",
    ]  # fmt: skip
    for word in explanation.words:
        assert TEXT[word.start : word.end] == word.text
        assert word.score == pytest.approx(WEIGHTS.get(word.text.lower(), 0.0), abs=1e-9)
    assert explanation.method == "occlusion"
    assert explanation.convergence_error is None


def test_sentences_add_up_their_words():
    (explanation,) = open_explainer()[0].explain([TEXT])
    scores = [sentence.score for sentence in explanation.sentences]
    np.testing.assert_allclose(scores, [3.0, -1.0 + 2.0], atol=1e-9)
    assert explanation.sentences[1].text.startswith("But the plot")


def test_by_sentence_gives_the_same_sentences_and_no_words():
    explainer, bag = open_explainer()
    (by_word,) = explainer.explain([TEXT])
    bag.calls.clear()
    (by_sentence,) = explainer.explain([TEXT], by="sentence")
    assert by_sentence == dataclasses.replace(by_word, words=())
    assert bag.calls == [1, 3]


@pytest.mark.parametrize("keep", ["head", "tail", "head_tail"])
def test_only_what_was_read_is_explained(keep):
    explainer, _ = open_explainer(max_tokens=4, keep=keep)
    (explanation,) = explainer.explain(["good " * 5 + "bad " * 5])
    kept = {"head": ["good"] * 4, "tail": ["bad"] * 4, "head_tail": ["good"] * 2 + ["bad"] * 2}
    assert [word.text for word in explanation.words] == kept[keep]
    assert explanation.prediction.truncated
    assert len(explanation.sentences) == (2 if keep == "head_tail" else 1)


@pytest.mark.parametrize("text", ["", "   ", "<br />", "\x00"])
def test_a_text_without_words_has_a_verdict_and_no_reasons(text):
    explainer, _ = open_explainer()
    (explanation,) = explainer.explain([text])
    assert explanation.words == explanation.sentences == ()
    assert explanation.prediction.num_tokens == 0
    assert explainer.find_flip(explanation, threshold=0.5).flip is None


def test_one_word_is_explained_and_cannot_be_left_out():
    explainer, _ = open_explainer()
    (explanation,) = explainer.explain(["good"])
    assert [word.score for word in explanation.words] == pytest.approx([2.0])
    assert explainer.find_flip(explanation, threshold=0.5).flip is None


def test_unknown_words_have_no_say_here():
    (explanation,) = open_explainer()[0].explain(["zxqv wqxz \U0001f3ac"])
    assert [word.score for word in explanation.words] == [0, 0, 0]


def test_twenty_thousand_words_cost_no_more_than_what_is_read():
    explainer, bag = open_explainer(max_tokens=500)
    (explanation,) = explainer.explain(["good film " * 10_000])
    assert len(explanation.words) == 500
    assert sum(bag.calls) < 1_100


def test_a_model_that_reads_everything_gets_shared_scores():
    explainer, bag = open_explainer(max_tokens=100_000)
    (explanation,) = explainer.explain(["good film " * 10_000])
    assert len(explanation.words) == 1_000
    assert sum(bag.calls) < 2_100
    assert explanation.words[0].text == "good film " * 9 + "good film"
    assert "".join(piece.text for piece in lay_out(explanation)) == explanation.text


def test_a_flip_is_what_the_model_says_about_the_rest():
    explainer, bag = open_explainer()
    text = "The film was good, <i>not</i> dull and not bad."
    (explanation,) = explainer.explain([text])
    flip = explainer.find_flip(explanation, threshold=0.5).flip
    assert explanation.prediction.label == "neg"
    assert [part.text for part in flip.removed] == ["bad"]
    assert flip.text == "The film was good, <i>not</i> dull and not ."
    assert flip.prediction == bag.predict([flip.text])[0]
    assert flip.prediction.label == "pos"


def test_sentences_flip_where_only_sentences_were_asked_for():
    explainer, _ = open_explainer()
    (explanation,) = explainer.explain(["Good film. Bad and dull. The end."], by="sentence")
    flip = explainer.find_flip(explanation, threshold=0.5).flip
    assert [part.text for part in flip.removed] == ["Bad and dull."]
    assert flip.text.split() == ["Good", "film.", "The", "end."]


def test_a_flip_that_the_model_does_not_confirm_is_not_told():
    """What was cut moves in where words are left out: here it says the same as they did."""
    explainer, bag = open_explainer(max_tokens=3, keep="tail")
    (explanation,) = explainer.explain(["bad " * 50 + "bad good good"])
    assert explanation.prediction.label == "pos"
    # Both "good" out would flip what was read, and the whole text too; one alone flips.
    flip = explainer.find_flip(explanation, threshold=0.5).flip
    assert bag.predict([flip.text])[0].label == "neg"
    (stubborn,) = explainer.explain(["good " * 50 + "bad good good"])
    spans, support = share_parts(3), [word.score for word in stubborn.words]
    ids = bag.encoder.vocabulary.encode(["bad", "good", "good"])
    assert list(find_flips(bag.score, ids, spans, support, threshold=0.5))
    assert explainer.find_flip(stubborn, threshold=0.5).flip is None


def test_what_is_left_out_does_not_join_its_neighbours():
    text = "good.bad"
    for start, end in ((0, 4), (4, 5), (5, 8)):
        part = Attribution(text[start:end], start, end, 0.0)
        rest = [token for token in tokenize(text) if token != part.text]
        assert tokenize(remove_parts(text, [part])) == rest


@given(st.text(alphabet=st.sampled_from("gobad <br/>&amp;…½'.!İ\u0301\n"), max_size=40))
def test_the_layout_of_any_text_is_the_text(text):
    (explanation,) = open_explainer()[0].explain([text])
    assert "".join(piece.text for piece in lay_out(explanation)) == text
    for word, following in itertools.pairwise(explanation.words):
        assert word.start <= following.start
        assert text[word.start : word.end] == word.text


def test_bad_input_is_refused():
    explainer, _ = open_explainer()
    assert explainer.explain([]) == []
    with pytest.raises(UsageError, match=r"\["):
        explainer.explain("a good film")
    with pytest.raises(DataError, match="1"):
        explainer.explain(["good", None])
    with pytest.raises(UsageError, match="letter"):
        explainer.explain(["good"], by="letter")
