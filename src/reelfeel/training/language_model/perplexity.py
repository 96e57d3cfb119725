"""How well a language model predicts texts that it has not learned from: the full softmax."""

from __future__ import annotations

import numpy as np
import torch

from reelfeel.models.language_model import LanguageNetwork
from reelfeel.text.batching import pad, plan_scoring_batches
from reelfeel.training.language_model.sampled_softmax import full_cross_entropy
from reelfeel.training.language_model.token_stream import TokenTexts

# Bounds the memory of a batch: 32,000 timesteps of 1,024 units are 128 MB a layer.
_MAX_BATCH_TOKENS, _MAX_BATCH_SIZE = 32_000, 256


def measure_loss(
    network: LanguageNetwork, texts: TokenTexts, dtype: torch.dtype = torch.float32
) -> float:
    """Returns the mean cross entropy of the tokens of texts and of their ends, in nats per token.

    Each text is read on its own, from the id of the end of a text on. `exp` of the result is the
    perplexity. Unknown words count as one word.

    Args:
        network: the language model.
        texts: at least one text; the last id of each is the end of a text.
        dtype: of the softmax's matrix product.
    """
    lengths, total = np.diff(texts.offsets), 0.0
    with torch.no_grad():
        for rows in plan_scoring_batches(lengths, _MAX_BATCH_TOKENS, _MAX_BATCH_SIZE):
            total += _sum_losses(network, texts, rows, dtype)
    return total / len(texts.ids)


def _sum_losses(
    network: LanguageNetwork, texts: TokenTexts, rows: np.ndarray, dtype: torch.dtype
) -> float:
    targets = [texts.text(row) for row in rows]
    # The end of the text before stands at the beginning, as in training.
    inputs = pad([np.concatenate([ids[-1:], ids[:-1]]) for ids in targets], multiple_of=16)
    device = network.embedding.embeddings.value.device
    outputs = network.embedding(torch.from_numpy(inputs).to(device))
    for lstm in network.lstms:
        outputs, *_ = lstm(outputs)
    lengths = np.array([len(ids) for ids in targets])
    is_real = torch.from_numpy(np.arange(inputs.shape[1]) < lengths[:, None]).to(device)
    hidden = network.projection(outputs[is_real])
    flat = torch.from_numpy(np.concatenate(targets).astype(np.int64)).to(device)
    embeddings = network.embedding.embeddings.value
    return full_cross_entropy(hidden, embeddings, network.softmax_bias.value, flat, dtype)
