# %% [markdown]
# # 5. The pictures, and what they say
#
# A metric is one number. A picture shows where it comes from. Here are five, each drawn in a few
# lines, each followed by what to look for and by what this model's picture says.
#
# Needs the files of chapter 3.

# %%
import os

DATA = os.environ.get("REELFEEL_TUTORIAL_DATA", "mini")  # or "imdb"

# %%
import matplotlib.pyplot as plt
import numpy as np

from reelfeel.files.writing import home

WORK = home() / "tutorial" / DATA
stored = np.load(WORK / "predictions.npz")
y_true, y_prob, history = stored["y_true"], stored["y_prob"], stored["history"]
best_epoch = int(stored["best_epoch"])

# Blue and orange can be told apart by nearly everybody; red and green cannot.
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#888888"

# %% [markdown]
# ## The ROC curve
#
# Sort the reviews by probability, the highest first, and go down the list: each positive review is
# a step up, each negative one a step to the right. A good model goes up first. The area under the
# curve is the ROC AUC of chapter 4, and guessing gives the diagonal.

# %%
order = np.argsort(-y_prob, kind="stable")
found = np.append(0, np.cumsum(y_true[order] == 1)) / (y_true == 1).sum()
false_alarms = np.append(0, np.cumsum(y_true[order] == 0)) / (y_true == 0).sum()

figure, axes = plt.subplots(num="ROC curve", figsize=(4.5, 4), layout="constrained")
axes.plot(false_alarms, found, color=BLUE, label="our network")
axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="guessing")
axes.set(xlabel="share of negatives called positive", ylabel="share of positives found")
_ = axes.legend(loc="lower right")

# %%
area = np.trapezoid(found, false_alarms)
price = false_alarms[np.searchsorted(found, 0.9)]
print(f"Area {area:.3f}, {len(y_true):,} test reviews of {DATA}.")
print(f"Who wants 90 % of the positives has to accept {price:.0%} of the negatives with them.")

# %% [markdown]
# Look at the left edge: how many positives does it find before the first false alarms? And look for
# corners: a curve of a few straight pieces means that many reviews get the same probability.
#
# On IMDB the area is 0.94, while the accuracy is 0.86. So the order is better than the labels: the
# network knows more than a threshold of one half shows. Remember that for the confusion matrix.
#
# ReelFeel: `reelfeel.metrics.curves.roc_curve(y_true, y_prob)`.
#
# ## The learning curves
#
# Loss and accuracy by epoch, on the reviews that are learned from and on those held back; thin
# lines are raw, thick ones smoothed with the EMA of chapter 3.

# %%
from reelfeel.metrics.curves import exponential_moving_average

epochs = np.arange(1, len(history) + 1)
figure, panels = plt.subplots(
    1, 2, num="Learning curves", figsize=(8, 3.3), sharex=True, layout="constrained"
)
for axes, first_column, name in zip(panels, (0, 1), ("loss", "accuracy"), strict=True):
    for column, part, colour in ((0, "train", BLUE), (2, "validation", ORANGE)):
        values = history[:, first_column + column]
        axes.plot(epochs, values, color=colour, linewidth=1, alpha=0.5)
        axes.plot(epochs, exponential_moving_average(values), color=colour, linewidth=2, label=part)
    axes.axvline(best_epoch, color=GREY, linestyle=":", label="epoch kept")
    axes.set(xlabel="epoch", ylabel=name)
_ = panels[0].legend(fontsize="small")

# %%
for epoch in (best_epoch, len(history)):
    train_loss, train_accuracy, validation_loss, validation_accuracy = history[epoch - 1]
    print(
        f"epoch {epoch}: accuracy {train_accuracy:.3f} in train, {validation_accuracy:.3f} in "
        f"validation; validation loss {validation_loss:.3f}"
    )

# %% [markdown]
# Look for three things. Do the lines leave their start at all? (If not, see chapter 6.) Where do
# the two separate? From there on the network learns by heart. And what happens to the validation
# *loss* afterwards? It rises much more than the accuracy falls: the network is not wrong more
# often, it is surer where it is wrong.
#
# On IMDB the second of ten epochs is kept. The other eight teach the network its 22,486 reviews by
# heart, up to an accuracy of 0.98 on them, and nothing that helps with others.
#
# ## The confusion matrix
#
# The four counts of chapter 4 as a square. The diagonal is right.

# %%
called_positive = (y_prob >= 0.5).astype(int)
counts = np.zeros((2, 2), dtype=int)
np.add.at(counts, (y_true, called_positive), 1)

figure, axes = plt.subplots(num="Confusion matrix", figsize=(4, 3.5), layout="constrained")
axes.imshow(counts, cmap="Blues", vmin=0)
for row, column in np.ndindex(2, 2):
    shade = "white" if counts[row, column] > counts.max() / 2 else "black"
    axes.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", color=shade)
axes.set(
    xticks=[0, 1],
    xticklabels=["negative", "positive"],
    yticks=[0, 1],
    yticklabels=["negative", "positive"],
    xlabel="the model said",
    ylabel="the label is",
)

# %%
print(
    f"{counts[0, 1]:,} negative reviews were called positive, and {counts[1, 0]:,} positive ones "
    f"negative, of {len(y_true):,} test reviews"
)

# %% [markdown]
# Look at the two cells that are wrong. If one is much larger than the other, the model prefers one
# class when in doubt. Another threshold might then be better.
#
# On IMDB there are three misses for one false alarm: this network leans to "negative". Here is what
# the ROC curve hinted at. In chapter 4, with a threshold of 0.3, precision and recall were close to
# each other.
#
# ## Word clouds
#
# The bigger a word, the more often it occurs. Common words such as "the" are left out, or they
# would be all there is to see.

# %%
import re

from wordcloud import STOPWORDS, WordCloud

from reelfeel.data.loading import load_reviews
from reelfeel.text.encoder import token_counts

train_part = load_reviews(DATA, "train")
texts_of = {
    label: [train_part.texts[row] for row in np.flatnonzero(train_part.labels == label)]
    for label in (0, 1)
}
negative_counts, positive_counts = token_counts(texts_of[0]), token_counts(texts_of[1])


def plain_words(counts):
    return {
        word: count
        for word, count in counts.items()
        if word.isalpha() and len(word) > 2 and word not in STOPWORDS
    }


figure, panels = plt.subplots(num="Word clouds", ncols=2, figsize=(9, 3.2), layout="constrained")
for axes, name, counts_of_class, colour in (
    (panels[0], "positive", positive_counts, BLUE),
    (panels[1], "negative", negative_counts, ORANGE),
):
    cloud = WordCloud(
        width=700,
        height=450,
        background_color="white",
        max_words=80,
        color_func=lambda *_, colour=colour, **__: colour,
        random_state=0,
    )
    axes.imshow(cloud.generate_from_frequencies(plain_words(counts_of_class)))
    axes.set_title(f"{name} reviews")
    axes.set_axis_off()

# %%
top_positive = {word for word, _ in positive_counts.most_common(200)}
top_negative = {word for word, _ in negative_counts.most_common(200)}
num_shared = len(top_positive & top_negative)
print(f"Of the 200 commonest words of either class, {num_shared} are the same.")

# %% [markdown]
# Word clouds are nice to look at and nearly useless: both say that these are reviews of films. How
# often a word occurs does not show what it means. The question is in which class it occurs *more
# than expected*.
#
# ## Words that tell the classes apart
#
# For each word we compare its odds in positive and in negative reviews. Rare words are the trouble:
# one that occurs once, in a positive review, has infinite odds and means nothing. So each class
# first gets some imagined words, 100 in all, spread as in all reviews together. This is the
# *prior*. Then the difference of the logarithms is divided by its own uncertainty. A score beyond 2
# or -2 would be a surprise for a word picked at random. (Monroe, Colaresi and Quinn, 2008,
# *Political Analysis* 16.)

# %%
# Everything with a letter or a digit in it: words, and marks such as 8/10.
words = sorted(
    word for word in negative_counts.keys() | positive_counts.keys() if re.search("[a-z0-9]", word)
)
in_negative = np.array([negative_counts[word] for word in words])
in_positive = np.array([positive_counts[word] for word in words])


def log_odds(occurrences, prior):
    total = occurrences.sum() + prior.sum()
    return np.log((occurrences + prior) / (total - occurrences - prior))


PRIOR_WORDS = 100
together = in_negative + in_positive
prior = PRIOR_WORDS * together / together.sum()
difference = log_odds(in_positive, prior) - log_odds(in_negative, prior)
scores = difference / np.sqrt(1 / (in_positive + prior) + 1 / (in_negative + prior))

ranked = np.argsort(scores)
chosen = np.append(ranked[:15], ranked[-15:])
figure, axes = plt.subplots(
    num="Words that tell the classes apart", figsize=(5.5, 6), layout="constrained"
)
axes.barh(range(30), scores[chosen], color=[ORANGE] * 15 + [BLUE] * 15)
axes.set_yticks(range(30), [words[row] for row in chosen], fontsize="small")
axes.axvline(0, color=GREY, linewidth=1)
axes.margins(y=0.01)
_ = axes.set_xlabel("more in negative reviews  -  score  -  more in positive reviews")

# %%
print("most positive:", ", ".join(words[row] for row in ranked[:-11:-1]))
print("most negative:", ", ".join(words[row] for row in ranked[:10]))

# %% [markdown]
# These words are informative. Look for two kinds. Words of praise and blame are what we hoped for.
# Others are clues that work without meaning anything good or bad, such as names, or the small words
# that complaints are made of. A network learns both kinds and cannot tell which is which.
#
# On IMDB `great`, `excellent`, `bad` and `worst` are of the first kind. `and`, `his` and `as` lean
# to praise, `no`, `just` and `movie` to complaint, and not one of them judges anything.
#
# ReelFeel has the same score, and draws all these pictures into one page with `reelfeel report`.

# %%
from reelfeel.report.words import log_odds_scores

theirs = log_odds_scores(in_negative, in_positive, prior_words=PRIOR_WORDS)
score_difference = np.abs(scores - theirs).max()
print(f"ours and ReelFeel's scores differ by at most {score_difference:.0e}")

# %% [markdown]
# ## What to take with you
#
# - ROC curve: the order. Confusion matrix: which side errs. Learning curves: when to stop.
# - Raw word clouds show what is common; log-odds show what tells the classes apart.
