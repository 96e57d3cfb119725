"""Files as people have them: read whole, or refused with what to do about it."""

import bz2
import gzip
import json
import lzma
import tarfile

import polars as pl
import pytest
from imdb_copies import small_copy, write_folder
from made_reviews import (
    REVIEWS,
    TRUE,
    label_studio,
    lines,
    named,
    quote,
    stray_quotes,
    write,
    write_label_folder,
    zipped,
)

from reelfeel.data.audit.auditing import audit
from reelfeel.data.loading import load_parts, load_reviews
from reelfeel.data.options import TableOptions
from reelfeel.data.plain_texts import read_piped_texts, read_plain_texts
from reelfeel.errors import ArchiveError, DataError, SchemaError, UsageError

TEXTS = [text for text, _ in REVIEWS]
CSV = named("0", "1")
ROWS = [f"{quote(text)},{label}" for text, label in REVIEWS]
RECORDS = [{"text": text, "label": label} for text, label in REVIEWS]


def assert_whole(reviews, *, unit="rows"):
    assert sorted(zip(reviews.texts, reviews.labels.tolist(), strict=True)) == sorted(REVIEWS)
    summary = reviews.load_summaries[0]
    assert (summary.unit, summary.read) == (unit, len(REVIEWS))
    assert summary.found == summary.read + sum(one.count for one in summary.passed_over)


FILES = {
    "trailing delimiters": ("a.csv", lines(f"{row}," for row in ROWS), {}),
    "spaces before quotes": (
        "a.csv",
        lines((row.replace('",', '", ') for row in ROWS), header='"text", "label"'),
        {},
    ),
    "a first line of spaces": ("a.csv", f"  \n\n{CSV}", {}),
    "sep= and a mark": (
        "a.csv",
        ("\ufeffsep=;\r\n" + lines((f"{t};{y}" for t, y in REVIEWS), header="text;label")),
        {},
    ),
    "an array": ("a.json", json.dumps(RECORDS, indent=1), {}),
    "lines named .json": ("a.json", "\n".join(map(json.dumps, RECORDS)), {}),
    "an array named .jsonl": ("a.jsonl", json.dumps(RECORDS), {}),
    "one object with a list": ("a.json", json.dumps({"version": 1, "data": RECORDS}), {}),
    "pandas' columns": (
        "a.json",
        json.dumps({
            name: {str(n): record[name] for n, record in enumerate(RECORDS)}
            for name in ("text", "label")
        }),
        {},
    ),
    "pandas' index": ("a.json", json.dumps({str(n): one for n, one in enumerate(RECORDS)}), {}),
    "pandas' split": (
        "a.json",
        json.dumps({"columns": ["text", "label"], "index": [0], "data": [*map(list, REVIEWS)]}),
        {},
    ),
    "lists by column": (
        "a.json", json.dumps({"text": TEXTS, "label": TRUE}), {},
    ),
    "nested names": (
        "a.jsonl",
        "\n".join(json.dumps({"review": {"text": t}, "y": [y]}) for t, y in REVIEWS),
        {"text_column": "review.text", "label_column": "y"},
    ),
    "labels in lists": (
        "a.jsonl",
        "\n".join(json.dumps({"text": t, "label": [("NEG", "POS")[y]]}) for t, y in REVIEWS),
        {},
    ),
    "Label Studio": ("a.json", label_studio(), {}),
    "fastText": (
        "a.txt",
        "\n".join(f"__label__{y + 1} {t}" for t, y in REVIEWS),
        {"positive": "2"},
    ),
    "no header, by number": (
        "a.csv",
        lines((f'"{4 * y}","x",{quote(t)}' for t, y in REVIEWS), header=""),
        {"header": False, "text_column": "3", "label_column": "1", "positive": "4"},
    ),
    "no header, by name": (
        "a.csv", lines(ROWS, header=""), {"columns": "text,label"},
    ),
    "two lines of names": (
        "a.csv",
        lines(ROWS, header="What did you think?,And overall?\nOpen-Ended,Response"),
        {"skip_rows": 2, "columns": ["text", "label"]},
    ),
    "backslashes": (
        "a.csv",
        lines((f'"{t} \\"So, so.\\"",{y}' for t, y in REVIEWS)),
        {"escape": "\\"},
    ),
    "another encoding": ("a.csv", CSV.encode("utf-16-le"), {"encoding": "utf-16-le"}),
    "another delimiter": (
        "a.csv", lines((f"{t}#{y}" for t, y in REVIEWS), header="text#label"), {"delimiter": "#"},
    ),
    "a name that says nothing": ("a.data", CSV, {"format": "csv"}),
    "marks that quote nothing": ("a.tsv", stray_quotes(), {"quoting": "none"}),
    "bzip2": ("a.csv.bz2", bz2.compress(CSV.encode()), {}),
    "xz": ("a.csv.xz", lzma.compress(CSV.encode()), {}),
    "gzip": ("a.jsonl.gz", gzip.compress("\n".join(map(json.dumps, RECORDS)).encode()), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_files_as_people_have_them_are_read_whole(tmp_path, name):
    file, content, options = FILES[name]
    reviews = load_reviews(write(tmp_path, file, content), options=TableOptions(**options))
    texts = [text.replace(' "So, so."', "").replace('"', "") for text in reviews.texts]
    assert list(zip(texts, reviews.labels.tolist(), strict=True)) == REVIEWS
    summary = reviews.load_summaries[0]
    assert (summary.found - summary.num_passed_over, summary.read) == (40, 40)


@pytest.mark.parametrize("ending", ["arrow", "feather", "ipc"])
def test_arrow_files_are_read(tmp_path, ending):
    frame = pl.DataFrame(RECORDS)
    frame.write_ipc(tmp_path / f"a.{ending}")
    assert_whole(load_reviews(tmp_path / f"a.{ending}"))
    frame.write_ipc_stream(tmp_path / f"b.{ending}")
    assert_whole(load_reviews(tmp_path / f"b.{ending}"))


def test_a_sheet_of_excel_is_read(tmp_path):
    pytest.importorskip("fastexcel")
    from made_workbooks import write_workbook

    write_workbook(tmp_path / "a.xlsx", {"Data": [["text", "label"], *map(list, REVIEWS)]})
    assert_whole(load_reviews(tmp_path / "a.xlsx"))
    write_workbook(tmp_path / "b.xlsx", {"Notes": [["x"]], "Data": [["text", "label"], *REVIEWS]})
    with pytest.raises(SchemaError, match=r"2 sheets.*--sheet 'Notes'"):
        load_reviews(tmp_path / "b.xlsx")
    assert_whole(load_reviews(tmp_path / "b.xlsx", options=TableOptions(sheet="Data")))


def test_without_the_extra_excel_is_one_line_that_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("reelfeel.extras.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install \"reelfeel\[excel\]\""):
        load_reviews(write(tmp_path, "a.xlsx", b"PK"))


def test_old_mac_rows_may_hold_line_feeds_in_quotes(tmp_path):
    rows = [row.replace(", and", ",\n and") for row in ROWS]
    reviews = load_reviews(write(tmp_path, "a.csv", lines(rows, end="\r")))
    assert reviews.texts == [text.replace(", and", ",\n and") for text in TEXTS]


def test_marks_that_glue_rows_are_refused_with_both_readings(tmp_path):
    path = write(tmp_path, "a.tsv", stray_quotes())
    for skip in (False, True):
        with pytest.raises(SchemaError) as caught:
            load_reviews(path, options=TableOptions(skip_bad_rows=skip))
        message = str(caught.value)
        assert "a.tsv, lines 12 to 19" in message
        assert "1 row if" in message
        assert "or 8 rows with '0', '1', '0', '1', '0', ... as 'label'" in message
        assert "--quoting none" in message
        assert "--quoting double" in message
    glued = load_reviews(path, options=TableOptions(quoting="double"))
    assert len(glued) == 33
    assert "1 rows stand on several lines" in glued.load_summaries[0].notes[0]


def test_a_text_with_line_ends_and_commas_is_no_row(tmp_path):
    rows = [f'"{text}\n\nWell, {text}\nyes",{label}' for text, label in REVIEWS]
    assert load_reviews(write(tmp_path, "a.csv", lines(rows))).labels.tolist() == TRUE


def test_a_guess_that_gives_mostly_accented_letters_is_an_error_of_the_audit(tmp_path):
    words = "\u0445\u043e\u0440\u043e\u0448\u0438\u0439 \u0444\u0438\u043b\u044c\u043c"
    rows = [f"{words} {row},{row % 2}" for row in range(40)]
    path = write(tmp_path, "a.csv", lines(rows).encode("cp1251"))
    guessed = load_reviews(path)
    (found,) = [one for one in audit({"a": guessed}).findings if one.code == "encoding"]
    assert found.severity == "error"
    assert "--encoding cp1251 for Russian" in found.mend
    named_one = load_reviews(path, options=TableOptions(encoding="cp1251"))
    assert named_one.texts[0] == f"{words} 0"
    assert not named_one.load_summaries[0].doubts
    french = [f"un \u00e9t\u00e9 comme on n'en a jamais vu {row},{row % 2}" for row in range(9)]
    path = write(tmp_path, "b.csv", lines(french).encode("cp1252"))
    assert not load_reviews(path).load_summaries[0].doubts


def test_words_that_stand_for_nothing_are_missing_on_request(tmp_path):
    path = write(tmp_path, "a.csv", named("0", "1", third="N/A"))
    with pytest.raises(SchemaError, match="--drop-other-labels"):
        load_reviews(path)
    options = TableOptions(missing="None,N/A")
    with pytest.raises(SchemaError, match="no value in row 4, 14, 24, 34"):
        load_reviews(path, options=options)
    reviews = load_reviews(path, options=TableOptions(missing=["n/a"], skip_bad_rows=True))
    assert len(reviews) == 36
    assert reviews.load_summaries[0].passed_over[0].count == 4


def test_a_third_label_is_dropped_and_counted_on_request(tmp_path):
    path = write(tmp_path, "a.csv", named("negative", "positive", third="neutral"))
    reviews = load_reviews(path, options=TableOptions(drop_other_labels=True))
    assert len(reviews) == 36
    (passed,) = reviews.load_summaries[0].passed_over
    assert (passed.reason, passed.count, passed.examples[0]) == ("with another label", 4, "row 4")
    assert "dropped 4 rows with another label" in reviews.source


BAD_ROWS = {
    "a.csv": (lines([*ROWS[:6], "a, b, c", '"x"y,1', "z", ",1", *ROWS[6:]]), 4),
    "b.jsonl": ("\n".join([*map(json.dumps, RECORDS), "[1]", "{", '{"text": 5, "label": 1}',
                           '{"text": "a", "label": [1, 0]}', '{"label": 1}']), 5),
    "c.txt": ("\n".join([*(f"__label__{y} {t}" for t, y in REVIEWS), "none",
                         "__label__1 __label__0 two"]), 2),
    "d.json": (json.dumps([*RECORDS, 5, {"text": "a", "label": {"a": 1, "b": 2}}]), 2),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_ROWS)
def test_bad_rows_of_every_kind_are_dropped_and_counted_on_request(tmp_path, name):
    content, num_bad = BAD_ROWS[name]
    path = write(tmp_path, name, content)
    with pytest.raises(SchemaError, match="--skip-bad-rows"):
        load_reviews(path)
    reviews = load_reviews(path, options=TableOptions(skip_bad_rows=True))
    assert list(zip(reviews.texts, reviews.labels.tolist(), strict=True)) == REVIEWS
    assert reviews.load_summaries[0].num_passed_over == num_bad


def test_folders_read_texts_of_any_case_and_depth_and_count_the_rest(tmp_path):
    write_label_folder(tmp_path, reviews=REVIEWS[:20])
    write_label_folder(tmp_path, reviews=REVIEWS[20:30], ending=".TXT")
    for row, (text, label) in enumerate(REVIEWS[30:]):
        write(tmp_path, f"{('neg', 'pos')[label]}/2023/{row}.txt", text)
    strays = ["pos/7.html", "pos/Thumbs.db", ".DS_Store", "README.txt", "__MACOSX/pos/._3_9.txt"]
    for stray in strays:
        write(tmp_path, stray, b"\x00rubbish")
    reviews = load_reviews(tmp_path)
    assert_whole(reviews, unit="files")
    summary = reviews.load_summaries[0]
    assert summary.found == 45
    assert {name for one in summary.passed_over for name in one.examples} == set(strays)
    assert "10 of the texts lie in folders inside" in summary.notes[0]


def test_without_labels_the_same_files_are_passed_over_and_the_test_part_is_left_out(tmp_path):
    write_label_folder(tmp_path / "train")
    write(tmp_path, "train/unsup/1.txt", "one more")
    write_label_folder(tmp_path / "test", reviews=[("to judge by", 1)])
    for stray in ("README.txt", "train/__MACOSX/._1.txt", "train/pos/.2.txt"):
        write(tmp_path, stray, "rubbish")
    reviews = read_plain_texts(tmp_path)
    assert sorted(reviews.texts) == sorted([*TEXTS, "one more"])
    assert "test/pos/0_9.txt" in reviews.load_summaries[0].notes[0]
    assert reviews.load_summaries[0].found == 44


def test_a_folder_without_labels_beside_two_labels_is_refused_with_a_mend_that_works(tmp_path):
    write_label_folder(tmp_path)
    write(tmp_path, "unsup/1.txt", "one more")
    with pytest.raises(SchemaError, match=r"unsup/1: the label 'unsup'.*--drop-other-labels"):
        load_reviews(tmp_path)
    options = TableOptions(drop_other_labels=True)
    assert_whole(load_reviews(tmp_path, options=options), unit="files")


def test_folders_of_parts_may_have_a_validation_part(tmp_path):
    for part in ("train", "val", "test"):
        write_label_folder(tmp_path / part)
    parts = load_parts(tmp_path)
    assert list(parts) == ["train", "validation", "test"]
    assert_whole(parts["validation"], unit="files")


@pytest.mark.parametrize("pack", ["folder", "zip", "tar.gz"])
def test_folders_and_archives_of_tables_are_read_by_their_names(tmp_path, pack):
    folder = tmp_path / "data"
    for name in ("train-0.csv", "train-1.csv", "sst_dev.csv", "test.csv"):
        write(folder, name, CSV)
    write(folder, "README.md", "about")
    source = {"folder": lambda: folder, "zip": lambda: zip_up(folder),
              "tar.gz": lambda: tar_up(folder)}[pack]()  # fmt: skip
    parts = load_parts(source)
    assert {name: len(part) for name, part in parts.items()} == {
        "train": 80, "validation": 40, "test": 40,
    }  # fmt: skip
    assert "README.md" in " ".join(parts["train"].load_summaries[0].notes)
    assert len(set(parts["train"].ids)) == 80


def zip_up(folder):
    return zipped(
        folder.with_suffix(".zip"),
        {f"data/{one.name}": one.read_bytes() for one in sorted(folder.iterdir())},
    )


def tar_up(folder):
    path = folder.with_suffix(".tar.gz")
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, "data")
    return path


def test_a_zip_of_one_table_or_of_folders_is_read(tmp_path):
    assert_whole(
        load_reviews(
            zipped(
                tmp_path / "a.zip", {"IMDB Dataset.csv": CSV, "__MACOSX/._IMDB Dataset.csv": "x"}
            )
        )
    )
    files = {f"r/{('neg', 'pos')[y]}/{n}.txt": t for n, (t, y) in enumerate(REVIEWS)}
    assert_whole(load_reviews(zipped(tmp_path / "b.zip", files)), unit="files")


def test_a_damaged_or_huge_zip_is_refused(tmp_path):
    path = zipped(tmp_path / "a.zip", {"a.csv": CSV})
    content = bytearray(path.read_bytes())
    content[60:90] = bytes(30)
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"a\.zip is not a whole"):
        load_reviews(path)


def test_several_tables_and_patterns_are_one_table(tmp_path):
    halves = [lines(ROWS[:20]), lines(ROWS[20:])]
    paths = [write(tmp_path, f"{name}.csv", half) for name, half in zip("ab", halves, strict=True)]
    assert_whole(load_reviews(paths))
    reviews = load_reviews(str(tmp_path / "*.csv"))
    assert_whole(reviews)
    assert reviews.ids[20].endswith("b.csv row 1")
    with pytest.raises(UsageError, match="No file fits"):
        load_reviews(str(tmp_path / "*.tsv"))


def test_a_column_of_parts_splits_a_table(tmp_path):
    names = ["train", "test", "val", "train"]
    rows = [f"{row},{names[n % 4]}" for n, row in enumerate(ROWS)]
    path = write(tmp_path, "a.csv", lines(rows, header="text,label,split"))
    parts = load_parts(path)
    assert {name: len(part) for name, part in parts.items()} == {
        "train": 20, "validation": 10, "test": 10,
    }  # fmt: skip
    assert parts["test"].load_summaries[0].passed_over[0].reason == "of other parts"
    assert load_reviews(path, "test").texts == TEXTS[1::4]
    odd = write(tmp_path, "b.csv", path.read_text().replace(",val", ",odd"))
    assert list(load_parts(odd)) == ["all"]
    with pytest.raises(SchemaError, match="'odd' is no part"):
        load_parts(odd, options=TableOptions(split_column="split"))


def test_a_part_of_imdb_in_its_own_layout_is_a_folder_of_labels(tmp_path):
    files = small_copy()
    write_folder(tmp_path, files)
    for source in (tmp_path, tmp_path / "aclImdb"):
        parts = load_parts(source)
        assert {name: len(part) for name, part in parts.items()} == {"train": 4, "test": 4}
        assert len(load_reviews(source, "unsupervised")) == 3
    assert "train/unsup" not in " ".join(parts["train"].ids)


def test_a_pipe_is_read_as_files_are():
    content = "\n".join(TEXTS)
    for packed in (
        content.encode("utf-16"),
        gzip.compress(content.encode()),
        f"{content}\r\n\r\n".replace("\n", "\r\n").encode(),
    ):
        reviews = read_piped_texts(packed)
        assert [text.rstrip("\r") for text in reviews.texts] == TEXTS
        assert reviews.load_summaries[0].unit == "lines"
    table = read_piped_texts(CSV.encode(), TableOptions(format="csv"))
    assert table.texts == TEXTS


def test_frames_and_dicts_of_columns_are_tables():
    columns = {"text": TEXTS, "label": TRUE}
    assert_whole(load_reviews(columns))
    assert_whole(load_reviews(pl.DataFrame(columns)))
    assert_whole(load_reviews(pl.LazyFrame(columns)))
    words = {"text": TEXTS, "label": [("bad", "good")[label] for label in TRUE]}
    assert_whole(load_reviews(words, options=TableOptions(positive="good")))
    with pytest.raises(UsageError, match="columns of one length"):
        load_reviews({"text": TEXTS, "label": TRUE[:3]})
    with pytest.raises(UsageError, match="Received generator"):
        load_reviews(text for text in TEXTS)


def test_pandas_frames_are_tables_by_position():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": TEXTS, "label": TRUE}).sample(frac=1, random_state=3)
    assert_whole(load_reviews(frame))
    frame.loc[frame.index[0], "text"] = None
    with pytest.raises(DataError, match="no value in row 1"):
        load_reviews(frame)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("number", [40_000, 200_000])
def test_a_header_of_very_many_columns_takes_seconds(tmp_path, number):
    header = ",".join(f"c{n}" for n in range(number))
    path = write(tmp_path, "a.csv", f"{header}\n{',' * (number - 1)}\n")
    with pytest.raises(SchemaError, match=f"has {number:,} columns"):
        load_reviews(path)
    commas = write(tmp_path, "b.csv", f"text,label\n{ROWS[0]}\n{ROWS[1]}\n{',' * number}\n")
    assert len(load_reviews(commas)) == 2
    same = write(tmp_path, "c.csv", ",".join(["text", "label", *["x"] * number]) + "\na,1\nb,0\n")
    with pytest.raises(SchemaError, match=f"has {number + 2:,} columns"):
        load_reviews(same)
