import json
import sys

import numpy as np
import pytest

from reelfeel.data.sets.mini import load_mini


@pytest.fixture
def robustness(monkeypatch):
    """The benchmark, on the tiny data set."""
    import robustness

    monkeypatch.setattr(robustness, "load_imdb", load_mini)
    monkeypatch.setattr(robustness, "installed_versions", dict)
    return robustness


@pytest.mark.parametrize("part", ["test", "validation"])
def test_models_are_judged_beside_the_baseline_on_the_same_sentences(
    robustness, monkeypatch, tmp_path, trained, bundle_copy, part
):
    from reelfeel.inference.classifier import load
    from reelfeel.robustness.perturbations import perturb_texts

    words = ["robustness.py", str(trained), str(bundle_copy), "--part", part]
    monkeypatch.setattr(sys, "argv", [*words, "--output", str(tmp_path)])
    robustness.main()
    name = "robustness.json" if part == "test" else "robustness_validation.json"
    record = json.loads((tmp_path / name).read_text())
    assert list(record["models"]) == ["model", "copy"]
    model = record["models"]["model"]
    assert model == record["models"]["copy"]
    assert set(model["scores"]) == {robustness.AS_WRITTEN, *robustness.NAMES[part]}
    classifier = load(trained)
    reviews = robustness.choose_reviews(classifier, part, None)
    assert model["reviews_sha256"] == reviews.fingerprint()
    texts = [text for end in robustness.SENTENCES
             for text in perturb_texts(reviews.texts, end, seed=0)]  # fmt: skip
    labels = np.tile(reviews.labels, 2)
    right = (classifier.predict_proba(texts) >= 0.5) == labels
    beside = (robustness.train_baseline(reviews, part)(texts) >= 0.5) == labels
    figure = model["figures"]["lead on single sentences, points"]
    assert figure["value"] == pytest.approx(100 * (right.mean() - beside.mean()))
    assert str(trained) not in (tmp_path / name).read_text()


def test_the_page_gets_the_table_of_its_part_only(robustness):
    page = "".join(f"<!-- robustness_{p}:begin --> old <!-- robustness_{p}:end -->" for p in "ab")
    filled = robustness.fill_page(page, "b", r"new \1")
    assert filled.startswith("<!-- robustness_a:begin --> old")
    assert filled.endswith("begin -->\n\nnew \\1\n\n<!-- robustness_b:end -->")
    kept = robustness.PAGE.read_text("utf-8")
    assert all(f"<!-- robustness_{part}:begin -->" in kept for part in robustness.NAMES)
