"""Files that want to fill the memory, never end, or trip who reads them; each some kilobytes."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import socket
import sys
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import polars as pl

MIB = 2**20
# By name: writes the bomb into a folder, and returns what a command is to be given.
BOMBS: dict[str, Callable[[Path], Path]] = {}
# Those that are harmless, and must be read.
# A changed byte may stand in a text, and Python passes parts of a header by: a review is read then.
MAYBE_HARMLESS = ("changed_parquet_", "pax_", "tar_of_a_number_of_5_000_digits")
HARMLESS = {
    "small_gz",
    "many_small_gz_members",
    "gz_with_a_long_name",
    "many_columns",
    "line_of_a_million_commas",  # a blank row, which is counted
}


def bomb(make):
    BOMBS[make.__name__] = make
    return make


def write(folder, name, content):
    (folder / name).write_bytes(content)
    return folder / name


def zeros(pack, num_mib, block=b"\0" * MIB, start=b"", end=b""):
    """Packs a long content without ever holding it."""
    packer = pack()
    parts = [packer.compress(start)]
    parts += [packer.compress(block) for _ in range(num_mib)]
    return b"".join([*parts, packer.compress(end), packer.flush()])


def gz():
    return zlib.compressobj(9, zlib.DEFLATED, 31)


def xz():
    return lzma.LZMACompressor(preset=1)


# Tables


@bomb
def small_gz(folder):
    rows = [f'{{"text": "film {i} is {w}", "label": "{name}"}}' for i in range(50)
            for w, name in (("good", "pos"), ("bad", "neg"))]  # fmt: skip
    return write(folder, "a.jsonl.gz", gzip.compress("\n".join(rows).encode()))


@bomb
def many_small_gz_members(folder):
    member = gzip.compress(b"fine,pos\nbad,neg\n")
    return write(folder, "a.csv.gz", gzip.compress(b"text,label\n") + member * 200)


@bomb
def gz_with_a_long_name(folder):
    content = gzip.compress(b"text,label\n" + b"fine,pos\nbad,neg\n" * 20)
    header = bytearray(content[:10])
    header[3] = 8  # a name follows
    return write(folder, "a.csv.gz", bytes(header) + b"x" * 100_000 + b"\0" + content[10:])


@bomb
def gz_of_zeros(folder):
    return write(folder, "a.csv.gz", zeros(gz, 3_000))


@bomb
def gz_of_one_text(folder):
    return write(folder, "a.csv.gz", zeros(gz, 60, b"a" * MIB, b"text,label\n"))


@bomb
def gz_of_commas(folder):
    return write(folder, "a.csv.gz", zeros(gz, 60, b"," * MIB, b"text,label\n"))


@bomb
def gz_of_commas_in_the_header(folder):
    return write(folder, "a.csv.gz", zeros(gz, 60, b"," * MIB))


@bomb
def gz_of_empty_rows(folder):
    return write(folder, "a.csv.gz", zeros(gz, 60, b"\n" * MIB, b"text,label\n"))


@bomb
def gz_of_rows_of_one_comma(folder):
    return write(folder, "a.csv.gz", zeros(gz, 60, b",\n" * (MIB // 2), b"text,label\n"))


@bomb
def gz_of_quotes(folder):
    return write(folder, "a.csv.gz", zeros(gz, 60, b'"' * MIB, b"text,label\n"))


@bomb
def gz_with_an_open_quote(folder):
    return write(folder, "a.csv.gz", zeros(gz, 60, b"a,b\n" * (MIB // 4), b'text,label\n"'))


@bomb
def gz_of_empty_objects(folder):
    return write(folder, "a.jsonl.gz", zeros(gz, 60, b"{}\n" * (MIB // 3)))


@bomb
def gz_of_a_long_json_line(folder):
    return write(folder, "a.jsonl.gz", zeros(gz, 60, b"[]," * (MIB // 3), b'{"a":[', b"0]}"))


@bomb
def gz_of_many_json_lists(folder):
    line = b'{"a":[' + b"[]," * 60_000 + b"0]}\n"
    return write(folder, "a.jsonl.gz", zeros(gz, 300, line))


@bomb
def gz_of_nested_json(folder):
    return write(folder, "a.jsonl.gz", zeros(gz, 20, b"[" * MIB))


@bomb
def nested_json(folder):
    return write(folder, "a.jsonl", b'{"text":' * 100_000 + b"1" + b"}" * 100_000)


@bomb
def json_with_a_long_number(folder):
    return write(folder, "a.jsonl", b'{"text": "x", "label": ' + b"9" * 10_000 + b"}\n")


@bomb
def json_with_other_names_in_every_row(folder):
    rows = (f'{{"n{i}": 1, "text": "x", "label": "pos"}}\n' for i in range(50_000))
    return write(folder, "a.jsonl", "".join(rows).encode())


@bomb
def json_with_wide_rows(folder):
    row = ",".join(f'"n{i}": 1' for i in range(200_000))
    return write(folder, "a.jsonl", f"{{{row}}}\n".encode() * 3)


@bomb
def many_columns(folder):
    names = ",".join(f"c{i}" for i in range(9_000))
    row = "," * 8_999
    return write(folder, "a.csv", f"text,label,{names}\nfine,pos,{row}\nbad,neg,{row}\n".encode())


@bomb
def header_of_40_000_columns(folder):
    names = ",".join(f"c{i}" for i in range(40_000))
    return write(folder, "a.csv", f"text,label,{names}\nfine,pos{',1' * 40_000}\n".encode())


@bomb
def header_of_a_million_columns(folder):
    names = ",".join(f"c{i}" for i in range(1_000_000))
    return write(folder, "a.csv", f"text,label,{names}\nfine,pos\n".encode())


@bomb
def header_of_a_million_equal_columns(folder):
    return write(folder, "a.csv", b"text,label" + b",x" * 1_000_000 + b"\nfine,pos\n")


@bomb
def line_of_a_million_commas(folder):
    return write(folder, "a.csv", b"text,label\nfine,pos\n" + b"," * 1_000_000 + b"\nbad,neg\n")


@bomb
def sparse_table(folder):
    path = write(folder, "a.csv", b"text,label\n")
    os.truncate(path, 2**40)
    return path


@bomb
def sparse_table_of_a_gigabyte(folder):
    path = write(folder, "a.jsonl", b"")
    os.truncate(path, 3 * 2**30)
    return path


@bomb
def table_of_zeros(folder):
    return write(folder, "a.csv", bytes(20 * MIB))


# Parquet


def parquet(folder, frame, **options):
    frame.write_parquet(folder / "a.parquet", **options)
    return folder / "a.parquet"


@bomb
def parquet_of_one_value(folder):
    n = 30_000_000
    frame = pl.select(
        pl.repeat("good film " * 50, n).cast(pl.Categorical).alias("text"),
        pl.repeat(1, n, dtype=pl.Int8).alias("label"),
    )
    return parquet(folder, frame)


@bomb
def parquet_of_nulls(folder):
    n = 100_000_000
    return parquet(folder, pl.select(text=pl.repeat(None, n, dtype=pl.Int8), label=pl.lit(1)))


@bomb
def parquet_of_one_long_text(folder):
    return parquet(folder, pl.DataFrame({"text": ["a" * (300 * MIB)], "label": [1]}))


@bomb
def parquet_of_one_text_in_every_row(folder):
    return parquet(folder, pl.DataFrame({"text": ["a" * MIB] * 1_000, "label": [1] * 1_000}))


@bomb
def parquet_of_many_columns(folder):
    return parquet(folder, pl.DataFrame({f"c{i}": [1] for i in range(20_000)}))


@bomb
def parquet_with_a_footer_of_gigabytes(folder):
    return write(folder, "a.parquet", b"PAR1" + bytes(100) + b"\xff\xff\xff\x7fPAR1")


def change_parquet(folder, share, new):
    path = parquet(folder, pl.DataFrame({"text": ["fine", "bad"] * 500, "label": [1, 0] * 500}))
    content = bytearray(path.read_bytes())
    place = int(share * len(content))
    content[place : place + len(new)] = new
    path.write_bytes(content)
    return path


for number in range(10):

    def changed_parquet(folder, number=number):
        return change_parquet(folder, 0.02 + number / 11, b"\xff\xff\xff\xff\x7f")

    changed_parquet.__name__ = f"changed_parquet_{number}"
    bomb(changed_parquet)


# Archives


def header(name, size, kind=tarfile.REGTYPE, pax=None):
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    if pax is not None:
        member.pax_headers = pax
        return member.tobuf(tarfile.PAX_FORMAT)
    return member.tobuf(tarfile.GNU_FORMAT)


def pad(content):
    return content + bytes(-len(content) % 512)


def pax_record(key, value):
    body = f" {key}={value}\n"
    size = len(body) + 1
    while len(str(size)) + len(body) != size:
        size = len(str(size)) + len(body)
    return f"{size}{body}".encode()


def pax_member(record, name="aclImdb/train/pos/1_9.txt", content=b"fine"):
    return (
        header("pax", len(record), tarfile.XHDTYPE)
        + pad(record)
        + header(name, len(content))
        + pad(content)
    )


def add_tar(name, make_parts, *, packed=None, ending=".tar"):
    def make(folder):
        content = b"".join(make_parts()) + bytes(1024)
        content = packed(content) if packed else content
        return write(folder, f"aclImdb_v1{ending}", content)

    make.__name__ = name
    bomb(make)


for letter, kind in (("L", tarfile.GNUTYPE_LONGNAME), ("K", tarfile.GNUTYPE_LONGLINK),
                     ("x", tarfile.XHDTYPE), ("g", tarfile.XGLTYPE)):  # fmt: skip
    record = pax_record("comment", "x") if letter in "xg" else b"name\0"
    chain = header("a", len(record), kind) + pad(record)
    add_tar(f"tar_of_5_000_headers_{letter}", lambda chain=chain: [chain * 5_000])
    add_tar(f"tar_with_a_long_header_{letter}", lambda kind=kind: [header("a", 2**33, kind)])
    long = header("a", 60 * MIB, kind) + b"1" * (60 * MIB)
    add_tar(f"tar_with_60_mb_of_header_{letter}", lambda long=long: [long],
            packed=gzip.compress, ending=".tar.gz")  # fmt: skip

PAX = {
    "a_size": ("size", str(2**50)),
    "a_negative_size": ("size", "-5"),
    "a_size_of_5_000_digits": ("size", "9" * 5_000),
    "a_size_that_is_no_number": ("size", "nan"),
    "an_infinite_time": ("mtime", "1e999"),
    "a_sparse_map": ("GNU.sparse.map", "0,1,1000000000000,1"),
    "a_sparse_size": ("GNU.sparse.size", str(2**60)),
    "a_path_that_leads_out": ("path", "../../evil.txt"),
    "a_name_of_60_kb": ("path", "a/" * 30_000),
    "another_encoding": ("hdrcharset", "BINARY"),
}
for name, (key, value) in PAX.items():
    add_tar(f"pax_with_{name}", lambda k=key, v=value: [pax_member(pax_record(k, v))])

SPARSE_1_0 = b"".join(
    pax_record(f"GNU.sparse.{key}", value)
    for key, value in (("major", 1), ("minor", 0), ("name", "a"), ("realsize", 2**40))
)
add_tar("pax_with_a_sparse_file_of_version_1", lambda: [pax_member(SPARSE_1_0, content=b"9" * MIB)])
add_tar("pax_record_of_5_000_digits", lambda: [pax_member(b"9" * 5_000 + b" a=b\n")])
add_tar("pax_record_of_length_0", lambda: [pax_member(b"0 a=b\n")])
add_tar("pax_record_that_is_rubbish", lambda: [pax_member(b"rubbish" * 100)])
add_tar("old_sparse_file", lambda: [header("a", 512, tarfile.GNUTYPE_SPARSE), b"\xff" * 5_120])
LONG_NAME = pax_record("path", f"aclImdb/train/pos/{'9' * 5_000}_1.txt")
add_tar("tar_of_a_number_of_5_000_digits", lambda: [pax_member(LONG_NAME)])
add_tar("tar_of_many_empty_files",
        lambda: [header(f"{i}.txt", 0) for i in range(300_000)],
        packed=lambda content: gzip.compress(content, 1), ending=".tar.gz")  # fmt: skip


def packed_member(pack, name, num_mib, block):
    return zeros(pack, num_mib, block, header(name, num_mib * len(block)), bytes(1024))


MEMBERS = {
    "one_list": ("aclImdb/train/urls_pos.txt", b"\n"),
    "one_list_of_titles": ("aclImdb/train/urls_pos.txt", b"/title/tt1/\n"),
    "one_review": ("aclImdb/train/pos/1_9.txt", b"a"),
    "a_file_of_another_name": ("aclImdb/other.bin", b"\0"),
}
for name, (member, letter) in MEMBERS.items():
    for ending, pack in ((".tar.gz", gz), (".tar.xz", xz)):

        def packed_bomb(folder, member=member, letter=letter, ending=ending, pack=pack):
            block = letter * (MIB // len(letter))
            return write(folder, f"aclImdb{ending}", packed_member(pack, member, 60, block))

        packed_bomb.__name__ = f"{ending[5:]}_of_{name}"
        bomb(packed_bomb)


@bomb
def tar_of_many_long_reviews(folder):
    """Each of them as long as allowed, with an emoji that makes Python take four bytes a letter."""
    review = "😀".encode() + b"a" * (MIB - 4)
    packer = gz()
    parts = []
    for number in range(1_000):
        parts.append(packer.compress(header(f"aclImdb/train/pos/{number}_9.txt", MIB) + review))
    return write(folder, "aclImdb.tar.gz", b"".join([*parts, packer.flush()]))


@bomb
def gz_without_end(folder):
    return write(folder, "aclImdb.tar.gz", zeros(gz, 4_000))


@bomb
def xz_without_end(folder):
    return write(folder, "aclImdb.tar.xz", zeros(xz, 3_000))


@bomb
def xz_with_a_dictionary_of_gigabytes(folder):
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 2**16}]
    content = bytearray(lzma.compress(b"x" * 1_000, filters=filters))
    # In the header of the block: the size of the dictionary is one byte behind the filter's number.
    place = content.index(b"\x21\x01", 12) + 2
    content[place] = 40
    content[20:24] = zlib.crc32(bytes(content[12:20])).to_bytes(4, "little")
    return write(folder, "aclImdb.tar.xz", bytes(content))


@bomb
def bz2_named_tar(folder):
    return write(folder, "aclImdb.tar", bz2.compress(bytes(100 * MIB)))


@bomb
def gz_within_gz(folder):
    content = zeros(gz, 1_000)
    for _ in range(3):
        content = gzip.compress(content)
    return write(folder, "aclImdb.tar.gz", content)


# What is no file


@bomb
def null_device(folder):
    return Path("/dev/null")


@bomb
def zero_device(folder):
    return Path("/dev/zero")


def link(name, target):
    def make(folder):
        (folder / name).symlink_to(target)
        return folder / name

    make.__name__ = f"link_{name.replace('.', '_')}_to_{Path(target).name}"
    bomb(make)


link("a.csv", "/dev/zero")
link("b.parquet", "/dev/zero")
link("c.tar.gz", "/dev/zero")
link("d.jsonl.gz", "/dev/random")
link("e.csv", "e.csv")


@bomb
def fifo(folder):
    os.mkfifo(folder / "a.csv")
    return folder / "a.csv"


@bomb
def fifo_named_as_an_archive(folder):
    os.mkfifo(folder / "aclImdb.tar.gz")
    return folder / "aclImdb.tar.gz"


@bomb
def fifo_in_a_copy_of_imdb(folder):
    for name in ("pos", "neg"):
        (folder / "aclImdb" / "train" / name).mkdir(parents=True)
    os.mkfifo(folder / "aclImdb" / "train" / "urls_pos.txt")
    os.mkfifo(folder / "aclImdb" / "train" / "pos" / "1_9.txt")
    return folder


@bomb
def fifo_in_a_folder(folder):
    (folder / "pos").mkdir()
    os.mkfifo(folder / "pos" / "1.txt")
    return folder


@bomb
def socket_file(folder):
    # A path of a socket is short: it is made where it stands.
    here = os.open(".", os.O_RDONLY)
    os.chdir(folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("a.csv")
    os.fchdir(here)
    os.close(here)
    return folder / "a.csv"


@bomb
def folder_named_as_a_table(folder):
    (folder / "a.csv").mkdir()
    return folder / "a.csv"


@bomb
def folder_of_links_to_itself(folder):
    (folder / "pos").symlink_to(folder)
    return folder


@bomb
def folder_without_rights(folder):
    (folder / "pos").mkdir()
    write(folder / "pos", "1.txt", b"fine")
    (folder / "pos").chmod(0)
    return folder


@bomb
def table_without_rights(folder):
    write(folder, "a.csv", b"text,label\n").chmod(0)
    return folder / "a.csv"


if __name__ == "__main__":
    print(BOMBS[sys.argv[1]](Path(sys.argv[2])), end="")
