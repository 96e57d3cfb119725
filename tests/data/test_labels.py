import numpy as np
import pytest

from reelfeel.data.label_columns import KNOWN_PAIRS
from reelfeel.data.labels import (
    LabelMap,
    map_labels,
    match_labels,
    refuse_one_class,
    take_labelled,
)
from reelfeel.data.tables import TableOptions, read_table
from reelfeel.errors import SchemaError, UsageError
from reelfeel.values import Reviews


def map_values(values, **rules):
    rows = [f"row {number}" for number in range(1, len(values) + 1)]
    return map_labels(values, LabelMap(**rules), where="reviews.csv, column 'label'", rows=rows)


@pytest.mark.parametrize("pair", KNOWN_PAIRS)
def test_words_beyond_doubt_need_no_rule(pair):
    mapped = map_values([pair[1], pair[0], pair[1]])
    assert mapped.labels.tolist() == [1, 0, 1]
    assert mapped.labels.dtype == np.int8
    assert mapped.names == pair


def test_names_stay_as_the_user_writes_them_most_often():
    assert map_values(["Pos", "Pos", " pos", "NEG"]).names == ("NEG", "Pos")


def test_an_integer_that_became_a_float_is_the_integer():
    mapped = map_values(["1.0", "0.0"])
    assert (mapped.labels.tolist(), mapped.names) == ([1, 0], ("0", "1"))


def test_one_given_name_settles_both():
    assert map_values(["good", "bad"], positive="Good").labels.tolist() == [1, 0]
    assert map_values(["good", "bad"], negative="bad").labels.tolist() == [1, 0]
    assert map_values(["good", "bad"], positive="bad", negative="good").labels.tolist() == [0, 1]


def test_a_rule_wins_over_the_known_meaning():
    assert map_values(["1", "0"], positive="0").labels.tolist() == [0, 1]


def test_unknown_names_are_never_guessed():
    with pytest.raises(SchemaError, match="'bad' or 'good' is positive with --positive LABEL"):
        map_values(["good", "bad"])


def test_a_stray_label_is_named_with_its_row():
    with pytest.raises(SchemaError) as caught:
        map_values(["pos", "neg", "unsup", "pos"])
    message = str(caught.value)
    assert "reviews.csv, column 'label', row 3: the label 'unsup'" in message
    assert "exactly two labels" in message
    assert message.endswith("Received 'pos' (2), 'neg' (1), 'unsup' (1).")


@pytest.mark.parametrize("rules", [{}, {"positive": "good"}])
def test_more_than_two_labels_are_refused_in_words(rules):
    with pytest.raises(SchemaError, match=r"3 different labels.*exactly two.*'meh' \(1\)"):
        map_values(["good", "bad", "meh"], **rules)


def test_stars_without_limits_are_recognised_in_the_message():
    with pytest.raises(SchemaError, match=r"if these are stars.*--negative-to-stars 1 --pos"):
        map_values(["5", "4", "1", "0", "3"])


@pytest.mark.parametrize(
    ("stars", "limits"),
    [("1234578", "4.*7"), ("12345", "2.*4"), ("1345", "1.*4"), ("01234", "1.*3"), ("012", "0.*2")],
)
def test_the_limits_proposed_fit_the_scale_and_leave_out_its_middle(stars, limits):
    values = [*stars, "10"] if "8" in stars else list(stars)
    lowest, highest = limits.split(".*")
    proposed = f"--negative-to-stars {lowest} --positive-from-stars {highest}"
    with pytest.raises(SchemaError, match=proposed):
        map_values(values)


def test_of_three_numbers_one_is_not_taken_for_the_positive_one():
    with pytest.raises(SchemaError, match=r"3 different labels.*--drop-other-labels"):
        map_values(["1", "0", "2", "1"], drops_others=True)
    mapped = map_values(["1", "0", "2"], positive="2", negative="0", drops_others=True)
    assert mapped.labels.tolist() == [-1, 0, 1]
    assert dict(mapped.passed_over) == {"with another label": [0]}


def test_other_labels_are_dropped_and_counted_on_request():
    mapped = map_values(["pos", "neutral", "neg", "N/A"], drops_others=True)
    assert mapped.labels.tolist() == [1, -1, 0, -1]
    assert dict(mapped.passed_over) == {"with another label": [1, 3]}
    stars = map_values(["5", "?", "3", "1"], positive_from_stars=4, negative_to_stars=2,
                       drops_others=True)  # fmt: skip
    assert stars.labels.tolist() == [1, -1, -1, 0]
    assert sorted(map(list, stars.passed_over.values())) == [[1], [2]]


def test_a_label_of_half_a_character_is_refused():
    with pytest.raises(SchemaError, match="half a character"):
        map_values(["good\ud800", "bad"], negative="bad")


def test_names_that_a_model_knows_are_understood():
    mapped = map_values(["good", "bad"], known=("bad", "good"))
    assert mapped.labels.tolist() == [1, 0]
    assert map_values(["1", "0"], known=("bad", "good")).labels.tolist() == [1, 0]
    assert map_values(["good", "bad"], known=("bad", "good"), positive="bad").names[1] == "bad"


def test_names_decide_which_class_of_a_model_is_meant():
    reviews = Reviews(["a", "b", "c"], [1, 0, -1], label_names=("good", "bad"))
    matched = match_labels(reviews, ("bad", "good"))
    assert (matched.labels.tolist(), matched.label_names) == ([0, 1, -1], ("bad", "good"))
    others = Reviews(["a", "b"], [1, 0], label_names=("sad", "glad"))
    assert match_labels(others, ("bad", "good")) is others
    with pytest.raises(SchemaError, match="means the other class"):
        match_labels(Reviews(["a", "b"], [1, 0], label_names=("good", "great")), ("bad", "good"))


def test_a_given_name_that_does_not_occur_is_refused():
    with pytest.raises(SchemaError, match=r"no label 'goood'.*'good' \(1\)"):
        map_values(["good", "bad"], positive="goood")


def test_with_both_names_given_others_are_refused_not_dropped():
    with pytest.raises(SchemaError, match="row 3: the label 'meh'"):
        map_values(["good", "bad", "meh"], positive="good", negative="bad")


def test_stars_are_split_by_both_limits():
    mapped = map_values(
        ["10", "7", "6", "5", "4.0", "1"], positive_from_stars=7, negative_to_stars=4
    )
    assert mapped.labels.tolist() == [1, 1, -1, -1, 0, 0]
    assert mapped.ratings.tolist() == [10, 7, 6, 5, 4, 1]


def test_half_stars_give_labels_but_no_whole_ratings():
    mapped = map_values(["4.5", "1"], positive_from_stars=4, negative_to_stars=2)
    assert (mapped.labels.tolist(), mapped.ratings) == ([1, 0], None)


@pytest.mark.parametrize("value", ["five", "-1", "nan", "inf", "1e9"])
def test_what_is_no_star_is_named_with_its_row(value):
    with pytest.raises(SchemaError, match=f"row 2: '{value}' is not a number of stars"):
        map_values(["5", value], positive_from_stars=4, negative_to_stars=2)


@pytest.mark.parametrize(
    "rules",
    [
        {"positive_from_stars": 4},
        {"negative_to_stars": 2},
        {"positive_from_stars": 2, "negative_to_stars": 4},
        {"positive_from_stars": 4, "negative_to_stars": 2, "positive": "good"},
    ],
)
def test_contradicting_rules_are_refused_at_once(rules):
    with pytest.raises(UsageError):
        LabelMap(**rules)


def test_one_name_for_both_labels_is_refused():
    with pytest.raises(UsageError, match="must differ"):
        map_values(["a", "b"], positive="a", negative="A")


def test_one_label_is_read_but_refused_for_training():
    mapped = map_values(["pos", "pos"])
    assert (mapped.labels.tolist(), mapped.names) == ([1, 1], ("neg", "pos"))
    reviews = Reviews(["a", "b"], mapped.labels, ["1", "2"], label_names=mapped.names)
    with pytest.raises(SchemaError, match=r"no review labelled 'neg'.*Received 2 reviews"):
        refuse_one_class(reviews)


def test_two_labels_are_fit_for_training():
    refuse_one_class(Reviews(["a", "b"], np.array([0, 1], np.int8), ["1", "2"]))


HALF = "po\udcffs"


def test_a_label_with_half_a_character_is_refused_when_it_is_read(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        '{"text": "fine", "label": "po\\udcffs"}\n{"text": "bad", "label": "neg"}\n'
    )
    with pytest.raises(SchemaError, match=r"row 1: the label holds half a character"):
        read_table(tmp_path / "a.jsonl", TableOptions(negative="neg"))
    with pytest.raises(UsageError, match="holds half a character"):
        LabelMap(positive=HALF)
    with pytest.raises(SchemaError, match="holds half a character"):
        refuse_one_class(
            Reviews(["a", "b"], np.array([0, 1], np.int8), ["1", "2"], None, None, ("neg", HALF))
        )


@pytest.mark.parametrize(
    ("values", "rule"),
    [(["bad\ud800", "good"], {"positive": "good"}), (["bad", "good\ud800"], {"negative": "bad"})],
)
def test_half_a_character_is_found_in_the_label_of_either_class(values, rule):
    with pytest.raises(SchemaError, match="half a character"):
        map_values(values, **rule)


@pytest.mark.parametrize("names", [("awful", "fine"), ("great", "awful")])
def test_one_name_of_both_sides_that_means_the_other_class_is_refused(names):
    with pytest.raises(SchemaError, match="means the other class"):
        match_labels(Reviews(["Fun."], [1], label_names=names), ("fine", "great"))


def test_reviews_without_a_label_are_left_out_and_counted():
    labelled = take_labelled(Reviews(["Fun.", "Hm.", "Dull."], [1, -1, 0]))
    [ledger] = labelled.load_summaries
    assert (labelled.texts, ledger.found, ledger.read) == (["Fun.", "Dull."], 3, 2)
    assert [(one.reason, one.count, one.examples) for one in ledger.passed_over] == [
        ("without a label", 1, ("review 2",))
    ]


def test_one_class_is_refused_with_the_count_of_those_without_a_label():
    for reviews in (Reviews(["Fun."] * 3, [1, -1, -1]),
                    take_labelled(Reviews(["Fun."] * 3, [1, -1, -1]))):  # fmt: skip
        with pytest.raises(SchemaError, match="1 reviews with labels, 2 without"):
            refuse_one_class(reviews)


def test_stars_that_all_count_are_passed_over_for_no_reason():
    mapped = map_values(["1", "9"], positive_from_stars=7, negative_to_stars=4)
    assert (mapped.labels.tolist(), mapped.passed_over) == ([0, 1], {})
