import re
from pathlib import Path

import pytest
from harness.environments import PACKAGES, PAGE
from inputs import QUICK, Inputs
from suites import SUITES

CONTESTANTS = Path(__file__).parents[2] / "benchmarks" / "contestants"


class NoInputs(Inputs):
    """Names of files that nobody writes."""

    def training_reviews(self, steps):
        return self.folder / "reviews.npz", "Some steps."

    def short_texts(self, number, num_words):
        return self.folder / "short.json"

    def _sample(self, part, number):
        return ["a", "bc"], self.folder / f"{part}.json"

    def _make_bundle(self, name, *flags):
        return self.folder / name


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_names_only_what_there_is(name, tmp_path):
    suite = SUITES[name](NoInputs(tmp_path, QUICK))
    names = [contestant.name for contestant in suite.contestants]
    assert suite.name == name
    assert len(set(names)) == len(names)
    for contestant in suite.contestants:
        assert (CONTESTANTS / contestant.script).exists()
        assert contestant.python in {"project", "base", *PACKAGES}
    for figure in suite.figures:
        assert {figure.ours, figure.theirs or figure.ours} <= set(names)


def test_the_page_has_a_place_for_every_suite():
    places = re.findall(r"<!-- ([a-z0-9_]+):begin -->", PAGE.read_text("utf-8"))
    assert sorted(places) == sorted([*SUITES, "parity", "precision"])
