"""When something dies: the launcher says what, ends with an error, and leaves no process behind."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from launching import ROOT, Family, command

pytestmark = pytest.mark.smoke


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(folder, "run", *arguments), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_for_line(metrics: Path, text: str, launcher: subprocess.Popen[str], timeout_s: float = 300) -> None:
    deadline = time.monotonic() + timeout_s
    while not (metrics.exists() and text in metrics.read_text()):
        assert launcher.poll() is None, launcher.stdout.read() if launcher.stdout else ""
        assert time.monotonic() < deadline, f"no {text} in {metrics}"
        time.sleep(0.3)


LONG = ("stages=[rl]", "trainer.total_training_steps=500", "trainer.save_freq=500", "trainer.test_freq=-1",
        "evaluation.enable=false")  # fmt: skip


@pytest.mark.parametrize("title", ["ray::WorkerDict", "ray::vLLMHttpServer"])
def test_a_dead_worker_ends_the_run_with_one_message(tmp_path: Path, title: str) -> None:
    launcher = start(tmp_path, *LONG)
    family = Family(launcher.pid)
    run = tmp_path / "time_r1" / "run"
    wait_for_line(run / "metrics.jsonl", '"step": 1', launcher)
    worker = next(
        process
        for process in psutil.Process(launcher.pid).children(recursive=True)
        if process.cmdline() and process.cmdline()[0].startswith(title)
    )
    worker.kill()
    killed = time.monotonic()
    output, _ = launcher.communicate(timeout=90)
    assert time.monotonic() - killed < 60
    assert launcher.returncode == 2
    assert "stage rl failed" in output and "full log" in output, output
    assert "Traceback" not in output
    assert not family.left()


def test_a_killed_launcher_takes_its_processes_along(tmp_path: Path) -> None:
    launcher = start(tmp_path, *LONG)
    family = Family(launcher.pid)
    wait_for_line(tmp_path / "time_r1" / "run" / "metrics.jsonl", '"step": 1', launcher)
    launcher.send_signal(signal.SIGKILL)
    launcher.wait()
    assert not family.left(), "processes outlived the launcher"
