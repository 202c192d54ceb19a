"""A stage that will not go on is noticed, and the log's own error is found."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from src.launcher import watch
from src.launcher.watch import GRACE_S, Watch, essential_name, is_consequence, last_error

COLOUR, END = "\x1b[36m", "\x1b[0m"
WORKER = f"{COLOUR}(WorkerDict pid=4711){END} "
SERVER = f"{COLOUR}(vLLMHttpServer pid=3020){END} "
ENGINE = "ERROR 11-23 01:45:40 [core.py:1120] "

LOGS = {
    "the driver's own": (
        "[validate_config] All configuration checks passed successfully!\n"
        "Traceback (most recent call last):\n"
        '  File "trainer.py", line 3, in fit\n'
        "    raise ValueError(message)\n"
        "ValueError: batch of 7\n",
        "ValueError: batch of 7",
    ),
    "a worker's, behind Ray's account of it": (
        f"{WORKER}Traceback (most recent call last):\n"
        f'{WORKER}  File "worker.py", line 9, in update\n'
        f"{WORKER}RuntimeError: size mismatch (3 vs 4)\n"
        "Traceback (most recent call last):\n"
        f"ray.exceptions.RayTaskError(RuntimeError): {COLOUR}ray::TaskRunnerV1.run(){END} (pid=99, ip=10.0.0.2)\n"
        "ray.exceptions.ActorDiedError: The actor died unexpectedly before finishing this task.\n",
        "RuntimeError: size mismatch (3 vs 4)",
    ),
    "torch's prefix": (
        '[rank0]:   File "dataset.py", line 5\n'
        "[rank0]:     raise ValueError(text)\n"
        "[rank0]: ValueError: sequence_length=574 is larger than self.max_length=512\n",
        "ValueError: sequence_length=574 is larger than self.max_length=512",
    ),
    "the engine's, which the server only reports": (
        f"{SERVER}(EngineCore pid=3100) {ENGINE}Traceback (most recent call last):\r\n"
        f"{SERVER}(EngineCore pid=3100) {ENGINE}MemoryError: no room for the KV cache\r\n"
        f"{SERVER}RuntimeError: Engine core initialization failed. See root cause above.\n"
        f"{SERVER}ERROR 11-23 01:45:41 [async_llm.py:744] vllm.v1.engine.exceptions.EngineDeadError: EngineCore "
        "encountered an issue. See stack trace (above) for the root cause.\n",
        "MemoryError: no room for the KV cache",
    ),
    "the engine's, before what veRL makes of it": (
        f"{SERVER}{ENGINE}EngineCore encountered a fatal error.\n"
        f"{SERVER}{ENGINE}Traceback (most recent call last):\n"
        f"{SERVER}{ENGINE}RuntimeError: CPU Generator does not use offset\n"
        + f"{SERVER}vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue.\n" * 9000
        + "ValueError: Received an empty list as keys.\n",
        "RuntimeError: CPU Generator does not use offset",
    ),
    "the other worker's complaint": (
        "[rank0]: FloatingPointError: loss is nan\n"
        "[rank1]: RuntimeError: [gloo/transport/tcp/pair.cc:547] Connection closed by peer [127.0.0.1]:4242\n",
        "FloatingPointError: loss is nan",
    ),
    "a package's error": (
        "huggingface_hub.errors.HFValidationError: Repo id must be in the form 'namespace/name'\n",
        "huggingface_hub.errors.HFValidationError: Repo id must be in the form 'namespace/name'",
    ),
    "nothing but consequences": (
        "ray.exceptions.ActorDiedError: The actor died because of an out-of-memory kill.\n",
        "ray.exceptions.ActorDiedError: The actor died because of an out-of-memory kill.",
    ),
    "a warning is no error": (
        'x.py:32: UserWarning: engine is not available: ModuleNotFoundError("no module")\nstep 1: no Error so far\n',
        None,
    ),
    "an empty log": ("", None),
}


@pytest.mark.parametrize(("text", "error"), LOGS.values(), ids=LOGS.keys())
def test_the_error_of_a_log(tmp_path: Path, text: str, error: str | None) -> None:
    log = tmp_path / "rl.log"
    log.write_text(text)
    assert last_error(log) == error


def test_a_log_that_is_not_there_names_no_error(tmp_path: Path) -> None:
    assert last_error(tmp_path / "rl.log") is None


def test_an_error_of_an_earlier_launch_is_not_this_ones(tmp_path: Path) -> None:
    log = tmp_path / "rl.log"
    log.write_text("RuntimeError: of yesterday\n")
    start = log.stat().st_size
    assert last_error(log, start) is None
    with log.open("a") as file:
        file.write("ValueError: of today\n")
    assert last_error(log, start) == "ValueError: of today"


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["ray::WorkerDict.actor_rollout_update_actor"], "ray::WorkerDict"),
        (["ray::TaskRunnerV1.run"], "ray::TaskRunner"),
        (["VLLM::EngineCore"], "VLLM::EngineCore"),
        (["/site-packages/ray/core/src/ray/raylet/raylet", "--raylet_socket_name=x"], "raylet"),
        (["/site-packages/ray/core/src/ray/gcs/gcs_server"], "gcs_server"),
        (["ray::IDLE"], None),
        (["python", "-m", "src.training.rl_process", "ray::WorkerDict"], None),
        ([], None),
    ],
)
def test_essential_processes_are_known_by_their_titles(command: list[str], name: str | None) -> None:
    assert essential_name(SimpleNamespace(cmdline=lambda: command)) == name


def test_a_process_that_has_ended_is_not_essential() -> None:
    def cmdline() -> list[str]:
        raise psutil.NoSuchProcess(1)

    assert essential_name(SimpleNamespace(cmdline=cmdline)) is None


class Clock:
    """Stands for the time module."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watch, "time", clock)
    return clock


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A child process with the title of a training worker."""
    script = "exec -a 'ray::WorkerDict.update' sleep 600"
    process = subprocess.Popen(["bash", "-c", script])
    try:
        while essential_name(psutil.Process(process.pid)) is None:
            assert process.poll() is None
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_worker_that_dies_is_reported_after_the_grace(clock: Clock, worker: subprocess.Popen[bytes]) -> None:
    stage = Watch(3600, (), last_sign=clock.now)
    assert stage.problem() is None
    worker.kill()
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is a zombie
    assert stage.problem() is None
    clock.now += GRACE_S - 0.1
    assert stage.problem() is None
    clock.now += 0.2
    assert stage.problem() == f"a worker has died: ray::WorkerDict (process {worker.pid})"


def test_the_grace_is_well_within_a_minute() -> None:
    assert GRACE_S <= 30


def test_a_worker_that_lives_is_no_problem(clock: Clock, worker: subprocess.Popen[bytes]) -> None:
    stage = Watch(3600, (), last_sign=clock.now)
    for _ in range(3):
        clock.now += 10 * GRACE_S
        assert stage.problem() is None
    assert stage.seen == {worker.pid: "ray::WorkerDict"}


def test_a_fork_that_is_about_to_become_another_program_is_no_worker(clock: Clock, tmp_path: Path) -> None:
    """Ray's raylet forks before it starts a worker: for a moment there are two with its title."""
    os.mkfifo(tmp_path / "fifo")
    forks = f"(read word < {tmp_path}/fifo; exec sleep 600) & sleep 600; true"
    raylet = subprocess.Popen(["bash", "-c", f"exec -a raylet bash -c '{forks}'"])
    stage = Watch(3600, (), last_sign=clock.now)
    try:
        while len(_titled(raylet.pid)) < 2:
            assert raylet.poll() is None
        assert stage.problem() is None
        assert stage.seen == {raylet.pid: "raylet"}
    finally:
        for process in [*psutil.Process(raylet.pid).children(recursive=True), psutil.Process(raylet.pid)]:
            process.kill()
        raylet.wait()


def _titled(pid: int) -> list[psutil.Process]:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return [process for process in family if essential_name(process) == "raylet"]


def test_a_process_that_takes_another_title_has_not_died(clock: Clock, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    script = f"exec -a raylet bash -c 'read word < {tmp_path}/fifo; exec sleep 600'"
    process = subprocess.Popen(["bash", "-c", script])
    stage = Watch(3600, (), last_sign=clock.now)
    try:
        while essential_name(psutil.Process(process.pid)) is None:
            assert process.poll() is None
        assert stage.problem() is None and stage.seen == {process.pid: "raylet"}
        (tmp_path / "fifo").write_text("go\n")
        while essential_name(psutil.Process(process.pid)) is not None:
            assert process.poll() is None
        assert stage.problem() is None
        clock.now += 10 * GRACE_S
        assert stage.problem() is None and stage.seen == {}
    finally:
        process.kill()
        process.wait()


def test_a_stage_without_a_sign_of_life_is_stuck(clock: Clock, tmp_path: Path) -> None:
    sign, missing = tmp_path / "metrics.jsonl", tmp_path / "phase.json"
    stage = Watch(60, (sign, missing), last_sign=clock.now)
    clock.now += 59
    assert stage.problem() is None
    sign.touch()
    os.utime(sign, (clock.now, clock.now))
    clock.now += 60
    assert stage.problem() is None
    clock.now += 5
    assert stage.problem() == "nothing has happened for 65 s (launch.stall_timeout_s)"


@pytest.mark.parametrize(
    ("error", "consequence"),
    [(None, True), ("ray.exceptions.ActorDiedError: The actor died", True), ("ValueError: bad shape", False),
     ("RuntimeError: [gloo/transport/tcp/pair.cc:553] Connection closed by peer [127.0.0.1]:30911", True)],
)  # fmt: skip
def test_an_error_that_another_failure_has_caused_is_known(error: str | None, consequence: bool) -> None:
    """Then a lost node is looked for: of a node's loss the other workers may say no more than that."""
    assert is_consequence(error) == consequence
