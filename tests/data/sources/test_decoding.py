import gzip

import pytest

from reelfeel.data.sources.compression import read_bytes
from reelfeel.data.sources.decoding import decode_text
from reelfeel.errors import ArchiveError, DataError, UsageError

TEXT = (
    "text,label\nUne com\u00e9die \u00e0 voir, \u201cdr\u00f4le\u201d \u2013 tr\u00e8s bien,pos\n"
    * 3
)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_each_encoding_is_found_without_being_told(encoding):
    decoded = decode_text(TEXT.encode(encoding))
    assert decoded.text == TEXT
    assert decoded.num_replaced == 0


def test_what_windows_1252_does_not_have_is_latin_1():
    decoded = decode_text(b"caf\xe9 \x81 bar")
    assert (decoded.text, decoded.encoding) == ("caf\u00e9 \x81 bar", "latin-1")


def test_a_few_damaged_bytes_do_not_spoil_the_other_characters():
    decoded = decode_text(TEXT.encode() + b"\xff")
    assert decoded.text == TEXT + "\ufffd"
    assert (decoded.encoding, decoded.num_replaced) == ("utf-8", 1)


def test_a_nul_in_ascii_is_not_utf_16():
    assert decode_text(b"good\x00 film\x00").text == "good\x00 film\x00"


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_nothing_stays_nothing(content):
    assert decode_text(content).text == ""


def test_gzip_is_known_by_content_not_by_name(tmp_path):
    (tmp_path / "reviews.csv").write_bytes(gzip.compress(b"text"))
    assert read_bytes(tmp_path / "reviews.csv") == b"text"


@pytest.mark.parametrize("size", [5, 12, -1])
def test_a_truncated_gzip_file_is_refused_by_name(tmp_path, size):
    path = tmp_path / "reviews.csv.gz"
    path.write_bytes(gzip.compress(b"a long enough text to cut")[:size])
    with pytest.raises(ArchiveError, match=r"reviews\.csv\.gz is not a whole gzip file"):
        read_bytes(path)


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    with pytest.raises(UsageError, match=r"no file .*nowhere\.csv"):
        read_bytes(tmp_path / "nowhere.csv")
    with pytest.raises(DataError, match="Could not read"):
        read_bytes(tmp_path)
