"""Reads tar archives from the stream, member by member: nothing is ever unpacked to disk."""

from __future__ import annotations

import gzip
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, cast

from reelfeel.errors import ArchiveError

# The longest IMDB review has 14,106 bytes, the largest file of the official archive 21 MB.
MAX_MEMBER_BYTES = 64 * 2**20
# The official archive holds about 300 MB; a bomb of a few kilobytes can hold terabytes.
MAX_TOTAL_BYTES = 4 * 2**30

_GZIP, _XZ = b"\x1f\x8b", b"\xfd7zXZ\x00"
_BLOCK_BYTES = 2**20


def read_members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yields the files of a tar archive in their order, without unpacking anything to disk.

    Args:
        path: a `.tar`, `.tar.gz` or `.tar.xz` file; the content decides, not the name.

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
            archive = tarfile.open(fileobj=stream, mode="r|", tarinfo=_BoundedHeader)  # type: ignore[call-overload]  # noqa: SIM115
            yield from _read_files(archive, path)
            # What follows the last member is read too, for the check sum at the end of the file.
            while stream.read(_BLOCK_BYTES):
                pass
    except (tarfile.TarError, lzma.LZMAError, zlib.error, gzip.BadGzipFile, EOFError) as error:
        raise ArchiveError(
            f"{path} is not a whole tar archive (.tar.gz or .tar.xz): {error}. It may be truncated "
            f"or damaged; copy or download it again. Received {path.stat().st_size:,} bytes."
        ) from error


def _read_files(archive: tarfile.TarFile, path: Path) -> Iterator[tuple[str, bytes]]:
    for member in archive:
        name = _safe_name(member, path)
        if member.isdir():
            continue
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
    _check_size(member.size, member.name)
    return str(name)


def _check_size(size: int, name: str) -> None:
    if not 0 <= size <= MAX_MEMBER_BYTES:
        raise _TooLargeError(name, size)


class _TooLargeError(tarfile.TarError):
    def __init__(self, name: str, size: int) -> None:
        super().__init__(
            f"its member {name!r} claims {size:,} bytes, more than the {MAX_MEMBER_BYTES:,} allowed"
        )


def _refuse(path: Path, name: str, what: str) -> None:
    raise ArchiveError(
        f"{path} is refused: its member {name!r} {what}. Expected plain files and folders only; "
        "nothing was written. Use the official archive or an unpacked folder that you trust."
    )


class _BoundedHeader(tarfile.TarInfo):
    """A member's header whose size is checked before tarfile reserves memory for its content.

    Long names and pax records are members too, which tarfile reads whole before it shows anything.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _BoundedHeader:
        header = super().frombuf(buf, encoding, errors)
        _check_size(header.size, header.name)
        return header


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
    if start == _XZ:
        return lzma.open(path, "rb")
    return path.open("rb")
