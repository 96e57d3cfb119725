import numpy as np
import pytest
from report_samples import make_report_data, simulate

from reelfeel.metrics.intervals.comparison import McNemarTest, difference_interval
from reelfeel.report.verdict import write_verdict


def read(data):
    verdict = write_verdict(data)
    return verdict, " ".join(verdict.sentences).replace("\xa0", " ")


def test_a_better_model_is_called_better_with_the_numbers_that_show_it():
    y_true, y_prob = simulate(1000)
    rival = np.where(np.arange(1000) % 3 == 0, 1 - y_prob, y_prob)
    data = make_report_data(y_true, y_prob, rival_prob=rival)
    verdict, text = read(data)
    own = data.model.measured.metrics.accuracy
    theirs = data.baselines[0].measured.metrics.accuracy
    test = data.baselines[0].against_model
    assert (verdict.headline, verdict.is_good) == ("Better than every baseline", True)
    assert f"{100 * own:.1f} % of 1,000 reviews rightly" in text
    assert f"{100 * (own - theirs):.1f} points more than the best baseline, NB-SVM" in text
    assert f"only NB-SVM on {test.only_b_right}" in text
    assert "McNemar, p < 0.001" in text


def test_a_worse_model_is_called_worse():
    y_true, y_prob = simulate(1000)
    data = make_report_data(y_true, np.where(np.arange(1000) % 3 == 0, 1 - y_prob, y_prob),
                             rival_prob=y_prob)  # fmt: skip
    verdict, text = read(data)
    assert (verdict.headline, verdict.is_good) == ("Worse than NB-SVM", False)
    assert "points fewer than the best baseline" in text


def test_a_difference_that_may_be_luck_is_not_called_one():
    y_true, y_prob = simulate(60)
    rival = y_prob.copy()
    rival[:2] = 1 - rival[:2]
    verdict, text = read(make_report_data(y_true, y_prob, rival_prob=rival))
    assert verdict.is_good is None
    assert verdict.headline == "Not shown to be better than NB-SVM"
    assert "these reviews cannot tell" in text


def test_without_baselines_the_larger_class_is_the_measure():
    assert read(make_report_data())[0].headline == "Better than guessing"
    y_true, y_prob = simulate()
    assert read(make_report_data(y_true, 1 - y_prob))[0].is_good is False
    verdict, text = read(make_report_data([0, 1, 1], [0.2, 0.7, 0.4]))
    assert verdict.is_good is None
    assert "always saying “pos” would get 66.7 %" in text


def test_reviews_of_one_class_are_said_to_tell_little():
    verdict, text = read(make_report_data([1, 1, 1], [0.9, 0.8, 0.3]))
    assert verdict.headline == "Judged on one class only"
    assert "cannot tell whether the model knows one class from the other" in text


def test_a_planted_weakness_is_named_first():
    y_true, y_prob = simulate(2000)
    num_tokens = np.where(np.arange(2000) % 4 < 2, 30, 100)
    long = num_tokens == 100
    spoiled = np.where(long & (np.arange(2000) % 8 < 4), 1 - y_prob, y_prob)
    data = make_report_data(y_true, spoiled, num_tokens=num_tokens)
    _, text = read(data)
    right = data.right()[long].mean()
    assert f"weakest on reviews of 65 to 128 tokens: {100 * right:.1f} % of 1,000 are" in text


def test_a_model_that_is_never_or_always_right_has_no_weaker_spot():
    assert "so there is no weaker spot" in read(make_report_data([0, 1], [0.9, 0.1]))[1]
    assert "No weak spot shows" in read(make_report_data([0, 1], [0.1, 0.9]))[1]


@pytest.mark.parametrize("seed", [0, 1])
def test_the_interval_of_a_paired_difference_keeps_its_promise(seed):
    rng = np.random.default_rng(seed)
    only_a, only_b, num_reviews = 0.12, 0.08, 500
    held = 0
    for _ in range(1000):
        a, b, _ = rng.multinomial(num_reviews, [only_a, only_b, 1 - only_a - only_b])
        lower, upper = difference_interval(McNemarTest(int(a), int(b), 1.0), num_reviews)
        held += lower <= only_a - only_b <= upper
    assert 930 <= held <= 970
