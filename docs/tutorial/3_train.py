# %% [markdown]
# # 3. Train it
#
# Training is a loop: show the network some reviews, measure how wrong it is, move every weight a
# little in the direction that makes it less wrong, and repeat. We write the loop out, keep the best
# epoch, and draw the learning curve, raw and smoothed.
#
# Needs the files of chapter 1. On IMDB this chapter takes about ten minutes on one core.

# %%
import os

os.environ.setdefault("KERAS_BACKEND", "torch")  # before Keras is imported
DATA = os.environ.get("REELFEEL_TUTORIAL_DATA", "mini")  # or "imdb"

EMBEDDING_DIM, UNITS, DROPOUT_RATE, BATCH_SIZE, EPOCHS, LEARNING_RATE = {
    "mini": (32, 32, 0.5, 8, 15, 0.003),
    "imdb": (128, 64, 0.5, 64, 10, 0.001),
}[DATA]

# %%
import json

import keras
import numpy as np

from reelfeel.files.writing import home

WORK = home() / "tutorial" / DATA


def load(name):
    stored = np.load(WORK / f"{name}.npz")
    return np.split(stored["ids"], np.cumsum(stored["lengths"])[:-1]), stored["labels"]


(train_ids, train_labels), (validation_ids, validation_labels) = load("train"), load("validation")
VOCABULARY_SIZE = len(json.loads((WORK / "vocabulary.json").read_text("utf-8"))) + 2
print(f"{len(train_ids):,} reviews to learn from, {len(validation_ids):,} to validate")

# %% [markdown]
# ## How wrong? The loss
#
# The network says how likely it is that a review is positive. The *loss* looks at the probability
# it gave to the truth and takes the negative logarithm: sure and right costs next to nothing, sure
# and wrong costs a lot. Someone who always says "50 %" pays 0.693, the logarithm of 2. Remember
# that number: a training loss that stays there means that nothing is learned.

# %%


def loss_of(labels, probabilities):
    of_truth = np.where(labels == 1, probabilities, 1 - probabilities)
    return -np.log(np.clip(of_truth, 1e-7, 1)).mean()


for probability in (0.5, 0.9, 0.99, 0.01):
    print(f"a positive review called {probability:.0%} positive: {loss_of(1, probability):.3f}")

# %% [markdown]
# ## The network
#
# It is that of chapter 2, with the fast LSTM. Adam is the rule that moves the weights; the learning
# rate says how far.

# %%
from reelfeel.models.lstm import FusedLSTM

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((None,), dtype="int32"),
        keras.layers.Embedding(VOCABULARY_SIZE, EMBEDDING_DIM, mask_zero=True),
        FusedLSTM(UNITS),
        keras.layers.Dropout(DROPOUT_RATE),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(LEARNING_RATE),
    loss="binary_crossentropy",
    metrics=["accuracy"],
)

# %% [markdown]
# ## Batches
#
# The network sees a batch of reviews at a time, in a new random order in every epoch. A batch is as
# wide as its longest review, so a long one among short ones wastes time on padding. The remedy is
# to shuffle first, then to sort within pools of 50 batches, and to shuffle the batches once more.
#
# Widths are rounded up to a multiple of 50, because PyTorch is slow on the first batch of every new
# width. With the mask, the width changes the speed and nothing else.

# %%


def pad(rows):
    longest = max(len(ids) for ids in rows)
    padded = np.zeros((len(rows), -(-longest // 50) * 50), dtype=np.int32)
    for row, ids in enumerate(rows):
        padded[row, : len(ids)] = ids
    return padded


def plan_batches(lengths, rng):
    batches, pool_size = [], 50 * BATCH_SIZE
    order = rng.permutation(len(lengths))
    for start in range(0, len(order), pool_size):
        pool = sorted(order[start : start + pool_size], key=lambda review: lengths[review])
        batches += [pool[i : i + BATCH_SIZE] for i in range(0, len(pool), BATCH_SIZE)]
    return [batches[i] for i in rng.permutation(len(batches))]


train_lengths = [len(ids) for ids in train_ids]
batches = plan_batches(train_lengths, np.random.default_rng(0))
num_places = sum(pad([train_ids[review] for review in batch]).size for batch in batches)
share_padding = 1 - sum(train_lengths) / num_places
print(f"{len(batches)} batches; {share_padding:.1%} of their places are padding")

# %% [markdown]
# ## Predict
#
# To predict, the order does not matter, so we take the reviews by length.

# %%


def predict(ids):
    order = sorted(range(len(ids)), key=lambda review: len(ids[review]))
    probabilities = np.empty(len(ids))
    for start in range(0, len(order), 256):
        rows = order[start : start + 256]
        probabilities[rows] = model.predict_on_batch(pad([ids[row] for row in rows]))[:, 0]
    return probabilities


before = predict(validation_ids)
print(f"before training: validation loss {loss_of(validation_labels, before):.3f}")

# %% [markdown]
# ## The loop
#
# One pass over all training reviews is an *epoch*. After each we look at the validation reviews.
# When the validation loss is the lowest so far, we keep a copy of the weights: more training is not
# always better, as the numbers will show.

# %%
history, best_loss, best_weights = [], np.inf, None

for epoch in range(EPOCHS):
    sums = np.zeros(2)
    for batch in plan_batches(train_lengths, np.random.default_rng(epoch)):
        ids, labels = pad([train_ids[review] for review in batch]), train_labels[batch]
        # One step of Adam; Keras returns the loss and the accuracy on the batch.
        sums += len(batch) * np.array(model.train_on_batch(ids, labels))
    train_loss, train_accuracy = sums / len(train_ids)
    probabilities = predict(validation_ids)
    validation_loss = loss_of(validation_labels, probabilities)
    validation_accuracy = ((probabilities >= 0.5) == validation_labels).mean()
    record = (train_loss, train_accuracy, validation_loss, validation_accuracy)
    history.append([float(value) for value in record])
    is_best = validation_loss < best_loss
    if is_best:
        best_loss, best_weights, best_epoch = validation_loss, model.get_weights(), epoch + 1
    print(
        f"epoch {epoch + 1:>2}: train loss {train_loss:.3f}, accuracy {train_accuracy:.3f}; "
        f"validation loss {validation_loss:.3f}, accuracy {validation_accuracy:.3f}"
        f"{'  best so far' if is_best else ''}"
    )

model.set_weights(best_weights)

# %% [markdown]
# The training loss goes down and down. The validation loss goes down, turns, and climbs: from there
# on the network learns its reviews by heart and gets sure of itself where it is wrong. That is
# *overfitting*, and it is why we keep the best epoch and not the last.
#
# Keras does the loop in one call, `model.fit(...)`, and the keeping with its callback
# `ModelCheckpoint(monitor="val_loss", save_best_only=True)`. Now you know what they do.
#
# ## The learning curve, raw and smoothed
#
# Validation numbers jump from epoch to epoch by chance. An *exponential moving average* (EMA) calms
# them: a mean of all values so far in which old ones count less. With a span of 5, a value counts
# (5 - 1) / (5 + 1) = two thirds as much as the one after it.

# %%


def smooth(values, span=5):
    decay = (span - 1) / (span + 1)
    smoothed, total, weight = [], 0.0, 0.0
    for value in values:
        total, weight = decay * total + value, decay * weight + 1
        smoothed.append(total / weight)
    return np.array(smoothed)


from reelfeel.metrics.curves import exponential_moving_average

curve = np.array(history)[:, 2]
ema_difference = np.abs(smooth(curve) - exponential_moving_average(curve, span=5)).max()
print(f"ours and ReelFeel's differ by {ema_difference:.0e}")

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(num="Learning curve", figsize=(6, 3.5), layout="constrained")
epochs = np.arange(1, EPOCHS + 1)
for column, name, colour in ((0, "train", "tab:blue"), (2, "validation", "tab:orange")):
    values = np.array(history)[:, column]
    axes.plot(epochs, values, color=colour, alpha=0.4, linewidth=1, label=f"{name}, raw")
    axes.plot(epochs, smooth(values), color=colour, linewidth=2, label=f"{name}, EMA span 5")
axes.axhline(np.log(2), color="grey", linestyle="--", linewidth=1, label="guessing")
axes.axvline(best_epoch, color="grey", linestyle=":", linewidth=1, label="epoch kept")
axes.set(xlabel="epoch", ylabel="loss")
_ = axes.legend(fontsize="small")

# %% [markdown]
# The smoothed line tells the direction, and it is late: after a turn it needs a while to notice. So
# look at the smoothed line to see how training goes, and choose the epoch by the raw one.
#
# ## The test set, once
#
# All choices are made, so the test reviews may be scored. We keep the probabilities for the next
# chapter and do not look at them yet.

# %%
test_ids, test_labels = load("test")
test_probabilities = predict(test_ids)
np.savez(
    WORK / "predictions.npz",
    y_true=test_labels,
    y_prob=test_probabilities,
    history=history,
    best_epoch=best_epoch,
)
print(f"{len(test_ids):,} test reviews scored with the weights of epoch {best_epoch}")

# %% [markdown]
# ## In ReelFeel
#
# One line does chapters 1 to 3 and saves a model that can be used. It does some things better: it
# learns from the logit, averages the weights over time, can be interrupted and resumed, and rings
# an alarm when nothing is learned.

# %%
import reelfeel

preset = {"mini": "mini", "imdb": "seed"}[DATA]
classifier = reelfeel.train(DATA, output=WORK / "reelfeel", preset=preset, overwrite=True)
texts = ["What a wonderful film, I loved every minute.", "Dull, slow and a waste of time."]
print(classifier.predict_proba(texts).round(3))

# %% [markdown]
# ## What to take with you
#
# - A loss of 0.693 is guessing.
# - Keep the epoch with the lowest validation loss, not the last one.
# - Leave the test set alone until there is nothing left to choose.
