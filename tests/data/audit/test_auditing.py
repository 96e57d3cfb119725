import json

import numpy as np
import pytest

from reelfeel.data.audit.auditing import audit, find_data_errors
from reelfeel.data.sets.mini import load_mini
from reelfeel.errors import UsageError
from reelfeel.values import Reviews

SENTENCE = "a film about nothing much that moves along well enough"


def make_reviews(num=200, *, texts=None, labels=None, movies=None, prefix="row"):
    """Reviews with nothing to complain about, except for what a test changes."""
    plain = [f"{prefix} {row} {SENTENCE}" for row in range(num)]
    labels = [row % 2 for row in range(num)] if labels is None else labels
    ids = [f"{prefix} {row}" for row in range(num)]
    texts = {} if texts is None else texts
    changed = [texts.get(row, text) for row, text in enumerate(plain)]
    return Reviews(changed, np.array(labels, dtype=np.int8), ids, movies=movies)


def find(result, code):
    found = [finding for finding in result.findings if finding.code == code]
    return found[0] if found else None


def audit_one(**changes):
    return audit({"train": make_reviews(**changes)}, detect_language=lambda text: "en")


def test_good_reviews_have_no_findings():
    assert audit_one().findings == ()
    assert not audit_one().has_errors


def test_sizes_are_counted():
    reviews = make_reviews(movies=["x"] * 150 + [""] * 50, texts={7: "two words", 9: "two words"})
    counts = np.arange(200)
    (part,) = audit({"train": reviews}, token_counts={"train": counts}).parts
    assert (part.num_reviews, part.num_positive, part.num_negative) == (200, 100, 100)
    assert (part.num_unique, part.num_movies, part.num_unlabelled) == (199, 1, 0)
    assert part.words["max"] == 12
    assert part.tokens == {"mean": 99.5, "median": 99.5, "p90": 179.1, "p99": 197.01, "max": 199.0}


@pytest.mark.parametrize(
    ("code", "severity", "count", "changes"),
    [
        ("no_reviews", "error", 0, {"num": 0}),
        ("one_class", "error", 0, {"labels": [1] * 200}),
        ("few_reviews", "error", 1, {"labels": [1] + [0] * 199}),
        ("few_reviews", "warning", 40, {"labels": [1, 0, 0, 0, 0] * 40}),
        ("imbalance", "warning", 50, {"num": 250, "labels": [1, 0, 0, 0, 0] * 50}),
        ("empty_texts", "warning", 2, {"texts": {0: "", 5: " \n"}}),
        ("empty_texts", "error", 11, {"texts": dict.fromkeys(range(11), "")}),
        ("short_texts", "note", 1, {"texts": {3: "Bad!"}}),
        ("long_texts", "warning", 1, {"texts": {3: "long " * 30_000}}),
        ("duplicates", "note", 1, {"texts": {2: "A gem of a film", 4: "a  GEM of a film"}}),
        ("duplicates", "warning", 9, {"texts": dict.fromkeys(range(0, 20, 2), "One and the same")}),
        ("conflicting_labels", "warning", 2, {"texts": {2: "Hm, so what", 3: "hm, so WHAT"}}),
        ("conflicting_labels", "error", 12, {"texts": dict.fromkeys(range(12), "Hm, so what")}),
        ("markup", "note", 2, {"texts": {1: "Good<br />film indeed", 2: "Tom &amp; Jerry run"}}),
        ("control", "note", 1, {"texts": {1: "good\x00 film and so on"}}),
        ("damaged_characters", "note", 1, {"texts": {1: "caf\ufffd on the corner"}}),
        (
            "damaged_characters",
            "warning",
            3,
            {"texts": dict.fromkeys((1, 3, 5), "it\u00e2\u20ac\u2122s a caf\u00c3\u00a9")},
        ),
        ("sorted_labels", "note", 0, {"labels": [0] * 100 + [1] * 100}),
    ],
)
def test_each_defect_is_found_with_its_weight_and_count(code, severity, count, changes):
    finding = find(audit_one(**changes), code)
    assert (finding.severity, finding.count) == (severity, count)
    assert finding.mend


def test_plain_texts_are_not_taken_for_markup_or_damage():
    texts = {
        0: "2 < 3 and 5 > 4, AT&T; a & b",
        1: "\u00c9t\u00e9, \u00c3 la carte \u20ac 5",
        2: "<3 <3 <3 so sweet",
    }
    result = audit_one(texts=texts)
    assert find(result, "markup") is None
    assert find(result, "damaged_characters") is None


def test_examples_are_ids_and_never_texts():
    result = audit_one(texts=dict.fromkeys(range(12), "A secret text"))
    finding = find(result, "duplicates")
    assert finding.examples == ("row 1", "row 2", "row 3", "row 4", "row 5")
    assert "secret" not in json.dumps(result.to_dict())


def test_cut_texts_are_counted_with_what_is_lost():
    counts = np.array([400] * 90 + [1000] * 10 + [100] * 100)
    result = audit({"train": make_reviews()}, token_counts={"train": counts}, max_tokens=500)
    finding = find(result, "cut")
    assert finding.count == 10
    assert "10 texts (5.0%)" in finding.message
    assert f"{5_000 / counts.sum():.1%} of all tokens" in finding.message
    assert (
        audit({"t": make_reviews()}, token_counts={"t": counts}, max_tokens=1000).findings[1:] == ()
    )


def test_texts_that_a_vocabulary_hardly_knows_are_counted():
    shares = np.where(np.arange(200) < 3, 0.2, 0.9)
    result = audit({"train": make_reviews()}, known_shares={"train": shares})
    assert find(result, "unknown_words").examples == ("row 0", "row 1", "row 2")


def test_numbers_of_another_length_are_refused():
    with pytest.raises(UsageError, match=r"'train', shape \(200,\)\. Received shape \(3,\)"):
        audit({"train": make_reviews()}, token_counts={"train": [1, 2, 3]})


def audit_two(texts, labels=None, **changes):
    test = make_reviews(prefix="test", texts=texts, labels=labels, **changes)
    train_texts = {0: "Shared with test", 2: "Shared too, really"}
    train = make_reviews(texts=train_texts, movies=changes.get("movies"))
    return audit({"train": train, "test": test})


def test_texts_in_both_parts_are_counted_after_folding():
    finding = find(audit_two({4: "SHARED with  test", 6: "shared too, really"}), "overlap")
    assert (finding.severity, finding.part, finding.count) == ("warning", "test", 2)
    assert finding.examples == ("test 4", "test 6")


def test_a_test_set_that_stands_in_train_spoils_training():
    result = audit_two(dict.fromkeys(range(0, 24, 2), "Shared with test"))
    assert find(result, "overlap").severity == "error"
    assert result.has_errors


def test_the_other_label_in_the_other_part_is_told():
    finding = find(audit_two({5: "Shared with test"}), "conflicting_overlap")
    assert finding.examples == ("test 5",)
    assert find(audit_two({4: "Shared with test"}), "conflicting_overlap") is None


def test_shared_movies_are_noted():
    movies = ["Alien"] * 10 + [""] * 190
    finding = find(audit_two({}, movies=movies), "shared_movies")
    assert (finding.severity, finding.count) == ("note", 10)


def test_unlabelled_parts_are_not_asked_for_labels():
    unlabelled = make_reviews(labels=[-1] * 200, prefix="more")
    result = audit({"train": make_reviews(), "more": unlabelled}, detect_language=lambda _: "en")
    assert result.findings == ()


def test_errors_come_first_and_the_larger_before_the_smaller():
    result = audit_one(
        labels=[0] * 150 + [1] * 50,
        texts=dict.fromkeys(range(20), "") | {30: "<b>x y z</b>", 31: "<b>x y u</b>", 33: "No!"},
    )
    codes = [finding.code for finding in result.findings]
    assert codes == ["empty_texts", "markup", "short_texts", "sorted_labels"]


def test_the_mini_data_set_is_fit_for_training():
    assert not audit({part: load_mini(part) for part in ("train", "test")}).has_errors


def test_the_real_imdb_shows_its_known_traps_and_is_fit_for_training(real_imdb):
    result = audit(real_imdb, detect_language=lambda _: "en")
    overlap = find(result, "overlap")
    assert (overlap.count, overlap.severity) == (123, "warning")
    assert find(result, "conflicting_overlap") is None
    assert find(result, "conflicting_labels") is None
    assert [part.num_unique for part in result.parts] == [24_904, 24_801]
    duplicates = {f.part: f.count for f in result.findings if f.code == "duplicates"}
    assert duplicates == {"train": 96, "test": 199}
    assert {f.count for f in result.findings if f.code == "sorted_labels"} == {0}
    assert not result.has_errors


def test_errors_alone_are_those_of_the_whole_audit():
    texts = ["a fine film"] * 40 + [""] * 10 + [f"film {row} is fine" for row in range(50)]
    for labels in ([0, 1] * 50, [1] * 100, [0] + [1] * 99):
        reviews = Reviews(texts, labels)
        everything = audit({"train": reviews}).findings
        errors = [one for one in everything if one.severity == "error"]
        assert errors
        assert list(find_data_errors("train", reviews)) == errors
