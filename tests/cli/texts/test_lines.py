"""Standard input as lines: as they come, in any encoding, and no tables by accident."""

import gzip
import io
import os
import threading
import time

import pytest

from reelfeel.cli.texts import lines as room
from reelfeel.cli.texts.lines import MOST_LINES, stream_lines
from reelfeel.errors import DataError, UsageError


class Stream:
    """A stream with a file descriptor, as `sys.stdin` is one."""

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def fileno(self):
        return self.descriptor


def read_all(content):
    stream = io.TextIOWrapper(io.BytesIO(content))
    return [line for group in stream_lines(stream) for line in group]


@pytest.fixture
def pipe():
    """A pipe: what reads it, and a function that writes to it."""
    reading, writing = os.pipe()
    yield Stream(reading), lambda content: os.write(writing, content), lambda: os.close(writing)
    os.close(reading)


def test_each_line_is_answered_before_the_next_one_is_written(pipe):
    stream, write, close = pipe
    groups = stream_lines(stream)
    for line in (b"A great film.\n", b"Dull.\r\n", "Na\u00efve \U0001f3ac\n".encode()):
        write(line)
        assert next(groups) == [line.decode().rstrip("\r\n")]
    write(b"no end of line")
    close()
    assert list(groups) == [["no end of line"]]


def test_a_line_in_pieces_is_one_line(pipe):
    stream, write, close = pipe
    groups = stream_lines(stream)
    threading.Timer(0.05, write, [b" film\nnext"]).start()
    write(b"A great")
    started = time.perf_counter()
    assert next(groups) == ["A great film"]
    assert time.perf_counter() - started > 0.04
    close()
    assert list(groups) == [["next"]]


def test_many_lines_come_together_and_in_their_order():
    expected = [f"line {number}" for number in range(10_000)]
    groups = list(stream_lines(io.TextIOWrapper(io.BytesIO("\n".join(expected).encode()))))
    assert [line for group in groups for line in group] == expected
    assert [len(group) for group in groups] == [MOST_LINES, MOST_LINES, 10_000 - 2 * MOST_LINES]


@pytest.mark.parametrize("block", [1, 2, 3, 5, 7, 64])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_every_encoding_and_end_of_line_gives_the_lines(monkeypatch, encoding, end, block):
    monkeypatch.setattr(room, "_BLOCK_BYTES", block)
    expected = ["A great film of the year.", "", "na\u00efve \U0001f3ac caf\u00e9", "the last one"]
    text = end.join(expected) + end
    assert read_all(text.encode(encoding)) == expected
    assert read_all(text.removesuffix(end).encode(encoding)) == expected


def test_a_line_that_is_not_utf8_is_read_as_tables_are_and_spoils_no_other():
    content = "caf\u00e9 bon film\n".encode("cp1252") + "na\u00efve\n".encode()
    assert read_all(content) == ["caf\u00e9 bon film", "na\u00efve"]


@pytest.mark.parametrize("content", [b"", "\ufeff".encode(), "\ufeff".encode("utf-16-le")])
def test_nothing_is_refused(content):
    with pytest.raises(DataError, match="empty"):
        read_all(content)


def test_closed_is_refused():
    with pytest.raises(UsageError, match="closed"):
        next(stream_lines(None))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(b"text\nfilm\n"), "gzip"),
        (b"PK\x03\x04rest of it", "zip"),
        (b"PAR1rest of it", "Parquet"),
        (b"film\0\0\0\0\x01\x02\x03" * 9, "zero bytes"),
        (b"text,label\nA film,pos\n", "names columns"),
        (b'"id";"review";"sentiment"\n1;A film;pos\n', "names columns"),
        (b"review\nA film\n", "names columns"),
        ("text\tlabel\r\nA film\t1\r\n".encode("utf-16"), "names columns"),
        (b'{"text": "A film", "label": 1}\n', "JSON"),
    ],
)
def test_what_is_no_list_of_texts_is_refused_with_the_option_that_reads_it(content, words):
    with pytest.raises(DataError, match=words) as refused:
        read_all(content)
    assert "--data FILE" in str(refused.value)


@pytest.mark.parametrize(
    "line", ["good, bad", "text me when it ends", "{sigh} what a bore", "story,score", "rating: 8"]
)
def test_reviews_that_only_look_a_little_like_it_are_read(line):
    assert read_all(line.encode()) == [line]


def test_a_stream_without_lines_is_refused(monkeypatch):
    monkeypatch.setattr(room, "_MAX_LINE_BYTES", 1_000)
    monkeypatch.setattr(room, "_BLOCK_BYTES", 64)
    with pytest.raises(DataError, match="no end of line"):
        read_all(b"a" * 2_000)


def test_an_error_of_the_system_is_told():
    class Broken:
        def fileno(self):
            return 987_654

    with pytest.raises(DataError, match="cannot be read"):
        list(stream_lines(Broken()))
