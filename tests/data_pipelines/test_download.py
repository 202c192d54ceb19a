"""Explicit downloads, against a real HTTP server on 127.0.0.1."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from data_pipelines.download import download, git_sha1_of, sha256_of
from data_pipelines.forecast import Forecast
from src.errors import DataError
from src.tasks.build import build

CONTENT = b"date,load\n" + b"".join(b"2024-01-%02d,%d\n" % (day, day) for day in range(1, 32))
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class _Files(BaseHTTPRequestHandler):
    """Serves CONTENT, a longer announcement than the body, or an error, by path; counts the requests."""

    def do_GET(self) -> None:
        self.server.paths.append(self.path)  # type: ignore[attr-defined]
        if self.path == "/none.csv":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT) + (100 if self.path == "/short.csv" else 0)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *args: object) -> None:
        """Keep the test output quiet."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """Serve on a free port of 127.0.0.1."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Files) as running:
        running.paths = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def _url(server: ThreadingHTTPServer, path: str = "/series.csv") -> str:
    return f"http://127.0.0.1:{server.server_port}{path}"


def test_a_download_says_what_it_is_and_verifies_it(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    lines: list[str] = []
    target = tmp_path / "new" / "series.csv"
    download(_url(server), target, sha256=SHA256, source="the source", licence="CC BY 4.0", log=lines.append)
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["series.csv"]
    text = "\n".join(lines)
    for part in (_url(server), "the source", "CC BY 4.0", "size:    0.0 MB", f"{SHA256} (verified)"):
        assert part in text


def test_a_verified_file_is_not_fetched_again(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    target = tmp_path / "series.csv"
    for _ in range(2):
        download(_url(server), target, sha256=SHA256, log=lambda line: None)
    assert server.paths == ["/series.csv"]  # type: ignore[attr-defined]
    target.write_bytes(b"changed")
    download(_url(server), target, sha256=SHA256, log=lambda line: None)
    assert target.read_bytes() == CONTENT


def test_another_file_than_published_is_refused_and_leaves_nothing(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    target = tmp_path / "series.csv"
    target.write_bytes(b"old")
    with pytest.raises(DataError, match=f"sha256 is {SHA256}, published is 0000.*dataset.folder=DIR"):
        download(_url(server), target, sha256="0" * 64, log=lambda line: None)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["series.csv"]


def test_the_git_hash_serves_where_no_sha256_is_published(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    assert git_sha1_of(empty) == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # git's well-known empty blob
    target = tmp_path / "series.csv"
    target.write_bytes(CONTENT)
    expected = git_sha1_of(target)
    target.unlink()
    download(_url(server), target, sha256=None, git_sha1=expected, log=lambda line: None)
    assert sha256_of(target) == SHA256
    with pytest.raises(DataError, match=f"git blob hash is {expected}"):
        download(_url(server), target, sha256=None, git_sha1="1" * 40, log=lambda line: None)


def test_a_broken_transfer_and_a_missing_file_leave_nothing(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    for path, message in (("/short.csv", "broke off after"), ("/none.csv", "answered 404 Not Found")):
        with pytest.raises(DataError, match=message):
            download(_url(server, path), tmp_path / "series.csv", sha256=None, log=lambda line: None)
    assert list(tmp_path.iterdir()) == []


def test_an_unreachable_server_and_other_schemes_are_refused(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    closed = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    url = _url(closed)
    closed.server_close()
    with pytest.raises(DataError, match=r"cannot be reached .*check the network"):
        download(url, tmp_path / "series.csv", sha256=None, log=lambda line: None)
    with pytest.raises(DataError, match="is no http address"):
        download((tmp_path / "x").as_uri(), tmp_path / "series.csv", sha256=None, log=lambda line: None)


def test_a_folder_that_cannot_be_written_is_named(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"cannot write .*choose another folder"):
        download(_url(server), tmp_path / "file" / "series.csv", sha256=None, log=lambda line: None)


def test_a_build_downloads_only_when_told(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    settings = {
        "name": "tiny",
        "title": "Tiny",
        "folder": str(tmp_path / "raw"),
        "file": "series.csv",
        "url": _url(server),
        "sha256": SHA256,
        "target": "load",
        "context_length": 3,
        "horizon": 2,
    }

    def told(download: bool) -> Forecast:
        return Forecast(settings, download=download, log=lambda line: None)

    with pytest.raises(
        DataError, match=r"add download=true \(a run: launch.download=true\) to fetch it from http://127.0.0.1"
    ):
        build(told(False), tmp_path / "out")
    assert server.paths == []  # type: ignore[attr-defined]
    assert build(told(True), tmp_path / "out").counts["train"] == 17
    build(told(True), tmp_path / "out")
    assert server.paths == ["/series.csv"]  # type: ignore[attr-defined]
