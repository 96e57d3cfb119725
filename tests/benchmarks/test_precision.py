import json
import sys

import numpy as np
import pytest

from reelfeel.values import Reviews

ACCURACY = {
    ("bfloat16", 0): 88.0,
    ("float32", 0): 88.3,
    ("bfloat16", 1): 87.0,
    ("float32", 1): 87.9,
}


def test_the_two_precisions_are_compared_by_their_means(monkeypatch, tmp_path):
    import precision

    def judge(name, seed, test, epochs):
        return {"seed": seed, "accuracy_percent": ACCURACY[name, seed], "best_epoch": 3}

    reviews = Reviews(["a"] * 4, np.array([0, 1, 0, 1], np.int8), list("wxyz"))
    monkeypatch.setattr(precision, "load_imdb", lambda part: reviews)
    monkeypatch.setattr(precision, "train_and_judge", judge)
    words = ["precision.py", "--seeds", "2", "--output", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", words)
    precision.main()
    record = json.loads(next(tmp_path.glob("*/precision.json")).read_text())
    (figure,) = record["figures"].values()
    assert figure["value"] == pytest.approx(87.5 - 88.1)
    assert (figure["least"], figure["greatest"]) == pytest.approx((-0.9, -0.3))
    assert len(record["contestants"]["float32"]["rounds"]) == 2
