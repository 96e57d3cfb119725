# %% [markdown]
# # 2. Build the LSTM
#
# The network has five layers, and each is a few lines of NumPy. We first write every layer by hand,
# so that nothing in it is a mystery, and then let Keras do the same.
#
# | layer | turns | into |
# | --- | --- | --- |
# | Embedding | a word's id | a list of numbers that describes the word |
# | LSTM | a row of words | one list of numbers that describes the review |
# | Dropout | that list | the same list with holes, in training only |
# | Dense | that list | one number: how positive |
# | sigmoid | that number | a probability between 0 and 1 |
#
# Needs the files of chapter 1.

# %%
import os

os.environ.setdefault("KERAS_BACKEND", "torch")  # before Keras is imported
DATA = os.environ.get("REELFEEL_TUTORIAL_DATA", "mini")  # or "imdb"

EMBEDDING_DIM, UNITS, DROPOUT_RATE = {"mini": (32, 32, 0.5), "imdb": (128, 64, 0.5)}[DATA]

# %%
import json

import keras
import numpy as np

from reelfeel.files.writing import home

WORK = home() / "tutorial" / DATA
VOCABULARY_SIZE = len(json.loads((WORK / "vocabulary.json").read_text("utf-8"))) + 2

stored = np.load(WORK / "train.npz")
reviews = np.split(stored["ids"], np.cumsum(stored["lengths"])[:-1])

# Four short reviews are enough to look at: one row each, padded on the right with 0.
chosen = np.argsort(stored["lengths"], kind="stable")[:4]
batch = np.zeros((4, stored["lengths"][chosen].max()), dtype=np.int32)
for row, review in enumerate(chosen):
    batch[row, : len(reviews[review])] = reviews[review]
mask = batch != 0
print("lengths:", mask.sum(axis=1), "in a rectangle of", batch.shape)

# %% [markdown]
# ## The network in Keras
#
# This is the whole network. `mask_zero=True` tells Keras that id 0 is padding: the embedding then
# passes the mask to the LSTM. It is the most important argument of this tutorial.

# %%
keras.utils.set_random_seed(0)


def build_model(lstm_layer, vocabulary_size=VOCABULARY_SIZE, mask_zero=True):
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(vocabulary_size, EMBEDDING_DIM, mask_zero=mask_zero),
            lstm_layer,
            keras.layers.Dropout(DROPOUT_RATE),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


model = build_model(keras.layers.LSTM(UNITS))
keras_answer = model.predict(batch, verbose=0)[:, 0]
print("probability of positive, before any training:", keras_answer.round(3))

# %% [markdown]
# All answers are near one half: the network has random weights and knows nothing yet. Now we take
# its weights out and compute the same answers ourselves.

# %%
table, kernel, recurrent_kernel, bias, dense_kernel, dense_bias = [
    np.array(weights, dtype=np.float64) for weights in model.get_weights()
]
for name, array in {"table": table, "kernel": kernel, "dense_kernel": dense_kernel}.items():
    print(name, array.shape)

# %% [markdown]
# ## Embedding: look it up
#
# The embedding is a table with one row of numbers per word. To embed an id is to take its row.
# Training moves the rows of words that are used in similar ways closer to each other.

# %%
embedded = table[batch]
print(batch.shape, "->", embedded.shape)

# %% [markdown]
# ## LSTM: read word by word
#
# The LSTM keeps two lists of numbers while it reads. The *cell* `c` is its memory, the *state* `h`
# what it shows of it. For each word it computes three gates, numbers between 0 and 1:
#
# - the forget gate: how much of the memory stays,
# - the input gate: how much of the new word goes in,
# - the output gate: how much of the memory is shown.
#
# What goes in is the *candidate*, a summary of the word and the state so far. The gates and the
# candidate are weighted sums, all computed in one line.

# %%


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def read_word(word, h, c):
    gates = word @ kernel + h @ recurrent_kernel + bias
    input_gate, forget_gate, candidate, output_gate = np.split(gates, 4, axis=1)
    c = sigmoid(forget_gate) * c + sigmoid(input_gate) * np.tanh(candidate)
    return sigmoid(output_gate) * np.tanh(c), c


# %% [markdown]
# A review is read from left to right. The rest of the network sees only the last state. Where the
# mask says "padding", the old state is kept: the LSTM does not read the padding.

# %%


def read_reviews(embedded, mask):
    h = c = np.zeros((len(embedded), UNITS))
    for step in range(embedded.shape[1]):
        new_h, new_c = read_word(embedded[:, step], h, c)
        is_word = mask[:, step, None]
        h, c = np.where(is_word, new_h, h), np.where(is_word, new_c, c)
    return h


last_state = read_reviews(embedded, mask)
print(embedded.shape, "->", last_state.shape)

# %% [markdown]
# ## Dropout: learn with holes
#
# During training, half of the numbers in the last state are set to 0 at random, a new half each
# time. The others are doubled so that the sum stays the same on average. The network cannot rely on
# a single number, which keeps it from learning reviews by heart. In use, nothing is dropped.

# %%


def drop(values, rate, rng):
    return values * (rng.random(values.shape) >= rate) / (1 - rate)


print(drop(np.ones(8), DROPOUT_RATE, np.random.default_rng(0)))

# %% [markdown]
# ## Dense and sigmoid: from many numbers to one
#
# Each number of the last state gets a weight, and they are added up. The sigmoid squeezes the sum
# into a probability: 0 becomes one half, large sums come near 1.

# %%
our_answer = sigmoid(last_state @ dense_kernel + dense_bias)[:, 0]
keras_difference = np.abs(our_answer - keras_answer).max()
print("ours: ", our_answer.round(6))
print("Keras:", keras_answer.round(6))
print(f"largest difference: {keras_difference:.1e}")

# %% [markdown]
# The difference is rounding: Keras computes with 7 digits, we compute with 16. The network holds
# nothing else.
#
# ## Count the weights
#
# The number of weights in each layer shows what takes the memory and the time.

# %%
num_weights = {
    "Embedding": VOCABULARY_SIZE * EMBEDDING_DIM,
    # Four parts (three gates and the candidate), each sees the word, the state and a constant.
    "LSTM": 4 * UNITS * (EMBEDDING_DIM + UNITS + 1),
    "Dense": UNITS + 1,
}
for name, number in num_weights.items():
    print(f"{name:>9}: {number:>9,}")
print(f"      all: {sum(num_weights.values()):>9,}, and Keras counts {model.count_params():,}")

# %% [markdown]
# ## The mask at work
#
# Padding is our own invention, so it must not change an answer. With a mask it does not, however
# much padding there is. Without a mask it does. We add 50 columns of padding and look at the four
# answers again.

# %%
unmasked = build_model(keras.layers.LSTM(UNITS), mask_zero=False)
unmasked.set_weights(model.get_weights())

wider = np.pad(batch, ((0, 0), (0, 50)))
padded_answers = {}
for name, network in {"masked": model, "unmasked": unmasked}.items():
    padded_answers[name] = network.predict(wider, verbose=0)[:, 0]
    print(f"{name:>8}: {padded_answers[name].round(6)}")

# %% [markdown]
# Without the mask, four different reviews get the same answer, to five digits. The network forgot
# the reviews while it read 50 steps of padding. Chapter 6 comes back to this.
#
# ## A faster LSTM
#
# On the PyTorch backend Keras' own LSTM goes over the words in a Python loop, as ours does. A
# single call that does all words is much faster, but it does not know about masks. ReelFeel's
# `FusedLSTM` uses such a call all the same, because of a simple fact: what comes *after* the last
# word cannot change what the LSTM knew *at* the last word. So it reads everything and then takes,
# for each row, the state at its own last word. It replaces Keras' layer: the same arguments,
# weights and results.

# %%
import time

from reelfeel.models.lstm import FusedLSTM

# float32 to compare to the last digit; the default takes a faster number format where there is one.
fused = build_model(FusedLSTM(UNITS, precision="float32"))
fused.set_weights(model.get_weights())
fused_difference = np.abs(fused.predict(batch, verbose=0)[:, 0] - keras_answer).max()
print(f"largest difference to Keras' layer: {fused_difference:.1e}")

wide = np.pad(batch, ((0, 0), (0, 200)))
for name, network in {"Keras' LSTM": model, "FusedLSTM": fused}.items():
    network.predict_on_batch(wide)  # the first call sets things up
    started = time.perf_counter()
    network.predict_on_batch(wide)
    print(f"{name:>11}: {1000 * (time.perf_counter() - started):6.1f} ms for {wide.shape} ids")

# %% [markdown]
# ## In ReelFeel
#
# One line builds this network. It ends before the sigmoid, because training on the number before it
# (the *logit*) is more precise when the network is very sure.

# %%
from reelfeel.config.sections import ModelConfig
from reelfeel.models.classifier import build_classifier

config = ModelConfig(embedding_dim=EMBEDDING_DIM, units=(UNITS,), dropout_rate=DROPOUT_RATE)
classifier = build_classifier(config, VOCABULARY_SIZE, seed=0)
print(f"{classifier.count_params():,} weights")

# %% [markdown]
# ## What to take with you
#
# - The network is a table, a loop, a weighted sum and a sigmoid.
# - Only the last state of the loop reaches the answer. What it has forgotten is lost.
# - With `mask_zero=True` the last state is the one at the last word.
