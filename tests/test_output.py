"""Commands whose reader has gone end quietly, as by SIGPIPE, and leave no traceback behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sweep_folders import write_run, write_sweep

from src.output import reader_may_leave

ROOT = Path(__file__).resolve().parents[1]
RUN = ("src.launch", "+recipe=time_r1", "scale=smoke", "runtime=cpu", "launch.dry_run=true")


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("src.report", "run"),
        ("src.report", "run", "--wandb-view"),
        ("src.report", "sweep"),
        RUN,
        (*RUN, "-m", "seed=1,2"),
        ("src.evaluate", "--help"),
        ("src.rewards", "--help"),
        ("data_pipelines", "--help"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("both", [False, True], ids=["output", "output and errors"])
def test_a_command_without_a_reader_ends_quietly(tmp_path: Path, command: tuple[str, ...], both: bool) -> None:
    write_run(tmp_path / "run")
    write_sweep(tmp_path / "sweep", {"grpo": [0.4, 0.5], "grip": [0.6, 0.7]})
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=writer,
        stderr=writer if both else subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert (done.returncode, done.stderr or "") == (141, "")
    if command[0] == "src.report" and len(command) == 2:
        assert (tmp_path / command[1] / "report.html").is_file()


@pytest.mark.slow
def test_head_takes_what_it_wants() -> None:
    line = f"{sys.executable} -m {' '.join(RUN)} | head -n 1; echo ${{PIPESTATUS[@]}}"
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "# the project's own settings\n141 0\n"
    assert done.stderr == ""


def test_another_broken_pipe_is_an_error() -> None:
    with pytest.raises(BrokenPipeError, match="a socket's"), reader_may_leave():
        raise BrokenPipeError("a socket's")


def test_exit_codes_stay() -> None:
    with pytest.raises(SystemExit, match="2"), reader_may_leave():
        sys.exit(2)
