"""A Ray cluster whose two nodes are on this machine, and launchers whose output is read while they run."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from launching import ROOT

RAY = Path(sys.executable).with_name("ray")
STATE = """
import json, sys
from ray.util.state import list_actors
actors = list_actors(sys.argv[1], filters=[("state", "=", "ALIVE")], raise_on_missing_output=False)
names = ((actor.ray_namespace, actor.class_name.rpartition(".")[2], actor.node_id) for actor in actors)
print(json.dumps(list(names)))
"""


class Cluster:
    """A head node and others, each with one logical device; the cluster asks for a token."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ray-"))  # sockets lie below it: their paths must be short
        self.environment = {
            **os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(16), "RAY_worker_niceness": "0",
            "RAY_DISABLE_USAGE_STATS": "1",
        }  # fmt: skip
        port, self.dashboard = _free_ports(2)
        self.address = f"127.0.0.1:{port}"
        self.nodes: list[subprocess.Popen[bytes]] = []
        self._start(
            "--head", f"--port={port}", "--dashboard-host=127.0.0.1", f"--dashboard-port={self.dashboard}",
            f"--ray-client-server-port={_free_ports(1)[0]}", f"--temp-dir={self.folder}",
        )  # fmt: skip
        wait_for(lambda: _listens(self.dashboard), 60)
        self.add_node()

    def _start(self, *arguments: str) -> None:
        # Every node's agent has the same port by default, which another test's run may hold: no agent, no job.
        agent = f"--dashboard-agent-listen-port={_free_ports(1)[0]}"
        words = [str(RAY), "start", "--block", "--num-cpus=16", "--num-gpus=1", agent, *arguments]
        with (self.folder / f"start-{len(self.nodes)}.log").open("wb") as log:
            node = subprocess.Popen(
                words,
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.nodes.append(node)

    def add_node(self) -> None:
        self._start(f"--address={self.address}")
        log = self.folder / f"start-{len(self.nodes) - 1}.log"
        wait_for(lambda: "Ray runtime started" in log.read_text(), 60)

    def kill(self, number: int) -> None:
        """As a machine that loses its power: no process of the node has time for anything."""
        node = psutil.Process(self.nodes[number].pid)
        for process in [node, *node.children(recursive=True)]:
            process.kill()
        self.nodes[number].wait()

    def actors(self) -> list[tuple[str, str, str]]:
        """Namespace, class and node of those that live, but for Ray's own."""
        done = subprocess.run(
            [sys.executable, "-c", STATE, f"http://127.0.0.1:{self.dashboard}"],
            env=self.environment, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [(one, name, node) for one, name, node in json.loads(done.stdout) if name != "JobSupervisor"]

    def end(self) -> None:
        for number, node in enumerate(self.nodes):
            if node.poll() is None:
                self.kill(number)
        for process in psutil.process_iter():
            try:
                if any(str(self.folder) in word for word in process.cmdline()):
                    process.kill()
            except psutil.Error:
                continue
        shutil.rmtree(self.folder, ignore_errors=True)


class Launcher:
    """A process whose output is read while it runs."""

    def __init__(self, words: list[str], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            words, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.output = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line

    def wait(self, timeout_s: float) -> int:
        code = self.process.wait(timeout_s)
        self._reader.join(timeout=10)
        return code


def wait_for(condition: Callable[[], bool], timeout_s: float, launcher: Launcher | None = None) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert launcher is None or launcher.process.poll() is None, launcher.output
        assert time.monotonic() < deadline, launcher.output if launcher else "it has not happened in time"
        time.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def steps(folder: Path, stage: str) -> list[int]:
    file = folder / "metrics.jsonl"
    lines = file.read_bytes().split(b"\n")[:-1] if file.exists() else []
    return [line["step"] for line in map(json.loads, lines) if line["stage"] == stage and "val/loss" not in line]
