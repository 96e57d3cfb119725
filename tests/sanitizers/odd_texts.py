"""Texts, bytes and settings as nobody should hand them to the reader of texts."""

from __future__ import annotations

import ctypes
import random
from collections import Counter

import numpy as np

from reelfeel.errors import UsageError
from reelfeel.native.text import NativeTextEngine, NativeTokenCounter, pad_rows
from reelfeel.text.bulk import BulkCounter, BulkEncoder
from reelfeel.text.characters import describe_page
from reelfeel.text.encoder import ends_kept
from reelfeel.text.reference import ReferenceEncoder
from reelfeel.text.tokenizer import TextSettings, tokenize
from reelfeel.text.vocabulary import Vocabulary

TOKENS = ("good", "bad", "film", "!", "don't", "8/10", "...", "é", "straße", ":)", "i", "'", "br")
PIECES = (
    *("good", "Bad", "don't", "8/10", "7.5/10", "1,000", "''", "!?!", "....", "******", "--"),
    *("<br />", "</p>", "<b x='", "<", ">", "<3", "<!--", "-->", "<!DOCTYPE", "&", "&amp;"),
    *("&#x27;", "&#0;", "&#99999999;", "&eacute;", "&#60;br&#62;", "&" + "amp;" * 7, ";", "#"),
    *("\x00", "\x85", "\xa0", "\u00ad", "\u0301", "e\u0301\u0323", "\u1100\u1161", "\ud800"),
    *("\udfff", "\ufb03", "\u2026", "\ufeff", "\U0001f600", "\U0001d400", "\U0010ffff", "İ"),
    *("ß", "\u0130\u0307", " ", "  ", "\n", "\t", "\r\n", "\u0660", "/", ":-(", "&lt;"),
    *("x" * 70, "9" * 40, "'" * 9, "<b>" * 9, "é" * 9),
)  # fmt: skip
EXTREMES = (0, 1, 2, 63, 64, 65, 2**31 - 1, 2**31, 2**32, 2**62, 2**63 - 1, 2**63, 2**64, 2**64 + 5)


def draw_text(random: random.Random) -> str:
    """Returns a text: often short, sometimes long, of pieces that meet at their borders."""
    pieces = []
    for _ in range(int(random.paretovariate(0.7)) % 400):
        kind = random.random()
        if kind < 0.75:
            pieces.append(random.choice(PIECES))
        elif kind < 0.9:
            pieces.append(chr(random.randrange(0x110000)))
        else:
            pieces.append(random.choice(PIECES)[: random.randrange(3)])
    return "".join(pieces)


def draw_bytes(random: random.Random) -> bytes:
    """Returns a text in UTF-8 that is damaged more often than not."""
    text = bytearray(draw_text(random).encode("utf-8", "surrogatepass"))
    for _ in range(random.randrange(4)):
        if text and random.random() < 0.5:
            del text[random.randrange(len(text)) :: random.choice((1, 2, 1000))]
        if text:
            text[random.randrange(len(text))] = random.randrange(256)
        text += random.choice((b"", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80"))
    return bytes(text)


def draw_number(random: random.Random) -> int:
    """Returns a number as it may stand in a file: near a border of 32 or 64 bits, or small."""
    number = random.choice((random.randrange(100), random.choice(EXTREMES)))
    return random.choice((number, number + random.randrange(-2, 3), -number))


def fuzz_texts(random: random.Random) -> None:
    """Any text has the ids and counts of the reference, whatever the settings."""
    settings = TextSettings(
        lowercase=random.random() < 0.5,
        max_tokens=random.choice((1, 2, random.randrange(1, 300), 100_000)),
        keep=random.choice(("head", "tail", "head_tail")),
    )
    vocabulary = Vocabulary(tuple(random.sample(TOKENS, random.randrange(len(TOKENS)))))
    texts = [draw_text(random) for _ in range(random.choice((0, 1, 3, 64, 65, 130)))]
    reference = ReferenceEncoder(vocabulary, settings, *ends_kept(settings))
    engine = BulkEncoder(vocabulary, settings, ends_kept(settings), reference)
    found = engine.encode(texts, random.randrange(1, 9))
    expected = reference.encode(texts)
    for name in ("ids", "num_tokens", "lengths", "num_unknown"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)
    counter = BulkCounter(settings)
    counter.add(texts, random.randrange(1, 9))
    assert counter.counts() == Counter(
        token for text in texts for token in tokenize(text, settings)
    )


def open_engine(random: random.Random) -> NativeTextEngine:
    """Returns an engine that knows some pages, as they are or described with nonsense."""
    engine = NativeTextEngine(
        random.sample(TOKENS, 5), ["br", "b"], lowercase=random.random() < 0.5
    )
    pages = [0, *(random.randrange(0x1100) for _ in range(9)), *range(1, random.randrange(1, 50))]
    for page in pages:
        if random.random() < 0.05:
            noise = np.frombuffer(random.randbytes(1024), np.uint32)
            engine.define_page(page, noise)
        engine.define_page(page, describe_page(page))
    return engine


def fuzz_bytes(random: random.Random) -> None:
    """What is no UTF-8 is given back; numbers out of their range are refused."""
    engine = open_engine(random)
    texts = [draw_bytes(random) for _ in range(random.choice((0, 1, 5, 70)))]
    first, last, threads = (draw_number(random) for _ in range(3))
    try:
        found = engine.encode(texts, first=first, last=last, num_threads=threads)
        counted = NativeTokenCounter(engine).add(texts, num_threads=threads)
    except UsageError:
        assert min(first, last) < 0 or first + last < 1 or threads < 1
        return
    assert found.num_tokens.tolist() == counted.tolist()
    assert found.lengths.sum() == len(found.ids)
    for text, num_tokens in zip(texts, counted.tolist(), strict=True):
        assert num_tokens < 0 or text.decode() is not None


def fuzz_reader_arguments(random: random.Random) -> None:
    """Offsets that lie, and arrays that are too small, are refused before anything is written."""
    engine = open_engine(random)
    text = draw_bytes(random)
    ends = [random.choice((0, len(text), draw_number(random))) for _ in range(random.randrange(9))]
    ends = np.array([(end + 2**63) % 2**64 - 2**63 for end in sorted(ends)], np.int64)
    ids = np.empty(random.choice((0, 1, len(text), 3 * len(text))), np.int32)
    numbers, total = np.empty((3, len(ends)), np.int64), ctypes.c_int64()
    engine._functions["encode"](
        engine._handle, text, len(text), ends.ctypes.data, len(ends),
        draw_number(random), draw_number(random), random.randrange(-1, 9),
        ids.ctypes.data, len(ids),
        *(row.ctypes.data for row in numbers), ctypes.byref(total),
    )  # fmt: skip


def fuzz_padding(random: random.Random) -> None:
    """Rows and ends of any value are padded, or refused."""
    lengths = [random.randrange(9) for _ in range(random.randrange(1, 9))]
    ends = np.cumsum(lengths)
    if random.random() < 0.3:
        ends[random.randrange(len(ends))] = random.choice((-1, 2**62, 5))
    rows = [random.randrange(-1, len(ends) + 1) for _ in range(random.randrange(5))]
    ids = np.arange(sum(lengths), dtype=np.int32)
    try:
        pad_rows(ids, ends, np.array(rows, np.int64), random.randrange(12))
    except UsageError:
        return
