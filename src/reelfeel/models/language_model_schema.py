"""What stands in the description of a language model: a type and a range for every field."""

from __future__ import annotations

from reelfeel.schema import (
    integer,
    many,
    mapping,
    matching,
    number,
    one_of,
    optional,
    record,
    text,
)

_LINE = text(most=20_000, has_halves=True)  # only shown: a path may not be UTF-8
_COUNT = integer(0, 1 << 40)
_SECONDS = number(0, 1e12)
_SHA256 = matching("[0-9a-f]{64}", "64 digits from 0 to f")
# Infinite where a training went wrong, and its record says so.
_LOSS = number(is_finite=False)

_PASS = record(
    {
        "number": _COUNT,
        "train_loss": _LOSS,
        "held_out_loss": _LOSS,
        "seconds": _SECONDS,
        "tokens_per_s": number(0),
    },
    required=("seconds",),
)
_FIGURES = record(
    {"held_out_loss": _LOSS, "held_out_perplexity": _LOSS, "epochs": many(_PASS, most=100_000)},
)
_PROVENANCE = record(
    {
        "command": _LINE,
        "versions": mapping(_LINE),
        "machine": record({"processor": _LINE, "cores": optional(_COUNT)}),
        "kernel": _LINE,
        "start": optional(_LINE),
        "data": record(
            {"sources": many(_LINE), "counts": mapping(_COUNT), "sha256": _SHA256},
            required=("sources", "sha256"),
        ),
        "hygiene": _LINE,
        "seconds": mapping(_SECONDS),
    }
)

CHECK = record(
    {
        "format": one_of("reelfeel-language-model"),
        "format_version": integer(1, 1 << 40),
        "directions": one_of(["forward"], ["backward"], ["forward", "backward"]),
        "vocabulary_file": one_of("vocabulary.json"),
        "vocabulary_fingerprint": _SHA256,
        "text": record({}),
        "pretraining": record({}),
        "figures": mapping(_FIGURES, most=2),
        "provenance": _PROVENANCE,
        "trained_words": _COUNT,
        "golden_loss": mapping(_LOSS, most=2),
    },
    required=("directions", "vocabulary_fingerprint", "text", "pretraining"),
)
