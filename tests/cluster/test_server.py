"""A job server that is not there, and a log that is read in pieces."""

from __future__ import annotations

import http.server
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.cluster.server import JobServer, _exit_code, _Shown
from src.errors import UserError


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("address", ["somewhere", "host:", ":6379", "host:port"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(UserError, match=r"^ray\.address=.*: give HOST:PORT of the cluster's head, or http://HOST:PORT"):
        JobServer(address)


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_nobody_answers(scheme: str) -> None:
    address = f"{scheme}127.0.0.1:{free_port()}"
    with pytest.raises(
        UserError, match=rf"^no Ray job server answers at {address} \(.+\): start the cluster's head with"
    ):
        JobServer(address)


def test_another_server_answers() -> None:
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(UserError, match=r"^no Ray job server answers at"):
            JobServer(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()


class Details:
    def __init__(self, status: str, driver_exit_code: int | None, message: str = "the supervisor died") -> None:
        self.status, self.driver_exit_code, self.message = status, driver_exit_code, message


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [("SUCCEEDED", 0, 0), ("FAILED", 2, 2), ("FAILED", 143, 143), ("STOPPED", None, 143), ("FAILED", None, 1)],
)
def test_the_exit_code_is_the_runs(status: str, code: int | None, expected: int) -> None:
    shown: list[str] = []
    assert _exit_code(Details(status, code), shown.append) == expected
    assert shown == (["the job has failed: the supervisor died\n"] if expected == 1 else [])


@given(st.text(max_size=60), st.lists(st.lists(st.integers(0, 60), max_size=6), max_size=4))
def test_every_character_of_a_log_is_shown_once(log: str, connections: list[list[int]]) -> None:
    """Each connection reads the log from its beginning in pieces, and may break off anywhere."""
    shown: list[str] = []
    show = _Shown(shown.append)
    for lengths in connections:
        position = 0
        for length in lengths:
            show.part(position, log[position : position + length])
            position = min(position + length, len(log))
    show.whole(log)
    assert "".join(shown) == log
