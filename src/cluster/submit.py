"""``ray.address=``: the run becomes a job of that cluster, which carries out the same command on its head node."""

from __future__ import annotations

import os
import secrets
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from src.cluster.job import JOB_VARIABLE, Job, read_job
from src.cluster.server import JobServer
from src.errors import UserError
from src.processes.stopping import Stopping, Terminated
from src.record.layout import run_folder

# What a job is given beyond launch.stop_timeout_s, after SIGTERM, to end its processes and write its report.
ENDING_S = 60
NOT_FOUND = 127  # the shell's own exit code for a program that is not there


def submit(cfg: DictConfig, arguments: Sequence[str]) -> int:
    """Submit a run, or find the job that is carrying it out, and follow it to its end.

    Args:
        arguments: of ``python -m src.launch``, which the job is started with.

    Returns:
        The run's exit code. After Ctrl-C, which ends only the following, 130.

    Raises:
        UserError: no job server answers, or the cluster cannot hold the run.
        Terminated: SIGTERM came; the job was stopped, too.
    """
    folder = run_folder(Path(cfg.run.folder) / cfg.recipe, cfg.run.name).resolve()
    name = f"{cfg.recipe}/{folder.name}"
    server = JobServer(cfg.ray.address)
    if running := _running(folder):
        server, job = running
        print(f"job {job.id} on {job.address} is carrying out this run already")
    else:
        check_nodes(server, cfg)
        job = Job(f"{cfg.recipe}-{folder.name}-{secrets.token_hex(3)}", server.address, time.time())
        environment = {
            JOB_VARIABLE: job.id,
            "RAY_JOB_STOP_WAIT_TIME_S": str(int(cfg.launch.stop_timeout_s) + ENDING_S),  # for ``ray job stop``
            **{one: os.environ[one] for one in cfg.ray.environment if one in os.environ},
        }
        job.write(folder)  # before it is submitted: a job that nobody knows of could not be found again
        server.submit(job.id, entrypoint(arguments, folder.name), environment, {"run": name})
        print(f"submitted to {server.address} as job {job.id}")
    print(f"Ctrl-C leaves it running; from any shell: python -m src.jobs status|logs|stop {name}", flush=True)
    try:
        with Stopping():
            code = server.follow(job.id, _show)
    except KeyboardInterrupt:
        print(f"the run goes on as job {job.id}: python -m src.jobs logs {name} -f follows it", file=sys.stderr)
        return 130
    except Terminated:
        server.stop(folder, job.id, cfg.launch.stop_timeout_s + ENDING_S)
        raise Terminated(f"SIGTERM: job {job.id} was stopped; the same command goes on where it was") from None
    if code == NOT_FOUND:
        raise UserError(
            f"the cluster's head node does not see {Path.cwd()} or {sys.executable}: all nodes must share the file "
            "system that holds the project, its environment and run.folder"
        )
    return code


def entrypoint(arguments: Sequence[str], name: str) -> str:
    """The shell's line that carries out the run on the head node, with the code and environment of this one.

    Args:
        arguments: of ``python -m src.launch``.
        name: the run's, which may not be among them.
    """
    words = [one for one in arguments if not one.startswith("run.name=")]
    command = shlex.join([sys.executable, "-u", "-m", "src.launch", *words, f"run.name={name}"])
    return f"cd {shlex.quote(str(Path.cwd()))} || exit {NOT_FOUND}; exec {command}"


def check_nodes(server: JobServer, cfg: DictConfig) -> None:
    """Refuse a run that the cluster will never have the devices for: Ray would wait for them without a word.

    Raises:
        UserError: with what the run needs and what is there.
    """
    devices = int(cfg.trainer.n_gpus_per_node)
    found = [int(node.get("GPU", 0)) for node in server.nodes()]
    if sum(have // devices for have in found) >= cfg.trainer.nnodes:
        return
    hint = ""
    if cfg.runtime.platform:
        hint = f"; a node without accelerators counts with `ray start --num-gpus={devices}`"
    elif not any(found):
        hint = "; for nodes without accelerators give runtime=cpu"
    raise UserError(
        f"the run needs trainer.nnodes={cfg.trainer.nnodes} x trainer.n_gpus_per_node={devices} devices, and the nodes "
        f"of the cluster at {server.address} have {', '.join(map(str, found)) or 'none'}: lower them, or add nodes"
        + hint
    )


def _running(folder: Path) -> tuple[JobServer, Job] | None:
    """The job that carries out the run now, and the server of whatever cluster it was submitted to."""
    job = read_job(folder)
    if job is None:
        return None
    try:
        server = JobServer(job.address)
        return None if server.is_over(job.id) else (server, job)
    except UserError:  # that cluster is gone, and its jobs with it
        return None


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
