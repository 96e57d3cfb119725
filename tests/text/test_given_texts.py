"""What Python objects are as texts: the right answer, or an error that says what to pass."""

import array
import collections
import fileinput
import io
import itertools
import sys
import types
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from reelfeel.errors import DataError, ReelFeelError, UsageError
from reelfeel.evaluation.compare import compare
from reelfeel.evaluation.evaluate import evaluate
from reelfeel.given_texts import check_texts, in_chunks
from reelfeel.inference.classifier import load
from reelfeel.text.encoder import count_tokens, token_counts
from reelfeel.values import Reviews

TEXTS = ["A wonderful film.", "A dreadful, dull bore.", "One of the best I have seen."]
Row = collections.namedtuple("Row", ["text", "label"])


class OwnSequence:
    """A sequence by `__getitem__` alone, as Python has allowed from the beginning."""

    def __getitem__(self, place):
        return TEXTS[place]


class OwnMapping:
    """Iterates over its names, as the messages of the email package do."""

    def __iter__(self):
        return iter(["text", "label"])

    def keys(self):
        return ["text", "label"]


class Frame:
    """Iterates over the names of its columns, as data frames do."""

    columns = ("text", "label")

    def __iter__(self):
        return iter(self.columns)


class LazyFrame:
    """A frame whose columns cost a computation to know."""

    @property
    def columns(self):
        raise AssertionError("columns were computed")

    def __getitem__(self, name):
        raise TypeError("a lazy frame has no items")


class ArrowScalar:
    def __init__(self, value):
        self.value = value

    def as_py(self):
        return self.value


class ArrowArray:
    """Yields scalars of its own, as the arrays of pyarrow do."""

    def __init__(self, values):
        self.values = values

    def __iter__(self):
        return map(ArrowScalar, self.values)

    def to_pylist(self):
        return self.values


TAKEN = {
    "list": lambda: TEXTS,
    "tuple": lambda: tuple(TEXTS),
    "generator": lambda: (text for text in TEXTS),
    "map": lambda: map(str, TEXTS),
    "iterator": lambda: iter(TEXTS),
    "deque": lambda: collections.deque(TEXTS),
    "values of a mapping": lambda: dict(enumerate(TEXTS)).values(),
    "keys of a mapping": lambda: dict.fromkeys(TEXTS).keys(),
    "own sequence": OwnSequence,
    "array of str": lambda: np.array(TEXTS),
    "array of objects": lambda: np.array(TEXTS, dtype=object),
    "array of strings": lambda: np.array(TEXTS, dtype=np.dtypes.StringDType()),
    "list of NumPy's str": lambda: list(np.array(TEXTS)),
    "column of an array": lambda: np.array([TEXTS, TEXTS]).T[:, 0],
    "Polars series": lambda: pl.Series(TEXTS),
    "Polars categories": lambda: pl.Series(TEXTS, dtype=pl.Categorical),
    "Arrow array": lambda: ArrowArray(TEXTS),
}
REFUSED = {
    "one string": (lambda: "A film", r"\['A film'\]"),
    "NumPy's one string": (lambda: np.str_("A film"), "one string"),
    "string of the user's own class": (lambda: collections.UserString("A film"), "one string"),
    "characters": (lambda: iter("A film"), "one string"),
    "array of characters": (lambda: array.array("u", "A film"), "tounicode"),
    "bytes": (lambda: b"A film", "decode"),
    "bytearray": (lambda: bytearray(b"A film"), "decode"),
    "memory": (lambda: memoryview(b"A film"), "decode"),
    "path": (lambda: Path("reviews.csv"), "read_plain_texts"),
    "None": (lambda: None, "Pass a list"),
    "number": (lambda: 3, "no iterable"),
    "NaN": (lambda: float("nan"), "no iterable"),
    "function": (lambda: len, "no iterable"),
    "class": (lambda: str, "no iterable"),
    "set": (lambda: set(TEXTS), "sorted"),
    "frozen set": (lambda: frozenset(TEXTS), "sorted"),
    "mapping": (lambda: dict(enumerate(TEXTS)), "values"),
    "read-only mapping": (lambda: types.MappingProxyType({"a": "b"}), "values"),
    "own mapping": (OwnMapping, "values"),
    "record": (lambda: Row("A film", "pos"), "record"),
    "open file": (lambda: io.StringIO("text,label\nA film,pos\n"), "open file"),
    "open bytes": (lambda: io.BytesIO(b"A film\n"), "open file"),
    "several open files": (lambda: fileinput.FileInput(["none"]), "open file"),  # noqa: SIM115
    "standard input": (lambda: sys.stdin, "open file"),
    "array without dimensions": (lambda: np.array("A film"), "item"),
    "table of an array": (lambda: np.array([TEXTS]).T, "ravel"),
    "structured array": (lambda: np.array([("a", 1)], dtype="U3,i4"), "Text 0"),
    "frame": (Frame, r"df\['text'\]"),
    "lazy frame": (LazyFrame, r"df\['text'\]"),
    "Polars frame": (lambda: pl.DataFrame({"text": TEXTS}), r"df\['text'\]"),
    "lazy Polars frame": (lambda: pl.LazyFrame({"text": TEXTS}), r"df\['text'\]"),
    "Reviews": (lambda: Reviews(TEXTS, np.array([1, 0, 1], np.int8), ["a", "b", "c"]), r"\.texts"),
    "with None": (lambda: [*TEXTS, None], "Text 3.*missing"),
    "with NaN": (lambda: [*TEXTS, float("nan")], "Text 3.*missing"),
    "with NumPy's NaN": (lambda: [*TEXTS, np.float64("nan")], "Text 3.*missing"),
    "with a masked text": (lambda: np.ma.array(TEXTS, mask=[0, 1, 0]), "Text 1.*missing"),
    "Polars series with null": (lambda: pl.Series([*TEXTS, None]), "Text 3.*missing"),
    "with bytes": (lambda: [*TEXTS, b"A film"], "Text 3.*decode"),
    "array of bytes": (lambda: np.array([b"A film"]), "Text 0.*decode"),
    "with a number": (lambda: [*TEXTS, 5], "Text 3"),
    "numbers": (lambda: range(3), "Text 0"),
    "array of numbers": (lambda: np.zeros(3), "Text 0"),
    "lists of texts": (lambda: [TEXTS, TEXTS], "flat list"),
    "rows": (lambda: [{"text": TEXTS[0]}], r"row\['text'\]"),
    "pairs": (lambda: zip(TEXTS, TEXTS, strict=True), "flat list"),
    "Arrow scalars": (lambda: list(ArrowArray(TEXTS)), "as_py"),
}
ASKED = {
    "predict": lambda classifier, texts: [said.probability for said in classifier.predict(texts)],
    "predict_proba": lambda classifier, texts: classifier.predict_proba(texts).tolist(),
    "explain": lambda classifier, texts: [
        one.prediction.probability for one in classifier.explain(texts, by="sentence")
    ],
    "classifier": lambda classifier, texts: [
        said["score"] if said["label"] == "positive" else 1 - said["score"]
        for said in classifier(texts)
    ],
    "encode": lambda classifier, texts: [
        classifier.score_token_ids([ids])[0]
        for encoded in classifier.encode(texts)
        for ids in encoded.token_ids
    ],
}


@pytest.fixture(scope="module")
def classifier(trained):
    return load(trained, precision="float32", threads=1)


@pytest.fixture(scope="module")
def expected(classifier):
    return [float(classifier.predict_proba([text])[0]) for text in TEXTS]


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("kind", TAKEN)
def test_an_iterable_of_strings_is_answered_in_its_order(classifier, expected, kind, asked):
    np.testing.assert_allclose(ASKED[asked](classifier, TAKEN[kind]()), expected, atol=1e-6)
    assert len(set(expected)) == len(expected)


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("kind", REFUSED)
def test_anything_else_is_refused_with_what_to_pass(classifier, kind, asked):
    make, words = REFUSED[kind]
    with pytest.raises(ReelFeelError, match=words) as refused:
        ASKED[asked](classifier, make())
    assert isinstance(refused.value, UsageError | DataError)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("count", [count_tokens, token_counts])
@pytest.mark.parametrize("kind", ["set", "frame", "None", "with NaN", "open file"])
def test_counting_refuses_the_same(count, kind):
    make, words = REFUSED[kind]
    with pytest.raises(ReelFeelError, match=words):
        count(make())


@pytest.mark.parametrize("wrong", [None, 3, TEXTS, pl.DataFrame({"text": TEXTS}), b"mini", set()])
def test_what_is_no_model_and_no_data_set_is_refused_too(trained, classifier, wrong):
    with pytest.raises(UsageError, match="Expected"):
        load(wrong)
    with pytest.raises(UsageError, match="Expected"):
        evaluate(wrong, "mini")
    with pytest.raises(ReelFeelError, match=r"Received|Expected"):
        evaluate(classifier, wrong)
    with pytest.raises(UsageError, match="Expected"):
        compare(wrong, trained, "mini")


def test_the_path_of_a_file_in_place_of_texts_is_refused_with_the_way_to_read_it(
    classifier, tmp_path, expected
):
    path = tmp_path / "reviews.csv"
    pl.DataFrame({"text": TEXTS}).write_csv(path)
    with pytest.raises(UsageError) as refused:
        classifier(str(path))
    # The mend, as it is written.
    mend = str(refused.value).split("Read a file first: ")[1].split(". Received")[0]
    statement, _, expression = mend.partition(", then pass ")
    names = {}
    exec(statement, names)  # noqa: S102
    np.testing.assert_allclose(
        classifier.predict_proba(eval(expression, names)),  # noqa: S307
        expected,
        atol=1e-6,
    )


def test_an_error_in_the_users_own_generator_stays_theirs(classifier):
    def broken():
        yield "A film"
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        classifier.predict(broken())


def test_a_generator_is_read_a_chunk_at_a_time(classifier):
    read = []
    encoded = classifier.encode(read.append(number) or "good" for number in range(20_000))
    next(encoded)
    assert len(read) == 8_192


def test_long_texts_come_in_smaller_chunks(monkeypatch):
    monkeypatch.setattr("reelfeel.given_texts._MAX_CHARACTERS", 10)
    texts = ["abc"] * 5 + ["a" * 30] + ["b"] * 3
    chunks = list(in_chunks(check_texts(texts), 3))
    assert [len(chunk) for chunk in chunks] == [3, 3, 3]
    assert list(itertools.chain(*chunks)) == texts
    chunks = list(in_chunks(check_texts(texts), 8))
    assert [len(chunk) for chunk in chunks] == [4, 2, 3]
    assert list(itertools.chain(*chunks)) == texts


def test_what_pandas_has_is_taken_or_refused(classifier, expected):
    pd = pytest.importorskip("pandas")
    series = pd.Series(TEXTS, index=[10_000.5, 2, 3])
    for texts in (series, series.astype("string"), series.astype("category"), pd.Index(TEXTS)):
        np.testing.assert_allclose(classifier.predict_proba(texts), expected, atol=1e-6)
    shuffled = series.iloc[[2, 0, 1]]
    np.testing.assert_allclose(classifier.predict_proba(shuffled), np.roll(expected, 1), atol=1e-6)
    frame = pd.DataFrame({"text": TEXTS, "label": [1, 0, 1]})
    for wrong in (frame, frame[["text"]]):
        with pytest.raises(UsageError, match=r"df\['text'\]"):
            classifier.predict(wrong)
    for missing in (None, pd.NA, float("nan")):
        with pytest.raises(DataError, match=r"Text 3.*missing"):
            classifier.predict(pd.Series([*TEXTS, missing]))


def test_what_arrow_has_is_taken_or_refused(classifier, expected):
    pa = pytest.importorskip("pyarrow")
    for texts in (pa.array(TEXTS), pa.chunked_array([TEXTS])):
        np.testing.assert_allclose(classifier.predict_proba(texts), expected, atol=1e-6)
    with pytest.raises(DataError, match=r"Text 1.*missing"):
        classifier.predict(pa.array(["good", None]))
    with pytest.raises(UsageError, match=r"df\['text'\]"):
        classifier.predict(pa.table({"text": TEXTS}))


def test_what_pytorch_has_is_refused(classifier):
    torch = pytest.importorskip("torch")
    for wrong in (torch.zeros(2), torch.tensor(1.0), torch.zeros(2, 2)):
        with pytest.raises(ReelFeelError):
            classifier.predict(wrong)


def test_mappings_are_known_by_what_they_can_do():
    assert not isinstance(OwnMapping(), Mapping)
    with pytest.raises(UsageError, match="names besides texts"):
        check_texts(OwnMapping())
