"""The loss on held-out texts against one computed a token at a time."""

import numpy as np
import pytest
import torch

from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.models.language_model import LanguageNetwork
from reelfeel.training.language_model.perplexity import measure_loss
from reelfeel.training.language_model.token_stream import TokenTexts

NUM_WORDS, END_ID = 12, 11


def make_network(precision="float32"):
    config = PretrainingConfig(embedding_dim=6, units=(7, 5), precision=precision)
    network = LanguageNetwork(config, NUM_WORDS, seed=0)
    rng = np.random.default_rng(0)
    network.assign(
        {
            name: rng.normal(size=array.shape, scale=0.5).astype(np.float32)
            for name, array in network.named_weights().items()
        }
    )
    return network


def predict_next(weights, read):
    """The log probabilities of the next word after some ids, with an LSTM written out."""
    outputs = weights["embedding/embeddings"][read]
    for layer in ("lstm_0", "lstm_1"):
        kernel, recurrent, bias = (
            weights[f"{layer}/lstm_cell/{name}"] for name in ("kernel", "recurrent_kernel", "bias")
        )
        hidden = cell = np.zeros(len(recurrent))
        states = []
        for step in outputs:
            gates = step @ kernel + hidden @ recurrent + bias
            entry, forget, content, out = np.split(gates, 4)
            entry, forget, out = (1 / (1 + np.exp(-gate)) for gate in (entry, forget, out))
            cell = forget * cell + entry * np.tanh(content)
            hidden = out * np.tanh(cell)
            states.append(hidden)
        outputs = np.array(states)
    last = outputs[-1] @ weights["projection/kernel"] + weights["projection/bias"]
    logits = weights["embedding/embeddings"] @ last + weights["softmax/bias"]
    return logits - np.log(np.exp(logits).sum())


def test_it_is_the_mean_over_all_tokens_and_ends_predicted_one_by_one():
    texts = [[2, 3, 4, 5], [6], [7, 8, 9, 10, 2, 3, 1]]
    ids = np.concatenate([[*text, END_ID] for text in texts]).astype(np.int32)
    stream = TokenTexts(ids, np.cumsum([0, *(len(text) + 1 for text in texts)]))
    network = make_network()
    losses = []
    for text in texts:
        whole = [END_ID, *text, END_ID]
        for place in range(1, len(whole)):
            losses.append(-predict_next(network.named_weights(), whole[:place])[whole[place]])
    assert measure_loss(network, stream) == pytest.approx(np.mean(losses), abs=1e-5)


def test_bfloat16_stays_near(bfloat16_training):
    ids = np.array([2, 3, 4, 5, 6, 7, 8, 9, 10, END_ID], np.int32)
    stream = TokenTexts(ids, np.array([0, 10]))
    exact = measure_loss(make_network(), stream)
    fast = measure_loss(make_network("bfloat16"), stream, torch.bfloat16)
    assert fast == pytest.approx(exact, abs=0.02)
