"""The live page: a small server on the loopback address that shows a running run and follows it."""

import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from src.errors import UserError
from src.report.live.follow import Follower
from src.report.parts.document import to_json

ADDRESS = "127.0.0.1"  # only this machine: the page shows prompts and answers to whoever asks


class LiveServer(ThreadingHTTPServer):
    """Serves the page of one run at ``/`` and what was appended to the run at ``/updates``.

    Args:
        port: 0 for a free one.

    Raises:
        UserError: when the port cannot be used or the folder is not a run's.
    """

    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.follower = Follower(folder)
        if not 0 <= port <= 65535:
            raise UserError(f"--port {port}: a port is a number up to 65535; leave it out for a free one")
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as error:
            raise UserError(
                f"port {port} of {ADDRESS} cannot be used ({error.strerror}): give another --port, "
                "or leave it out for a free one"
            ) from None

    @property
    def url(self) -> str:
        return f"http://{ADDRESS}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that has gone away; show anything else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: LiveServer

    def do_GET(self) -> None:
        # a web page elsewhere must not read this one under a name of its own that leads to this address
        if self.headers.get("Host", "").rpartition(":")[0] not in (ADDRESS, "localhost"):
            self._answer(HTTPStatus.FORBIDDEN, "text/plain", f"ask for {self.server.url}")
            return
        try:
            answer = self._content(urlsplit(self.path))
        except (UserError, OSError) as error:  # the run's folder was moved away, or its record is broken
            answer = (HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", str(error))
        self._answer(*answer)

    def _content(self, url: SplitResult) -> tuple[HTTPStatus, str, str]:
        """Return status, type and text of an answer."""
        if url.path == "/":
            return HTTPStatus.OK, "text/html", self.server.follower.page()
        if url.path == "/favicon.ico":
            return HTTPStatus.NO_CONTENT, "image/x-icon", ""
        if url.path != "/updates":
            return HTTPStatus.NOT_FOUND, "text/plain", "there is only the page / here"
        query = parse_qs(url.query)
        try:
            generation, offset, turn = (int(query[name][0]) for name in ("generation", "offset", "turn"))
        except (KeyError, ValueError):
            return HTTPStatus.BAD_REQUEST, "text/plain", "generation, offset and turn must be numbers"
        layout = query.get("layout", [""])[0]
        updates = self.server.follower.updates(generation, offset, turn, layout)
        return HTTPStatus.OK, "application/json", to_json(updates)

    def _answer(self, status: HTTPStatus, kind: str, content: str) -> None:
        body = content.encode(errors="replace")
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep the terminal quiet: a page asks every few seconds."""


def serve(folder: Path, port: int = 0) -> None:
    """Serve the live page until Ctrl-C. Raises UserError as ``LiveServer`` does."""
    with LiveServer(folder, port) as server:
        try:
            print(f"{server.url}  (Ctrl-C ends it)", flush=True)
            server.serve_forever()
        except KeyboardInterrupt:
            print()
