"""A real HTTP server on 127.0.0.1 that speaks the chat completions protocol, for the tests of teachers and judges."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[str, int], "str | dict[str, Any] | int | bytes"]


class Endpoint(ThreadingHTTPServer):
    """Answers POST /v1/chat/completions with ``reply(prompt, number of earlier requests for that prompt)``.

    A reply is a text, a whole message, an HTTP status to fail with, or bytes: the beginning of an answer, after which
    the server dies on its client.
    """

    def __init__(self, reply: Reply) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply = reply
        self.requests: list[dict[str, Any]] = []
        self.running = self.most_running = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = body["messages"][0]["content"]
        with self.server.lock:
            earlier = sum(one["messages"][0]["content"] == prompt for one in self.server.requests)
            self.server.requests.append({**body, "path": self.path, "auth": self.headers["Authorization"]})
            self.server.running += 1
            self.server.most_running = max(self.server.most_running, self.server.running)
        reply = self.server.reply(prompt, earlier)
        with self.server.lock:
            self.server.running -= 1
        if isinstance(reply, bytes):
            self._die_after(reply)
            return
        message = {"role": "assistant", "content": reply} if isinstance(reply, str) else reply
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        answer = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [choice],
            "usage": {"prompt_tokens": 90, "completion_tokens": 10, "total_tokens": 100},
        }
        status = reply if isinstance(reply, int) else 200
        if status != 200:
            answer = {"error": {"message": f"failing with {status}", "type": "test", "code": None}}
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("retry-after-ms", "1")
        with suppress(ConnectionError):  # of a client that has waited long enough
            self.end_headers()
            self.wfile.write(data)

    def _die_after(self, beginning: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(beginning)
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Keep the test output quiet."""


@contextmanager
def endpoints() -> Iterator[Callable[[Reply], Endpoint]]:
    """Start endpoints on free ports of 127.0.0.1, and stop them."""
    started: list[tuple[Endpoint, threading.Thread]] = []

    def start(reply: Reply) -> Endpoint:
        endpoint = Endpoint(reply)
        thread = threading.Thread(target=endpoint.serve_forever, args=(0.02,))
        thread.start()
        started.append((endpoint, thread))
        return endpoint

    yield start
    for endpoint, thread in started:
        endpoint.shutdown()
        thread.join()
        endpoint.server_close()
