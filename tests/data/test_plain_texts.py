import polars as pl
import pytest

from reelfeel.data.loading import load_reviews
from reelfeel.data.plain_texts import read_plain_texts
from reelfeel.data.tables import TableOptions
from reelfeel.errors import SchemaError, UsageError


def test_a_text_file_holds_one_text_a_line(tmp_path):
    (tmp_path / "texts.txt").write_text("first, with a comma\n\n  \nsecond caf\u00e9\n", "utf-8")
    reviews = read_plain_texts(tmp_path / "texts.txt")
    assert reviews.texts == ["first, with a comma", "second caf\u00e9"]
    assert reviews.labels.tolist() == [-1, -1]


def test_of_a_folder_every_text_file_at_any_depth_is_one_text(tmp_path):
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / "one.txt").write_text("one\nand the same")
    (tmp_path / "deep" / "deeper" / "two.txt").write_text("two")
    (tmp_path / "deep" / "picture.png").write_bytes(b"\x89PNG")
    reviews = read_plain_texts(tmp_path)
    assert dict(zip(reviews.ids, reviews.texts, strict=True)) == {
        "one": "one\nand the same",
        "deep/deeper/two": "two",
    }


def test_of_a_table_only_the_texts_are_read(tmp_path):
    pl.DataFrame({"review": ["a", "b"], "label": ["who", "knows"]}).write_csv(tmp_path / "t.csv")
    reviews = read_plain_texts(tmp_path / "t.csv", TableOptions(text_column="review"))
    assert (reviews.texts, reviews.labels.tolist()) == (["a", "b"], [-1, -1])


def test_what_holds_no_texts_is_refused(tmp_path):
    (tmp_path / "empty.txt").write_text("\n\n")
    for path in (tmp_path / "empty.txt", tmp_path / "folder"):
        (tmp_path / "folder").mkdir(exist_ok=True)
        with pytest.raises(SchemaError, match=r"holds no texts|is empty"):
            read_plain_texts(path)
    with pytest.raises(UsageError, match="There is no"):
        read_plain_texts(tmp_path / "nowhere")


def test_a_text_longer_than_any_review_is_refused_in_lines_files_and_label_folders(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("reelfeel.data.sources.limits.MAX_TEXT_CHARACTERS", 1_000)
    (tmp_path / "a.txt").write_text("A gem.\n" + "x" * 1_000 + "\n")
    assert len(read_plain_texts(tmp_path / "a.txt")) == 2
    (tmp_path / "a.txt").write_text("A gem.\n" + "x" * 1_001 + "\n")
    for label in ("pos", "neg"):
        (tmp_path / "b" / label).mkdir(parents=True)
        (tmp_path / "b" / label / "1.txt").write_text("y" * (1_000 + (label == "pos")))
    for read, place, where in (
        (read_plain_texts, "a.txt", "line 2"),
        (read_plain_texts, "b", "pos/1.txt"),
        (load_reviews, "b", "pos/1.txt"),
    ):
        with pytest.raises(SchemaError, match=f"{where} holds a text of 1,001 characters"):
            read(tmp_path / place)
