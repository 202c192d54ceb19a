"""Which job carries out a run, and that it alone answers a request to stop."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from src.cluster.job import Job, ask_to_stop, read_job
from src.cluster.submit import entrypoint
from src.errors import UserError
from src.jobs import find, main

ROOT = Path(__file__).resolve().parents[1]
LAUNCHER = """
import sys, time
from pathlib import Path
from src.cluster.job import stop_requests
from src.processes.stopping import Stopping, Terminated

with Stopping(), stop_requests(Path(sys.argv[1])):
    print("ready", flush=True)
    try:
        time.sleep(float(sys.argv[2]))
    except Terminated:
        print("stopped")
"""


def job(folder: Path, recipe: str, name: str) -> Path:
    run = folder / recipe / name
    Job(f"{recipe}-{name}-1", "http://127.0.0.1:8265", 0.0).write(run)
    return run


@pytest.mark.parametrize("name", ["first", "time_r1/first", "{folder}/time_r1/first"])
def test_a_run_is_found_by_its_name(tmp_path: Path, name: str) -> None:
    run = job(tmp_path, "time_r1", "first")
    job(tmp_path, "time_r1", "second")
    assert find(name.format(folder=tmp_path), tmp_path) == run.resolve()


def test_two_runs_of_one_name_are_told_apart_by_their_recipe(tmp_path: Path) -> None:
    for recipe in ("time_r1", "timeomni1"):
        job(tmp_path, recipe, "first")
    with pytest.raises(UserError, match=r"^first may be time_r1/first or timeomni1/first: say which$"):
        find("first", tmp_path)


def test_a_run_that_is_no_job_is_not_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "time_r1" / "local").mkdir(parents=True)
    (tmp_path / "time_r1" / "local" / "run.json").write_text("{}")
    job(tmp_path, "time_r1", "first")
    assert main(["status", "local", f"--folder={tmp_path}"]) == 2
    said = capsys.readouterr().err
    assert said == f"error: no run local in {tmp_path} was submitted to a cluster: there are time_r1/first\n"


def test_a_torn_job_file_is_none(tmp_path: Path) -> None:
    run = job(tmp_path, "time_r1", "first")
    (run / "job.json").write_text('{"id": "a"')
    assert read_job(run) is None


@pytest.mark.parametrize("own", [True, False], ids=["its own job", "an earlier one"])
def test_only_the_job_that_is_meant_stops(tmp_path: Path, own: bool) -> None:
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(tmp_path), "30" if own else "2.5"],
        env={"RUN_RAY_JOB": "job-2", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert launcher.stdout is not None and launcher.stdout.readline() == "ready\n"
    ask_to_stop(tmp_path, "job-2" if own else "job-1")
    output, _ = launcher.communicate(timeout=60)
    assert (launcher.returncode, output) == (0, "stopped\n" if own else "")
    assert (tmp_path / "stop-job.json").exists() is not own


def test_the_job_runs_the_same_command_under_the_runs_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "it's here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    line = entrypoint(["+recipe=time_r1", "stages=[sft, rl]", "run.name=null", "ray.address=h:1"], "first")
    words = shlex.split(line)
    assert words[:5] == ["cd", str(folder), "||", "exit", "127;"]
    expected = [
        "exec",
        sys.executable,
        "-u",
        "-m",
        "src.launch",
        "+recipe=time_r1",
        "stages=[sft, rl]",
        "ray.address=h:1",
    ]
    assert words[5:] == [*expected, "run.name=first"]


def test_a_node_without_the_project_says_so_by_its_exit_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    line = entrypoint([], "first")
    folder.rmdir()
    assert subprocess.run(line, shell=True, cwd=ROOT, capture_output=True).returncode == 127
