from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reelfeel.baselines import cached_scores as baseline_scores
from reelfeel.baselines.baselines import fit_baseline
from reelfeel.baselines.cached_scores import score_baseline, score_baselines
from reelfeel.errors import DataError, UsageError

TRAIN, LABELS, TEXTS = ["warm and fun", "cold and dull"], [1, 0], ["fun", "dull", "other"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REELFEEL_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the baselines that were really trained."""
    names: list[str] = []

    def fit(name: str, *arguments: object):
        names.append(name)
        return fit_baseline(name, *arguments)

    monkeypatch.setattr(baseline_scores, "fit_baseline", fit)
    return names


def test_the_second_time_nothing_is_trained_and_everything_is_the_same(trainings) -> None:
    first, second = (score_baseline("tfidf", TRAIN, LABELS, TEXTS) for _ in range(2))
    assert trainings == ["tfidf"]
    assert np.array_equal(first.y_prob, second.y_prob)
    assert (first.train_s, first.reviews_per_s, first.size_bytes) == (
        second.train_s,
        second.reviews_per_s,
        second.size_bytes,
    )


@pytest.mark.parametrize(
    ("name", "train", "labels", "texts"),
    [
        ("nbsvm", TRAIN, LABELS, TEXTS),
        ("tfidf", ["warm and fun!", "cold and dull"], LABELS, TEXTS),
        ("tfidf", TRAIN, [0, 1], TEXTS),
        ("tfidf", TRAIN, LABELS, ["dull", "fun", "other"]),
        ("tfidf", TRAIN, LABELS, ["fun", "dul", "lother"]),
    ],
)
def test_anything_that_changes_the_answer_is_trained_anew(
    trainings, name, train, labels, texts
) -> None:
    score_baseline("tfidf", TRAIN, LABELS, TEXTS)
    score_baseline(name, train, labels, texts)
    assert len(trainings) == 2


def test_another_version_is_trained_anew(trainings, monkeypatch: pytest.MonkeyPatch) -> None:
    score_baseline("majority", TRAIN, LABELS, TEXTS)
    monkeypatch.setattr(baseline_scores, "VERSION", -1)
    score_baseline("majority", TRAIN, LABELS, TEXTS)
    assert len(trainings) == 2


@pytest.mark.parametrize("content", [b"", b"PK broken", b"{}"])
@pytest.mark.parametrize("damaged", ["scores.npz", "costs.json"])
def test_a_damaged_cache_is_computed_anew(trainings, home, damaged, content) -> None:
    expected = score_baseline("tfidf", TRAIN, LABELS, TEXTS)
    [file] = home.glob(f"baselines/*/{damaged}")
    file.write_bytes(content)
    assert np.array_equal(score_baseline("tfidf", TRAIN, LABELS, TEXTS).y_prob, expected.y_prob)
    assert len(trainings) == 2
    score_baseline("tfidf", TRAIN, LABELS, TEXTS)
    assert len(trainings) == 2


def test_scores_come_in_the_order_of_the_names_with_their_costs() -> None:
    scores = score_baselines(TRAIN, LABELS, TEXTS, names=["nbsvm", "majority"])
    assert [score.name for score in scores] == ["nbsvm", "majority"]
    assert all(score.train_s >= 0 and score.reviews_per_s > 0 for score in scores)
    assert all(score.y_prob.shape == (3,) for score in scores)


def test_what_cannot_be_scored_is_refused_and_leaves_nothing_behind(home: Path) -> None:
    with pytest.raises(UsageError, match="one of majority"):
        score_baseline("bert", TRAIN, LABELS, TEXTS)
    with pytest.raises(DataError, match="at least one text"):
        score_baseline("majority", TRAIN, LABELS, [])
    with pytest.raises(UsageError, match="list of texts"):
        score_baseline("majority", TRAIN, LABELS, "one text")
    with pytest.raises(DataError, match="2 training texts and 3 labels"):
        score_baseline("majority", TRAIN, [0, 1, 1], TEXTS)
    assert not list(home.iterdir())
