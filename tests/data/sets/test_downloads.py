import hashlib
import http.server
import threading
from typing import ClassVar

import pytest

from reelfeel.data.sets.downloads import PublishedFile, download
from reelfeel.errors import ArchiveError, ReelFeelError

CONTENT = b"a published archive" * 1000


class _Handler(http.server.BaseHTTPRequestHandler):
    requests: ClassVar[list[str]] = []

    def do_GET(self):
        self.requests.append(self.path)
        self.send_response(200 if "missing" not in self.path else 404)
        self.send_header("content-length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_):
        pass


@pytest.fixture
def address():
    _Handler.requests.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def published(address, **changes):
    facts = {"size_bytes": len(CONTENT), "md5": hashlib.md5(CONTENT).hexdigest()}  # noqa: S324
    return PublishedFile(f"{address}/archive.tar.gz", **(facts | changes))


def test_a_file_is_fetched_once_and_shows_progress_on_stderr(address, tmp_path, capsys):
    path = download(published(address), tmp_path / "new", instead="")
    assert path.read_bytes() == CONTENT
    assert download(published(address), tmp_path / "new", instead="") == path
    assert _Handler.requests == ["/archive.tar.gz"]
    printed = capsys.readouterr()
    assert "archive.tar.gz" in printed.err
    assert printed.out == ""


def test_another_content_is_refused_and_not_kept(address, tmp_path):
    with pytest.raises(ArchiveError, match=r"its MD5 is not 000.*or copy it by hand"):
        download(published(address, md5="0" * 32), tmp_path, instead="copy it by hand")
    assert not list(tmp_path.iterdir())


def test_another_size_is_refused_and_not_kept(address, tmp_path):
    with pytest.raises(ArchiveError, match=r"should have 5 bytes, but 19,000 arrived"):
        download(published(address, size_bytes=5), tmp_path, instead="")
    assert not list(tmp_path.iterdir())


def test_without_network_the_message_says_what_to_do_instead(tmp_path):
    nowhere = published("http://127.0.0.1:9")
    with pytest.raises(ReelFeelError, match=r"Could not download .*, or copy it by hand"):
        download(nowhere, tmp_path, instead="copy it by hand")


def test_a_page_that_is_gone_is_a_failed_download(address, tmp_path):
    with pytest.raises(ReelFeelError, match="404"):
        download(published(f"{address}/missing"), tmp_path, instead="")


def test_a_folder_that_cannot_be_made_is_named(address, tmp_path):
    (tmp_path / "occupied").write_text("a file")
    with pytest.raises(ReelFeelError, match=r"Could not keep .*occupied"):
        download(published(address), tmp_path / "occupied", instead="")
