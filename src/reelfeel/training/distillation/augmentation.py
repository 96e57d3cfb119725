"""Texts that users type and reviews are not: short, damaged, made from the reviews at hand.

They are for distillation. A variant is to be answered as the whole text is, for that is what its
author meant: a sentence that does not tell gets, over many reviews, an answer near one half.
Nothing here knows a label.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import numpy.typing as npt

from reelfeel.errors import UsageError
from reelfeel.robustness.perturbations import (
    PERTURBATIONS,
    Perturbation,
    add_typos,
    has_word,
    seeded,
)
from reelfeel.text.sentences import split_sentences

MIN_WORDS, MAX_WORDS = 5, 60
MAX_TYPO_SHARE = 1 / 8

# Whole reviews are in the corpus already and cost ten times as much, hence seven variants in eight
# are cut; from the start, the end and between alike, because what users type resembles no end of a
# review more. Not studied.
_WHOLE_SHARE = 1 / 8
_CUTS = ("first", "middle", "last")
# Of the cut ones: most of what users type is short and right. Not studied.
_DAMAGED_SHARE = 0.5


def _add_some_typos(text: str, rng: Random) -> str:
    most = MAX_TYPO_SHARE * len(text.split())
    return add_typos(text, rng, 1 + int(rng.random() * most))


# With weights: typos are the damage seen most, and of so many kinds that few examples teach little.
_DAMAGES: tuple[tuple[Perturbation, int], ...] = (
    (_add_some_typos, 4),
    (PERTURBATIONS["no punctuation"], 2),
    (PERTURBATIONS["no apostrophes"], 1),
    (PERTURBATIONS["lower case"], 1),
    (PERTURBATIONS["upper case"], 1),
    (PERTURBATIONS["repeated letters"], 1),
)


@dataclass(frozen=True)
class Variants:
    """Variants of texts.

    Attributes:
        texts: the variants.
        rows: int64 array of the same length: which of the texts each was made from.
    """

    texts: list[str]
    rows: npt.NDArray[np.int64]


def make_variants(texts: Sequence[str], *, share: float, seed: int) -> Variants:
    """Makes short and damaged variants of texts.

    Seven variants in eight are cut to 5 to 60 words: whole sentences from the start, the end or
    anywhere between, and short ones more often than long ones. Half of these, and every variant
    that is not cut, are damaged in one way: typos in up to one word of eight, marks or apostrophes
    left out, all in small or in capital letters, vowels stretched.

    Args:
        texts: such as training reviews; those without a word give no variant.
        share: how many variants for each text with words, 0 or more: 0.5 for every second text, 2
            for two of each. No text gives two variants more than another.
        seed: another one chooses and changes otherwise.

    Returns:
        `round(share * num_texts_with_words)` variants, none without a word, in an order that says
        nothing; a short text may give a variant equal to it.

    Raises:
        UsageError: if the share is negative or no number.

    Example:

    >>> make_variants(["It was so much fun. I laughed all the way home!"], share=2, seed=8).texts
    ['IT WAS SO MUCH FUN. I LAUGHED ALL THE WAY HOME!',
     'It was so much fun I laughed all the way home']
    """
    if not (math.isfinite(share) and share >= 0):
        raise UsageError(
            f"Expected a share of variants of 0 or more, such as 0.5; received {share!r}."
        )
    usable = [row for row, text in enumerate(texts) if has_word(text)]
    count, rng = round(share * len(usable)), seeded(seed, "order")
    rows: list[int] = []
    while usable and len(rows) < count:
        rows += rng.sample(usable, min(len(usable), count - len(rows)))
    variants = [
        _make_variant(texts[row], seeded(seed, place, texts[row])) for place, row in enumerate(rows)
    ]
    return Variants(variants, np.asarray(rows, dtype=np.int64))


def _make_variant(text: str, rng: Random) -> str:
    if rng.random() >= _WHOLE_SHARE:
        text = _cut(text, rng.choice(_CUTS), rng)
        if rng.random() >= _DAMAGED_SHARE:
            return text
    damages, weights = zip(*_DAMAGES, strict=True)
    [damage] = rng.choices(damages, weights)
    return damage(text, rng)


def _cut(text: str, where: str, rng: Random) -> str:
    """Takes sentences until they have as many words as drawn, even on a logarithmic scale."""
    num_words = round(math.exp(rng.uniform(math.log(MIN_WORDS), math.log(MAX_WORDS))))
    sentences = [one.split() for one in split_sentences(text) if has_word(one)]
    first = rng.randrange(len(sentences)) if where == "middle" else 0
    if where == "last":
        sentences.reverse()
    words: list[str] = []
    for sentence in sentences[first:]:
        words = sentence + words if where == "last" else words + sentence
        if len(words) >= num_words:
            break
    return " ".join(words[-MAX_WORDS:] if where == "last" else words[:MAX_WORDS])
