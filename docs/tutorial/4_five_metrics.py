# %% [markdown]
# # 4. Five metrics
#
# The network gave every test review a probability. Five numbers say how good they are: accuracy,
# precision, recall, F1 and ROC AUC. We compute each by hand first, then with the library, and then
# ask how sure the number is.
#
# Needs the files of chapter 3.

# %%
import os

DATA = os.environ.get("REELFEEL_TUTORIAL_DATA", "mini")  # or "imdb"

# %%
import numpy as np

from reelfeel.files.writing import home

WORK = home() / "tutorial" / DATA
stored = np.load(WORK / "predictions.npz")
y_true, y_prob = stored["y_true"].astype(int), stored["y_prob"]
print(f"{len(y_true):,} test reviews of {DATA}, {y_true.mean():.0%} positive")

# %% [markdown]
# ## Four counts
#
# A review is *called positive* when its probability is at least one half. Then there are four
# cases, and together they are the *confusion matrix*.

# %%
called_positive = y_prob >= 0.5
is_positive = y_true == 1

hits = (called_positive & is_positive).sum()  # true positives
false_alarms = (called_positive & ~is_positive).sum()  # false positives
misses = (~called_positive & is_positive).sum()  # false negatives
rejections = (~called_positive & ~is_positive).sum()  # true negatives

print("                called positive   called negative")
print(f"is positive     {hits:>15,}   {misses:>15,}")
print(f"is negative     {false_alarms:>15,}   {rejections:>15,}")

# %% [markdown]
# ## Four metrics from the counts
#
# - **Accuracy**: of all reviews, how many did it judge rightly?
# - **Precision**: of those it called positive, how many are positive? Low means false alarms.
# - **Recall**: of those that are positive, how many did it find? Low means misses.
# - **F1**: precision and recall in one number. It is the harmonic mean, which is near the worse of
#   the two: a model cannot hide a bad recall behind a good precision.

# %%
accuracy = (hits + rejections) / len(y_true)
precision = hits / (hits + false_alarms)
recall = hits / (hits + misses)
f1 = 2 * precision * recall / (precision + recall)

by_hand = {"accuracy": accuracy, "precision": precision, "recall": recall, "f1": f1}
for name, value in by_hand.items():
    print(f"{name:>9}: {value:.4f}")

# %% [markdown]
# Accuracy needs something to stand beside. Here half of the reviews are positive, so saying the
# same of all gives 0.5. Where 95 % are positive, saying so of all gives 0.95, and is worth nothing.
#
# ## ROC AUC: how well are they ordered?
#
# The four metrics look at one threshold, one half. ROC AUC looks at none. Take a positive and a
# negative review at random: how likely is it that the positive one has the higher probability?
# Guessing gives 0.5, a perfect order gives 1. A tie counts half.
#
# There are too many pairs to go through one by one. But if the negatives are sorted, a search finds
# at once how many of them lie below a positive one.

# %%


def area_under_roc(y_true, y_prob):
    positives, negatives = y_prob[y_true == 1], np.sort(y_prob[y_true == 0])
    below = np.searchsorted(negatives, positives, side="left")
    below_or_tied = np.searchsorted(negatives, positives, side="right")
    return ((below + below_or_tied) / 2).mean() / len(negatives)


by_hand["roc_auc"] = area_under_roc(y_true, y_prob)
print(f"  roc_auc: {by_hand['roc_auc']:.4f}")

# %% [markdown]
# ## The same from the library
#
# scikit-learn has all five. ReelFeel's `evaluate_binary` gives them, and six more, in one call, and
# says so when one is not defined. All three must agree.

# %%
from sklearn import metrics

from reelfeel.metrics.table import evaluate_binary

by_sklearn = {
    "accuracy": metrics.accuracy_score(y_true, called_positive),
    "precision": metrics.precision_score(y_true, called_positive),
    "recall": metrics.recall_score(y_true, called_positive),
    "f1": metrics.f1_score(y_true, called_positive),
    "roc_auc": metrics.roc_auc_score(y_true, y_prob),
}
by_reelfeel = evaluate_binary(y_true, y_prob).to_dict()

print("             by hand  scikit-learn  ReelFeel")
for name, value in by_hand.items():
    print(f"{name:>9}: {value:>9.6f} {by_sklearn[name]:>13.6f} {by_reelfeel[name]:>9.6f}")

# %% [markdown]
# ## How sure is that?
#
# The test reviews are a sample. Other reviews would have given other numbers, and with few reviews
# very other ones. A 95 % *interval* says where the number would lie for the whole population of
# such reviews; the recipe contains the truth 95 times in 100.
#
# For a share, such as the accuracy, there is a formula by Wilson. It is honest even for few
# reviews.

# %%


def wilson(successes, count, z=1.96):
    share, spread = successes / count, z**2 / count
    centre = (share + spread / 2) / (1 + spread)
    half_width = np.sqrt(spread * share * (1 - share) + spread**2 / 4) / (1 + spread)
    return centre - half_width, centre + half_width


low, high = wilson(hits + rejections, len(y_true))
print(f"accuracy {accuracy:.3f}, 95 % interval {low:.3f} to {high:.3f}, {len(y_true):,} reviews")

# %% [markdown]
# For ROC AUC we let the computer play "other reviews". The *bootstrap* draws as many reviews as
# there are, with replacement, so that some come twice and some not at all, and measures again.
# After a thousand draws we look at how much the number moved.

# %%
rng = np.random.default_rng(0)
drawn = []
for _ in range(1_000):
    rows = rng.integers(len(y_true), size=len(y_true))
    drawn.append(area_under_roc(y_true[rows], y_prob[rows]))
low, high = np.percentile(drawn, [2.5, 97.5])
print(f"ROC AUC {by_hand['roc_auc']:.3f}, 95 % interval {low:.3f} to {high:.3f}")

# %% [markdown]
# ReelFeel's `metric_intervals` gives one for every metric. For ROC AUC it repairs a weakness of the
# plain bootstrap, which is too sure of itself when the area is near 1; `docs/metrics.md` has the
# simulation. Here are our model and the one that `reelfeel.train` made in chapter 3, on the same
# test reviews.

# %%
import reelfeel
from reelfeel.data.loading import load_reviews
from reelfeel.metrics.intervals.uncertainty import metric_intervals

classifier = reelfeel.load(WORK / "reelfeel")
reelfeel_prob = classifier.predict_proba(load_reviews(DATA, "test").texts)

for name, probabilities in {"by hand": y_prob, "reelfeel.train": reelfeel_prob}.items():
    values = evaluate_binary(y_true, probabilities).to_dict()
    intervals = metric_intervals(y_true, probabilities, rng=np.random.default_rng(0))
    print(f"{name}, {len(y_true):,} test reviews of {DATA}")
    for metric in by_hand:
        low, high = intervals[metric]
        print(f"{metric:>11}: {values[metric]:.3f}  ({low:.3f} to {high:.3f})")

# %% [markdown]
# An interval covers the luck of the draw of the test reviews. It does not cover the luck of
# training: another seed gives another model, and its accuracy may differ by a point or so.
#
# ## Moving the threshold
#
# One half is a choice. Call fewer reviews positive, and precision rises while recall falls. Which
# is worse, a false alarm or a miss, is for the user of the model to say. (Such a choice is made on
# the validation set. Here we only look.)

# %%
for threshold in (0.1, 0.3, 0.5, 0.7, 0.9):
    at = evaluate_binary(y_true, y_prob, threshold=threshold)
    precision_text = "  none" if at.precision is None else f"{at.precision:6.3f}"
    print(f"from {threshold:.0%} on: precision {precision_text}, recall {at.recall:.3f}")

# %% [markdown]
# ## What to take with you
#
# - Four counts give accuracy, precision, recall and F1; the order gives ROC AUC.
# - Put every number beside what guessing gives.
# - Put an interval around it, and say how many reviews it comes from.
