"""Runs one stage: starts its processes, shows its progress, and ends it when it will not go on."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.cluster import on_cluster
from src.cluster.dead_actors import ClusterWatch, lost_nodes
from src.cluster.job import this_job
from src.config.stages import Stage
from src.errors import UserError
from src.launcher.advice import advice
from src.launcher.progress import StageProgress
from src.launcher.watch import Watch, is_consequence, last_error
from src.processes.ports import free_port
from src.processes.reaper import descendants, end_descendants, ending_with_this
from src.processes.stopping import Stopping, Terminated
from src.record import checkpoints as checkpoint
from src.record.phase import read_phase
from src.record.run import Run

POLL_S = 0.5
LOST_S = 20.0  # until Ray is sure that a node is gone, when a stage has ended by an error of Ray's


@dataclass(frozen=True)
class Interpreter:
    """How a run's processes are started: by which program, with what environment.

    Args:
        wait: blocks until that program can be used.
        job: the id of the Ray job that the run is; None: the run is of this machine only.
        worker_environment: the variables that processes on other nodes need.
    """

    python: str
    environment: dict[str, str]
    wait: Callable[[], None]
    job: str | None = None
    worker_environment: Mapping[str, str] = field(default_factory=dict)

    def namespace(self, what: str) -> str | None:
        """Ray's namespace for a stage or the evaluation: no other program uses it."""
        return f"{self.job}-{what}" if self.job else None

    def command(self, what: str, module: str, arguments: Sequence[str], ranks: int = 1, devices: int = 1) -> list[str]:
        """What runs ``module``: here, or, where there is a cluster, as ``ranks`` processes on its nodes."""
        if self.job is None:
            return [self.python, "-m", module, *arguments]
        runtime_env = {"env_vars": dict(self.worker_environment), "py_executable": self.python}
        job = {"namespace": self.namespace(what), "runtime_env": runtime_env}
        return on_cluster.command(self.python, module, arguments, ranks, devices, job)


class StageFailed(UserError):
    """A stage ended before its work was done; the message holds the worker's own error and the log's place."""


def run_stage(
    run: Run,
    stage: Stage,
    config: DictConfig,
    interpreter: Interpreter,
    settings: DictConfig,
    follow: Callable[[dict[str, Any]], None],
    stopping: Stopping,
) -> None:
    """Run a stage to its end.

    Args:
        config: the stage's resolved root config.
        interpreter: of the stage's processes.
        settings: the ``launch`` node: ``stall_timeout_s``, ``stop_timeout_s``.
        follow: called with each new line of the stage's metrics.
        stopping: says when SIGTERM has come.

    Raises:
        StageFailed: it ended with an error, a worker died, or nothing happened for ``stall_timeout_s``.
        Terminated: SIGTERM came; the message says where the stage will go on.
    """
    config_file = run.config_file(stage.name)
    OmegaConf.save(config, config_file)
    log, started = run.log(stage.name), time.time()
    log_start = log.stat().st_size if log.exists() else 0
    for sign in (run.phase_file, run.stop_file):
        sign.unlink(missing_ok=True)
    watch = Watch(settings.stall_timeout_s, (run.metrics_file, run.phase_file), lambda: _phase(run))
    # The guard, the preload server and W&B's service were here before the stage, and outlive it.
    earlier = frozenset(process.pid for process in descendants(os.getpid()))
    progress = StageProgress(run.metrics_file, stage.name, total_steps(stage, config), follow)
    deadline = Deadline(stopping, progress, run.stop_file, settings.stop_timeout_s)
    processes = _start(run, stage, config, config_file, interpreter, log)
    try:
        with progress, stopping.patience(), _actors(interpreter.namespace(stage.name), watch):
            problem = _follow(processes, progress, watch, deadline)
    finally:
        end_descendants(earlier)
        run.stop_file.unlink(missing_ok=True)
    saved = checkpoint.newest(run.checkpoints(stage.name))
    if stopping.asked_at is not None and not (saved and saved.last):
        where = f"after step {saved.step}" if saved else "from its beginning (it has saved no checkpoint yet)"
        raise Terminated(f"SIGTERM: stage {stage.name} was ended; it will go on {where}")
    codes = [process.wait() for process in processes]
    if problem is None and any(codes):
        problem = "it ended with an error"
    if problem is not None:
        error = last_error(log, log_start)
        lost = lost_nodes(started, LOST_S) if interpreter.job and is_consequence(error) else []
        lines = [f"stage {stage.name} failed: {problem}", *lost, error or "the log names no error", advice(error)]
        raise StageFailed("\n  ".join([*filter(None, lines), f"full log: {log}"]))


@dataclass
class Deadline:
    """What becomes of a stage when SIGTERM has come: it is asked to save and end, and killed when it takes too long."""

    stopping: Stopping
    progress: StageProgress
    stop_file: Path
    timeout_s: float

    def is_over(self) -> bool:
        """Whether the stage has to be ended now; call it every second or so."""
        if self.stopping.asked_at is None:
            return False
        if not self.progress.done:
            return True  # no step has ended since the start: there is nothing to save
        if not self.stop_file.exists():
            self.stop_file.touch()
            self.progress.console.print(
                f"SIGTERM: a checkpoint is saved after this step, for at most {self.timeout_s:.0f} s "
                "(launch.stop_timeout_s)"
            )
        return time.time() - self.stopping.asked_at > self.timeout_s


def total_steps(stage: Stage, config: DictConfig) -> int | None:
    """The number of steps where the config says it; veRL derives it from the data otherwise."""
    return config.trainer.total_training_steps


@contextmanager
def _actors(namespace: str | None, watch: Watch) -> Iterator[None]:
    """Where the stage's workers are actors on other nodes, let ``watch`` know of those that have died."""
    if namespace is None:
        yield
        return
    with ClusterWatch(namespace) as actors:
        watch.elsewhere = actors.dead
        yield


def _start(
    run: Run, stage: Stage, config: DictConfig, config_file: Path, interpreter: Interpreter, log: Path
) -> list[subprocess.Popen[bytes]]:
    python, environment = interpreter.python, interpreter.environment
    if stage.trainer == "ppo":
        return [_spawn([python, "-m", "src.training.rl_process", str(config_file)], environment, log)]
    workers = int(config.trainer.n_gpus_per_node)
    if interpreter.job is not None:
        ranks = workers * int(config.trainer.nnodes)
        return [
            _spawn(
                interpreter.command(stage.name, "src.training.sft_process", [str(config_file)], ranks), environment, log
            )
        ]
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": str(workers)}
    command = [python, "-m", "src.training.sft_process", str(config_file)]
    return [
        _spawn(command, {**environment, **address, "RANK": str(rank), "LOCAL_RANK": str(rank)}, log)
        for rank in range(workers)
    ]


def _spawn(command: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_prepare(),
        )


def _prepare() -> Callable[[], None]:
    """A ``preexec_fn``: the process ends with this one, and in a job leaves SIGTERM to it.

    Ray's own way to stop a job sends SIGTERM to all of its processes; the launcher answers it, and has the stage save.
    """
    end_with_this, in_job = ending_with_this(), this_job() is not None

    def prepare() -> None:
        end_with_this()
        if in_job:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    return prepare


def _follow(
    processes: list[subprocess.Popen[bytes]],
    progress: StageProgress,
    watch: Watch,
    deadline: Deadline,
) -> str | None:
    """Until all processes have ended well (None), or one has not (what went wrong)."""
    while True:
        codes = [process.poll() for process in processes]
        progress.update()
        if any(codes):
            return "it ended with an error"
        if all(code == 0 for code in codes):
            return None
        problem = "there was no time left" if deadline.is_over() else watch.problem()
        if problem:
            for process in processes:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
            return problem
        if phase := watch.phase():
            progress.phase(phase)
        time.sleep(POLL_S)


def _phase(run: Run) -> str | None:
    said = read_phase(run.folder)
    return said.what if said else None
