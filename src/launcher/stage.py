"""Runs one stage: starts its processes, shows its progress, and ends it when it will not go on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.config.stages import Stage
from src.errors import UserError
from src.launcher.advice import advice
from src.launcher.progress import StageProgress
from src.launcher.reaper import descendants, end_descendants
from src.launcher.watch import Watch, last_error, read_phase
from src.run import PHASE_FILE, Run

POLL_S = 0.5


@dataclass(frozen=True)
class Interpreter:
    """How a run's processes are started: by which program, with what environment."""

    python: str
    environment: dict[str, str]
    wait: Callable[[], None]


class StageFailed(UserError):
    """A stage ended before its work was done; the message holds the worker's own error and the log's place."""


def run_stage(
    run: Run,
    stage: Stage,
    config: DictConfig,
    interpreter: Interpreter,
    stall_timeout_s: float,
    follow: Callable[[dict[str, Any]], None],
) -> float:
    """Run a stage to its end.

    Args:
        config: the stage's resolved root config.
        interpreter: of the stage's processes.
        follow: called with each new line of the stage's metrics.

    Returns:
        Seconds that it took.

    Raises:
        StageFailed: it ended with an error, a worker died, or nothing happened for ``stall_timeout_s``.
    """
    config_file = run.folder / "config" / f"{stage.name}.yaml"
    OmegaConf.save(config, config_file)
    log = run.log(stage.name)
    phase_file = run.folder / PHASE_FILE
    phase_file.unlink(missing_ok=True)
    watch = Watch(stall_timeout_s, (run.metrics_file, phase_file))
    started = time.time()
    # The guard, the preload server and W&B's service were here before the stage, and outlive it.
    earlier = frozenset(process.pid for process in descendants(os.getpid()))
    progress = StageProgress(run.metrics_file, stage.name, total_steps(stage, config), follow)
    processes = _start(run, stage, config, config_file, interpreter, log)
    try:
        with progress:
            problem = _follow(processes, progress, watch, phase_file)
    finally:
        end_descendants(earlier)
    codes = [process.wait() for process in processes]
    if problem is None and any(codes):
        problem = "it ended with an error"
    if problem is not None:
        error = last_error(log)
        lines = [f"stage {stage.name} failed: {problem}", error or "the log names no error", advice(error)]
        raise StageFailed("\n  ".join([*filter(None, lines), f"full log: {log}"]))
    return time.time() - started


def total_steps(stage: Stage, config: DictConfig) -> int | None:
    """The number of steps where the config says it; veRL derives it from the data otherwise."""
    return config.trainer.total_training_steps


def _start(
    run: Run, stage: Stage, config: DictConfig, config_file: Path, interpreter: Interpreter, log: Path
) -> list[subprocess.Popen[bytes]]:
    python, environment = interpreter.python, interpreter.environment
    if stage.trainer == "ppo":
        return [_spawn([python, "-m", "src.stages.rl", str(config_file)], environment, log)]
    workers = int(config.trainer.n_gpus_per_node)
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": str(workers)}
    command = [python, "-m", "src.stages.sft", str(config_file), str(run.folder), stage.name]
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
        )


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _follow(
    processes: list[subprocess.Popen[bytes]], progress: StageProgress, watch: Watch, phase_file: Path
) -> str | None:
    """Until all processes have ended well (None), or one has not (what went wrong)."""
    while True:
        codes = [process.poll() for process in processes]
        progress.update()
        if any(codes):
            return "it ended with an error"
        if all(code == 0 for code in codes):
            return None
        if problem := watch.problem():
            for process in processes:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
            return problem
        if phase := read_phase(phase_file):
            progress.phase(phase)
        time.sleep(POLL_S)
