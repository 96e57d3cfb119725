"""The steps of cleaning: each a pattern, its replacement, and the reason.

A step is plain data, so that the same one can substitute, be counted, and be followed character by
character. Applied twice, a step changes nothing the second time, as long as it uncovers nothing.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from html.entities import html5

# Unicode's own limit for a "stream-safe" text (UAX 15); sorting longer runs takes quadratic time.
MAX_COMBINING_MARKS = 30

# What other keyboards, word processors and encodings write for ASCII's marks. U+0080 to U+009F are
# Windows-1252 read as Latin-1: 3 % of IMDB's reviews have some. This list and NFC, not NFKC, which
# folds too much: 3½ becomes 31/2, Titanic™ becomes TitanicTM, and U+00B4, which many type for an
# apostrophe, becomes a space with an accent on it.
_LOOKALIKES = {
    "'": "\u0060\u00b4\u02b9\u02bb\u02bc\u02bd\u02c8\u0374\u1fef\u1ffd\u2018\u2019\u201a\u201b"
    "\u2032\u2035\x82\x91\x92",
    '"': "\u201c\u201d\u201e\u201f\u2033\u2036\u301d\u301e\u301f\x84\x93\x94",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\x96\x97",
    "...": "\u2026\x85",
    "*": "\u2022\u2217\x95",
    "/": "\u2044\u2215",
    ";": "\u037e",
    "ff": "\ufb00",
    "fi": "\ufb01",
    "fl": "\ufb02",
    "ffi": "\ufb03",
    "ffl": "\ufb04",
}
FOLDED = {seen: meant for meant, look_alikes in _LOOKALIKES.items() for seen in look_alikes}
# Full-width ASCII, among it a full-width grave accent.
FOLDED |= {chr(c): FOLDED.get(chr(c - 0xFEE0), chr(c - 0xFEE0)) for c in range(0xFF01, 0xFF5F)}

# Unicode's Default_Ignorable_Code_Point without the conjoining Hangul, and the annotation marks.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_CONTROLS = "\x00-\x1f\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"

# The tags of scraped text. A closed list, because <3, <sarcasm> and <sigh> are the writer's own.
TAG_NAMES = (
    "a|abbr|address|article|aside|b|big|blockquote|body|br|button|center|cite|"
    "code|dd|del|div|dl|dt|em|embed|figure|font|footer|form|h1|h2|h3|h4|h5|h6|"
    "head|header|hr|html|i|iframe|img|input|ins|kbd|label|li|link|meta|nav|nobr|"
    "noscript|ol|p|pre|q|s|samp|script|section|small|span|strike|strong|style|"
    "sub|sup|svg|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|var|wbr"
)
_TAG = (
    f"<(?:/?(?:br|{TAG_NAMES})(?:[ /][^<>]{{0,1000}})?|!doctype[^<>]{{0,1000}}"
    "|!--(?:[^<-]|-(?!->))*--)> *"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that cleaning changes.

    Attributes:
        name: what it is about, in a word.
        pattern: what may need a change; never empty, and found in linear time.
        replace: what stands in its place.
        is_needed: a quick test; where it says no, the step would not change the text.
    """

    name: str
    pattern: re.Pattern[str]
    replace: Callable[[re.Match[str]], str]
    is_needed: Callable[[str], bool]


def _has_other_than_ascii(text: str) -> bool:
    return not text.isascii()


def _has_white_space_to_collapse(text: str) -> bool:
    # Of all white space and control characters only the space itself is printable.
    return not text.isprintable() or "  " in text or text[:1] == " " or text[-1:] == " "


def _compose(match: re.Match[str]) -> str:
    composed = unicodedata.normalize("NFC", _shorten_piles(match[0]))
    return _shorten_piles(composed)


def _shorten_piles(segment: str) -> str:
    if len(segment) <= MAX_COMBINING_MARKS:
        return segment
    kept, pile = [], 0
    for character in segment:
        pile = pile + 1 if unicodedata.combining(character) else 0
        if pile <= MAX_COMBINING_MARKS:
            kept.append(character)
    return "".join(kept)


def _decode(match: re.Match[str]) -> str:
    entity = match[0]
    return html.unescape(entity) if entity[1] == "#" else html5.get(entity[1:], entity)


def _collapse(match: re.Match[str]) -> str:
    at_an_end = match.start() == 0 or match.end() == len(match.string)
    return "" if at_an_end else " "


# Half a character cannot be written to any file, and U+FFFD is Unicode's sign for a lost one.
SURROGATES = Step(
    "surrogates",
    re.compile("[\ud800-\udfff]+"),
    lambda match: "\ufffd" * len(match[0]),
    _has_other_than_ascii,
)
# Two words that look the same should be the same word.
_INVISIBLES = Step("invisible", re.compile(f"[{_INVISIBLE}]+"), lambda _: "", _has_other_than_ascii)
# A quote, a dash or an apostrophe means the same on every keyboard: don't is one word.
_CHARACTERS = Step(
    "characters",
    re.compile(f"[{re.escape(''.join(FOLDED))}]"),
    lambda match: FOLDED[match[0]],
    lambda text: not text.isascii() or "`" in text,
)
# An accented letter should be one letter however it was typed. Nothing composes across the border
# before an ASCII character, so the text is composed piece by piece.
ACCENTS = Step("accents", re.compile("(?s:.?)[^\x00-\x7f]+"), _compose, _has_other_than_ascii)
# Pages scraped from the web say &quot; where their reader saw a quote. Only with the semicolon:
# R&B and AT&T are names.
_ENTITIES = Step(
    "entities",
    re.compile("&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"),
    _decode,
    lambda text: "&" in text,
)
# A tag is layout, not opinion. It becomes a space because <br /> parts two words; a row of tags
# becomes one, which mostly spares the text the next round's search for white space.
_MARKUP = Step(
    "markup",
    re.compile(
        f"{_TAG}(?:{_TAG})*",  # not (?:...)+, which hides from the engine that all begin with <
        re.ASCII | re.IGNORECASE,
    ),
    lambda _: " ",
    lambda text: "<" in text,
)
# Line breaks and control characters are layout or damage, and carry no opinion.
_WHITE_SPACE = Step(
    "white_space",
    # One character that starts every match lets the engine run past all others.
    re.compile(f"[{_CONTROLS} ](?:[{_CONTROLS} ]+|(?<=[{_CONTROLS}])|(?<=\\A )|\\Z)"),
    _collapse,
    _has_white_space_to_collapse,
)
# What is still escaped after all rounds must not be decoded by another cleaning either.
ESCAPES = Step(
    "escapes",
    re.compile("[&<](?=[#A-Za-z/!])"),
    lambda match: match[0] + " ",
    lambda text: "&" in text or "<" in text,
)

PLAIN_STEPS = (SURROGATES, _INVISIBLES, _CHARACTERS, ACCENTS, _WHITE_SPACE)
UNCOVERING_STEPS = (_ENTITIES, _MARKUP)
