"""How a model reads texts, as plain data that another program can follow to the letter.

Nothing is listed a second time: patterns and tables are those of the text room, and what the
standard library knows (names of entities, lower case) is asked for here and written down, so that
another version of it, or another language, reads alike.
"""

from __future__ import annotations

import html
import re
import unicodedata
from html.entities import html5
from typing import Any

from reelfeel.inference.classifier import Classifier
from reelfeel.text.cleaning import MAX_ROUNDS
from reelfeel.text.cleaning_steps import (
    ESCAPES,
    FOLDED,
    MAX_COMBINING_MARKS,
    PLAIN_STEPS,
    UNCOVERING_STEPS,
    Step,
)
from reelfeel.text.tokenizer import LETTERS, lower
from reelfeel.text.vocabulary import FIRST_TOKEN_ID, PADDING_ID, UNKNOWN_ID

FORMAT, FORMAT_VERSION = "reelfeel-reading", 1

_LOST = "\ufffd"
# What becomes of what a step finds; `reelfeel_reader.py` does it.
_BECOMES: dict[str, dict[str, Any]] = {
    "surrogates": {"becomes": "text for each character", "text": _LOST},
    "invisible": {"becomes": "text", "text": ""},
    "characters": {"becomes": "table"},
    "accents": {"becomes": "composed"},
    "white_space": {"becomes": "space, or nothing at an end"},
    "entities": {"becomes": "decoded"},
    "markup": {"becomes": "text", "text": " "},
    "escapes": {"becomes": "text after it", "text": " "},
}


def list_reading_rules(classifier: Classifier, name: str) -> dict[str, Any]:
    """Returns all that decides how the ids of a text come about, and what an answer means.

    Args:
        classifier: the model, in float32.
        name: of the model.

    Returns:
        Plain values fit for JSON, as `Reader` takes them.
    """
    bundle = classifier.bundle
    data, settings, decision = bundle.config.data, bundle.text_settings, bundle.decision
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "model": name,
        "unicode_version": unicodedata.unidata_version,
        "labels": list(bundle.label_names),
        "decision": {
            "threshold": decision.threshold,
            "abstain_lower": decision.abstain_lower,
            "abstain_upper": decision.abstain_upper,
        },
        "temperature": {"value": decision.temperature, "is_applied": True},
        "max_rounds": MAX_ROUNDS,
        "max_combining_marks": MAX_COMBINING_MARKS,
        "plain_steps": [describe_step(step) for step in PLAIN_STEPS],
        "uncovering_steps": [describe_step(step) for step in UNCOVERING_STEPS],
        "last_step": describe_step(ESCAPES),
        "token_pattern": settings.token_pattern,
        "lowercase": settings.lowercase,
        "lower_case": _list_lower_case(),
        "max_tokens": settings.max_tokens,
        "keep": settings.keep,
        "padding": {
            "reads_padding": not bundle.config.model.masking,
            "timesteps": data.max_tokens if data.fixed_timesteps else None,
        },
        "ids": {"padding": PADDING_ID, "unknown": UNKNOWN_ID, "first_token": FIRST_TOKEN_ID},
        "tokens": list(bundle.vocabulary.tokens),
        "examples": _answer_examples(classifier),
    }


def describe_step(step: Step) -> dict[str, Any]:
    """Returns a step of cleaning as plain values."""
    flags = {"ascii": re.ASCII, "ignore case": re.IGNORECASE}
    described = {
        "name": step.name,
        "pattern": step.pattern.pattern,
        "flags": [name for name, flag in flags.items() if step.pattern.flags & flag],
        **_BECOMES[step.name],
    }
    if step.name == "characters":
        described["table"] = FOLDED
    if step.name == "entities":
        described["names"] = {
            key.removesuffix(";"): value for key, value in html5.items() if key.endswith(";")
        }
        described["numbers"] = _list_odd_numbers()
    return described


def _list_lower_case() -> dict[str, str]:
    is_letter = re.compile(f"[{LETTERS}]")
    letters = filter(is_letter.match, map(chr, range(0x10000)))
    return {letter: lower(letter) for letter in letters if lower(letter) != letter}


def _list_odd_numbers() -> list[tuple[int, int, str]]:
    """Returns the ranges of numbers that stand for something else than their own character."""
    # HTML's rules, of which the standard library knows the list: only these are looked at.
    planes = [plane << 16 | last for plane in range(17) for last in (0xFFFE, 0xFFFF)]
    known = [*range(0x100), *range(0xFDD0, 0xFDF0), *planes]
    odd = [(number, number, html.unescape(f"&#{number};")) for number in known]
    odd = [one for one in odd if one[2] != chr(one[0])]
    return [*odd, (0xD800, 0xDFFF, _LOST), (0x110000, 1 << 40, _LOST)]


def _answer_examples(classifier: Classifier) -> list[dict[str, Any]]:
    texts = [answer.text for answer in classifier.bundle.golden]
    [encoded] = classifier.encode(texts)
    probabilities = classifier.predict_proba(texts).tolist()
    return [
        {"text": text, "ids": ids.tolist(), "probability": probability}
        for text, ids, probability in zip(texts, encoded.token_ids, probabilities, strict=True)
    ]
