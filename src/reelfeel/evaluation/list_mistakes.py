"""The surest mistakes of a model on labelled reviews, and what they have in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from reelfeel.data.options import TableKeywords, TableOptions, make_options
from reelfeel.errors import UsageError
from reelfeel.evaluation.error_analysis import (
    Misclassification,
    Theme,
    add_neighbours,
    find_misclassifications,
    find_themes,
    write_misclassifications,
)
from reelfeel.evaluation.labelled_reviews import load_labelled
from reelfeel.evaluation.neighbours import load_training_reviews
from reelfeel.inference.classifier import Classifier, load
from reelfeel.plain_values import to_plain


@dataclass(frozen=True)
class Mistakes:
    """What `list_mistakes` found.

    Attributes:
        errors: the reviews that the model judged wrongly, the most confident verdicts first.
        themes: words that mark mistakes, those of the verdict negative first.
        label_names: of class 0 and class 1, in the words of the model.
    """

    errors: tuple[Misclassification, ...]
    themes: tuple[Theme, ...]
    label_names: tuple[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values: what `reelfeel errors --json` prints."""
        return {
            "errors": [error.to_dict() for error in self.errors],
            "themes": to_plain(self.themes),
        }

    def write_csv(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Writes the mistakes as CSV, one a row, as `reelfeel errors --output` does.

        Raises:
            UsageError: if the file exists and `overwrite` is false.
            ReelFeelError: if the disk refuses.
        """
        write_misclassifications(Path(path), self.errors, self.label_names, overwrite=overwrite)


def list_mistakes(
    model: str | Path | Classifier,
    source: Any,
    *,
    part: str = "test",
    most: int = 50,
    training_source: Any = None,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
    **table: Unpack[TableKeywords],
) -> Mistakes:
    """Lists a model's surest mistakes, the words that drove them, and what they have in common.

    On the command line this is `reelfeel errors`. In Python `reelfeel.errors` is the module of the
    exceptions.

    Args:
        model: the folder of a saved model, the name of one that comes with ReelFeel, or a loaded
            one.
        source: labelled reviews, as `evaluate` takes them.
        part: of a source that has parts.
        most: how many mistakes to return, at least 1.
        training_source: what the model was trained on, to find the reviews most like each mistake.
            None: without.
        data_dir: a local copy of "imdb".
        options: column names and the meaning of labels, for tables.
        **table: fields of `TableOptions` to set, such as `text_column="review"`.

    Returns:
        Mistakes; both of its lists are empty for a model that judged every review rightly.

    Raises:
        UsageError: if an argument is wrong.
        DataError: if the reviews are refused or have no labels, or the model was not trained on
            `training_source`.
        BundleError: if the model is missing or damaged.
        MissingExtraError: if neighbours are asked for and scikit-learn is not installed.

    Example:

    >>> reviews = {"text": ["A lovely film.", "A lovely film."], "label": ["positive", "negative"]}
    >>> [error] = list_mistakes("base", reviews).errors
    >>> error.id, error.label, [word.text for word in error.driving_words][:1]
    ('row 2', 0, ['lovely'])
    """
    if most < 1:
        raise UsageError(
            f"most is how many mistakes to list. Expected at least 1. Received {most}."
        )
    options = make_options(options, **table)
    classifier = model if isinstance(model, Classifier) else load(model)
    names = classifier.bundle.label_names
    reviews = load_labelled("Looking for mistakes", source, part, data_dir, options, names)
    training = None
    if training_source is not None:
        training = load_training_reviews(
            classifier, training_source, data_dir=data_dir, options=options
        )
    y_prob = classifier.predict_proba(reviews.texts)
    errors = find_misclassifications(classifier, reviews, y_prob, most=most)
    if training is not None:
        errors = add_neighbours(errors, training)
    return Mistakes(tuple(errors), tuple(find_themes(classifier, reviews, y_prob)), names)
