# %% [markdown]
# # 6. Why the original scored 50 %
#
# ReelFeel began with a tutorial whose network ended at 50 % on IMDB: no better than a coin. Its
# code had no bug in the usual sense. Nothing crashed, and every layer did what it was told. It only
# lacked the mask: short reviews were filled up with zeros on the right, and the LSTM read the zeros
# too.
#
# This chapter shows the failure, finds its cause, and repairs it. It is a useful exercise, because
# this is one of the most common silent failures.
#
# The network here is the one of chapters 2 and 3, so that the mask is the only difference. The
# original had two LSTMs, and fails in the same way: `reelfeel train imdb --preset seed-original`.
#
# Needs the files of chapter 1. On IMDB it learns from 10,000 of the training reviews for a few
# epochs, which is enough to see the difference; it takes about five minutes on one core.

# %%
import os

os.environ.setdefault("KERAS_BACKEND", "torch")  # before Keras is imported
DATA = os.environ.get("REELFEEL_TUTORIAL_DATA", "mini")  # or "imdb"

EMBEDDING_DIM, UNITS, DROPOUT_RATE, BATCH_SIZE, LEARNING_RATE = {
    "mini": (32, 32, 0.5, 8, 0.003),
    "imdb": (128, 64, 0.5, 64, 0.001),
}[DATA]
TIMESTEPS, NUM_REVIEWS, EPOCHS = {"mini": (200, 200, 10), "imdb": (500, 10_000, 4)}[DATA]

# %%
import json

import keras
import numpy as np

from reelfeel.files.writing import home

WORK = home() / "tutorial" / DATA
VOCABULARY_SIZE = len(json.loads((WORK / "vocabulary.json").read_text("utf-8"))) + 2


def load(name, num_reviews=None):
    stored = np.load(WORK / f"{name}.npz")
    ids, labels = np.split(stored["ids"], np.cumsum(stored["lengths"])[:-1]), stored["labels"]
    rows = np.random.default_rng(0).permutation(len(ids))[:num_reviews]
    return [ids[row] for row in rows], labels[rows]


train_ids, train_labels = load("train", NUM_REVIEWS)
validation_ids, validation_labels = load("validation")
print(f"{len(train_ids):,} reviews to learn from, {len(validation_ids):,} to validate")

# %% [markdown]
# ## How much padding is there?
#
# The original filled every review up to the same width.

# %%
num_padding = TIMESTEPS - np.array([len(ids) for ids in train_ids])
print(f"every review is filled up to {TIMESTEPS} places")
print(f"{num_padding.mean() / TIMESTEPS:.0%} of all places are padding")
print(f"half of the reviews end in at least {np.median(num_padding):.0f} steps of padding")
print(f"{(num_padding < 20).mean():.0%} of the reviews have fewer than 20 such steps")

# %% [markdown]
# ## What padding does to the memory
#
# Without a mask, padding is a word like any other: the LSTM reads it, over and over. Recall the
# forget gate of chapter 2: at each step the memory is multiplied by a number below 1. Keras starts
# with a bias of 1 in that gate, so the number is about sigmoid(1) = 0.73.
#
# Let us watch it. We take the last 20 words of 32 different reviews, let a network with fresh
# random weights read them, and then let it read k steps of padding. First question: after k steps,
# how far are the states of the 32 reviews apart? If they are all the same, nothing behind the LSTM
# can tell the reviews apart.

# %%
from reelfeel.models.lstm import FusedLSTM


def build_model(mask_zero, precision="auto"):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(VOCABULARY_SIZE, EMBEDDING_DIM, mask_zero=mask_zero),
            FusedLSTM(UNITS, precision=precision),
            keras.layers.Dropout(DROPOUT_RATE),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


fresh = build_model(mask_zero=False, precision="float32")
endings = np.array([ids[-20:] for ids in validation_ids if len(ids) >= 20][:32])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def distances_by_padding(model, num_steps):
    table, kernel, recurrent_kernel, bias, *_ = [w.astype(np.float64) for w in model.get_weights()]
    padding = np.zeros((len(endings), num_steps), dtype=int)
    h = c = np.zeros((len(endings), UNITS))
    distances = []
    for word in table[np.hstack([endings, padding])].swapaxes(0, 1):
        gates = word @ kernel + h @ recurrent_kernel + bias
        input_gate, forget_gate, candidate, output_gate = np.split(gates, 4, axis=1)
        c = sigmoid(forget_gate) * c + sigmoid(input_gate) * np.tanh(candidate)
        h = sigmoid(output_gate) * np.tanh(c)
        distances.append(np.linalg.norm(h - h.mean(axis=0), axis=1).mean())
    return np.array(distances[endings.shape[1] - 1 :])  # after 0, 1, ..., num_steps of padding


NUM_STEPS = 150
distances = distances_by_padding(fresh, NUM_STEPS)
for k in (0, 10, 20, 50, 100):
    print(
        f"after {k:>3} steps of padding: {distances[k] / distances[0]:.1e} of the distance is left"
    )

# %% [markdown]
# Second question: how much does the last state change when the last *word* changes? That is a
# gradient, and training needs it. If it is 0, the weights learn nothing about the words.

# %%
import torch


def gradient_at_last_word(num_padding):
    embedding, lstm = fresh.layers[:2]
    words = embedding(endings).detach().requires_grad_()
    padding = embedding(np.zeros((len(endings), num_padding), dtype="int32")).detach()
    last_state = lstm(torch.cat([words, padding], dim=1))
    (gradient,) = torch.autograd.grad(last_state.sum(), words)
    return float(gradient[:, -1].norm(dim=1).mean())


paddings = np.array([0, 1, 2, 5, 10, 20, 30, 50, 75, 100, 125, 150])
gradients = np.array([gradient_at_last_word(k) for k in paddings])
for k, gradient in zip(paddings, gradients, strict=True):
    print(f"with {k:>3} steps of padding: {gradient / gradients[0]:.1e} of the gradient is left")

# %%
import matplotlib.pyplot as plt

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#888888"
figure, axes = plt.subplots(num="Fading memory", figsize=(7, 4), layout="constrained")
steps = np.arange(NUM_STEPS + 1)
axes.semilogy(steps, np.ones(len(steps)), color=BLUE, linewidth=2, label="with a mask: all of it")
axes.semilogy(
    steps, distances / distances[0], color=ORANGE, linewidth=2, label="distance of the states"
)
axes.semilogy(
    paddings, gradients / gradients[0], "o", color=GREEN, label="gradient at the last word"
)
axes.semilogy(
    steps, sigmoid(1) ** steps, color=GREY, linestyle="--", label="a forget gate of 0.73 alone"
)
axes.axhline(2.0**-24, color=GREY, linestyle=":", label="the last digit of float32")
axes.set(xlabel="steps of padding behind the last word", ylabel="share that is left")
_ = axes.legend(fontsize="small", loc="lower left")

# %%
half_life = np.log(0.5) / np.log(distances[50] / distances[30]) * 20
median_padding = int(np.median(num_padding))
print(f"between steps 30 and 50 half of what is left is lost every {half_life:.1f} steps")
print(f"half of the reviews have at least {median_padding} steps of padding")

# %% [markdown]
# On this scale a straight line downwards means that the same share of what is left is lost at every
# step. The forget gate alone would lose it even faster; the state, which is fed back into the
# gates, refreshes a part of the memory, but not enough. Below the dotted line a difference is
# smaller than the last digit of the network's numbers: different reviews have the *same* state,
# digit for digit. Half of the reviews have more padding than it takes to get there.
#
# So at the start of training the network gives most reviews the same answer, and the gradient does
# not tell it why. It cannot even learn to remember, because that needs a gradient too.
#
# ## The failure, live
#
# We train three networks with the same weights and settings but for one thing. The first is like
# the original: padding on the right, no mask. The second has the mask. The third has no mask
# either, but its padding is on the left, before the words, which is another well-known remedy.

# %%


def pad(rows, side):
    padded = np.zeros((len(rows), TIMESTEPS), dtype=np.int32)
    for row, ids in enumerate(rows):
        if side == "right":
            padded[row, : len(ids)] = ids
        else:
            padded[row, TIMESTEPS - len(ids) :] = ids
    return padded


def train(mask_zero, side):
    model = build_model(mask_zero)
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    fitted = model.fit(
        pad(train_ids, side),
        train_labels,
        batch_size=BATCH_SIZE,
        epochs=EPOCHS,
        validation_data=(pad(validation_ids, side), validation_labels),
        verbose=0,
    )
    return model, fitted.history


runs = {
    "right, no mask": train(mask_zero=False, side="right"),
    "right, mask": train(mask_zero=True, side="right"),
    "left, no mask": train(mask_zero=False, side="left"),
}

# %%
from reelfeel.metrics.intervals.proportions import wilson_interval

print(f"{len(train_ids):,} reviews of {DATA}, {EPOCHS} epochs, {len(validation_ids):,} to validate")
print("padding           train loss   train accuracy   validation accuracy")
for name, (_, history) in runs.items():
    accuracy = history["val_accuracy"][-1]
    low, high = wilson_interval(accuracy * len(validation_ids), len(validation_ids))
    print(
        f"{name:<15} {history['loss'][-1]:>12.3f} {history['accuracy'][-1]:>16.3f} "
        f"{accuracy:>11.3f} ({low:.3f} to {high:.3f})"
    )

# %%
figure, axes = plt.subplots(num="Failure and repair", figsize=(7.5, 3.5), layout="constrained")
epochs = np.arange(1, EPOCHS + 1)
for (name, (_, history)), colour in zip(runs.items(), (ORANGE, BLUE, GREEN), strict=True):
    axes.plot(epochs, history["accuracy"], color=colour, linestyle="--", linewidth=1)
    axes.plot(epochs, history["val_accuracy"], "o-", color=colour, label=name)
axes.axhline(0.5, color=GREY, linestyle=":", label="a coin")
axes.set(xlabel="epoch", ylabel="accuracy (dashed: train)", xticks=epochs, ylim=(0.4, 1.02))
_ = figure.legend(title="padding", fontsize="small", loc="outside right upper")

# %% [markdown]
# Look at the *training* accuracy of the failing network. Overfitting would show as good training
# numbers and bad validation numbers. This network is bad on both: it has not even learned most
# reviews by heart. That is the sign of a network that cannot see its input.
#
# Here are the answers for the first eight validation reviews, and how much padding each of them
# ends in:

# %%
validation_padding = TIMESTEPS - np.array([len(ids) for ids in validation_ids])
answers = {
    name: runs[name][0].predict(pad(validation_ids, "right"), verbose=0)[:, 0]
    for name in ("right, no mask", "right, mask")
}
print("steps of padding:", "".join(f"{number:>7}" for number in validation_padding[:8]))
for name, probabilities in answers.items():
    print(f"{name:>16}:", "".join(f"{probability:>7.3f}" for probability in probabilities[:8]))

# %% [markdown]
# If fading is the cause, then the failing network can have learned only from reviews that are long
# enough to have hardly any padding. So we look at these separately. (On `mini` there are none.)

# %%
failed = runs["right, no mask"][0]
for part, ids, labels in (
    ("train", train_ids, train_labels),
    ("validation", validation_ids, validation_labels),
):
    called_positive = failed.predict(pad(ids, "right"), verbose=0)[:, 0] >= 0.5
    padding = TIMESTEPS - np.array([len(review) for review in ids])
    for kind, rows in {"fewer than 20": padding < 20, "20 or more": padding >= 20}.items():
        if rows.any():
            num_right, count = (called_positive == labels)[rows].sum(), rows.sum()
            low, high = wilson_interval(num_right, count)
            print(
                f"{part:>10}, {kind:>13} steps of padding, {count:>5,} reviews: "
                f"accuracy {num_right / count:.3f} ({low:.3f} to {high:.3f})"
            )

# %% [markdown]
# On IMDB it knows by heart most of the long reviews that it was trained on, and guesses the others.
# Only a tenth of the reviews are long. That is too few to learn anything that helps with new
# reviews: there it guesses everywhere.
#
# ## The repair
#
# It is one argument: `mask_zero=True`. The LSTM then stops at the last word of each review, and no
# memory fades.
#
# Padding on the left repairs it as well, because the last thing read is then a word. But it has a
# price: hundreds of useless steps are computed for each short review, and the answer no longer
# depends on the words alone, because the zeros before them are read too.
#
# What should you do when your own network stays at the majority rate?
#
# 1. Look at the training loss. If it stays near 0.693 (for two classes of the same size), the
#    network does not see its input.
# 2. Look at a few predictions. If most are the same, the network sees no difference in its inputs.
# 3. Check what lies between the input and the loss, and how much of it is padding.
#
# ## The alarm
#
# It is easy to forget to look. So ReelFeel looks by itself: after 300 steps of training it checks
# whether the network is better than always saying the majority. If not, it stops and searches for a
# cause. We give it the failing settings: every review filled up, and no mask.

# %%
import reelfeel
from reelfeel.data.loading import load_reviews
from reelfeel.errors import NotLearningError

reviews = load_reviews(DATA, "train")
some = np.random.default_rng(0).permutation(len(reviews))[: round(NUM_REVIEWS * 1.2)]
original = {
    "data": {"max_tokens": TIMESTEPS, "fixed_timesteps": True},
    "model": {"masking": False},
    # On the few reviews of "mini" some seeds get away with it; this one does not.
    "training": {"seed": 2},
}
preset = {"mini": "mini", "imdb": "seed"}[DATA]
alarm = "it did not ring"
try:
    reelfeel.train(
        reviews.take(some),
        output=WORK / "original",
        preset=preset,
        settings=original,
        overwrite=True,
    )
except NotLearningError as error:
    alarm = str(error)
print(alarm)

# %% [markdown]
# How does it know? It compares with a bag of words, a model so simple that it learns whenever there
# is something to learn. The bag of words reads the same reviews and is better than chance, so the
# labels and the vocabulary are fine. The learning rate is usual and the weights have moved. But
# much of what the LSTM reads is padding, and there is no mask: that fits.
#
# ## What to take with you
#
# - An LSTM's last state is what it remembers *now*. If it reads padding for long, it forgets.
# - With padding on the right, use a mask. Always.
# - A training loss that stays near 0.693 is a message: look at what the network gets to see.
