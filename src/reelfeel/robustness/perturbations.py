r"""Perturbs texts as users type them: typos, case, punctuation, truncation.

Each perturbation is a function `(text, rng) -> text`. Markup and entities are never damaged, since
nobody types them. What a perturbation cannot find in a text (a word long enough for a typo) it
leaves as it is, down to the empty text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from random import Random

from reelfeel.text.sentences import split_sentences

Perturbation = Callable[[str, Random], str]

# A review that a user types into a box is often this long.
NUM_FIRST_WORDS = 12
NUM_TYPOS = 3
# "Wow!" or "4/10" says less about reading a sentence than about knowing one word.
MIN_SENTENCE_WORDS = 3

# Not "<3".
_TAG = r"</?[a-zA-Z][^<>]*>"
# Words of four letters have two inner ones: fewer leave nothing to swap.
_LONG_WORD = re.compile(rf"{_TAG}|&#?\w+;|([^\W\d_]{{4,}})")
_STRETCHABLE = re.compile(rf"{_TAG}|&#?\w+;|([^\W\d_]*[aeiou][^\W\d_]+)", re.IGNORECASE)
_VOWEL = re.compile("[aeiou]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_TAG_OR_WORD = re.compile(rf"{_TAG}|([^\W\d_]+)")
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])['\u2019](?=[^\W\d_])")
_MARK = re.compile(r"(?<=[^\W\d_])(['\u2019-])(?=[^\W\d_])|[^\w\s]|_")

# Letters that touch each other on the usual (QWERTY) keyboard.
_NEIGHBOURS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij",
    "i": "uok", "o": "ipl", "p": "ol", "a": "qsz", "s": "adwx", "d": "sfec", "f": "dgrv",
    "g": "fhtb", "h": "gjyn", "j": "hkum", "k": "jlim", "l": "kop", "z": "asx", "x": "zcsd",
    "c": "xvdf", "v": "cbfg", "b": "vngh", "n": "bmhj", "m": "njk",
}  # fmt: skip


def perturb_texts(texts: Sequence[str], name: str, *, seed: int) -> list[str]:
    """Perturbs every text in one way.

    Args:
        texts: any strings.
        name: one of `PERTURBATIONS`.
        seed: another seed damages other places. A text's damage depends on seed, name and text
            only, not on the texts beside it.

    Example:

    >>> perturb_texts(["Isn't it GREAT?", ""], "no apostrophes", seed=0)
    ['Isnt it GREAT?', '']
    """
    perturb = PERTURBATIONS[name]
    return [perturb(text, seeded(seed, name, text)) for text in texts]


def seeded(*parts: int | str) -> Random:
    """Returns a source of randomness that follows from its arguments, on every machine."""
    key = "\n".join(map(str, parts))
    # Half a character, from a broken conversion, has bytes only by this rule.
    return Random(key.encode("utf-8", "surrogatepass"))


def has_word(text: str) -> bool:
    """Says whether a text has a letter outside its markup.

    >>> has_word("<br />10/10"), has_word("<br />ok")
    (False, True)
    """
    return any(match[1] for match in _TAG_OR_WORD.finditer(text))


def first_sentence(text: str) -> str:
    """Returns the first sentence of three words or more; the text itself where none is so long.

    >>> first_sentence("Wow! What a film. I liked it.")
    'What a film.'
    """
    return _first_whole(split_sentences(text), text)


def last_sentence(text: str) -> str:
    """Returns the last sentence of three words or more; the text itself where none is so long.

    >>> last_sentence("What a film. I liked it a lot. 9/10")
    'I liked it a lot.'
    """
    return _first_whole(split_sentences(text)[::-1], text)


def first_words(text: str, count: int = NUM_FIRST_WORDS) -> str:
    """Returns the first words, parted by single spaces; markup counts as none.

    >>> first_words("One<br />two  three", 2)
    'One two'
    """
    return " ".join(re.sub(_TAG, " ", text).split()[:count])


def remove_punctuation(text: str) -> str:
    """Returns the text without its marks; apostrophes and hyphens within a word stay.

    >>> remove_punctuation("So-so: 'I don't know...' (4/10)")
    "So-so I don't know 4 10"
    """
    plain = html.unescape(re.sub(_TAG, " ", text))
    return " ".join(_MARK.sub(lambda match: match[1] or " ", plain).split())


def remove_apostrophes(text: str) -> str:
    """Returns the text with "dont" for "don't", as it is often typed."""
    return _APOSTROPHE.sub("", text)


def add_typos(text: str, rng: Random, count: int = NUM_TYPOS) -> str:
    """Mistypes some words, each once: swaps, drops or doubles a letter, or hits the key beside it.

    Only words of four letters or more are mistyped, and only inside: first and last letter stay,
    where typos are rare and words become hard to read.

    Args:
        text: any string.
        rng: where and how.
        count: how many words; all that are long enough where there are fewer.

    Example:

    >>> add_typos("A really wonderful movie", seeded(1), count=2)
    'A really wnoderful movvie'

    Source:
        Pruthi, Dhingra and Lipton, 2019, ACL (the kinds of typos).
    """
    return _change_words(text, _LONG_WORD, rng, count, _mistype)


def stretch_vowels(text: str, rng: Random, count: int = NUM_TYPOS) -> str:
    """Writes a vowel of some words three to five times, as "sooo good" has it.

    >>> stretch_vowels("so good", seeded(0), count=1)
    'so goooood'
    """
    return _change_words(text, _STRETCHABLE, rng, count, _stretch)


def add_breaks(text: str) -> str:
    """Puts every sentence into a paragraph of its own, in HTML.

    >>> add_breaks("Fun. See it.")
    'Fun.<br /><br />See it.'
    """
    return "<br /><br />".join(split_sentences(text))


def scatter_white_space(text: str, rng: Random) -> str:
    """Makes every space two to four characters of white space."""
    return re.sub(" ", lambda _: "".join(rng.choices(" \t\n", k=rng.randint(2, 4))), text)


PERTURBATIONS: Mapping[str, Perturbation] = {
    "lower case": lambda text, rng: text.lower(),
    "upper case": lambda text, rng: _upper(text),
    "no punctuation": lambda text, rng: remove_punctuation(text),
    "no apostrophes": lambda text, rng: remove_apostrophes(text),
    "one typo": lambda text, rng: add_typos(text, rng, 1),
    "three typos": add_typos,
    "ten typos": lambda text, rng: add_typos(text, rng, 10),
    "repeated letters": stretch_vowels,
    "line breaks": lambda text, rng: add_breaks(text),
    "white space": scatter_white_space,
    "first sentence": lambda text, rng: first_sentence(text),
    "last sentence": lambda text, rng: last_sentence(text),
    "first 12 words": lambda text, rng: first_words(text),
}


def _upper(text: str) -> str:
    # Entities are case-sensitive: &QUOT; would be read, &EACUTE; would not.
    return re.sub(r"&#?\w+;|[^&]+|&", lambda m: m[0] if m[0][0] == "&" else m[0].upper(), text)


def _first_whole(sentences: Sequence[str], text: str) -> str:
    whole = (one for one in sentences if len(_WORD.findall(one)) >= MIN_SENTENCE_WORDS)
    return next(whole, text)


def _change_words(
    text: str, pattern: re.Pattern[str], rng: Random, count: int, change: Perturbation
) -> str:
    spans = [match.span(1) for match in pattern.finditer(text) if match[1]]
    chosen = sorted(rng.sample(spans, min(count, len(spans))))
    pieces, done = [], 0
    for start, end in chosen:
        pieces += [text[done:start], change(text[start:end], rng)]
        done = end
    return "".join([*pieces, text[done:]])


def _mistype(word: str, rng: Random) -> str:
    place = rng.randrange(1, len(word) - 1)
    letter, before, after = word[place], word[:place], word[place + 1 :]
    key = rng.choice(_NEIGHBOURS.get(letter.lower(), letter))
    # Both letters that change places are inner ones.
    first = min(place, len(word) - 3)
    options = [
        word[:first] + word[first + 1] + word[first] + word[first + 2 :],
        before + after,
        before + letter + letter + after,
        before + (key.upper() if letter.isupper() else key) + after,
    ]
    # Two equal letters that change places are no typo.
    return rng.choice([option for option in options if option != word])


def _stretch(word: str, rng: Random) -> str:
    place = rng.choice([match.start() for match in _VOWEL.finditer(word)])
    return word[:place] + word[place] * rng.randint(3, 5) + word[place + 1 :]
