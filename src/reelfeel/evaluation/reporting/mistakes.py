"""A model's surest mistakes as a report shows them: the passage that decided, word by word."""

from __future__ import annotations

import numpy as np

from reelfeel.evaluation.error_analysis import (
    Misclassification,
    add_neighbours,
    find_misclassifications,
    find_themes,
)
from reelfeel.evaluation.labelled_reviews import find_training_texts
from reelfeel.evaluation.scored_reviews import EXCERPT, ScoredReviews
from reelfeel.inference.classifier import Classifier
from reelfeel.report.highlights import cut_passage
from reelfeel.report.report_data import Mistake, TitledList
from reelfeel.report.wording import listed, quoted
from reelfeel.values import Reviews


def explain_mistakes(
    classifier: Classifier, reading: ScoredReviews, train: Reviews | None, *, most: int
) -> tuple[Mistake, ...]:
    """Returns the wrong verdicts that the model was surest of, with what drove them.

    Args:
        classifier: the model.
        reading: how it read the reviews.
        train: labelled reviews, among which those that the model learned from are searched for
            the nearest; None looks for none.
        most: how many to return.
    """
    errors = find_misclassifications(classifier, reading.reviews, reading.y_prob, most=most)
    if train is not None and errors:
        learned = train.take(np.flatnonzero(find_training_texts(classifier, train)))
        errors = add_neighbours(errors, learned) if len(learned) else errors
    return tuple(_show(error, classifier.bundle.label_names) for error in errors)


def list_themes(classifier: Classifier, reading: ScoredReviews) -> tuple[TitledList, ...]:
    """Lists the words that stand more often in wrong than in right verdicts, beyond luck."""
    themes = find_themes(classifier, reading.reviews, reading.y_prob)
    rows = [
        (
            f"Wrongly called {quoted(name)}",
            listed([f"{theme.word} ({theme.num_wrong:,} wrong, {theme.num_right:,} right)"
                    for theme in themes if theme.said == said]),
        )
        for said, name in enumerate(classifier.bundle.label_names)
    ]  # fmt: skip
    found = tuple(row for row in rows if row[1])
    return (TitledList("What mistakes have in common", found),) if found else ()


def _show(error: Misclassification, label_names: tuple[str, str]) -> Mistake:
    text = error.explanation.text
    passage = cut_passage(text, error.explanation.words, EXCERPT)
    return Mistake(
        id=error.id,
        said=error.said,
        probability=error.probability,
        num_tokens=error.explanation.prediction.num_tokens,
        text=None if passage else "",
        passage=passage,
        neighbours=_format_neighbours(error, label_names),
    )


def _format_neighbours(error: Misclassification, label_names: tuple[str, str]) -> tuple[str, ...]:
    if not error.neighbours:
        return ()
    near = [
        f"{one.id} ({quoted(label_names[one.label])}, {one.similarity:.2f})"
        for one in error.neighbours
    ]
    return (f"Nearest training reviews, by words in common: {listed(near)}.",)
