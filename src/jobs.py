"""``python -m src.jobs status|logs|stop RUN``: a run on a Ray cluster, by its name, from any shell."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from src.cluster.job import Job, read_job
from src.cluster.server import JobServer
from src.errors import UserError
from src.output import reader_may_leave
from src.record.layout import JOB_FILE, is_run
from src.runs import RecordedRun

STOP_S = 600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code: 0, 1 when the run has not ended well, 2 for a mistake of the user."""
    parser = argparse.ArgumentParser(prog="python -m src.jobs", description=__doc__)
    parser.add_argument("action", choices=["status", "logs", "stop"])
    parser.add_argument("run", help="RECIPE/NAME, NAME, or the run's folder")
    parser.add_argument("-f", "--follow", action="store_true", help="logs: go on until the job has ended")
    parser.add_argument("--folder", type=Path, default=Path("outputs"), help="run.folder, where runs are kept")
    options = parser.parse_args(arguments)
    if options.follow and options.action != "logs":
        parser.error("--follow is for logs")
    try:
        folder = find(options.run, options.folder)
        job = read_job(folder)
        assert job is not None
        if options.action == "status":
            return status(folder, job)
        if options.action == "stop":
            return stop(folder, job)
        return logs(job, options.follow)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def find(name: str, folder: Path) -> Path:
    """The folder of a run that was submitted as a job.

    Raises:
        UserError: there is none of that name, it was never submitted, or several recipes have one.
    """
    candidates = [Path(name).expanduser(), folder / name, *sorted(folder.glob(f"*/{name}"))]
    found = list(dict.fromkeys(one.resolve() for one in candidates if read_job(one)))
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f"{name} may be {' or '.join(f'{one.parent.name}/{one.name}' for one in found)}: say which")
    there = [f"{one.parent.parent.name}/{one.parent.name}" for one in sorted(folder.glob(f"*/*/{JOB_FILE}"))]
    known = f"there are {', '.join(there)}" if there else "none is there; was it launched with ray.address=?"
    raise UserError(f"no run {name} in {folder} was submitted to a cluster: {known}")


def status(folder: Path, job: Job) -> int:
    """Print how the job and the run's stages stand; 1 when the job has failed or is not known any more."""
    state = JobServer(job.address).state(job.id)
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(job.submitted))
    print(f"{folder.parent.name}/{folder.name}: {state} (job {job.id} on {job.address}, submitted {since})")
    if is_run(folder):
        run = RecordedRun(folder)
        for stage in run.stages:
            steps = run.metrics(stage["name"]).index
            print(f"  {stage['name']}: {stage['state']}" + (f", step {steps.max()}" if len(steps) else ""))
    return 1 if state in ("failed", "unknown") else 0


def logs(job: Job, follow: bool) -> int:
    """Print what the job has printed; with ``follow`` until it has ended, and its exit code is this one's."""
    server = JobServer(job.address)
    if follow:
        return server.follow(job.id, lambda text: print(text, end="", flush=True))
    if server.details(job.id) is None:
        raise UserError(
            f"the cluster at {job.address} knows no job {job.id} any more; the run's logs/ hold its stages'"
        )
    print(server.log(job.id), end="")
    return 0


def stop(folder: Path, job: Job) -> int:
    """Let the run save a checkpoint and end, as SIGTERM does."""
    server = JobServer(job.address)
    if server.is_over(job.id):
        print(f"job {job.id} has ended already")
        return 0
    print(f"job {job.id}: a training saves a checkpoint after its step, and ends", flush=True)
    server.stop(folder, job.id, STOP_S)
    print(f"{server.state(job.id)}; the command that launched it goes on where it was")
    return 0


if __name__ == "__main__":
    with reader_may_leave():
        sys.exit(main())
