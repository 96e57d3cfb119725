"""The compiled text engine and the Python reference read every text alike."""
# ruff: noqa: RUF001

import os
import sys
import time
import unicodedata
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reelfeel.data.sets.imdb import load_imdb
from reelfeel.native.library import load_library
from reelfeel.text.bulk import BulkCounter, BulkEncoder, can_read
from reelfeel.text.characters import describe_page, pages_of
from reelfeel.text.cleaning_steps import TAG_NAMES
from reelfeel.text.encoder import ends_kept
from reelfeel.text.reference import ReferenceEncoder
from reelfeel.text.tokenizer import TextSettings, tokenize
from reelfeel.text.vocabulary import Vocabulary

pytestmark = pytest.mark.skipif(load_library() is None, reason="the library is not compiled")

VOCABULARY = Vocabulary(
    ("good", "bad", "film", "!", "don't", "8/10", "...", "é", "straße", "σ", ":)", "i", "'", "br")
)
# What the rules are about, whole and in pieces, so that their borders meet.
WRITTEN = """
    Good bad FILM don't rock'n'roll '' ' ` 8/10 7.5/10 1,000 1. .5 10/ / 3d ! ?! !!!! ... ..... ****
    ****** -- --- - :) :-( ;- =) ( : < > <br <BR> </p> <3 <b <i <sarcasm> <br/>x </ <!-- --> <! &
    <!DOCTYPE &amp; &lt; &gt; &quot; &LT; &eacute; &#39; &#x27; &#0; &#128; &#8217; &#xe9; &# &A; ;
    &#99999999; &#; &amp &nbsp; &apos; lt; amp; #39; &#32; &#60; br&gt; &x1; AT&T é É ß ẞ İ ı Σ ς ſ
    ﬁ ﬃ … ’ “ ” – （ ！ ＜ Ａ ＆ 😀 👍🏽 ❤️ 🇬🇧 ★ ½ 中文 한국어 ᄒ ᅡ ᆫ क्षि שלום ة ไทย Ⱥ Ω Ǆ ÿ µ ª Ѐ ა Ა
    https://a.b/c?d=e&f=g#h a@b.co
"""
INVISIBLE = (
    *(" ", "  ", "\n", "\t", "\x00", "\x7f", "\x85", "\x96", "\xa0", "\u3000", "<br />", "< b>"),
    *("<b x='1'>", "<!-- a -->", "e\u0301", "\u0301", "\u212a", "\u212b", "\u00ad", "\u200b"),
    *("\ufeff", "\ufe0f", "\u1160", "\ud800", "\udfff", "\U0001d400", "\U000e0067", "\U0010ffff"),
    *("\u0378", "\ufffd", "x" * 50),
)
PIECES = (*WRITTEN.split(), *INVISIBLE)
any_character = st.characters(exclude_categories=())
texts = st.lists(
    st.text(any_character)
    | st.lists(st.sampled_from(PIECES) | any_character, max_size=30).map("".join)
    | st.text(st.sampled_from("<>&;#/!-' aB1.:)\x85é"), max_size=40),
    min_size=1,
    max_size=8,
)
choices = st.builds(
    TextSettings,
    lowercase=st.booleans(),
    max_tokens=st.integers(1, 40),
    keep=st.sampled_from(["head", "tail", "head_tail"]),
)


def open_encoders(choice, vocabulary=VOCABULARY):
    ends = ends_kept(choice)
    reference = ReferenceEncoder(vocabulary, choice, *ends)
    return BulkEncoder(vocabulary, choice, ends, reference), reference


def assert_alike(found, expected):
    for name in ("ids", "num_tokens", "lengths", "num_unknown"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)


@settings(max_examples=600, deadline=None)
@example([""], TextSettings())
@example(["<br><!-- <br> -->x", "&lt;br&gt;", "&amp;" * 3 + "lt;br&gt;"], TextSettings())
@example(["&" + "amp;" * 8 + "lt;b>"], TextSettings())
@given(texts, choices)
def test_any_text_has_the_ids_of_the_reference(texts, choice):
    bulk, reference = open_encoders(choice)
    assert_alike(bulk.encode(texts, 1), reference.encode(texts))


@settings(max_examples=200, deadline=None)
@given(texts, st.booleans())
def test_any_text_has_the_token_counts_of_the_reference(texts, lowercase):
    choice = TextSettings(lowercase=lowercase)
    counter = BulkCounter(choice)
    tokens = [tokenize(text, choice) for text in texts]
    assert counter.add(texts, 2).tolist() == [len(found) for found in tokens]
    assert counter.counts() == Counter(token for found in tokens for token in found)


def every_character():
    return [chr(code) for code in range(sys.maxunicode + 1)]


def check_characters(characters):
    bulk, reference = open_encoders(TextSettings(), Vocabulary((*"abcdefghi", "aéb", "'")))
    for pattern in ("a{}b", "{}", "A {}{} 1{}2", "e{}"):
        texts = [pattern.replace("{}", character) for character in characters]
        assert_alike(bulk.encode(texts, 1), reference.encode(texts))


def test_frequent_characters_are_read_as_the_reference_reads_them():
    codes = (
        *range(0x600),
        *range(0x1E00, 0x2700),
        *range(0xFF00, 0x10000),
        *range(0x1F5F0, 0x1F660),
    )
    check_characters([chr(code) for code in codes])


@pytest.mark.slow
def test_every_character_is_read_as_the_reference_reads_it():
    characters = every_character()
    for start in range(0, len(characters), 10_000):
        check_characters(characters[start : start + 10_000])


def test_no_character_that_is_settled_composes_with_another():
    seconds = set()
    for character in every_character():
        parts = unicodedata.normalize("NFD", character)
        if len(parts) > 1 and unicodedata.normalize("NFC", parts) == character:
            seconds |= set(parts[1:])
    assert len(seconds) > 100
    for character in seconds:
        code = ord(character)
        assert describe_page(code // 256)[code % 256] >> 24 == 0, hex(code)


@pytest.mark.parametrize("name", TAG_NAMES.split("|"))
def test_every_tag_is_removed_as_the_reference_removes_it(name):
    bulk, reference = open_encoders(TextSettings(), Vocabulary(tuple({"a", "b", name})))
    texts = [
        f"a<{name}>b", f"a</{name.upper()} >b", f"a<{name} {'x' * 1000}>b",
        f"a<{name} {'x' * 1001}>b", f"a<{name}/{'é' * 1000}>b", f"a<{name}z>b", f"a<{name}é>b",
    ]  # fmt: skip
    assert_alike(bulk.encode(texts, 1), reference.encode(texts))


COMMENTS = (
    *("a<!-- b -->c", "<!---->", "<!-->x", "<!--->x", "<!--->-->", "<!-- - -- --- -->x"),
    *("<!--x--->y", "<!-- < -->", "<!-- > -->", "<!-- \n é\u3000 -->", "<!- a -->", "<!ENTITY a>"),
    *("<!doctype html>a", "<!DOCTYPE>a", "<!DocType\thtml>", "<!doctypehtml >", "<! doctype a>"),
    *(f"<!doctype {'x' * 991}>a", f"<!doctype{'é' * 1000}>a", f"<!doctype{'é' * 1001}>a"),
    *("<!", "<!-", "<!--", "<!-- a", "<!-- a --", "<!>", "<!x>", "a<!b -->", "</!-->"),
    *("&lt;!-- a --&gt;b", "<!-- a -->-->", "<!--<!-- a -->b", "<!doctype<!doctype a>b"),
    "<!-- a --> <br> <!-- b -->c",
)  # fmt: skip
HALVES = (
    "\ud800",
    "a\udfff b",
    "\ud83d\ude00",
    "go\udc80od",
    "\ud800" * 40,
    "<b\ud800>",
    "\udc00<br>",
)


@pytest.mark.parametrize("text", [*COMMENTS, *HALVES])
def test_comments_and_half_characters_are_read_in_compiled_code(text, monkeypatch):
    bulk, reference = open_encoders(TextSettings())
    expected = reference.encode([text, f"good {text} bad"])
    monkeypatch.setattr(ReferenceEncoder, "encode", None)
    assert_alike(bulk.encode([text, f"good {text} bad"], 1), expected)


@pytest.mark.parametrize("piece", ["<!--", "<!doctype", "<!", "<!-- -", "<!--->", "-->", "\ud800<"])
def test_a_megabyte_of_comments_is_read_in_linear_time(piece):
    bulk, _ = open_encoders(TextSettings())
    start = time.perf_counter()
    bulk.encode([piece * (1_000_000 // len(piece))], 1)
    # 0.1 s where this was written; quadratic time is minutes.
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("num_threads", [1, 2, 7])
def test_the_number_of_threads_changes_nothing(num_threads):
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(PIECES, rng.integers(0, 60))) for _ in range(700)]
    bulk, reference = open_encoders(TextSettings(max_tokens=9, keep="head_tail"))
    assert_alike(bulk.encode(texts, num_threads), reference.encode(texts))
    counter = BulkCounter(TextSettings())
    counter.add(texts, num_threads)
    assert counter.counts() == Counter(token for text in texts for token in tokenize(text))


def test_threads_of_python_may_share_an_encoder():
    rng = np.random.default_rng(1)
    parts = [["".join(rng.choice(PIECES, 40)) for _ in range(300)] for _ in range(8)]
    bulk, reference = open_encoders(TextSettings())
    with ThreadPoolExecutor(4) as pool:
        for found, part in zip(pool.map(lambda p: bulk.encode(p, 2), parts), parts, strict=True):
            assert_alike(found, reference.encode(part))


def test_settled_texts_never_meet_the_reference(monkeypatch):
    bulk, reference = open_encoders(TextSettings())
    texts = [
        "Plain.", "A<br /><br />b", "caf\xe9 \x96 \x85", "don\u2019t \u2026", "\U0001f600",
        "&quot;x&quot; &#39; &lt;3", "\u4e2d\u6587", "\xa3 1/2 \u2605", "a\n\n\tb\x00c",
    ]  # fmt: skip
    expected = reference.encode(texts)
    monkeypatch.setattr(bulk, "_reference", None)
    assert_alike(bulk.encode(texts, 1), expected)


@pytest.mark.parametrize(
    ("choice", "vocabulary"),
    [
        (TextSettings(True, "[^ ]+"), VOCABULARY),
        (TextSettings(), Vocabulary(("a\nb",))),
    ],
)
def test_what_the_engine_does_not_know_is_left_to_the_reference(choice, vocabulary):
    assert can_read(VOCABULARY, TextSettings())
    assert not can_read(vocabulary, choice)


def test_a_large_vocabulary_has_the_ids_of_the_reference():
    words = tuple(f"w{number}" for number in range(70_000))
    bulk, reference = open_encoders(TextSettings(max_tokens=100_000), Vocabulary(words))
    texts = [" ".join(words[::-1]), " ".join(word + "x" for word in words)]
    assert_alike(bulk.encode(texts, 1), reference.encode(texts))


def test_the_pages_of_a_text_are_those_of_its_characters():
    assert pages_of("") == set()
    assert pages_of("a\u2019\U0001f600") == {0, 0x20, 0x1F6}


@pytest.mark.skipif("REELFEEL_IMDB" not in os.environ, reason="needs a copy of IMDB")
def test_real_reviews_have_the_ids_of_the_reference():
    reviews = load_imdb("test").texts[::25]
    words = Counter(token for text in reviews for token in tokenize(text))
    bulk, reference = open_encoders(TextSettings(max_tokens=200), Vocabulary.build(words))
    assert_alike(bulk.encode(reviews, 2), reference.encode(reviews))
    counter = BulkCounter(TextSettings())
    counter.add(reviews, 2)
    assert counter.counts() == words
