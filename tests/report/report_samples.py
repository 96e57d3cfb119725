"""ReportData of reports for tests: a simulated model, hostile names, and what belongs to them."""

import dataclasses
from html.parser import HTMLParser

import numpy as np

from reelfeel.baselines.cached_scores import BaselineScores
from reelfeel.metrics.abstention import measure_abstention
from reelfeel.metrics.intervals.comparison import McNemarTest
from reelfeel.metrics.intervals.proportions import Interval
from reelfeel.metrics.slices import measure_slices
from reelfeel.metrics.truncation import PolicyScore, count_truncation
from reelfeel.report.judging import measure, measure_baseline
from reelfeel.report.report_data import (
    Costs,
    Epoch,
    Mistake,
    ReportData,
    ReportRow,
    ScoredText,
    TitledList,
    WordCounts,
)

HISTORY = tuple(Epoch(0.7 - 0.1 * n, 0.5 + 0.1 * n, 0.68 - 0.02 * n, 0.55) for n in range(4))
WORDS = WordCounts(
    ("film", "great", "superb", "fine", "awful", "bore", "weak", "the", "8/10"),
    negative=np.array([90, 2, 1, 3, 40, 30, 25, 200, 1]),
    positive=np.array([95, 50, 30, 28, 1, 2, 3, 210, 12]),
)


PASSAGE = (
    ScoredText("A ", 0.0),
    ScoredText("fine", 1.2),
    ScoredText(" and ", 0.0),
    ScoredText("dull", -0.4),
    ScoredText(" …", 0.0),
)
POLICIES = (
    PolicyScore("head", False, 0.75, Interval(0.6, 0.85), McNemarTest(1, 9, 0.02)),
    PolicyScore("tail", True, 0.8, Interval(0.7, 0.9), None),
    PolicyScore("windows", False, 0.85, Interval(0.7, 0.9), McNemarTest(9, 1, 0.02)),
)


def simulate(num_reviews=300, strength=2.0, seed=0):
    """Labels, half of each kind, and probabilities that follow them."""
    rng = np.random.default_rng(seed)
    y_true = np.arange(num_reviews) % 2
    logits = strength * (2 * y_true - 1) + 1.5 * rng.normal(size=num_reviews)
    return y_true, 1 / (1 + np.exp(-logits))


def make_baseline(name, y_true, y_prob, *, rival_prob):
    scores = BaselineScores(name, np.asarray(rival_prob, float), 2.0, 500.0, 9_000_000)
    return measure_baseline(scores, y_true, y_prob, threshold=0.5)


def make_report_data(y_true=None, y_prob=None, *, rival_prob=None, **changes):
    """A report on simulated reviews; `rival_prob` adds NB-SVM, `changes` replace fields."""
    if y_true is None:
        y_true, y_prob = simulate()
    y_true, y_prob = np.asarray(y_true), np.asarray(y_prob, float)
    if rival_prob is not None:
        rival = make_baseline("nbsvm", y_true, y_prob, rival_prob=rival_prob)
        changes.setdefault("baselines", (rival,))
    num_tokens = changes.pop("num_tokens", 20 * (np.arange(len(y_true)) % 40))
    right = (y_prob >= 0.5) == y_true
    data = ReportData(
        model_name="seed",
        data_name="IMDB test",
        label_names=("neg", "pos"),
        y_true=y_true,
        y_prob=y_prob,
        num_tokens=num_tokens,
        truncated=num_tokens > 500,
        slices=tuple(measure_slices(right, list_slices(y_true, num_tokens))),
        truncation=count_truncation(
            right, num_tokens, max_tokens=500, keep="tail", policies=POLICIES
        ),
        abstention=measure_abstention(y_true, y_prob, lower=0.3, upper=0.7),
        model=ReportRow(
            "model", "This model", measure(y_true, y_prob), Costs(400.0, 900.0, 123_456)
        ),
        history=HISTORY,
        best_epoch=2,
        words=WORDS,
        mistakes=(
            Mistake("test/neg/1_2", 1, 0.97, 42, "A fine mess."),
            Mistake("test/neg/3_1", 1, 0.91, 7, None, PASSAGE, ("Nearest: train/pos/5_8.",)),
        ),
        themes=(
            TitledList(
                "What mistakes have in common", (("Wrongly called “pos”", "yet (9 wrong)"),)
            ),
        ),
        notes=("Judged once.",),
        provenance=(TitledList("The model", (("Seed", "0"),)),),
    )
    return dataclasses.replace(data, **changes)


def list_slices(y_true, num_tokens):
    """Classes, lengths and cut reviews, under the names of a report."""
    slices = {"“neg” reviews": y_true == 0, "“pos” reviews": y_true == 1}
    edges = ((-1, 64, "up to 64"), (64, 128, "65 to 128"), (128, 10_000, "more than 128"))
    for lower, upper, name in edges:
        slices[f"reviews of {name} tokens"] = (num_tokens > lower) & (num_tokens <= upper)
    return slices | {"reviews too long to be read whole": num_tokens > 500}


class Page(HTMLParser):
    """What a reader of a page gets: its text, its tags, and what is wrong with its structure."""

    VOID = frozenset({"meta", "link", "br", "img"})

    def __init__(self, html):
        super().__init__()
        self.tags, self.texts, self.problems, self._open = [], [], [], []
        self.feed(html)
        self.close()
        self.problems += [f"never closed: {tag}" for tag in self._open]

    @property
    def text(self):
        return " ".join("".join(self.texts).replace("\xa0", " ").split())

    def find(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"closed out of turn: {tag}")

    def handle_data(self, data):
        if not self._open or self._open[-1] != "style":
            self.texts.append(data)
