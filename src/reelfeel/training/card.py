"""The model card: what a stranger has to know before using a saved model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reelfeel.runtime.bundle import Bundle


def write_card(bundle: Bundle, about: Mapping[str, Any]) -> str:
    """Writes the model card as Markdown with the YAML head that model hubs read.

    Args:
        bundle: the model.
        about: its `provenance` and `metrics`.
    """
    provenance, metrics = about["provenance"], about["metrics"]["validation"]
    data, text, model = provenance["data"], bundle.config.data, bundle.config.model
    negative, positive = bundle.label_names
    layers = " and ".join(f"{units} units" for units in model.units)
    return f"""---
library_name: reelfeel
pipeline_tag: text-classification
tags: [sentiment-analysis, lstm]
---
# {bundle.path.name}

An LSTM that labels a review `{positive}` (class 1) or `{negative}` (class 0).
Preset `{bundle.preset}`: embedding of {model.embedding_dim}, LSTM of {layers}, vocabulary of
{bundle.vocabulary.size:,}; direction: {model.direction}.

## How to use it

    reelfeel predict --model {bundle.path.name} "A slow start, but what an ending."

    import reelfeel
    engine = reelfeel.load("{bundle.path.name}")
    engine.predict_proba(["A slow start, but what an ending."])

## Training

- Command: `{provenance["command"]}`
- Data: {data["source"]}, {data["num_reviews"]:,} reviews, SHA-256 `{data["sha256"]}`
- {provenance["split"]["description"]}
- Text: at most {text.max_tokens} tokens are read ({text.keep} of longer ones).
  {provenance["truncation"]}
- {_describe_epochs(provenance)}

## Evaluation

On the {metrics["num_reviews"]:,} validation reviews, which chose the epoch and so flatter the
model a little: accuracy {metrics["accuracy"]:.4f}, log loss {metrics["log_loss"]:.4f}.
`reelfeel evaluate` gives figures on data of your own.

## Limits

- It knows the words, the language and the kind of text that it was trained on, and no others.
- There is no neutral class. A probability near 0.5 means that the model does not know, not that the
  review is neutral; and a probability is confidence, not strength of feeling.
- Sarcasm, quotation and plot summary are often misread.
"""


def _describe_epochs(provenance: Mapping[str, Any]) -> str:
    if provenance["best_epoch"] is not None:
        best = provenance["best_epoch"]
        return f"The epoch kept is {best}, the one with the lowest validation loss."
    epochs = provenance["best_epochs"].items()
    kept = " and ".join(f"{epoch} of the {name} network" for name, epoch in epochs)
    return f"The epochs kept are {kept}, those with the lowest validation loss of each."
