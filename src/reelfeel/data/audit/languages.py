"""Finds reviews that are not in English, with few false alarms."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from reelfeel.data.audit.audited_part import AuditedPart
from reelfeel.data.audit.findings import Finding

# Enough to see 1 % of foreign texts as 20 +- 9; all 25,000 would take a minute.
_NUM_SAMPLED = 2_000
# Identification of shorter texts errs often: titles and names are in any language.
_MIN_WORDS = 20
# What follows adds nothing to the decision but time.
_MAX_CHARACTERS = 1_000
_MANY_FOREIGN = 0.01
# In English prose every third to fifth word is one of these; words that are as common in another
# language (such as "in", "a", "was") are left out.
_ENGLISH_WORDS = frozenset(
    ("the", "of", "and", "to", "is", "that", "it", "this", "with", "for", "as", "but", "are", "on")
)
_ENGLISH_SHARE = 0.12


def load_language_detector() -> Callable[[str], str] | None:
    """Returns a function from a text to its language ("en", "de"), or None without `[audit]`."""
    try:
        import py3langid
    except ImportError:
        return None

    def detect(text: str) -> str:
        """Names the language of a text; English where enough of its words are plain English."""
        words = text.lower().split()
        english = [word for word in words if word in _ENGLISH_WORDS]
        # Polish is full of "to" and "on", but no other language has four of these.
        if len(english) > _ENGLISH_SHARE * len(words) and len(set(english)) >= 4:
            return "en"
        return str(py3langid.classify(text)[0])

    return detect


def check_languages(
    part: AuditedPart, detect_language: Callable[[str], str] | None
) -> Iterator[Finding]:
    """Yields how many texts of a sample are not English.

    Args:
        part: the part; at most 2,000 of its texts with at least 20 words are looked at.
        detect_language: from a text to a code such as "en"; None where there is none.
    """
    concerned = np.zeros(len(part.reviews), dtype=bool)
    if detect_language is None:
        mend = "Install it with: pip install 'reelfeel[audit]'"
        message = "the languages of the texts were not looked at: py3langid is not installed"
        yield part.find("note", "languages_unknown", concerned, message, mend)
        return
    long_enough = np.flatnonzero(part.num_words >= _MIN_WORDS)
    rng = np.random.default_rng(0)  # any sample will do, but always the same
    rows = np.sort(rng.permutation(long_enough)[:_NUM_SAMPLED])
    found = {row: detect_language(_shorten(part.reviews.texts[row])) for row in rows.tolist()}
    foreign = [row for row, language in found.items() if language != "en"]
    if foreign:
        concerned[foreign] = True
        share = len(foreign) / len(rows)
        names = ", ".join(sorted({found[row] for row in foreign})[:5])
        yield part.find(
            "warning" if share > _MANY_FOREIGN else "note",
            "languages",
            concerned,
            f"{len(foreign):,} of {len(rows):,} texts looked at ({share:.1%}) seem not to be "
            f"English ({names})",
            "Remove them, unless the model is meant to learn that language.",
        )


def _shorten(text: str) -> str:
    return text[:_MAX_CHARACTERS].replace("<br />", " ")
