import statistics

import pytest
from harness.records import find_regressions, is_quiet, make_record, read_record, write_record
from harness.rounds import alternate, evaluate, medians
from harness.suite import Column, Contestant, Figure, Suite
from harness.workers import ContestantFailed

SUITE = Suite(
    "sample",
    "A sample",
    ("Nothing is measured.",),
    (Contestant("ours", "Ours", "a.py", settings={"texts": "/home/x/t.json"}),
     Contestant("theirs", "Theirs", "b.py"),
     Contestant("missing", "Missing", "c.py")),
    (Column("rate", "things/s"),),
    (Figure("rate", "rate", "ours", floor=10, decimals=0),
     Figure("against theirs", "rate", "ours", "theirs", floor=2),
     Figure("against the missing", "rate", "ours", "missing")),
)  # fmt: skip
ROUNDS = {
    "ours": [{"rate": 12.0, "note": "x"}, {"rate": 30.0}, {"rate": 15.0}],
    "theirs": [{"rate": 4.0}, {"rate": 5.0}, {"rate": 6.0}],
}
ABOUT = {
    "command": "python benchmarks/bench.py sample",
    "cores": 2,
    "quick": False,
    "other_cores": 0.0,
    "versions": {},
}


class Turn:
    """Takes turns by writing its name down; fails at the turn it is told to."""

    def __init__(self, name, log, fails_at=None):
        self.name, self.log, self.fails_at = name, log, fails_at

    def measure(self):
        self.log.append(self.name)
        if self.log.count(self.name) == self.fails_at:
            raise ContestantFailed(f"{self.name} broke")
        return {"turn": len(self.log)}


def test_contestants_take_turns_one_after_the_other():
    log = []
    results, failures = alternate({n: Turn(n, log) for n in "abc"}, 3, report=lambda line: None)
    assert log == list("abcabcabc")
    assert results["b"] == [{"turn": 2}, {"turn": 5}, {"turn": 8}]
    assert failures == {}


def test_who_fails_is_left_out_and_the_others_go_on():
    log = []
    workers = {"a": Turn("a", log, fails_at=2), "b": Turn("b", log)}
    results, failures = alternate(workers, 3, report=lambda line: None)
    assert log == ["a", "b", "a", "b", "b"]
    assert list(results) == ["b"]
    assert failures == {"a": "a broke"}


def test_medians_are_those_of_the_standard_library():
    values = [3.0, 9.0, 1.0, 7.0]
    assert medians([{"x": value, "text": "t"} for value in values]) == {
        "x": statistics.median(values)
    }


def test_a_ratio_is_of_medians_and_shows_the_single_rounds():
    figure = evaluate(SUITE.figures[1], ROUNDS)
    assert (figure["value"], figure["least"], figure["greatest"]) == (15 / 5, 15 / 6, 30 / 5)


def test_times_better_turns_around_where_lower_is_better():
    figure = Figure("latency", "ms", "ours", "theirs", higher_is_better=False)
    assert evaluate(figure, {"ours": [{"ms": 2.0}], "theirs": [{"ms": 7.0}]})["value"] == 3.5


def test_a_record_survives_the_disk_and_names_who_is_missing(tmp_path):
    record = make_record(SUITE, ROUNDS, {"missing": "not installed"}, ABOUT)
    assert read_record(write_record(record, tmp_path)) == record
    assert list(record["figures"]) == ["rate", "against theirs"]
    assert record["contestants"]["missing"]["left_out"] == "not installed"
    assert record["contestants"]["ours"]["median"] == {"rate": 15.0}


def test_a_record_holds_no_path_of_this_machine(tmp_path):
    path = write_record(make_record(SUITE, ROUNDS, {}, ABOUT), tmp_path)
    assert "/home" not in path.read_text()


@pytest.mark.parametrize(("value", "found"), [(4.0, 0), (3.61, 0), (3.59, 1), (1.0, 1), (9.0, 0)])
def test_only_a_loss_beyond_noise_is_a_regression(value, found):
    recorded = {"figures": {"speed": {"value": 4.0, "is_ratio": True}}}
    record = {"figures": {"speed": {"value": value, "is_ratio": True}}}
    assert len(find_regressions(record, recorded)) == found


def test_absolute_figures_and_new_ones_are_no_regressions():
    recorded = {"figures": {"reviews/s": {"value": 9_000, "is_ratio": False}}}
    figures = {
        "reviews/s": {"value": 10, "is_ratio": False},
        "new": {"value": 0.1, "is_ratio": True},
    }
    assert find_regressions({"figures": figures}, recorded) == []


@pytest.mark.parametrize(
    ("before", "during", "quiet"), [(0.0, 0.1, True), (0.3, 0.0, False), (0.0, 0.5, False)]
)
def test_quiet_means_before_the_run_and_in_every_turn(before, during, quiet):
    rounds = {"a": [{"other_cores": 0.0}, {"other_cores": during}]}
    assert is_quiet(rounds, before) is quiet
