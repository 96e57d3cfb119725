"""Four baseline classifiers: majority, lexicon, TF-IDF and NB-SVM.

`majority` says the same of every review. `lexicon` adds up the words' feelings in VADER's list.
`tfidf` is logistic regression on words and pairs of words, `nbsvm` the same on naive Bayes'
ratios.
The settings were chosen on reviews held out of IMDB's train part by movie; `docs/metrics.md` says
what each one reaches.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.errors import DataError, UsageError
from reelfeel.given_texts import refuse_one_text
from reelfeel.metrics.checks import Labels, Probabilities, check_labels, import_extra

BASELINES = ("majority", "lexicon", "tfidf", "nbsvm")

# Inverse strength of the regularisation. Tried on 4,889 held-out reviews: 4 and 20; 0.01, 0.1, 1.
_STRENGTHS = {"tfidf": 20.0, "nbsvm": 0.1}
# Words, and each other mark by itself: against words of two letters or
# more only, this raised the held-out accuracy from 0.900 to 0.904 (tfidf), 0.898 to 0.911 (nbsvm).
_TERM = r"\w+|[^\w\s]"


@dataclass(frozen=True)
class Baseline:
    """A trained baseline.

    Attributes:
        predict_proba: texts -> float array of shape `(num_texts,)`, the probability of class 1.
        size_bytes: what it has to remember: its numbers and its words, uncompressed.
    """

    predict_proba: Callable[[Sequence[str]], Probabilities]
    size_bytes: int


def fit_baseline(name: str, train_texts: Sequence[str], train_labels: npt.ArrayLike) -> Baseline:
    """Trains one baseline, without the cache; arguments and errors as `score_baselines`.

    >>> majority = fit_baseline("majority", ["fine", "dull"], [1, 0])
    >>> majority.predict_proba(["a", "b", "c"]).tolist()
    [0.5, 0.5, 0.5]
    """
    labels = _check_texts(train_texts, train_labels)
    if check_name(name) == "majority":
        return _fit_majority(labels)
    if name == "lexicon":
        return _load_lexicon()
    if labels.min() == labels.max():
        raise DataError(
            f"The baseline {name} learns the difference between two classes. Expected positive and "
            f"negative reviews in train; received only class {labels[0]}."
        )
    return _fit_linear(name, train_texts, labels)


def _fit_majority(labels: Labels) -> Baseline:
    share = float(labels.mean())
    return Baseline(lambda texts: np.full(len(texts), share), size_bytes=8)


def _load_lexicon() -> Baseline:
    vader = import_extra("vaderSentiment.vaderSentiment")
    with warnings.catch_warnings():
        # It opens its files with codecs.open, deprecated in Python 3.14.
        warnings.simplefilter("ignore", DeprecationWarning)
        analyzer = vader.SentimentIntensityAnalyzer()
    folder = Path(vader.__file__).parent

    def predict_proba(texts: Sequence[str]) -> Probabilities:
        # From -1 to 1; not a probability that was ever compared with outcomes.
        compounds = [analyzer.polarity_scores(text)["compound"] for text in texts]
        return (np.array(compounds, dtype=np.float64) + 1) / 2

    return Baseline(predict_proba, sum(file.stat().st_size for file in folder.glob("*.txt")))


def _fit_linear(name: str, texts: Sequence[str], labels: Labels) -> Baseline:
    counter = import_extra("sklearn.feature_extraction.text").CountVectorizer(
        # Triples gave the naive Bayes ratios nothing (0.9110 held out, against 0.9108) for four
        # times the time.
        ngram_range=(1, 2),
        token_pattern=_TERM,
        # Terms seen once cannot be generalised from; of few texts, most are seen once.
        min_df=2 if len(texts) >= 100 else 1,
    )
    try:
        counts = counter.fit_transform(texts)
    except ValueError as error:
        raise DataError(
            f"The baseline {name} found no word to learn from in {len(texts)} texts; expected "
            f"texts with words. Received {texts[0][:50]!r} first."
        ) from error
    weigh = _learn_tfidf(counts) if name == "tfidf" else _learn_ratios(counts, labels)
    # On 25,000 reviews the dual solver takes seconds where the primal ones take minutes.
    model = import_extra("sklearn.linear_model").LogisticRegression(
        C=_STRENGTHS[name], solver="liblinear", dual=True, random_state=0, max_iter=1000
    )
    model.fit(weigh(counts), labels)

    def predict_proba(texts: Sequence[str]) -> Probabilities:
        if not len(texts):
            return np.empty(0)
        probabilities: Probabilities = model.predict_proba(weigh(counter.transform(texts)))[:, 1]
        return probabilities

    # A term has two numbers: its weight as a feature and its coefficient.
    words = sum(len(term.encode("utf-8", "surrogatepass")) for term in counter.vocabulary_)
    return Baseline(predict_proba, size_bytes=words + 2 * model.coef_.nbytes)


def _learn_tfidf(counts: Any) -> Callable[[Any], Any]:
    transformer = import_extra("sklearn.feature_extraction.text").TfidfTransformer(
        sublinear_tf=True
    )
    weigh: Callable[[Any], Any] = transformer.fit(counts).transform
    return weigh


def _learn_ratios(counts: Any, labels: Labels) -> Callable[[Any], Any]:
    # Wang and Manning, 2012, ACL: log of how much likelier a term is in positive reviews, from
    # counts of the reviews that hold it, plus one. Theirs is a support vector machine mixed with
    # naive Bayes; logistic regression on the same features gives probabilities by itself.
    present = counts > 0
    in_positive = 1.0 + np.asarray(present[labels == 1].sum(axis=0)).ravel()
    in_negative = 1.0 + np.asarray(present[labels == 0].sum(axis=0)).ravel()
    ratios = np.log(in_positive / in_positive.sum()) - np.log(in_negative / in_negative.sum())
    return lambda some_counts: (some_counts > 0).multiply(ratios).tocsr()


def check_name(name: str) -> str:
    """Returns `name` when it is one of `BASELINES`, or raises UsageError."""
    if name not in BASELINES:
        raise UsageError(f"Expected a baseline, one of {', '.join(BASELINES)}; received {name!r}.")
    return name


def _check_texts(texts: Sequence[str], train_labels: npt.ArrayLike) -> Labels:
    refuse_one_text(texts)
    labels = check_labels(train_labels, "train_labels")
    if len(labels) != len(texts):
        raise DataError(
            "Expected one label for each training text; received "
            f"{len(texts)} training texts and {len(labels)} labels."
        )
    return labels
