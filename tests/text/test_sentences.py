"""Where sentences end, on texts written for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelfeel.data.sets.mini import load_mini
from reelfeel.text.sentences import group_by_sentence, split_sentences
from reelfeel.text.tokenizer import tokenize_with_offsets

REVIEW = (
    "I didn't expect much. But the acting was wonderful, really wonderful!<br /><br />"
    'Mr. Smith (who plays the "father") deserves every prize... and more &quot;so&quot;. See it!'
)


def test_sentences_end_where_a_reader_sees_the_end():
    assert split_sentences(REVIEW) == [
        "I didn't expect much.",
        "But the acting was wonderful, really wonderful!",
        'Mr. Smith (who plays the "father") deserves every prize... and more &quot;so&quot;.',
        "See it!",
    ]
    assert split_sentences("It is dull.The end is not.No?Yes") == [
        "It is dull.", "The end is not.", "No?Yes",
    ]  # fmt: skip
    assert split_sentences("Made in the U.S. by J. Doe! I left.") == [
        "Made in the U.S. by J. Doe!", "I left.",
    ]  # fmt: skip
    assert split_sentences("(What a film!) He said \"No!\" Fine") == [
        "(What a film!)", 'He said "No!"', "Fine",
    ]  # fmt: skip
    assert split_sentences("no marks at all") == ["no marks at all"]
    assert split_sentences("So did I. Then it ended.") == ["So did I.", "Then it ended."]
    assert split_sentences(" <br /> \n\n ") == []


PIECES = st.sampled_from(["A film.", "so", "No!", "U.S.", "Mr.", "wait...", "(Why?)", "<i>x</i>"])
GAPS = st.sampled_from([" ", "  ", "", "\n\n", "<br />", "<br/><BR>", " <p> "])


@given(st.lists(st.tuples(PIECES, GAPS), max_size=12))
def test_splitting_loses_and_repeats_nothing_but_layout(parts):
    sentences = split_sentences("".join(piece + gap for piece, gap in parts))
    kept = "".join("".join(sentences).split())
    assert kept == "".join("".join(piece.split()) for piece, _ in parts)
    assert all(sentence and sentence == sentence.strip() for sentence in sentences)


def sentences(text, **options):
    tokens = tokenize_with_offsets(text)
    return [
        text[tokens[a].start : tokens[b - 1].end]
        for a, b in group_by_sentence(text, tokens, **options)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("one", ["one"]),
        ("Good. Bad", ["Good.", "Bad"]),
        ("I liked it. The plot was fine.", ["I liked it.", "The plot was fine."]),
        # A mark before a small letter may be an abbreviation, or three dots.
        ("i liked it. the plot was fine.", ["i liked it. the plot was fine."]),
        ("Really?! Yes!!!! No...", ["Really?!", "Yes!!!!", "No..."]),
        ('He said "Run!" Then she ran.', ['He said "Run!"', "Then she ran."]),
        ("Dr. No and J. Smith vs. M. It rains.", ["Dr. No and J. Smith vs. M. It rains."]),
        ("Better than I. The end.", ["Better than I.", "The end."]),
        ("Well... it is. Well... It is.", ["Well... it is.", "Well...", "It is."]),
        ("Line one<br /><br />line two", ["Line one", "line two"]),
        ("Line one\n\nline two\nstill two", ["Line one", "line two\nstill two"]),
        ("Bad.Really.", ["Bad.", "Really."]),
        ("It got 7.5/10. Fine", ["It got 7.5/10.", "Fine"]),
        (". . .", [".", ".", "."]),
    ],
)
def test_tokens_are_grouped_where_a_reader_says(text, expected):
    assert sentences(text) == expected


def test_a_cut_ends_a_sentence():
    assert sentences("one two three", cut_at=2) == ["one two", "three"]


@given(st.text(max_size=60))
def test_sentences_cover_all_tokens_once(text):
    tokens = tokenize_with_offsets(text)
    spans = group_by_sentence(text, tokens)
    assert [place for a, b in spans for place in range(a, b)] == list(range(len(tokens)))
    assert all(a < b for a, b in spans)


def test_explanations_and_damaged_texts_divide_every_review_alike():
    for text in load_mini("all").texts:
        tokens = tokenize_with_offsets(text)
        groups = [
            [token.text for token in tokens[first:last]]
            for first, last in group_by_sentence(text, tokens)
        ]
        alone = [
            [token.text for token in tokenize_with_offsets(one)] for one in split_sentences(text)
        ]
        assert groups == [one for one in alone if one]
