"""Contents of reports for tests: a simulated model, hostile names, and what belongs to them."""

import dataclasses
from html.parser import HTMLParser

import numpy as np

from reelfeel.evaluation.baseline_scores import BaselineScores
from reelfeel.report.contents import (
    Contents,
    Contestant,
    Costs,
    Epoch,
    Facts,
    Mistake,
    WordCounts,
)
from reelfeel.report.judging import judge, judge_baseline

HISTORY = tuple(Epoch(0.7 - 0.1 * n, 0.5 + 0.1 * n, 0.68 - 0.02 * n, 0.55) for n in range(4))
WORDS = WordCounts(
    ("film", "great", "superb", "fine", "awful", "bore", "weak", "the", "8/10"),
    negative=np.array([90, 2, 1, 3, 40, 30, 25, 200, 1]),
    positive=np.array([95, 50, 30, 28, 1, 2, 3, 210, 12]),
)


def simulate(num_reviews=300, strength=2.0, seed=0):
    """Labels, half of each kind, and probabilities that follow them."""
    rng = np.random.default_rng(seed)
    y_true = np.arange(num_reviews) % 2
    logits = strength * (2 * y_true - 1) + 1.5 * rng.normal(size=num_reviews)
    return y_true, 1 / (1 + np.exp(-logits))


def make_baseline(name, y_true, y_prob, *, rival_prob):
    scores = BaselineScores(name, np.asarray(rival_prob, float), 2.0, 500.0, 9_000_000)
    return judge_baseline(scores, y_true, y_prob, threshold=0.5)


def make_contents(y_true=None, y_prob=None, *, rival_prob=None, **changes):
    """A report on simulated reviews; `rival_prob` adds NB-SVM, `changes` replace fields."""
    if y_true is None:
        y_true, y_prob = simulate()
    y_true, y_prob = np.asarray(y_true), np.asarray(y_prob, float)
    if rival_prob is not None:
        rival = make_baseline("nbsvm", y_true, y_prob, rival_prob=rival_prob)
        changes.setdefault("baselines", (rival,))
    num_tokens = changes.pop("num_tokens", 20 * (np.arange(len(y_true)) % 40))
    contents = Contents(
        model_name="seed",
        data_name="IMDB test",
        label_names=("neg", "pos"),
        y_true=y_true,
        y_prob=y_prob,
        num_tokens=num_tokens,
        truncated=num_tokens > 500,
        model=Contestant(
            "model", "This model", judge(y_true, y_prob), Costs(400.0, 900.0, 123_456)
        ),
        history=HISTORY,
        best_epoch=2,
        words=WORDS,
        mistakes=(Mistake("test/neg/1_2", 1, 0.97, 42, "A fine mess."),),
        notes=("Judged once.",),
        provenance=(Facts("The model", (("Seed", "0"),)),),
    )
    return dataclasses.replace(contents, **changes)


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
