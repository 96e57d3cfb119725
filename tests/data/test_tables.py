import csv
import gzip
import io
import json
import logging
import random

import numpy as np
import polars as pl
import pytest

from reelfeel.data.tables import TableOptions, read_table
from reelfeel.errors import ArchiveError, SchemaError, UsageError

TEXTS = ["A gem.", 'He said "wow", twice;\nreally\ttwice', "Une com\u00e9die", "| a \u2603 b |"]
LABELS = ["pos", "pos", "neg", "neg"]


def write_csv(path, rows, *, delimiter=",", encoding="utf-8", header=("text", "label")):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows([header, *rows])
    content = buffer.getvalue().encode(encoding)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def write_raw(tmp_path, content, name="reviews.csv"):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return tmp_path / name


def test_every_format_gives_the_same_reviews(tmp_path):
    rows = list(zip(TEXTS, LABELS, strict=True))
    frame = pl.DataFrame({"text": TEXTS, "label": LABELS})
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_ndjson(tmp_path / "a.jsonl")
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress((tmp_path / "a.jsonl").read_bytes()))
    write_csv(tmp_path / "a.csv", rows)
    write_csv(tmp_path / "b.csv.gz", rows)
    write_csv(tmp_path / "c.tsv", rows, delimiter="\t")
    write_csv(tmp_path / "d.csv", rows, delimiter=";")
    write_csv(tmp_path / "e.txt", rows, delimiter="|")
    write_csv(tmp_path / "f.csv", rows, encoding="utf-16")
    write_csv(tmp_path / "g.csv", rows, encoding="utf-8-sig")
    for path in sorted(tmp_path.iterdir()):
        reviews = read_table(path)
        assert reviews.texts == TEXTS, path
        assert reviews.labels.tolist() == [1, 1, 0, 0], path
        assert reviews.label_names == ("neg", "pos"), path
        assert reviews.ids == ["row 1", "row 2", "row 3", "row 4"], path


def test_fields_are_read_as_pythons_own_csv_module_reads_them(tmp_path):
    rng = random.Random(0)
    alphabet = "ab \n\r\t,;|\"'\u00e9\u2603\x00"
    texts = ["x" + "".join(rng.choices(alphabet, k=rng.randrange(40))) for _ in range(500)]
    texts = [text.replace("\r", "") for text in texts]  # the csv module turns it into \n
    path = write_csv(tmp_path / "a.csv", [(text, "pos") for text in texts])
    assert read_table(path).texts == texts


def test_other_columns_are_found_by_name(tmp_path):
    path = write_csv(tmp_path / "a.csv", [("0", "good", "Fine")], header=("n", "mood", "review"))
    options = TableOptions(text_column="review", label_column="mood", positive="good")
    reviews = read_table(path, options)
    assert (reviews.texts, reviews.labels.tolist()) == (["Fine"], [1])


def test_a_wrong_column_names_those_present_and_the_nearest(tmp_path):
    path = write_csv(tmp_path / "a.csv", [("x", "pos")], header=("Text", "sentiment"))
    with pytest.raises(SchemaError) as caught:
        read_table(path)
    message = str(caught.value)
    assert "a.csv has no column 'text'. Did you mean 'Text'?" in message
    assert message.endswith("Received the columns 'Text', 'sentiment'.")


def test_a_semicolon_table_with_a_wrong_column_shows_its_columns_apart(tmp_path):
    path = write_raw(tmp_path, "review;sentiment\nGood, really;pos\n")
    with pytest.raises(SchemaError, match="columns 'review', 'sentiment'"):
        read_table(path)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_rows_without_a_value_are_named_or_dropped_and_counted(tmp_path, name, caplog):
    texts = ["good", None, "bad", "", "fine", "NaN", "poor"]
    labels = ["1", "1", "0", "0", None, "1", "0"]
    frame = pl.DataFrame({"text": texts, "label": labels})
    writers = {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet}
    writers[name.split(".")[1]](tmp_path / name)
    with pytest.raises(SchemaError, match=r"column 'text': no value in row 2, 4, 6\..*3 such rows"):
        read_table(tmp_path / name)
    with caplog.at_level(logging.WARNING):
        reviews = read_table(tmp_path / name, TableOptions(skip_bad_rows=True))
    assert reviews.texts == ["good", "bad", "poor"]
    assert reviews.ids == ["row 1", "row 3", "row 7"]
    assert "dropped 3 rows without a value in 'text'" in caplog.text
    assert "dropped 1 rows without a value in 'label'" in reviews.source


def test_many_missing_rows_are_not_all_listed(tmp_path):
    path = write_csv(tmp_path / "a.csv", [("", "pos")] * 12 + [("good", "pos")])
    with pytest.raises(SchemaError, match=r"row 1, 2, 3, 4, 5 and 7 more\..*12 such rows of 13"):
        read_table(path)


def test_nan_in_a_numeric_label_column_is_missing(tmp_path):
    frame = pl.DataFrame({"text": ["a", "b", "c"], "label": [1.0, float("nan"), 0.0]})
    frame.write_parquet(tmp_path / "a.parquet")
    with pytest.raises(SchemaError, match="column 'label': no value in row 2"):
        read_table(tmp_path / "a.parquet")
    reviews = read_table(tmp_path / "a.parquet", TableOptions(skip_bad_rows=True))
    assert (reviews.labels.tolist(), reviews.label_names) == ([1, 0], ("0", "1"))


def test_booleans_and_integers_are_labels_too(tmp_path):
    for values in ([True, False], [1, 0]):
        pl.DataFrame({"text": ["a", "b"], "label": values}).write_parquet(tmp_path / "a.parquet")
        assert read_table(tmp_path / "a.parquet").labels.tolist() == [1, 0]


def test_blank_lines_are_no_rows(tmp_path):
    reviews = read_table(write_raw(tmp_path, "text,label\ngood,pos\n\nbad,neg\n\n\n"))
    assert reviews.texts == ["good", "bad"]
    assert reviews.ids == ["row 1", "row 3"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_end_is_understood(tmp_path, ending):
    path = write_raw(tmp_path, ending.join(["text,label", "good,pos", "bad,neg", ""]))
    assert read_table(path).texts == ["good", "bad"]


def test_stars_in_between_are_dropped_and_counted(tmp_path, caplog):
    path = write_csv(tmp_path / "a.csv", [("a", "5"), ("b", "3"), ("c", "1")])
    options = TableOptions(positive_from_stars=4, negative_to_stars=2)
    reviews = read_table(path, options)
    assert (reviews.texts, reviews.labels.tolist()) == (["a", "c"], [1, 0])
    assert reviews.ratings.tolist() == [5, 1]
    assert "dropped 1 rows with more than 2 and fewer than 4 stars" in caplog.text
    assert "dropped 1 rows" in reviews.source


def test_an_unknown_label_is_named_by_file_row_and_column(tmp_path):
    path = write_csv(tmp_path / "a.csv", [("a", "pos"), ("b", "neg"), ("c", "neutral")])
    with pytest.raises(SchemaError, match=r"a\.csv, column 'label', row 3: the label 'neutral'"):
        read_table(path)


def test_without_labels_the_label_column_may_be_missing(tmp_path):
    path = write_raw(tmp_path, "text\ngood\n\nbad\n")
    reviews = read_table(path, TableOptions(labelled=False))
    assert (reviews.texts, reviews.labels.tolist()) == (["good", "bad"], [-1, -1])


def test_ids_are_taken_from_their_column_where_they_are_unique(tmp_path):
    header = ("id", "text", "label")
    path = write_csv(tmp_path / "a.csv", [("x", "a", "pos"), ("y", "b", "neg")], header=header)
    assert read_table(path).ids == ["x", "y"]
    path = write_csv(tmp_path / "a.csv", [("x", "a", "pos"), ("x", "b", "neg")], header=header)
    assert read_table(path).ids == ["row 1", "row 2"]


def test_a_group_column_becomes_the_movies(tmp_path):
    rows = [("a", "pos", "Alien"), ("b", "neg", "")]
    path = write_csv(tmp_path / "a.csv", rows, header=("text", "label", "film"))
    assert read_table(path, TableOptions(group_column="film")).movies == ["Alien", ""]
    assert read_table(path).movies is None
    with pytest.raises(SchemaError, match="no column 'movie'"):
        read_table(path, TableOptions(group_column="movie"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("  \n \n", "is empty"),
        ("text,label\n", "a header but no rows"),
        ("text,label\n\n\n", "a header but no rows"),
        ("text,label,text\na,pos,b\n", "names a column twice: 'text'"),
        ("text,label\na,pos\nb, really,neg\n", "row 2 has 3 fields"),
        ('text,label\na,pos\n"b,neg\nc,pos\n', "row 2: the quotes do not fit together"),
        ('text,label\na,pos\n"b"x,neg\n', "row 2: the quotes do not fit together"),
    ],
)
def test_a_broken_csv_file_is_refused_with_the_row(tmp_path, content, message):
    with pytest.raises(SchemaError, match=message) as caught:
        read_table(write_raw(tmp_path, content))
    assert "reviews.csv" in str(caught.value)


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_stray_quote_inside_a_field_is_a_character(tmp_path, delimiter):
    rows = [('a 5" nail', "1"), ("it's 7\"", "0"), ("fine", "1")]
    content = "\n".join(delimiter.join(row) for row in [("text", "label"), *rows, ("",), ()])
    reviews = read_table(write_raw(tmp_path, content))
    assert reviews.texts == [text for text, _ in rows]
    assert reviews.labels.tolist() == [1, 0, 1]


def test_space_around_the_names_of_columns_does_not_count(tmp_path):
    reviews = read_table(write_raw(tmp_path, "text, label \ngood, 1\nbad, 0\n"))
    assert reviews.labels.tolist() == [1, 0]


def test_a_row_with_too_few_fields_lacks_a_label(tmp_path):
    path = write_raw(tmp_path, "text,label\na,pos\nb\nc,neg\n")
    with pytest.raises(SchemaError, match="column 'label': no value in row 2"):
        read_table(path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{'text': 1}", "line 2 is no JSON object"),
        ("[1, 2]", "line 2 is no JSON object: a JSON list"),
        ('{"text": "a", "text": "b"}', "a name stands twice"),
        ('{"text": 5, "label": "pos"}', "row 2 holds no text.*int: 5"),
        ('{"label": "pos"}', "column 'text': no value in row 2"),
    ],
)
def test_a_broken_json_line_is_refused_with_its_number(tmp_path, line, message):
    path = write_raw(tmp_path, f'{{"text": "a", "label": "pos"}}\n{line}\n', "a.jsonl")
    with pytest.raises(SchemaError, match=message):
        read_table(path)


def test_a_column_of_numbers_is_no_text(tmp_path):
    pl.DataFrame({"text": [1, 2], "label": ["pos", "neg"]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(SchemaError, match="row 1 holds no text"):
        read_table(tmp_path / "a.parquet")


def test_long_and_strange_texts_come_through(tmp_path):
    texts = ["word " * 200_000, "nul\x00inside", "\u202eright to left", "\U0001f600 smile", "=1+1"]
    path = write_csv(tmp_path / "a.csv", [(text, "pos") for text in texts])
    assert read_table(path).texts == texts
    lines = [json.dumps({"text": text, "label": 1}) for text in [*texts, "lone \ud800 half"]]
    reviews = read_table(write_raw(tmp_path, "\n".join(lines), "a.jsonl"))
    assert reviews.texts == [*texts, "lone \ud800 half"]
    assert len(reviews.fingerprint()) == 64


def test_another_encoding_is_read_and_logged(tmp_path, caplog):
    path = write_csv(tmp_path / "a.csv", [("caf\u00e9", "pos")], encoding="cp1252")
    assert read_table(path).texts == ["caf\u00e9"]
    assert "a.csv: It is not UTF-8; it was read as cp1252" in caplog.text


@pytest.mark.parametrize("name", ["a.docx", "a", "a.csv.zst"])
def test_an_unknown_ending_lists_the_known_ones(tmp_path, name):
    with pytest.raises(UsageError, match=r"no known ending.*\.csv, \.tsv.*\.parquet"):
        read_table(write_raw(tmp_path, "text,label\na,pos\n", name))


def test_damaged_files_are_refused_by_name(tmp_path):
    with pytest.raises(SchemaError, match=r"a\.parquet is not a whole Parquet file"):
        read_table(write_raw(tmp_path, b"PAR1 rubbish", "a.parquet"))
    with pytest.raises(ArchiveError, match=r"a\.csv\.gz is not a whole gzip file"):
        read_table(write_raw(tmp_path, gzip.compress(b"text,label\na,pos")[:-4], "a.csv.gz"))
    with pytest.raises(UsageError, match="There is no file"):
        read_table(tmp_path / "nowhere.csv")


def test_labels_are_small_integers(tmp_path):
    reviews = read_table(write_csv(tmp_path / "a.csv", [("a", "pos")]))
    assert reviews.labels.dtype == np.int8
