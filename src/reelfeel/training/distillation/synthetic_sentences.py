"""Short sentences made of those in reviews: as they stand, negated, and set against each other.

A review says its verdict many times over, so a network can judge reviews without knowing what "not"
or "but" does. A sentence that says one thing, "The acting was wooden.", is therefore taught as it
stands, as "The acting wasn't wooden." and as "Although the acting was wooden, the music is superb."
Texts that one small change turns around keep a classifier from going by single words (Kaushik, Hovy
and Lipton, 2020, ICLR, where people wrote them).

Which words are for and which against is learned from labels. The grammar is English, and class 1
has to be praise: of texts in another language, or about something else, nothing is made.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from reelfeel.robustness.perturbations import seeded
from reelfeel.text.sentences import split_sentences

# A word takes a side if its share of the reviews of one class is so many times that of the other,
# as a logarithm, and if enough reviews have it to tell. Blame needs more: "okay" and "decent" stand
# in bad reviews, and are no blame.
_PRAISES, _BLAMES, _MIN_REVIEWS = 0.65, -1.0, 30
# On which side these are says whether labels are of praise and blame at all.
_KNOWN_PRAISE, _KNOWN_BLAME = ("excellent", "wonderful"), ("awful", "terrible")
# What follows "is" often is a word that judges; what hardly ever does may be a name.
_MIN_PREDICATES = 8
_MIN_WORDS, _MAX_WORDS = 2, 14
# A longer one often likes something else: "I love films that ..."
_MAX_LIKING_WORDS = 6

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_PREDICATE = re.compile(
    r"(?P<verb>\b(?:is|was|are|were|(?:it|he|she|that)'s|they're))"
    r"(?: (?:very|really|so|quite|pretty|just|truly|extremely|absolutely|simply|totally))*"
    r" (?P<word>[a-z]+)(?=[.,!;]| and\b|$)"
)
# With any of these a sentence says more than one thing, or its contrary already.
_NOT_PLAIN = re.compile(
    r"\b(?:not|never|no|nothing|none|nobody|hardly|barely|without|neither|nor|but|although|though"
    r"|however|despite|yet|except|if|than|too|would|should|could)\b|n't|\?"
)
# "It's not great, but I liked it": how people put what they like, beside what is good.
_LIKING = re.compile(
    r"\b(?:i|we)(?: (?:really|truly|absolutely|totally|just|thoroughly|still))* "
    r"(?:(?P<likes>like|liked|love|loved|enjoy|enjoyed|recommend)|hate|hated|dislike|disliked)\b"
)
_NEGATIONS = (" not", " not", " not", "n't", "n't", " never", " far from", " anything but")
_OPPOSITIONS = ("{0}, but {1}", "although {0}, {1}", "{0}; however, {1}", "{0}, yet {1}")

# Probabilities of class 1. What is not bad need not be good; what is not good is hardly ever.
_PRAISE, _BLAME = 0.97, 0.03
_NEGATED_PRAISE, _NEGATED_BLAME = 0.08, 0.85
# What comes last counts, and the other half of the sentence is still there.
_OPPOSED = {True: 0.8, False: 0.2}


@dataclass(frozen=True)
class Lexicon:
    """Words that take a side.

    Attributes:
        sides: logarithm of how much oftener a word stands in reviews of class 1, of words that take
            a side: at least 0.65, or at most -1.
        predicates: those of them that often follow "is" or "was".
    """

    sides: Mapping[str, float]
    predicates: frozenset[str]

    @classmethod
    def learn(cls, texts: Sequence[str], labels: npt.NDArray[np.int8]) -> Lexicon:
        """Learns it from labelled reviews, of which a few thousand are needed.

        It is empty where the labels do not tell "excellent" from "awful", class 1 the former.
        """
        reviews, predicates = (Counter[str](), Counter[str]()), Counter[str]()
        for text, label in zip(texts, labels.tolist(), strict=True):
            lower = text.lower()
            reviews[label].update(set(_WORD.findall(lower)))
            predicates.update(match["word"] for match in _PREDICATE.finditer(lower))
        num_against, num_for = (int((labels == label).sum()) for label in (0, 1))
        sides = {}
        for word in reviews[0] | reviews[1]:
            against, praise = reviews[0][word], reviews[1][word]
            if against + praise >= _MIN_REVIEWS:
                odds = (praise + 1) / (num_for + 2) / ((against + 1) / (num_against + 2))
                sides[word] = math.log(odds)
        sides = {word: side for word, side in sides.items() if not _BLAMES < side < _PRAISES}
        if not _is_about_praise(sides):
            return cls({}, frozenset())
        often = {word for word, count in predicates.items() if count >= _MIN_PREDICATES}
        return cls(sides, frozenset(often & sides.keys()))


def _is_about_praise(sides: Mapping[str, float]) -> bool:
    praise, blame = (
        [sides.get(word, 0) for word in known] for known in (_KNOWN_PRAISE, _KNOWN_BLAME)
    )
    return min(praise) > 0 > max(blame)


class _Sentence(NamedTuple):
    """A sentence without its end mark, and the probability of class 1 to answer it with."""

    text: str
    target: float

    @property
    def praises(self) -> bool:
        return self.target > 0.5


@dataclass(frozen=True)
class SyntheticSentences:
    """Made texts, and what is to be answered.

    Attributes:
        texts: short sentences.
        targets: float32 array of the same length, probabilities of class 1.
    """

    texts: list[str]
    targets: npt.NDArray[np.float32]


def make_sentences(texts: Sequence[str], lexicon: Lexicon, *, seed: int) -> SyntheticSentences:
    """Makes sentences of every sentence that says one thing.

    Such a sentence has 2 to 14 words, one word that takes a side, after "is" or "was", and nothing
    that negates, compares or objects. It is taken as it stands and negated; of what people say they
    like or hate the sentence alone is taken. A third as many again are two of contrary verdicts,
    opposed to each other: of them the last one counts.

    Args:
        texts: such as training reviews, with labels or without.
        lexicon: from labelled ones; nothing is made with an empty one.
        seed: another one negates and opposes otherwise.

    Example:

    >>> lexicon = Lexicon({"dull": -1.5, "superb": 1.6}, frozenset({"dull", "superb"}))
    >>> made = make_sentences(["The plot is so dull. The cast was superb!"], lexicon, seed=0)
    >>> for text, target in zip(made.texts[:4], made.targets.tolist()):
    ...     print(f"{target:.2f}  {text}")
    0.03  The plot is so dull.
    0.85  The plot is never dull.
    0.97  The cast was superb.
    0.08  The cast wasn't superb.
    """
    if not lexicon.predicates:
        return SyntheticSentences([], np.empty(0, np.float32))
    rng = seeded(seed, "statements")
    made = [one for text in texts for one in _find_sentences(text, lexicon, rng)]
    sides = [[one.text for one in made if one.praises == praises] for praises in (False, True)]
    if all(sides):
        made += [_oppose(sides, rng) for _ in range(len(made) // 3)]
    targets = np.asarray([one.target for one in made], dtype=np.float32)
    return SyntheticSentences([f"{one.text}." for one in made], targets)


def _find_sentences(text: str, lexicon: Lexicon, rng: Random) -> Iterator[_Sentence]:
    for sentence in split_sentences(text):
        lower = sentence.lower()
        # Letters that change their number when they become small would shift every place.
        if len(lower) == len(sentence) and _is_plain(lower):
            words = [word for word in _WORD.findall(lower) if word in lexicon.sides]
            matches = list(_PREDICATE.finditer(lower))
            if matches:
                yield from _say_what_is(sentence, matches, words, lexicon, rng)
            else:
                yield from _say_what_is_liked(sentence, lower, words, lexicon)


def _say_what_is(
    sentence: str, matches: list[re.Match[str]], words: list[str], lexicon: Lexicon, rng: Random
) -> Iterator[_Sentence]:
    if len(matches) != 1 or words != [matches[0]["word"]] or words[0] not in lexicon.predicates:
        return
    praises = lexicon.sides[words[0]] > 0
    yield _Sentence(_without_end(sentence), _PRAISE if praises else _BLAME)
    negated = _negate(sentence, matches[0], rng)
    yield _Sentence(negated, _NEGATED_PRAISE if praises else _NEGATED_BLAME)


def _say_what_is_liked(
    sentence: str, lower: str, words: list[str], lexicon: Lexicon
) -> Iterator[_Sentence]:
    matches = list(_LIKING.finditer(lower))
    if len(matches) != 1 or len(lower.split()) > _MAX_LIKING_WORDS:
        return
    praises = matches[0]["likes"] is not None
    if all((lexicon.sides[word] > 0) == praises for word in words):
        yield _Sentence(_without_end(sentence), _PRAISE if praises else _BLAME)


def _is_plain(lower: str) -> bool:
    is_short = _MIN_WORDS <= len(lower.split()) <= _MAX_WORDS
    return is_short and "<" not in lower and not _NOT_PLAIN.search(lower)


def _negate(sentence: str, match: re.Match[str], rng: Random) -> str:
    negation = rng.choice(_NEGATIONS)
    if negation == "n't" and "'" in match["verb"]:
        negation = " not"
    before, word = sentence[: match.end("verb")], sentence[match.start("word") : match.end("word")]
    after = _without_end(sentence[match.end("word") :])
    if not after and negation in (" not", "n't") and rng.random() < 1 / 3:
        after = " at all"
    return f"{before}{negation} {word}{after}"


def _oppose(sides: list[list[str]], rng: Random) -> _Sentence:
    praises = rng.random() < 1 / 2
    first, last = rng.choice(sides[not praises]), rng.choice(sides[praises])
    return _Sentence(rng.choice(_OPPOSITIONS).format(first, last), _OPPOSED[praises])


def _without_end(sentence: str) -> str:
    return sentence.rstrip(" .!")
