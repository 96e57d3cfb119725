"""Where sentences end, on texts written for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelfeel.explanation.sentences import split_sentences
from reelfeel.text.tokenizer import tokenize_with_offsets


def sentences(text, **options):
    tokens = tokenize_with_offsets(text)
    return [
        text[tokens[a].start : tokens[b - 1].end]
        for a, b in split_sentences(text, tokens, **options)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("one", ["one"]),
        ("Good. Bad", ["Good.", "Bad"]),
        ("i liked it. the plot was fine.", ["i liked it.", "the plot was fine."]),
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
def test_sentences_end_where_a_reader_says(text, expected):
    assert sentences(text) == expected


def test_a_cut_ends_a_sentence():
    assert sentences("one two three", cut_at=2) == ["one two", "three"]


@given(st.text(max_size=60))
def test_sentences_cover_all_tokens_once(text):
    tokens = tokenize_with_offsets(text)
    spans = split_sentences(text, tokens)
    assert [place for a, b in spans for place in range(a, b)] == list(range(len(tokens)))
    assert all(a < b for a, b in spans)
