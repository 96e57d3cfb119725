import pytest
from imdb_copies import write_folder, write_tar

from reelfeel.data.loading import load_parts, load_reviews, make_options
from reelfeel.data.tables import TableOptions
from reelfeel.errors import SchemaError, UsageError


def test_a_table_gives_all_its_rows_for_any_part(tmp_path):
    (tmp_path / "a.csv").write_text("review,label\ngood,pos\nbad,neg\n")
    options = TableOptions(text_column="review")
    for part in ("train", "test"):
        assert len(load_reviews(tmp_path / "a.csv", part, options=options)) == 2
    assert list(load_parts(str(tmp_path / "a.csv"), options=options)) == ["all"]


def test_a_folder_of_parts_gives_the_part(tmp_path):
    files = {f"{part}/{label}/1.txt": f"{part} {label}".encode()
             for part in ("train", "test") for label in ("pos", "neg")}  # fmt: skip
    write_folder(tmp_path, files)
    assert load_reviews(tmp_path, "test").texts == ["test neg", "test pos"]
    assert list(load_parts(tmp_path)) == ["train", "test"]
    with pytest.raises(SchemaError, match=r"no part 'unsupervised'.*Received train, test"):
        load_reviews(tmp_path, "unsupervised")


def test_a_folder_of_labels_gives_all_its_files_for_any_part(tmp_path):
    write_folder(tmp_path, {"good/1.txt": b"a", "bad/1.txt": b"b"})
    options = TableOptions(positive="good")
    assert load_reviews(tmp_path, "test", options=options).texts == ["b", "a"]
    assert list(load_parts(tmp_path, options=options)) == ["all"]


def test_a_copy_of_imdb_is_known_in_each_of_its_forms(tmp_path, small_imdb):
    folder = write_folder(tmp_path / "unpacked", small_imdb)
    archive = write_tar(tmp_path / "aclImdb_v1.tar.gz", small_imdb)
    for source in (folder, folder / "aclImdb", archive, tmp_path):
        assert load_reviews(source, "unsupervised").source == "IMDB unsupervised"
        assert list(load_parts(source)) == ["train", "test"]
    assert load_reviews("imdb", "test", data_dir=archive).source == "IMDB test"


def test_mini_has_two_parts():
    assert {name: len(part) for name, part in load_parts("mini").items()} == {
        "train": 140,
        "test": 60,
    }


@pytest.mark.parametrize(
    ("typed", "meant"), [("imbd", "imdb"), ("IMDB", "imdb"), ("minni", "mini")]
)
def test_a_mistyped_data_set_is_answered_with_the_nearest(typed, meant):
    with pytest.raises(UsageError, match=rf"'{typed}'\. Did you mean '{meant}'"):
        load_reviews(typed)


def test_a_mistyped_file_is_answered_with_its_neighbour(tmp_path):
    (tmp_path / "reviews.csv").write_text("text,label\n")
    with pytest.raises(UsageError, match=r"Did you mean '.*reviews\.csv'"):
        load_reviews(tmp_path / "review.csv")
    with pytest.raises(UsageError, match=r"There is no data set, file or folder '/no/where\.csv'"):
        load_reviews("/no/where.csv")


def test_a_data_folder_goes_with_imdb_only(tmp_path):
    with pytest.raises(UsageError, match=r"'imdb' only\. Received 'mini'"):
        load_reviews("mini", data_dir=tmp_path)


def test_an_unknown_option_is_answered_with_the_nearest():
    assert make_options(text_column="review") == TableOptions(text_column="review")
    with pytest.raises(UsageError, match=r"'positiv'\. Did you mean 'positive'"):
        make_options(positiv="good")
