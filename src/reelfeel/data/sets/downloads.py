"""Downloads a published file once and checks its size and checksum."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reelfeel.errors import ArchiveError, ReelFeelError


@dataclass(frozen=True)
class PublishedFile:
    """A file somewhere on the net whose size and content are known beforehand.

    Attributes:
        url: where it is.
        size_bytes: its exact size.
        md5: its checksum in hexadecimal, as its publisher gives it.
    """

    url: str
    size_bytes: int
    md5: str

    @property
    def name(self) -> str:
        """The last part of the address, which becomes the name on disk."""
        return self.url.rsplit("/", 1)[-1]


def download(published: PublishedFile, folder: Path, *, instead: str) -> Path:
    """Returns the path of a published file below `folder`; fetches it only when it is not there.

    Args:
        published: what to fetch, with its size and checksum.
        folder: where it is kept. Made when missing.
        instead: a sentence for the error message: what to do where there is no network.

    Raises:
        ArchiveError: if what arrives has another size or checksum; nothing of it is kept.
        ReelFeelError: if it cannot be fetched or written.
    """
    # Both are slow to import and needed by nobody who has a local copy.
    import pooch
    import requests

    progress = _ProgressBar(published.name)
    try:
        path = pooch.retrieve(
            published.url,
            known_hash=f"md5:{published.md5}",
            fname=published.name,
            path=folder,
            downloader=pooch.HTTPDownloader(progressbar=progress, chunk_size=2**16, timeout=30),
        )
    except requests.RequestException as error:
        raise ReelFeelError(
            f"Could not download {published.url}: {error}. Try again later, or {instead}"
        ) from error
    except ValueError as error:  # pooch's word for another checksum; its partial file is gone
        raise ArchiveError(
            f"What {published.url} sent is not the published file: its MD5 is not {published.md5}. "
            f"Nothing was kept. Try again, or {instead}"
        ) from error
    except OSError as error:
        raise ReelFeelError(
            f"Could not keep {published.name} in {folder}: {error.strerror or error}. Free "
            f"{published.size_bytes / 1e6:.0f} MB there, set REELFEEL_HOME to another folder, or "
            f"{instead}"
        ) from error
    finally:
        progress.close()
    return _check_size(Path(path), published)


def _check_size(path: Path, published: PublishedFile) -> Path:
    size = path.stat().st_size
    if size != published.size_bytes:
        path.unlink()
        raise ArchiveError(
            f"{published.url} should have {published.size_bytes:,} bytes, but {size:,} arrived. "
            "Nothing was kept; try again later."
        )
    return path


class _ProgressBar:
    """The progress bar that pooch calls (tqdm's interface), drawn by Rich on stderr."""

    def __init__(self, name: str) -> None:
        self.total = 0
        self._name = name
        self._progress: Any = None

    def update(self, num_bytes: int) -> None:
        if self._progress is None:
            self._start()
        self._progress.update(self._task, advance=num_bytes, total=self.total or None)

    def reset(self) -> None:
        if self._progress is not None:
            self._progress.reset(self._task)

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()

    def _start(self) -> None:
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        from reelfeel.terminal.tables import open_console

        columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
        self._progress = Progress(
            *columns,
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=open_console(stderr=True),
        )
        self._progress.start()
        self._task = self._progress.add_task(self._name, total=self.total or None)
