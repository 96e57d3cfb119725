"""The exported rules of reading, and the reader beside them, against ReelFeel's own."""

import html
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reelfeel import exports
from reelfeel.exports.prose import write_prose
from reelfeel.exports.reading_rules import list_reading_rules
from reelfeel.exports.reelfeel_reader import Reader
from reelfeel.inference.classifier import load
from reelfeel.text.batching import pad_batch, round_timesteps
from reelfeel.text.cleaning import clean
from reelfeel.text.encoder import TextEncoder
from reelfeel.text.token_ids import TokenIds
from reelfeel.text.tokenizer import LETTERS, lower, tokenize

# What texts are made of: words, marks, tags, entities, and characters of every kind.
PIECES = (
    "good",
    "film",
    "GREAT",
    "don't",
    "rock'n'roll",
    "8/10",
    "7.5/10",
    "1,000",
    "1980s",
    "3d",
    " ",
    "  ",
    "\n",
    "\t",
    "\r\n",
    "<br />",
    "<br/><br />",
    "<BR>",
    "</p>",
    "<3",
    "<sarcasm>",
    "<!-- x -->",
    "<!doctype html>",
    "<a href='x'>",
    "<",
    ">",
    "&",
    "&amp;",
    "&lt;br&gt;",
    "&amp;lt;i&amp;gt;",
    "&quot;",
    "&nbsp;",
    "&hellip;",
    "&CounterClockwiseContourIntegral;",
    "&nosuch;",
    "&amp",
    "&#39;",
    "&#x27;",
    "&#150;",
    "&#0;",
    "&#xD800;",
    "&#1114112;",
    "&#9999999;",
    "&#xFFFF;",
    "&#11;",
    "R&B",
    "\u2019",
    "\u201cgreat\u201d",
    "\u2026",
    "\u2014",
    "\u00ad",
    "\u200b",
    "\u202e",
    "\ufeff",
    "\ufb01ne",
    "\uff21\uff22",
    "caf\u00e9",
    "cafe\u0301",
    "e" + "\u0301" * 40,
    "\u1112\u1161\u11ab",
    "\u0130stanbul",
    "\u03a3\u03c2",
    "\u6f22\u5b57",
    "\U0001f3ac",
    "\U0001f468\u200d\U0001f469",
    "\ud83c",
    "\udfac",
    "\x92",
    "\x85",
    "\xa0",
    "\u3000",
    "\u2028",
    ":-)",
    ";)",
    "!!!!",
    "?!",
    "....",
    "****",
    "---",
    "\u2022",
    "\u00bd",
    "\u2122",
    "\u0e01",
    "\u0627",
    "\u0915\u094d\u0937",
    "\x00",
)
SETTINGS = [("tail", 40), ("head", 25), ("head_tail", 31)]


def make_texts(count, seed):
    """Returns texts of our own, one in five of them of random characters."""
    rng = np.random.default_rng(seed)
    texts = ["", " ", "&amp;" * 20 + "lt;b&gt;", "&" + "amp;" * 12 + "lt;br&gt;"]
    while len(texts) < count:
        pieces = [PIECES[place] for place in rng.integers(0, len(PIECES), rng.integers(0, 60))]
        if rng.random() < 0.2:
            codes = rng.integers(0, 0x3000 if rng.random() < 0.8 else 0x110000, rng.integers(1, 30))
            pieces += [chr(code) for code in codes]
            rng.shuffle(pieces)
        texts.append((" " if rng.random() < 0.5 else "").join(pieces))
    return texts


@pytest.fixture(scope="module")
def rules(trained):
    return json.loads(json.dumps(list_reading_rules(load(trained, precision="float32"), "mine")))


def check_reading(rules, classifier, texts):
    for keep, most in SETTINGS:
        reader = Reader({**rules, "keep": keep, "max_tokens": most})
        settings = type(classifier.bundle.text_settings)(max_tokens=most, keep=keep)
        encoded = TextEncoder(classifier.bundle.vocabulary, settings).encode(texts)
        for text, ids in zip(texts, encoded.token_ids, strict=True):
            assert reader.read(text) == ids.tolist(), repr(text)
    for text in texts:
        assert reader.clean(text) == clean(text)
        assert reader.tokenize(text) == tokenize(text)


def test_the_reader_reads_as_we_do(rules, trained):
    check_reading(rules, load(trained), make_texts(600, seed=0))


@pytest.mark.slow
def test_the_reader_reads_ten_thousand_texts_as_we_do(rules, trained):
    check_reading(rules, load(trained), make_texts(10_000, seed=1))


def test_every_number_of_an_entity_is_read_as_html_has_it(rules):
    reader = Reader(rules)
    step = next(step for step in rules["uncovering_steps"] if step["name"] == "entities")
    rng = np.random.default_rng(0)
    odd = [
        *range(0x300),
        *range(0xD7F0, 0xE010),
        *range(0xFDC0, 0xFE00),
        *range(0x10FFF0, 0x110010),
    ]
    planes = [plane << 16 | last for plane in range(17) for last in range(0xFFF0, 0x10000)]
    for number in [*odd, *planes, *rng.integers(0, 0x110000, 2_000).tolist()]:
        assert reader._decode(step, f"&#{number};") == html.unescape(f"&#{number};"), number
        assert reader._decode(step, f"&#x{number:x};") == html.unescape(f"&#x{number:x};")


def test_lower_case_is_a_table_of_every_letter(rules):
    table = rules["lower_case"]
    for letter in filter(re.compile(f"[{LETTERS}]").match, map(chr, range(0x10000))):
        assert table.get(letter, letter) == lower(letter)


@pytest.mark.parametrize(
    ("masking", "fixed"), [(True, False), (True, True), (False, True), (False, False)]
)
def test_padding_is_that_of_serving(rules, masking, fixed):
    from reelfeel.config.sections import DataConfig

    data = DataConfig(max_tokens=70, fixed_timesteps=fixed)
    padding = {"reads_padding": not masking, "timesteps": 70 if fixed else None}
    reader = Reader({**rules, "max_tokens": 70, "padding": padding})
    for length in (1, 15, 16, 17, 69, 70):
        ids = [list(range(1, length + 1))]
        expected = pad_batch(TokenIds.of(ids), np.arange(1), data).tolist()
        width = length if masking and not fixed else len(expected[0])
        assert reader.pad(ids) == [row[:width] for row in expected]
        assert not masking or width in (length, 70)
        assert fixed or masking or width == round_timesteps(length, most=70)
    if not masking and not fixed:
        with pytest.raises(ValueError, match="one width at a time"):
            reader.pad([[1], [1] * 20])


def test_labels_follow_the_decision(rules):
    decision = {"threshold": 0.6, "abstain_lower": 0.5, "abstain_upper": 0.7}
    reader = Reader({**rules, "decision": decision})
    said = [reader.label(probability) for probability in (0.2, 0.5, 0.55, 0.65, 0.7, 0.9)]
    assert said == ["negative", "negative", "unsure", "unsure", "positive", "positive"]


def test_the_reader_needs_nothing_but_python(rules, tmp_path):
    path = tmp_path / "mine.reading.json"
    path.write_text(json.dumps(rules))
    reader = Path(exports.__file__).with_name("reelfeel_reader.py")
    # -I and -S: no packages, and nothing of this folder.
    command = [sys.executable, "-I", "-S", reader, path]
    checked = subprocess.run([*command, "--check"], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == f"{len(rules['examples'])} examples, 0 read otherwise\n"
    lines = subprocess.run(command, input=b"Good film!\n\n", capture_output=True, check=True).stdout
    expected = [Reader(rules).read(text) for text in ("Good film!", "")]
    assert [json.loads(line) for line in lines.splitlines()] == expected


def test_a_reading_of_another_format_is_refused(rules):
    with pytest.raises(ValueError, match="no reading rules"):
        Reader({**rules, "format_version": 2})


def test_the_words_name_every_step_and_number_of_the_data(rules):
    prose = write_prose(rules)
    steps = [*rules["plain_steps"], *rules["uncovering_steps"], rules["last_step"]]
    for name in [step["name"] for step in steps]:
        assert f"`{name}`" in prose
    for fact in ("token_pattern", "lower_case", f"{rules['max_tokens']:,} tokens", "mine.onnx"):
        assert fact in prose
