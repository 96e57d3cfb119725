"""The texts of golden answers: short, long, odd and empty ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reelfeel.errors import BundleError
from reelfeel.inference.backends.in_numpy import NumpySession
from reelfeel.inference.bundle import Bundle, GoldenAnswer
from reelfeel.inference.network import count_timesteps, pick_towers
from reelfeel.text.encoder import TextEncoder
from reelfeel.weights import Weights

# Multiplications of a replay, some ten seconds of a slow machine: 200 times what `base` takes.
MAX_REPLAY = 3e11

GOLDEN_TEXTS = (
    "",
    "wonderful",
    "A slow start, but what an ending. I left the cinema smiling.",
    "Two hours of my life that I will never get back. Dull, loud and far too long.",
    "Not bad at all, though hardly the masterpiece that everyone promised.",
    "It's <br /><br />GREAT &amp; I don't care who knows it!!! 10/10",
    "zxqv wqxz 漢字 \U0001f3ac",
    # Longer than what most models read, so that cutting is replayed too.
    " ".join(f"Scene {number} drags on, then a fine joke saves it." for number in range(1, 121)),
)


def with_golden_answers(
    bundle: Bundle, weights: Weights, texts: Sequence[str] = GOLDEN_TEXTS
) -> Bundle:
    """Returns a bundle with its golden answers, by the equations in NumPy.

    Training asks Keras, which is the better witness; this is for networks that nobody trained.

    Args:
        bundle: not yet saved.
        weights: that it will be saved with, as they are read back (`round_weights`).
        texts: to be answered.
    """
    encoded = TextEncoder(bundle.vocabulary, bundle.text_settings).encode(texts)
    session = NumpySession(bundle.config, pick_towers(weights, bundle.config.model))
    logits = session(encoded.token_ids).astype(np.float64)
    answers = 1 / (1 + np.exp(-np.clip(logits, -700, 700)))
    golden = map(GoldenAnswer, texts, answers.tolist())
    return replace(bundle, golden=tuple(golden))


def refuse_long_replay(bundle: Bundle) -> None:
    """Refuses golden answers that a model of its size would be busy with for minutes.

    Raises:
        BundleError: if they are too many or too long.
    """
    data, model = bundle.config.data, bundle.config.model
    # A token is at least a character: no need to find the tokens, which would be done twice.
    lengths = [min(max(len(answer.text), 1), data.max_tokens) for answer in bundle.golden]
    timesteps = count_timesteps(np.array(lengths, np.int64), data, model)
    numbers = sum(
        shape[0] * shape[1]
        for name, shape in bundle.shapes().items()
        if name.endswith("kernel") and "lstm_cell" in name
    )
    if int(timesteps.sum()) * numbers > MAX_REPLAY:
        raise BundleError(
            f"The golden answers of the model {bundle.path} are too long to be replayed at every "
            f"load by a network of its size. Expected at most {MAX_REPLAY / numbers:,.0f} "
            f"characters. Save it with fewer. Received {int(timesteps.sum()):,}"
        )
