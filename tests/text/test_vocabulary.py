import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelfeel.errors import BundleError, UsageError
from reelfeel.text.vocabulary import PADDING_ID, UNKNOWN_ID, Vocabulary

token_lists = st.lists(st.lists(st.sampled_from(["good", "bad", "film", "é", "中", '"', "\\"])))


@given(token_lists, st.integers(2, 9), st.integers(1, 3))
def test_the_most_frequent_tokens_are_chosen(lists, size, min_count):
    tokens = Vocabulary.build(lists, size=size, min_count=min_count).tokens
    counts = Counter(token for tokens in lists for token in tokens)
    enough = [token for token in sorted(counts) if counts[token] >= min_count]
    # Python's sort is stable: alphabetical, then by count, keeps the alphabet among equals.
    assert list(tokens) == sorted(enough, key=counts.get, reverse=True)[: size - 2]


@given(token_lists)
def test_decoding_gives_the_tokens_back(lists):
    vocabulary = Vocabulary.build(lists, min_count=1)
    for tokens in lists:
        assert vocabulary.decode(vocabulary.encode(tokens)) == tokens


@settings(max_examples=25)
@given(st.lists(st.text(min_size=1), unique=True))
def test_a_saved_vocabulary_is_the_same(tmp_path_factory, tokens):
    path = tmp_path_factory.mktemp("saved") / "vocabulary.json"
    vocabulary = Vocabulary(tuple(tokens))
    vocabulary.save(path)
    assert Vocabulary.load(path) == vocabulary
    assert Vocabulary.load(path).fingerprint() == vocabulary.fingerprint()


def test_ids_start_after_padding_and_unknown():
    vocabulary = Vocabulary(("good", "film"))
    assert (PADDING_ID, UNKNOWN_ID, vocabulary.size) == (0, 1, 4)
    ids = vocabulary.encode(["film", "worst", "good"])
    assert ids.dtype == np.int32
    assert ids.tolist() == [3, 1, 2]
    assert vocabulary.decode([0, 1, 3]) == ["[padding]", "[unknown]", "film"]


def test_every_id_has_a_row_in_an_embedding_of_that_size():
    vocabulary = Vocabulary.build(Counter({str(i): 2 for i in range(50)}), size=20)
    assert vocabulary.size == 20
    assert vocabulary.encode(map(str, range(50))).max() == 19


def test_a_counter_and_token_lists_give_the_same():
    lists = [["a", "b"], ["b", "c", "c"]]
    counts = Counter(["a", "b", "b", "c", "c"])
    assert Vocabulary.build(lists, min_count=1) == Vocabulary.build(counts, min_count=1)
    assert Vocabulary.build(counts).tokens == ("b", "c")


def test_an_empty_collection_knows_nothing():
    assert Vocabulary.build([]).size == 2
    assert Vocabulary.build([]).encode([]).shape == (0,)


def test_the_fingerprint_sees_order_and_borders():
    prints = [Vocabulary(tokens).fingerprint() for tokens in [("a", "b"), ("b", "a"), ("ab",), ()]]
    assert len(set(prints)) == 4
    # Stored in models, so it must never change: printf '["a", "b"]' | sha256sum
    assert prints[0].startswith("3554d2b8a1e34099")


def test_a_person_can_read_the_file(tmp_path):
    Vocabulary(("gut", "schön")).save(tmp_path / "v.json")
    lines = (tmp_path / "v.json").read_text("utf-8").splitlines()
    assert '"schön"' in lines
    assert '"format": "reelfeel-vocabulary",' in lines


def stored(**change):
    return json.dumps({"format": "reelfeel-vocabulary", "version": 1, "tokens": ["a"]} | change)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "JSON"),
        (stored().encode()[:-3], "JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b"[" * 200_000, "JSON"),
        (b'["a"]', "format"),
        (stored(format="spacy").encode(), "format"),
        (stored(version=2).encode(), "version is 2"),
        (stored(tokens="abc").encode(), "list"),
        (stored(tokens=["a", "b", "a"]).encode(), "'a' stands twice"),
        (stored(tokens=["a", ""]).encode(), "at least one character"),
        (stored(tokens=["a", 1]).encode(), "strings"),
        (stored(tokens=[["a"]]).encode(), "strings"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused(tmp_path, content, named):
    path = tmp_path / "vocabulary.json"
    path.write_bytes(content)
    with pytest.raises(BundleError, match=named) as refusal:
        Vocabulary.load(path)
    assert str(path) in str(refusal.value)
    assert "Copy it again" in str(refusal.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(BundleError, match="cannot be read"):
        Vocabulary.load(tmp_path / "vocabulary.json")


@pytest.mark.parametrize("ids", [[3], [-1]])
def test_ids_of_another_vocabulary_are_refused(ids):
    with pytest.raises(UsageError, match="from 0 to 2"):
        Vocabulary(("a",)).decode(ids)


def test_strings_in_place_of_token_lists_are_refused():
    with pytest.raises(UsageError, match="in place of a list"):
        Vocabulary.build(["good film"])
    with pytest.raises(UsageError, match="in place of"):
        Vocabulary.build("good film")


def test_a_size_without_room_for_the_special_ids_is_refused():
    with pytest.raises(UsageError, match="size=1"):
        Vocabulary.build([], size=1)
