"""Reads tar archives as a stream, member by member; nothing is extracted to disk."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, cast

from reelfeel.data.sources.limits import XzStream
from reelfeel.errors import ArchiveError

# The longest IMDB review has 14,106 bytes, the largest list of addresses 2.5 MB. Files that nobody
# asked for, such as the counts of words with 21 MB, are passed over in blocks.
MAX_MEMBER_BYTES = 16 * 2**20
MAX_SKIPPED_BYTES = 256 * 2**20
# The official archive unpacks to 300 MB and 100,022 members; a bomb of kilobytes to terabytes.
MAX_TOTAL_BYTES = 2**30
MAX_MEMBERS = 120_000
# A long name or a list of attributes stands before the member that it is about.
_MAX_HEADER_BYTES, _MAX_CHAINED_HEADERS = 64 * 2**10, 8
_HEADER_TYPES = frozenset(
    (
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    )
)
_GZIP, _BZIP2, _XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"
_BLOCK_BYTES = 2**20
# tarfile lets some of its own slips through, on numbers of thousands of digits for example.
_DAMAGES = (
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    gzip.BadGzipFile,
    EOFError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    RecursionError,
    MemoryError,
)


def read_members(
    path: Path, wanted: Callable[[str], bool] = lambda name: True
) -> Iterator[tuple[str, bytes]]:
    """Yields the files of a tar archive in their order, without unpacking anything to disk.

    Args:
        path: a `.tar`, `.tar.gz`, `.tar.bz2` or `.tar.xz` file; the content decides, not the name.
        wanted: is given a name, and says whether that file is to be read; others are passed over.

    Yields:
        Pairs of a name with forward slashes, no leading `./`, and the content in bytes.

    Raises:
        ArchiveError: if the file is no archive, ends too early or is damaged, or if a member has an
            absolute name, leads out of the folder, is a link or a device, or is absurdly large.

    Example:

    >>> import io, tarfile, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "one.tar.gz"
    ...     with tarfile.open(path, "w:gz") as archive:
    ...         member = tarfile.TarInfo("./train/pos/1_9.txt")
    ...         member.size = 4
    ...         archive.addfile(member, io.BytesIO(b"Fun!"))
    ...     list(read_members(path))
    [('train/pos/1_9.txt', b'Fun!')]
    """
    try:
        with _open_decompressed(path) as plain:
            stream = _BoundedStream(plain, path)
            # tarfile wants no more of a file object than this in its stream mode ("r|").
            header = type("_Header", (_BoundedHeader,), {"num_chained": 0})
            archive = tarfile.open(fileobj=stream, mode="r|", tarinfo=header)  # type: ignore[call-overload]  # noqa: SIM115
            yield from _read_files(archive, path, wanted)
            # What follows the last member is read too, for the check sum at the end of the file.
            while stream.read(_BLOCK_BYTES):
                pass
    except ArchiveError:
        raise
    except _DAMAGES as error:
        raise ArchiveError(
            f"{path} is not a whole tar archive (.tar.gz, .tar.bz2, .tar.xz): {str(error)[:200]}. "
            "It may be truncated or damaged; copy or download it again. "
            f"Received {path.stat().st_size:,} bytes."
        ) from error


def _read_files(
    archive: tarfile.TarFile, path: Path, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, bytes]]:
    for number, member in enumerate(archive, 1):
        # tarfile remembers every member; a million of them would fill the memory.
        archive.members.clear()  # type: ignore[attr-defined]
        if number > MAX_MEMBERS:
            _refuse(path, member.name, f"is number {number:,}, as no review archive has")
        name = _safe_name(member, path)
        if member.isdir():
            continue
        if not wanted(name):
            _check_size(member.size, name, MAX_SKIPPED_BYTES)
            continue
        _check_size(member.size, name, MAX_MEMBER_BYTES)
        content = archive.extractfile(member)
        data = content.read() if content is not None else b""
        if len(data) != member.size:
            raise tarfile.ReadError(f"{name} ends after {len(data)} of {member.size} bytes")
        yield name, data


def _safe_name(member: tarfile.TarInfo, path: Path) -> str:
    """Returns the member's name, or refuses the archive for what no review archive holds."""
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or PureWindowsPath(member.name).anchor:
        _refuse(path, member.name, "leads out of the archive's folder")
    if not (member.isdir() or member.type in (tarfile.REGTYPE, tarfile.AREGTYPE)):
        _refuse(path, member.name, "is a link, a device or another special file")
    return str(name)


def _check_size(size: int, name: str, most: int) -> None:
    if not 0 <= size <= most:
        raise tarfile.TarError(
            f"its member {name[:100]!r} claims {size:,} bytes, and at most {most:,} are allowed"
        )


def _refuse(path: Path, name: str, what: str) -> None:
    raise ArchiveError(
        f"{path} is refused: its member {name[:100]!r} {what}. Expected plain files and folders "
        "only; nothing was written. Use the official archive or an unpacked folder that you trust."
    )


class _BoundedHeader(tarfile.TarInfo):
    """A member's header that is checked before tarfile reserves memory for what it announces.

    Long names and lists of attributes are members too, which tarfile reads whole, each from within
    the one before. `num_chained` counts them; every archive has a class of its own for that.
    """

    num_chained = 0

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _BoundedHeader:
        header = super().frombuf(buf, encoding, errors)
        cls.num_chained = cls.num_chained + 1 if header.type in _HEADER_TYPES else 0
        if cls.num_chained > _MAX_CHAINED_HEADERS:
            raise tarfile.TarError(f"more than {_MAX_CHAINED_HEADERS} headers follow each other")
        if header.type == tarfile.GNUTYPE_SPARSE:
            raise tarfile.TarError(f"its member {header.name[:100]!r} has holes")
        most = _MAX_HEADER_BYTES if header.type in _HEADER_TYPES else MAX_SKIPPED_BYTES
        _check_size(header.size, header.name, most)
        return header

    def _refuse_holes(self, *_: object) -> None:
        raise tarfile.TarError(f"its member {self.name[:100]!r} has holes")

    # How tarfile reads the three ways in which attributes describe a file with holes.
    _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _refuse_holes


class _Xz(XzStream):
    """An xz file, closed with its stream."""

    def __init__(self, path: Path) -> None:
        self._opened = path.open("rb")
        super().__init__(self._opened)

    def close(self) -> None:
        self._opened.close()
        super().close()


class _BoundedStream:
    """A readable stream that refuses to give more than `MAX_TOTAL_BYTES`."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self._stream, self._path, self._num_bytes = stream, path, 0

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._num_bytes += len(data)
        if self._num_bytes > MAX_TOTAL_BYTES:
            raise ArchiveError(
                f"{self._path} is refused: it unpacks to more than {MAX_TOTAL_BYTES:,} bytes, as "
                "no review archive does. Nothing was written; use the official archive."
            )
        return data


def _open_decompressed(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        start = file.read(len(_XZ))
    if start.startswith(_GZIP):
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if start.startswith(_BZIP2):
        return cast("IO[bytes]", bz2.open(path, "rb"))
    if start == _XZ:
        return cast("IO[bytes]", _Xz(path))
    return path.open("rb")
