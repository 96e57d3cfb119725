"""From a trained language model to its folder: fewer words, 16 bits, golden losses, card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reelfeel.files.writing import name_of
from reelfeel.inference.golden import GOLDEN_TEXTS
from reelfeel.models.language_model import (
    LanguageModel,
    LanguageNetwork,
    keep_frequent_words,
    read_language_model,
    write_language_model,
)
from reelfeel.text.encoder import TextEncoder
from reelfeel.training.language_model.card import write_pretraining_card
from reelfeel.training.language_model.perplexity import measure_loss
from reelfeel.training.language_model.token_stream import TokenTexts
from reelfeel.weights import round_weights


def save_language_model(model: LanguageModel, output: Path, *, overwrite: bool) -> LanguageModel:
    """Writes a language model as its settings ask for, and returns it as it is read back.

    Args:
        model: as it was trained; `saved_words` and `weight_precision` of its settings are obeyed.
        output: the folder to write.
        overwrite: whether an existing folder may be replaced.

    Raises:
        BundleError: if a weight is not a finite number.
        UsageError: if the folder exists and `overwrite` is false.
        ReelFeelError: if the disk refuses.
    """
    trained_words = len(model.vocabulary.tokens)
    model = keep_frequent_words(model, model.config.saved_words)
    precision = model.config.weight_precision
    weights = {name: round_weights(own, precision) for name, own in model.weights.items()}
    model = replace(model, weights=weights)
    # Once for every direction, in float32, of the weights that will be read back: a copy of the
    # folder that gives other losses is another model.
    golden = {direction: measure_golden_loss(model, direction) for direction in weights}
    about = {**model.about, "trained_words": trained_words, "golden_loss": golden}
    model = replace(model, about=about)
    card = write_pretraining_card(model, name_of(output))
    write_language_model(model, output, card=card, overwrite=overwrite)
    return read_language_model(output)


def measure_golden_loss(model: LanguageModel, direction: str) -> float:
    """Returns the mean loss over ReelFeel's golden texts, in float32 and nats per token."""
    config = replace(model.config, precision="float32")
    network = LanguageNetwork(config, model.end_id + 1, seed=0)
    network.assign(model.weights[direction])
    encoded = TextEncoder(model.vocabulary, model.text_settings).encode(GOLDEN_TEXTS)
    texts = TokenTexts.from_encoded(encoded, model.end_id)
    return measure_loss(network, texts.reversed() if direction == "backward" else texts)
