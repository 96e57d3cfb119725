import gzip
import io
import tarfile

import pytest
from imdb_copies import small_copy, write_tar

from reelfeel.data.sources import archives
from reelfeel.data.sources.archives import read_members
from reelfeel.errors import ArchiveError


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tar.xz"])
def test_members_come_as_the_standard_library_reads_them(tmp_path, name):
    path = write_tar(tmp_path / name, small_copy())
    with tarfile.open(path) as archive:
        witness = {member.name: archive.extractfile(member).read() for member in archive}
    assert dict(read_members(path)) == witness


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "a/../../evil.txt", "/etc/evil.txt", "C:/evil.txt", "\\\\host\\evil.txt"],
)
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    path = write_tar(tmp_path / "evil.tar.gz", {name: b"x"})
    with pytest.raises(ArchiveError, match="leads out of the archive's folder") as caught:
        list(read_members(path))
    assert "evil.tar.gz" in str(caught.value)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_are_refused(tmp_path, kind):
    member = tarfile.TarInfo("train/pos/1_9.txt")
    member.type, member.linkname = kind, "/etc/passwd"
    path = write_tar(tmp_path / "evil.tar", {}, member)
    with pytest.raises(ArchiveError, match="link, a device"):
        list(read_members(path))


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_a_member_that_claims_an_absurd_size_is_refused_before_it_is_read(tmp_path, kind):
    member = tarfile.TarInfo("train/pos/1_9.txt")
    member.type, member.size = kind, 10 * 2**40
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(gzip.compress(member.tobuf(tarfile.GNU_FORMAT) + bytes(10_240)))
    with pytest.raises(ArchiveError, match=r"claims 10,995,116,277,760 bytes"):
        list(read_members(path))


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    path = write_tar(tmp_path / "bomb.tar.gz", {f"{number}": bytes(2**20) for number in range(20)})
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 5 * 2**20)
    with pytest.raises(ArchiveError, match="unpacks to more than"):
        list(read_members(path))


@pytest.mark.parametrize("ending", [".gz", ".xz"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_refused(tmp_path, ending, share):
    noise = {f"{i}.txt": bytes((i * j * j) % 251 for j in range(3000)) for i in range(30)}
    path = write_tar(tmp_path / f"whole.tar{ending}", noise)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ArchiveError, match=r"whole\.tar"):
        list(read_members(path))


def test_a_changed_byte_is_noticed_by_the_check_sum(tmp_path):
    path = write_tar(tmp_path / "changed.tar.gz", {"a.txt": b"good film " * 10})
    content = bytearray(path.read_bytes())
    content[-6] ^= 1  # in the CRC at the end of the stream
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="CRC"):
        list(read_members(path))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", b"\x1f\x8b rubbish", b"x" * 5000])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "reviews.tar.gz").write_bytes(content)
    with pytest.raises(ArchiveError, match="not a whole tar archive"):
        list(read_members(tmp_path / "reviews.tar.gz"))


def test_a_sparse_member_is_refused(tmp_path):
    member = tarfile.TarInfo("holes.txt")
    member.type = tarfile.GNUTYPE_SPARSE
    path = tmp_path / "sparse.tar"
    path.write_bytes(member.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
    with pytest.raises(ArchiveError):
        list(read_members(path))


def test_nothing_is_written_beside_the_archive(tmp_path):
    path = write_tar(tmp_path / "a.tar.gz", small_copy())
    before = io.BytesIO(path.read_bytes())
    list(read_members(path))
    assert [child.name for child in tmp_path.iterdir()] == ["a.tar.gz"]
    assert path.read_bytes() == before.getvalue()
