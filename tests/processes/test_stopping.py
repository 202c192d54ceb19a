"""SIGTERM: a stage saves and ends, is ended when that takes too long, and everything else ends at once."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from src.record import checkpoints as checkpoint

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = """
import sys
from pathlib import Path
from omegaconf import OmegaConf
from src.config.stages import Stage
from src.launcher.stage import Interpreter, run_stage
from src.processes.stopping import EXIT_CODE, Stopping, Terminated
from src.record.run import Run
folder, python, fake = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
run = Run(folder)
run.start({})
config = OmegaConf.create({"trainer": {"total_training_steps": None}, "run": str(folder), "fake": fake})
settings = OmegaConf.create({"stall_timeout_s": 60, "stop_timeout_s": 3})
try:
    with Stopping() as stopping:
        print("started", flush=True)
        if fake == "outside":
            import time
            time.sleep(60)
        run_stage(run, Stage("rl", "ppo", config), config, Interpreter(python, None, lambda: None), settings,
                  lambda line: None, stopping)
        stopping.end_if_asked("stage rl is done")
except Terminated as end:
    print(end, flush=True)
    sys.exit(EXIT_CODE)
"""

Start = Callable[[str], subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} {ROOT / "tests/support/fake_stage.py"} "$@"\n'
    )
    python.chmod(0o755)
    started: list[subprocess.Popen[str]] = []

    def run(fake: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", LAUNCHER, str(tmp_path / "run"), str(python), fake]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        started.append(process)
        assert process.stdout is not None and process.stdout.readline() == "started\n"
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def steps(run: Path) -> list[int]:
    file = run / "metrics.jsonl"
    return [json.loads(line)["step"] for line in file.read_text().splitlines()] if file.exists() else []


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_stage_saves_and_ends(start: Start, tmp_path: Path) -> None:
    launcher = start("obedient")
    wait_for(lambda: len(steps(tmp_path / "run")) >= 3)
    time.sleep(0.6)  # the launcher looks twice a second
    launcher.send_signal(signal.SIGTERM)
    output, _ = launcher.communicate(timeout=60)
    assert launcher.returncode == 143, output
    saved = checkpoint.newest(tmp_path / "run" / "checkpoints" / "rl")
    assert saved is not None and saved.step == steps(tmp_path / "run")[-1] > 1
    assert "SIGTERM: a checkpoint is saved after this step, for at most 3 s (launch.stop_timeout_s)" in output
    assert output.endswith(f"SIGTERM: stage rl was ended; it will go on after step {saved.step}\n")
    assert not (tmp_path / "run" / "stop").exists()


def test_a_stage_that_has_recorded_nothing_is_ended_at_once(start: Start, tmp_path: Path) -> None:
    launcher = start("silent")
    time.sleep(1)
    launcher.send_signal(signal.SIGTERM)
    output, _ = launcher.communicate(timeout=60)
    assert launcher.returncode == 143
    assert output == (
        "SIGTERM: stage rl was ended; it will go on from its beginning (it has saved no checkpoint yet)\n"
    )


def test_a_stage_that_takes_too_long_is_ended(start: Start, tmp_path: Path) -> None:
    launcher = start("deaf")
    wait_for(lambda: len(steps(tmp_path / "run")) >= 3)
    time.sleep(0.6)
    launcher.send_signal(signal.SIGTERM)
    output, _ = launcher.communicate(timeout=60)
    assert launcher.returncode == 143
    assert output.endswith("SIGTERM: stage rl was ended; it will go on after step 1\n")


def test_a_stage_that_was_ending_is_done_and_the_run_ends_behind_it(start: Start, tmp_path: Path) -> None:
    launcher = start("finishing")
    wait_for(lambda: len(steps(tmp_path / "run")) >= 3)
    time.sleep(0.6)
    launcher.send_signal(signal.SIGTERM)
    output, _ = launcher.communicate(timeout=60)
    assert launcher.returncode == 143
    assert output.endswith("SIGTERM: stage rl is done\n")


def test_a_second_signal_ends_it_at_once(start: Start, tmp_path: Path) -> None:
    launcher = start("deaf")
    wait_for(lambda: len(steps(tmp_path / "run")) >= 3)
    time.sleep(0.6)
    launcher.send_signal(signal.SIGTERM)
    time.sleep(0.7)
    launcher.send_signal(signal.SIGTERM)
    output, _ = launcher.communicate(timeout=60)
    assert launcher.returncode == 143
    assert output.endswith("SIGTERM: the run was ended at once\n")


def test_outside_of_a_stage_it_ends_at_once(start: Start) -> None:
    launcher = start("outside")
    launcher.send_signal(signal.SIGTERM)
    output, _ = launcher.communicate(timeout=60)
    assert (launcher.returncode, output) == (143, "SIGTERM: the run was ended at once\n")
