"""The job server of a Ray cluster, which every head node has with its dashboard: submit, ask, follow, stop."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import os
import socket
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread
from typing import Any

from src.cluster.job import ask_to_stop
from src.errors import UserError
from src.processes.stopping import EXIT_CODE

_CONNECT_S = 5.0
_LOST_S = 60.0
_POLL_S = 0.5
_KILL_S = 200.0  # Ray waits for RAY_JOB_STOP_WAIT_TIME_S between SIGTERM and SIGKILL
_ALL = 10_000  # the most that Ray lists
_TOKENS = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
_TOKEN_FILE = Path.home() / ".ray" / "auth_token"
# These would win over the address that is given here.
_RAYS_OWN_ADDRESSES = ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS")


class JobServer:
    """A cluster's job server. Where there is a token of Ray's on this machine, it is sent along.

    Args:
        address: ``HOST:PORT`` of the head node, ``http://HOST:PORT`` of its dashboard, or ``auto``.

    Raises:
        UserError: no job server answers there.
    """

    def __init__(self, address: str) -> None:
        for name in _RAYS_OWN_ADDRESSES:
            os.environ.pop(name, None)
        if any(name in os.environ for name in _TOKENS) or _TOKEN_FILE.is_file():
            os.environ.setdefault("RAY_AUTH_MODE", "token")  # Ray reads it when it is imported
        import ray
        from ray.job_submission import JobSubmissionClient

        logging.getLogger("ray.dashboard.modules.job.sdk").setLevel(logging.WARNING)
        try:
            self._client = JobSubmissionClient(_reachable(address))
        except (OSError, RuntimeError, ValueError) as error:
            raise _no_answer(address, str(error).splitlines()[0]) from None
        except ray.exceptions.AuthenticationError:
            raise UserError(
                f"the cluster at {address} asks for a token: put the one of its head node ({_TOKEN_FILE}) here, too"
            ) from None
        self.address: str = self._client.get_address()

    def nodes(self) -> list[dict[str, float]]:
        """What each living node has in all: ``{"CPU": 16.0, "GPU": 8.0, ...}``."""
        from ray.util.state import list_nodes

        nodes = list_nodes(self.address, limit=_ALL, raise_on_missing_output=False)
        return [node.resources_total for node in nodes if node.state == "ALIVE"]

    def submit(self, name: str, entrypoint: str, environment: Mapping[str, str], metadata: Mapping[str, str]) -> None:
        """Submit a job.

        Args:
            name: its id, which no other job of this cluster has had.
            entrypoint: a line for the shell of the head node.

        Raises:
            UserError: Ray refuses the job.
        """
        runtime_env = {"env_vars": dict(environment)}
        try:
            self._client.submit_job(
                submission_id=name, entrypoint=entrypoint, runtime_env=runtime_env, metadata=dict(metadata)
            )
        except (RuntimeError, OSError) as error:
            raise UserError(f"the cluster at {self.address} did not take the job: {error}") from None

    def details(self, job: str) -> Any | None:
        """Ray's ``JobDetails``; None when this cluster has no such job.

        Raises:
            UserError: the server does not answer.
        """
        try:
            return self._client.get_job_info(job)
        except RuntimeError as error:
            if "404" in str(error) or "does not exist" in str(error):
                return None
            raise _no_answer(self.address, str(error).splitlines()[0]) from None
        except OSError as error:  # requests' errors
            raise _no_answer(self.address, type(error).__name__) from None

    def state(self, job: str) -> str:
        """``pending``, ``running``, ``succeeded``, ``failed``, ``stopped``, or ``unknown`` to this cluster."""
        details = self.details(job)
        if details is None:
            return "unknown"
        return "stopped" if details.driver_exit_code == EXIT_CODE else str(details.status).lower()

    def is_over(self, job: str) -> bool:
        """Whether a job has ended, however it did, or is not known here any more."""
        details = self.details(job)
        return details is None or bool(details.status.is_terminal())

    def log(self, job: str) -> str:
        """All that a job has printed; nothing where its log cannot be read any more."""
        try:
            return str(self._client.get_job_logs(job))
        except (RuntimeError, OSError):
            return ""

    def stop(self, run: Path, job: str, timeout_s: float) -> None:
        """Have a run save and end; its job is killed when it has not ended after ``timeout_s`` seconds.

        Args:
            run: its folder.
        """
        ask_to_stop(run, job)
        if not self._wait(job, timeout_s):
            self._client.stop_job(job)
            self._wait(job, _KILL_S)

    def _wait(self, job: str, timeout_s: float) -> bool:
        """Whether a job has ended within ``timeout_s`` seconds."""
        deadline = time.monotonic() + timeout_s
        while not self.is_over(job):
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def follow(self, job: str, show: Callable[[str], None]) -> int:
        """Show what a job prints, from its beginning to its end.

        Returns:
            Its exit code: that of its entrypoint; 143 when it was stopped; 1 when it has none.

        Raises:
            UserError: the server has not answered for a minute; the job may well go on.
        """
        shown = _Shown(show)
        tail = None
        answered = time.monotonic()
        details = None
        while True:
            if tail is None or not tail.is_alive():  # it is there from the start, and its connection may break
                tail = Thread(target=self._tail, args=(job, shown), daemon=True)
                tail.start()
            try:
                details = self.details(job)
                answered = time.monotonic()
            except UserError:
                if time.monotonic() - answered > _LOST_S:
                    raise
            if details is None or details.status.is_terminal():
                break
            time.sleep(_POLL_S)
        if details is None:
            raise UserError(f"the cluster at {self.address} knows no job {job} any more: it was started anew")
        tail.join(timeout=5)
        if not tail.is_alive():
            shown.whole(self.log(job))
        return _exit_code(details, show)

    def _tail(self, job: str, shown: _Shown) -> None:
        async def tail() -> None:
            position = 0
            async for text in self._client.tail_job_logs(job):
                shown.part(position, text)
                position += len(text)

        try:
            asyncio.run(tail())
        except Exception:  # the connection is made anew while the job runs, and the rest read at its end
            return


class _Shown:
    """Shows each character of a log once, although it may be read again from its beginning."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._count = 0

    def part(self, position: int, text: str) -> None:
        new = text[max(self._count - position, 0) :]
        if new:
            self._show(new)
            self._count += len(new)

    def whole(self, text: str) -> None:
        self.part(0, text)


def _exit_code(details: Any, show: Callable[[str], None]) -> int:
    status = str(details.status)
    if status == "SUCCEEDED":
        return 0
    if status == "STOPPED":
        return EXIT_CODE
    if details.driver_exit_code is None:  # the entrypoint never ran, or nobody is left who saw it end
        show(f"the job has failed: {details.message}\n")
        return 1
    return int(details.driver_exit_code)


def _reachable(address: str) -> str:
    """The address as Ray's client takes it; ``HOST:PORT`` may be of the head node or of the dashboard."""
    if "://" in address or address == "auto":
        return address
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise UserError(
            f"ray.address={address}: give HOST:PORT of the cluster's head, or http://HOST:PORT of its dashboard"
        )
    try:
        with urllib.request.urlopen(f"http://{address}/api/version", timeout=_CONNECT_S) as answer:
            if "ray_version" in json.load(answer):
                return f"http://{address}"
    except (OSError, ValueError, http.client.HTTPException):
        pass  # not a dashboard
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_S).close()
    except OSError as error:
        raise _no_answer(address, error.strerror or str(error)) from None
    return address


def _no_answer(address: str, why: str) -> UserError:
    return UserError(
        f"no Ray job server answers at {address} ({why}): start the cluster's head with `ray start --head`, or correct "
        "ray.address="
    )
