"""Nothing of a run outlives it. Each test plays in a process of its own, whose descendants are all there is to end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from src.processes import reaper

ROOT = Path(__file__).resolve().parents[2]
# A detached process, as Ray's daemons are: a session of its own, and a parent that has ended.
DETACHED = (
    'subprocess.run(["bash", "-c", "setsid sleep 600 > /dev/null 2>&1 & echo $!"], capture_output=True, text=True)'
)

Script = Callable[[str], subprocess.Popen[str]]


@pytest.fixture
def script() -> Iterator[Script]:
    """Return a function that starts Python code; what is left of it is killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str) -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)


@pytest.fixture
def detached() -> Iterator[list[int]]:
    """Process ids to be killed if a test leaves them alive."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        if not _gone(pid):
            os.kill(pid, signal.SIGKILL)


def test_a_detached_grandchild_is_ended_and_others_are_kept(script: Script, detached: list[int]) -> None:
    process = script(
        f"""
import subprocess
from src.processes import reaper
reaper.adopt_orphans()
kept = subprocess.Popen(["sleep", "600"])
orphan = int({DETACHED}.stdout)
print(kept.pid, orphan, flush=True)
print(orphan in [one.pid for one in reaper.descendants(__import__("os").getpid())], flush=True)
print(reaper.end_descendants(keep=frozenset({{kept.pid}})), flush=True)
print(kept.poll(), flush=True)
kept.kill()
"""
    )
    output, _ = process.communicate(timeout=120)
    pids, below, ended, kept = output.splitlines()
    detached += map(int, pids.split())
    assert (below, ended, kept) == ("True", "1", "None")
    assert _gone(detached[1])


def test_a_process_that_refuses_to_end_politely_is_ended(script: Script, detached: list[int]) -> None:
    process = script(
        """
import subprocess
from src.processes import reaper
stubborn = subprocess.Popen(["bash", "-c", "trap '' TERM INT HUP; echo ready; while :; do sleep 0.1; done"],
                            stdout=subprocess.PIPE)
stubborn.stdout.readline()
print(stubborn.pid, flush=True)
print(reaper.end_descendants(), flush=True)
"""
    )
    output, _ = process.communicate(timeout=120)
    pid, ended = map(int, output.split())
    detached.append(pid)
    assert ended >= 1
    assert _gone(pid)


def test_a_process_without_descendants_ends_none(script: Script) -> None:
    process = script("from src.processes import reaper; print(reaper.end_descendants())")
    assert process.communicate(timeout=120)[0] == "0\n"


def test_the_guard_ends_what_a_killed_launcher_leaves(script: Script, detached: list[int]) -> None:
    process = script(
        f"""
import signal, subprocess
from src.processes import reaper
reaper.adopt_orphans()
child = subprocess.Popen(["sleep", "600"])
orphan = int({DETACHED}.stdout)
guard = reaper.guard()
print(child.pid, orphan, guard.pid, flush=True)
signal.pause()
"""
    )
    assert process.stdout is not None
    child, orphan, guard = detached[:] = [int(pid) for pid in process.stdout.readline().split()]
    # The guard lists descendants twice a second, once it has started; psutil is the last thing that it imports.
    _wait(lambda: "psutil_linux" in Path(f"/proc/{guard}/maps").read_text(), "the guard starts")
    time.sleep(2)
    assert [_gone(pid) for pid in (child, orphan, guard)] == [False, False, False]
    process.kill()
    process.wait()
    for pid in (child, orphan, guard):
        _wait(lambda pid=pid: _gone(pid), f"process {pid} is ended")


@pytest.mark.parametrize("start", ["stage", "model", "evaluation", "preload"])
def test_what_has_just_been_started_ends_with_a_killed_launcher(
    script: Script, detached: list[int], tmp_path: Path, start: str
) -> None:
    """The first thing that the process does is to kill the launcher, whose guard has not seen it then."""
    program, pid = tmp_path / "python", tmp_path / "pid"
    program.write_text(f"#!/bin/sh\necho $$ > {pid}.new && mv {pid}.new {pid} && kill -KILL $PPID && exec sleep 600\n")
    program.chmod(0o755)
    process = script(
        f"""
import sys
from pathlib import Path
from omegaconf import OmegaConf
from src.config.stages import Stage
from src.cpu.preload import PreloadServer
from src.launcher import evaluation, model, stage
from src.processes import reaper
from src.processes.stopping import Stopping
from src.record.run import Run

run, python = Run(Path({str(tmp_path / "run")!r})), {str(program)!r}
run.start({{}})
interpreter = stage.Interpreter(python, {{}}, lambda: None)
settings = OmegaConf.create({{"stall_timeout_s": 60, "stop_timeout_s": 3}})
config = OmegaConf.create({{
    "trainer": {{"total_training_steps": None}}, "model": {{"path": None, "build": {{}}}}, "seed": 1, "dataset": {{}},
    "data": {{"max_response_length": 8}},
    "evaluation": {{"runs": 1, "max_windows": 1, "engine": {{}}, "variants": []}},
    "actor_rollout_ref": {{"rollout": {{"val_kwargs": {{"temperature": 1, "top_p": 1}}}}}},
}})
reaper.adopt_orphans()
guard = reaper.guard()
if {start!r} == "stage":
    stopping = Stopping()
    stage.run_stage(run, Stage("rl", "ppo", config), config, interpreter, settings, lambda line: None, stopping)
elif {start!r} == "model":
    model.starting_model(config, run, [Path("texts")], interpreter)
elif {start!r} == "evaluation":
    evaluation.evaluate_models(config, run, {{}}, interpreter)
else:
    sys.executable = python
    PreloadServer({{}}, Path({str(tmp_path / "log")!r})).wait_until_ready()
"""
    )
    assert process.wait(timeout=120) == -signal.SIGKILL
    detached.append(int(pid.read_text()))
    _wait(lambda: _gone(detached[0]), "the process ends")


def test_those_whom_the_guard_knows_are_ended_though_their_launcher_is_gone(
    monkeypatch: pytest.MonkeyPatch, detached: list[int]
) -> None:
    """A launcher that is killed while the guard looks for its descendants has none any more."""
    child = subprocess.Popen(["sleep", "600"])
    detached.append(child.pid)
    looks = iter([[psutil.Process(child.pid)], [], []])
    waits = iter([([], [], []), ([sys.stdin], [], [])])
    monkeypatch.setattr(reaper, "descendants", lambda pid: next(looks))
    monkeypatch.setattr("select.select", lambda *_: next(waits))
    monkeypatch.setattr(sys, "argv", ["reaper", "1"])
    reaper.main()
    assert _gone(child.pid)


def test_a_launcher_that_ends_well_leaves_no_guard(script: Script, detached: list[int]) -> None:
    process = script("from src.processes import reaper; guard = reaper.guard(); print(guard.pid, flush=True)")
    assert process.stdout is not None
    detached.append(int(process.stdout.readline()))
    process.wait(timeout=120)
    _wait(lambda: _gone(detached[0]), "the guard ends")
