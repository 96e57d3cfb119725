"""Texts damaged and cut short."""

import difflib
import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelfeel.data.sets.mini import load_mini
from reelfeel.robustness.perturbations import (
    PERTURBATIONS,
    add_breaks,
    add_typos,
    first_sentence,
    first_words,
    has_word,
    last_sentence,
    perturb_texts,
    remove_apostrophes,
    remove_punctuation,
    seeded,
    stretch_vowels,
)
from reelfeel.text.cleaning import clean

REVIEW = (
    "I didn't expect much. But the acting was wonderful, really wonderful!<br /><br />"
    'Mr. Smith (who plays the "father") deserves every prize... and more &quot;so&quot;. See it!'
)
SEEDED = ("one typo", "three typos", "ten typos", "repeated letters", "white space")


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_no_text_is_refused_and_the_empty_text_stays_empty(name):
    texts = ["", "  ", "<br /><br />", "...", "a", "😀", "\ud800", "10/10", REVIEW]
    changed = perturb_texts(texts, name, seed=0)
    assert len(changed) == len(texts)
    assert changed[0] == ""


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_damage_follows_from_seed_and_text_alone(name):
    texts = load_mini("train").texts
    together = perturb_texts(texts, name, seed=1)
    alone = [perturb_texts([text], name, seed=1)[0] for text in texts]
    assert together == alone
    others = perturb_texts(texts, name, seed=2)
    assert (together != others) == (name in SEEDED)


@pytest.mark.parametrize(
    ("name", "count"), [("one typo", 1), ("three typos", 3), ("ten typos", 10)]
)
def test_typos_change_so_many_long_words_and_only_their_inside(name, count):
    words = "seldom has anybody told stories which follow such gentle people around without rest"
    for seed in range(50):
        [typed] = perturb_texts([words], name, seed=seed)
        pairs = list(zip(words.split(), typed.split(), strict=True))
        changed = [(before, after) for before, after in pairs if before != after]
        assert len(changed) == count
        for before, after in changed:
            assert len(before) >= 4
            assert (before[0], before[-1]) == (after[0], after[-1])
            assert abs(len(before) - len(after)) <= 1
            # One slip: all letters but one stand in the order they had.
            blocks = difflib.SequenceMatcher(None, before, after, autojunk=False)
            assert sum(block.size for block in blocks.get_matching_blocks()) >= len(before) - 1


def test_texts_of_one_shape_are_damaged_in_different_places():
    tail = "seldom has anybody told such gentle stories"
    typed = perturb_texts([f"{letter} {tail}" for letter in "abcdefgh"], "one typo", seed=0)
    assert len({text[2:] for text in typed}) > 4


def test_all_four_kinds_of_typos_occur_about_equally_often():
    kinds = {"swapped": 0, "dropped": 0, "doubled": 0, "other key": 0}
    for seed in range(2000):
        typed = add_typos("planet", seeded(seed), 1)
        if len(typed) == 6:
            kinds["swapped" if sorted(typed) == sorted("planet") else "other key"] += 1
        else:
            kinds["dropped" if len(typed) == 5 else "doubled"] += 1
    assert all(400 < count < 600 for count in kinds.values()), kinds


@given(st.from_regex(r"[A-Za-z]{4,12}", fullmatch=True), st.integers(0, 10**6))
def test_a_typo_is_never_none(word, seed):
    assert add_typos(word, Random(seed), 1) != word


def test_markup_entities_and_short_words_are_not_mistyped():
    for seed in range(30):
        typed = add_typos("<blockquote>it was so</blockquote> &quot;odd&quot; to me", seeded(seed))
        assert typed == "<blockquote>it was so</blockquote> &quot;odd&quot; to me"


def test_vowels_are_stretched_in_place():
    for seed in range(30):
        stretched = stretch_vowels("so good a film", seeded(seed), count=2)
        assert re.sub(r"([aeiou])\1{2,4}", r"\1", stretched).replace("oo", "o") == "so god a film"
        assert len(re.findall(r"([aeiou])\1{2,}", stretched)) == 2


def test_first_and_last_sentence_pass_over_exclamations_and_ratings():
    text = "Wow! What a film this is. I could go on. It has all that I like. 9/10"
    assert first_sentence(text) == "What a film this is."
    assert last_sentence(text) == "It has all that I like."
    assert first_sentence("Avoid!") == last_sentence("Avoid!") == "Avoid!"


def test_first_words_are_at_most_twelve():
    assert first_words("one two<br />three", 12) == "one two three"
    assert len(perturb_texts([REVIEW], "first 12 words", seed=0)[0].split()) == 12


def test_without_marks_the_words_are_the_same():
    plain = remove_punctuation(REVIEW)
    assert plain.startswith("I didn't expect much But the acting was wonderful really wonderful Mr")
    assert not set(plain) & set('.,!?"()<>&;')
    assert re.findall(r"[A-Za-z]+", plain) == re.findall(r"[A-Za-z]+", clean(REVIEW))
    assert remove_apostrophes("didn't can\u2019t 'so' dogs'") == "didnt cant 'so' dogs'"


def test_layout_is_no_damage_to_a_reader_who_cleans():
    [scattered] = perturb_texts([REVIEW], "white space", seed=0)
    assert clean(scattered) == clean(REVIEW)
    assert clean(add_breaks(REVIEW)) == clean(REVIEW)


def test_upper_case_leaves_entities_readable():
    [shouted] = perturb_texts(["Caf&eacute; &amp; bar <br />ok"], "upper case", seed=0)
    assert shouted == "CAF&eacute; &amp; BAR <BR />OK"
    assert clean(shouted) == "CAF\u00e9 & BAR OK"


def test_a_word_is_a_letter_outside_markup():
    assert [has_word(text) for text in ("", "<br />", "9/10 !", "<3", "<p>x")] == [
        False, False, False, False, True,
    ]  # fmt: skip
