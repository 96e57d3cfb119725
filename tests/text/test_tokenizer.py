import json
import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelfeel.errors import BundleError, UsageError
from reelfeel.text.cleaning import clean
from reelfeel.text.tokenizer import (
    LETTERS,
    TOKEN_PATTERN,
    TOKENIZER_VERSION,
    TextSettings,
    lower,
    tokenize,
    tokenize_with_offsets,
)

any_text = st.text(st.characters(exclude_categories=()))
review_like = st.text(
    st.sampled_from("aBéİΣς1290'’.,!?-*/():;= \n<>&\u0301\u0307\u00ad\U0001f600中한")  # noqa: RUF001
)


@settings(max_examples=500)
@given(any_text | review_like)
def test_tokens_with_offsets_are_the_tokens(text):
    assert [token.text for token in tokenize_with_offsets(text)] == tokenize(text)


@given(any_text | review_like)
def test_tokens_stand_in_order_inside_the_text(text):
    end = 0
    for token in tokenize_with_offsets(text):
        assert 0 <= token.start < token.end <= len(text)
        # One character can become several tokens: an ellipsis after a full stop, for one.
        assert token.end >= end
        end = token.end


@given(st.text(st.characters(codec="ascii", exclude_characters="&<`", min_codepoint=32)))
def test_offsets_of_plain_text_cut_out_the_token_itself(text):
    for token in tokenize_with_offsets(text):
        assert text[token.start : token.end].lower() == token.text


@given(any_text | review_like)
def test_nothing_but_spaces_falls_between_the_tokens(text):
    tokens = tokenize(text, TextSettings(lowercase=False))
    assert "".join(tokens) == clean(text).replace(" ", "")


@given(any_text | review_like)
def test_a_cleaned_text_has_the_same_tokens(text):
    assert tokenize(clean(text)) == tokenize(text)


@settings(max_examples=300)
@given(any_text | review_like)
def test_another_regular_expression_engine_finds_the_same_tokens(text):
    cleaned = clean(text)
    by_polars = pl.Series([cleaned]).str.extract_all(TOKEN_PATTERN).to_list()[0]
    assert by_polars == tokenize(cleaned, TextSettings(lowercase=False))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I don't, it's rock'n'roll.", "i|don't|,|it's|rock'n'roll|."),
        ("don\u2019t don\x92t don&#39;t", "don't|don't|don't"),
        ("8/10 7.5/10 10 / 10, 1,000 1.5 80s", "8/10|7.5/10|10|/|10|,|1,000|1.5|80s"),
        ("No!!!!! What?! Well.... *** -- so-so", "no|!!!|!!|what|?!|well|...|.|***|--|so|-|so"),
        (":) :-( ;) (good) <3", ":)|:-(|;)|(|good|)|<|3"),
        ("Good.<br /><br />Bad", "good|.|bad"),
        ("na\u00efve na\u0131f CAF\u00c9 cafe\u0301", "na\u00efve|na\u0131f|caf\u00e9|caf\u00e9"),
        ("\U0001f600\U0001f600 \u4e2d\u6587", "\U0001f600|\U0001f600|\u4e2d|\u6587"),
        ("\u0130stanbul", "istanbul"),
        ("'quoted' actors'", "'|quoted|'|actors|'"),
        ("a_b", "a|_|b"),
    ],
)
def test_examples_are_split_as_a_reader_would(text, tokens):
    assert tokenize(text) == tokens.split("|")


@pytest.mark.parametrize("text", ["", " ", "\n\t", "<br />", "\u200b", "&nbsp;"])
def test_a_text_with_nothing_to_read_has_no_tokens(text):
    assert tokenize(text) == tokenize_with_offsets(text) == []


def test_an_offset_spans_what_the_writer_typed():
    text = "<i>Caf</i>e <b>Cafe\u0301</b>&quot;OK&quot;\u2026"
    tokens = tokenize_with_offsets(text)
    assert [(token.text, text[token.start : token.end]) for token in tokens] == [
        ("caf", "Caf"),
        ("e", "e"),
        ("caf\u00e9", "Cafe\u0301"),
        ('"', "&quot;"),
        ("ok", "OK"),
        ('"', "&quot;"),
        ("...", "\u2026"),
    ]


def test_lowering_keeps_the_length_of_every_word():
    letters = re.findall(f"[{LETTERS}]", "".join(map(chr, range(0xD800))))
    assert len(letters) > 5_000
    for letter in letters:
        assert len(lower(letter)) == 1
        assert lower(lower(letter)) == lower(letter)
        if letter not in "\u0130\u03c2":
            assert lower(letter) == letter.lower()


def test_sigma_is_one_letter_wherever_it_stands():
    assert len({*tokenize("\u039f\u03a3 \u03bf\u03c3 \u03bf\u03c2")}) == 1


def test_case_can_be_kept():
    assert tokenize("GOOD", TextSettings(lowercase=False)) == ["GOOD"]


def test_settings_come_back_from_json():
    before = TextSettings(False, max_tokens=7, keep="head_tail")
    stored = json.loads(json.dumps(before.to_dict()))
    assert TextSettings.from_dict(stored) == before
    assert tokenize("ab CD", TextSettings.from_dict(stored)) == ["ab", "CD"]


def test_the_stored_settings_are_the_known_ones():
    # A new key or default is a new format: older models must load as they were trained.
    assert TOKENIZER_VERSION == 1
    stored = TextSettings().to_dict()
    assert stored.pop("token_pattern") == TOKEN_PATTERN
    assert stored == {"lowercase": True, "max_tokens": 500, "keep": "head", "format_version": 1}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"stemming": True}, "stemming"),
        ({"format_version": 2}, "format_version 2"),
        ({"max_tokens": 0}, "received 0"),
        ({"max_tokens": "500"}, "'500'"),
        ({"max_tokens": True}, "True"),
        ({"lowercase": 1}, "lowercase"),
        ({"keep": "middle"}, "middle"),
        ({"keep": ["head"]}, "head_tail"),
        ({"max_tokens": 10**6 + 1}, "at most 1000000"),
        ({"max_tokens": 2**63}, "at most 1000000"),
        ({"token_pattern": "("}, r"one token pattern .* received '\('"),
        # Would take for ever on a row of 40 letters.
        ({"token_pattern": "(?:a+)+$|[^ ]"}, "one token pattern"),
        ({"token_pattern": 3}, "received 3"),
    ],
)
def test_foreign_settings_are_refused_by_name(change, named):
    with pytest.raises(BundleError, match=named):
        TextSettings.from_dict(TextSettings().to_dict() | change)


@pytest.mark.parametrize("stored", [{}, [], None, "head", {"keep": "head"}])
def test_what_are_no_settings_is_refused(stored):
    with pytest.raises(BundleError, match="Expected the keys"):
        TextSettings.from_dict(stored)


@pytest.mark.parametrize(
    ("pattern", "named"),
    [("(", r"'\('"), ("(a)", "groups"), ("a*", "at least one"), (3, "3")],
)
def test_a_pattern_of_the_callers_that_cannot_be_used_is_refused(pattern, named):
    with pytest.raises(UsageError, match=named):
        TextSettings(token_pattern=pattern)


def test_wrong_settings_of_a_caller_are_a_usage_error():
    with pytest.raises(UsageError, match="max_tokens"):
        TextSettings(max_tokens=-1)
