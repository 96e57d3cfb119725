"""The card of a language model: what to know before starting a classifier from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reelfeel.inference.card import LICENCE, describe_machine, write_head
from reelfeel.models.language_model import LanguageModel

SECONDS_PER_HOUR = 3_600


def write_pretraining_card(model: LanguageModel, name: str) -> str:
    """Writes the card as Markdown with the YAML head that model hubs read.

    Args:
        model: as it will be saved; a part that its `about` lacks is left out.
        name: of its folder.
    """
    config, provenance = model.config, model.about.get("provenance") or {}
    layers = " and ".join(f"{units} units" for units in config.units)
    parameters = sum(array.size for own in model.weights.values() for array in own.values())
    return f"""{write_head("text-generation", ["language-model", "lstm"])}# {name}

An LSTM that was trained to say the next word of a review. It answers nothing by itself: a
classifier starts from what it has learned about words, and then needs few labels.
Directions: {" and ".join(model.weights)}, each an embedding of {config.embedding_dim} and an
LSTM of {layers}; {len(model.vocabulary.tokens):,} words; {parameters:,} parameters, saved in
{config.weight_precision}.

## How to use it

    reelfeel train my.csv --from {name} --output runs/mine

{_describe_training(model, provenance)}
## Limits

- It has read English film reviews and knows their words. In other kinds of text more words are
  unknown to it, and what it has learned is worth less; how much less was not measured.
- It was never checked for what it prefers to say, and is not meant to write texts.

## Licence

{LICENCE}
"""


def _describe_training(model: LanguageModel, provenance: Mapping[str, Any]) -> str:
    if not provenance:
        return ""
    data, config = provenance["data"], model.config
    lines = [
        f"- Command: `{provenance['command']}`",
        f"- Data: {', '.join(data['sources'])}, SHA-256 `{data['sha256']}`",
        f"- Left out, so that figures are honest: {provenance['hygiene']}",
        f"- {config.epochs} epochs, seed {config.seed}; {_describe_hours(model)}.",
        f"- {describe_machine(provenance)}",
        *_list_losses(model),
    ]
    return "\n".join(["## Training", "", *lines, ""])


def _describe_hours(model: LanguageModel) -> str:
    hours = {
        direction: sum(one["seconds"] for one in figures["epochs"]) / SECONDS_PER_HOUR
        for direction, figures in model.about["figures"].items()
    }
    spelled = " and ".join(f"{hour:.2f} hours {direction}" for direction, hour in hours.items())
    return f"{spelled}, interruptions left out; two directions run side by side on two cores"


def _list_losses(model: LanguageModel) -> list[str]:
    perplexities = " and ".join(
        f"{figures['held_out_perplexity']:.2f} {direction}"
        for direction, figures in model.about["figures"].items()
    )
    trained = model.about.get("trained_words", len(model.vocabulary.tokens))
    return [
        f"- Perplexity on held-out texts: {perplexities}, as trained: with {trained:,} words and "
        "before the weights were rounded for saving."
    ]
