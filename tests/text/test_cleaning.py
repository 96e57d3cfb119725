import html
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelfeel.text.cleaning import MAX_ROUNDS, clean, clean_with_offsets

any_text = st.text(st.characters(exclude_categories=()))
# Pieces that together become entities, tags or accents only after another step has run.
_PIECES = r"""
    & amp; &amp; &amp;lt; lt; gt; &#x3C; &#60; x3C; #x26; &#38; # ; < > / br b a p i !-- --> -
    <br <b </b> <!-- &#xff1c; &#8203; &shy; &#1; &#0; &#128; &#xD800; &num; &semi; &#776; ` ' e
"""
_ODD_CHARACTERS = (
    " \n\x00\x08\x1c\x85\x96\xa0\u3000\u200b\xad\u0301\u0323\u0338\u0344\u212b\u1100\u1161\u11a8"
    "\u09c7\u09be\ud83d\ude00\U0001f600\uff1c\uff1e\uff06\uff21\uff40\u1fef\u037e\u00b4\u0374\ufb03\u212a\u226e"
)
nasty_pieces = st.sampled_from([*_PIECES.split(), "  ", *_ODD_CHARACTERS])
nasty_text = st.lists(nasty_pieces, max_size=25).map("".join)


@settings(max_examples=500)
@given(any_text | nasty_text)
def test_cleaning_a_clean_text_changes_nothing(text):
    assert clean(clean(text)) == clean(text)


@settings(max_examples=500)
@given(any_text | nasty_text)
def test_offsets_belong_to_the_same_clean_text(text):
    assert clean_with_offsets(text).text == clean(text)


@given(any_text | nasty_text)
def test_spans_lie_inside_the_text_and_never_go_back(text):
    traced = clean_with_offsets(text)
    assert len(traced.starts) == len(traced.ends) == len(traced.text)
    assert list(traced.starts) == sorted(traced.starts)
    assert list(traced.ends) == sorted(traced.ends)
    for start, end in zip(traced.starts, traced.ends, strict=True):
        assert 0 <= start < end <= len(text)


@given(any_text | nasty_text)
def test_a_character_whose_span_is_one_letter_is_that_letter(text):
    traced = clean_with_offsets(text)
    for character, start, end in zip(traced.text, traced.starts, traced.ends, strict=True):
        if end - start == 1 and text[start].isalnum() and text[start].isascii():
            assert character == text[start]


@given(any_text | nasty_text)
def test_a_clean_text_has_no_control_characters_and_no_stray_spaces(text):
    cleaned = clean(text)
    assert not {unicodedata.category(c) for c in cleaned} & {"Cc", "Cs", "Zl", "Zp"}
    assert all(c == " " for c in cleaned if c.isspace())
    assert "  " not in cleaned
    assert cleaned == cleaned.strip()
    assert unicodedata.is_normalized("NFC", cleaned)


@given(st.text(st.characters(codec="ascii", exclude_characters="&<`", min_codepoint=32)))
def test_plain_text_loses_only_spaces(text):
    assert clean(text.replace("\x7f", "")) == " ".join(text.replace("\x7f", "").split())


def test_every_character_of_unicode_is_cleaned_once_and_for_all():
    every = list(map(chr, range(0x110000)))
    for text in (" ".join(every), "a".join(every)):
        cleaned = clean(text)
        assert clean(cleaned) == cleaned


@given(st.text(st.characters(codec="ascii", min_codepoint=33, exclude_characters="`\x7f")))
def test_what_the_standard_library_escapes_comes_back_once_and_twice(text):
    once = clean(html.escape(text))
    assert once == clean(text)
    assert clean(html.escape(html.escape(text))) == once


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Good.<br /><br />Bad.", "Good. Bad."),
        ("a<BR>b<br/>c<Br\n/>d</br>e", "a b c d e"),
        ("<a href=\"x\">see</a> <!-- no --> <p class='y'>it</p>", "see it"),
        ("a <!-- x - y -- z --> b --> <!-- <b>c</b> --> d <!-- e", "a b --> d <!-- e"),
        ("&lt;br /&gt;so", "so"),
        ("&amp;lt;br&amp;gt;so", "so"),
        ("\uff1cbr\uff1eso", "so"),
        ("&amp;quot;fine&amp;quot;", '"fine"'),
        ("I <3 it, <sarcasm>really</sarcasm> <sigh>", "I <3 it, <sarcasm>really</sarcasm> <sigh>"),
        ("a < b and c > d, R&B, AT&T &c", "a < b and c > d, R&B, AT&T &c"),
        ("x <bra> y <basic> z", "x <bra> y <basic> z"),
        ("don\u2019t don\u00b4t don`t don\x92t don&#8217;t don&rsquo;t", "don't " * 5 + "don't"),
        ("\u201cgood\u201d \x93bad\x94 \u2013 so \x97 so\u2026", '"good" "bad" - so - so...'),
        ("3\u00bd stars, \u2122", "3\u00bd stars, \u2122"),
        ("\uff21\u0301 \uff1c\u0338", "\u00c1 \u226e"),
        ("cafe\u0301 caf\u00e9", "caf\u00e9 caf\u00e9"),
        ("un\u00adbeliev\u200bable\ufeff", "unbelievable"),
        ("a\x00b\tc\r\nd\u00a0e\u3000f", "a b c d e f"),
        ("\ud800 and \udc00", "\ufffd and \ufffd"),
        ("", ""),
        (" \n<br /> &nbsp; ", ""),
    ],
)
def test_examples_are_cleaned_as_a_reader_would(raw, cleaned):
    assert clean(raw) == cleaned


def test_spans_point_at_what_the_writer_typed():
    text = "<b>A</b> &amp;amp; caf" + "e\u0301!"
    traced = clean_with_offsets(text)
    spans = [text[a:b] for a, b in zip(traced.starts, traced.ends, strict=True)]
    assert traced.text == "A & caf\u00e9!"
    assert spans == ["A", "</b> ", "&amp;amp;", " ", "c", "a", "f", "e\u0301", "!"]


def test_an_accent_does_not_blur_the_place_of_other_letters():
    text = "\u043c\u043e\u0438\u0306 \u0444\u0438\u043b\u044c\u043c"
    traced = clean_with_offsets(text)
    assert traced.text == unicodedata.normalize("NFC", text)
    assert [text[a:b] for a, b in zip(traced.starts, traced.ends, strict=True)][:4] == [
        "\u043c",
        "\u043e",
        "\u0438\u0306",
        " ",
    ]


def test_escaping_without_end_is_given_up_and_stays_given_up():
    text = "&" + "amp;" * (MAX_ROUNDS + 3) + "lt;br&gt;"
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert cleaned == "& amp;amp;amp;lt;br>"


MEGABYTES_OF = (
    r"< & <b <!-- &amp; &#x26; ` <br> <!--- &aaaaaaaaaa &amp;amp;amp;amp;amp;amp;amp;lt;b>"
)


@pytest.mark.parametrize(
    "unit", [*MEGABYTES_OF.split(), " ", "<b ", "  a", "\x00", "\u0301", "\u0301\u0323", "a\u0301"]
)
def test_a_megabyte_of_anything_is_cleaned_in_linear_time(unit):
    text = unit * (1_000_000 // len(unit))
    started = time.process_time()
    clean(text)
    # 0.4 s at most where this was written; a quadratic step takes minutes.
    assert time.process_time() - started < 3
