"""Which pictures a report has, in their order; a sentence stands where one cannot be drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reelfeel.metrics.calibration import reliability_curve
from reelfeel.metrics.curves import accuracy_by_length, precision_recall_curve, roc_curve
from reelfeel.report import captions, clouds, plots
from reelfeel.report.figures import Picture, drawable_name
from reelfeel.report.metric_table import rank_baselines
from reelfeel.report.report_data import ReportData, WordCounts
from reelfeel.report.wording import count, quoted
from reelfeel.report.words import log_odds_scores

# Two-sided at 5 %, for one word picked beforehand; and what is shown at all, so that small data
# sets have a picture. The sentence says how many words are beyond the first.
SURPRISING_SCORE, SHOWN_SCORE = 1.96, 1.0
# Fewer words than these make no cloud.
MIN_WORDS = 3


@dataclass(frozen=True)
class Exhibit:
    """A picture with its words, or the words alone.

    Attributes:
        name: of its files and of its place on the page.
        title: for people.
        sentence: what it shows of this model, or why there is no picture.
        alternative: the text for who cannot see it; "" without a picture.
        picture: None where it cannot be drawn.
    """

    name: str
    title: str
    sentence: str
    alternative: str = ""
    picture: Picture | None = None


def hang_pictures(data: ReportData) -> list[Exhibit]:
    """Draws all pictures of a report.

    Args:
        data: of the report.

    Returns:
        Exhibits in the order of the page; the clouds are left out where texts stay private.
    """
    rooms: list[Callable[[ReportData], Exhibit]] = [
        _roc,
        _precision_recall,
        _confusion,
        _scores,
        _reliability,
        _lengths,
    ]
    exhibits = [room(data) for room in rooms]
    if data.words is None:
        return [*exhibits, _learning(data)]
    # On two columns the tall ones stand side by side.
    return [
        *exhibits,
        _cloud(data, data.words, label=1),
        _cloud(data, data.words, label=0),
        _learning(data),
        _two_clouds(data, data.words),
    ]


def hang_comparison(data: ReportData) -> Exhibit | None:
    """Draws the picture that stands beside the verdict; None where there are no baselines."""
    if not data.baselines:
        return None
    rivals = (data.model, *rank_baselines(data))
    rows = [
        (one.title, one.measured.metrics.accuracy, one.measured.intervals["accuracy"])
        for one in rivals
    ]
    caption = captions.caption_accuracies(rivals)
    return Exhibit("baselines", "Beside the baselines", *caption, plots.plot_accuracies(rows))


def _roc(data: ReportData) -> Exhibit:
    title = "ROC curve"
    if reason := data.model.measured.metrics.undefined.get("roc_auc"):
        return Exhibit("roc", title, f"There is no ROC curve: {reason}.")
    curve = roc_curve(data.y_true, data.y_prob)
    caption = captions.caption_roc(curve, data.model.measured)
    return Exhibit("roc", title, *caption, plots.plot_roc(curve))


def _precision_recall(data: ReportData) -> Exhibit:
    name, title = "precision-recall", "Precision and recall"
    metrics = data.model.measured.metrics
    if reason := metrics.undefined.get("pr_auc"):
        return Exhibit(name, title, f"There is no precision-recall curve: {reason}.")
    curve = precision_recall_curve(data.y_true, data.y_prob)
    caption = captions.caption_precision_recall(curve, data.model.measured)
    return Exhibit(
        name, title, *caption, plots.plot_precision_recall(curve, metrics.share_positive)
    )


def _confusion(data: ReportData) -> Exhibit:
    confusion, names = data.model.measured.metrics.confusion, data.label_names
    caption = captions.caption_confusion(confusion, names)
    return Exhibit(
        "confusion", "Confusion matrix", *caption, plots.plot_confusion(confusion, names)
    )


def _scores(data: ReportData) -> Exhibit:
    picture = plots.plot_scores(data.y_true, data.y_prob, data.threshold, data.label_names)
    return Exhibit("scores", "Probabilities given", *captions.caption_scores(data), picture)


def _reliability(data: ReportData) -> Exhibit:
    bins = reliability_curve(data.y_true, data.y_prob)
    caption = captions.caption_reliability(bins, data.model.measured)
    return Exhibit("reliability", "Reliability", *caption, plots.plot_reliability(bins))


def _lengths(data: ReportData) -> Exhibit:
    bins = accuracy_by_length(data.y_true, data.y_prob, data.num_tokens, threshold=data.threshold)
    picture = plots.plot_lengths(bins, data.model.measured.metrics.accuracy)
    return Exhibit("lengths", "Accuracy by length", *captions.caption_lengths(bins), picture)


def _learning(data: ReportData) -> Exhibit:
    name, title, history = "learning", "Learning curves", data.history
    if not history:
        return Exhibit(name, title, "There are no learning curves: the model has no history.json.")
    if len(history) == 1:
        only = history[0]
        return Exhibit(
            name,
            title,
            "There are no learning curves: training took one epoch, with a validation loss of "
            f"{only.validation_loss:.3f} at its end.",
        )
    caption = captions.caption_learning(history, data.best_epoch)
    return Exhibit(name, title, *caption, plots.plot_learning(history, data.best_epoch))


def _cloud(data: ReportData, counts: WordCounts, *, label: int) -> Exhibit:
    kinds, columns = ("negative", "positive"), (counts.negative, counts.positive)
    plain = np.array([clouds.is_plain_word(word) for word in counts.words], dtype=bool)
    ranked = [
        captions.top_words(counts.words, np.where(plain, column, 0.0), clouds.MAX_WORDS)
        for column in columns
    ]
    own, other = (quoted(data.label_names[index]) for index in (label, 1 - label))
    name, title = f"words-{kinds[label]}", f"Words of {own} reviews"
    if not ranked[label]:
        return Exhibit(name, title, f"There is no cloud: no word is left in {own} reviews.")
    words = [[word for word, _ in weights] for weights in ranked]
    num_reviews = int((data.y_true == label).sum())
    caption = captions.caption_cloud(words[label], words[1 - label], num_reviews, own, other)
    return Exhibit(name, title, *caption, clouds.plot_cloud(ranked[label], kinds[label]))


def _two_clouds(data: ReportData, counts: WordCounts) -> Exhibit:
    name, title = "words-apart", "Words that tell the classes apart"
    scores = log_odds_scores(counts.negative, counts.positive)
    shown = np.array([clouds.fits(word) for word in counts.words], dtype=bool)
    shown &= np.abs(scores) > SHOWN_SCORE
    positive, negative = (
        captions.top_words(counts.words, np.where(shown, sign * scores, 0.0), clouds.MAX_WORDS)
        for sign in (1, -1)
    )
    if min(len(positive), len(negative)) < MIN_WORDS:
        num_reviews = count(len(data.y_true))
        return Exhibit(
            name,
            title,
            f"There are no clouds: in {num_reviews}, hardly any word tells the classes apart.",
        )
    marks = [[word for word, _ in weights] for weights in (positive, negative)]
    sure = sum(score > SURPRISING_SCORE for _, score in (*positive, *negative))
    caption = captions.caption_two_clouds(marks[0], marks[1], sure, data.label_names)
    names = [drawable_name(name, label) for label, name in enumerate(data.label_names)]
    titles = (f"more in {names[1]}", f"more in {names[0]}")
    return Exhibit(name, title, *caption, clouds.plot_two_clouds(positive, negative, titles))
