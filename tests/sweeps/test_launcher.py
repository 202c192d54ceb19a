"""Sweeps from the command line, with a stand-in for the cells' program: what runs, what does not, and what is left."""

from __future__ import annotations

import csv
import shlex
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.slow

WAIT_S = 600

GRID = ("algorithm=grpo,grip", "seed=1,2")
NAMES = ["algorithm-grpo__seed-1", "algorithm-grpo__seed-2", "algorithm-grip__seed-1", "algorithm-grip__seed-2"]


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_grid_runs_every_cell_in_a_process_of_its_own_and_ends_in_a_table(fake) -> None:
    done = fake.run(*GRID)
    assert done.returncode == 0, done.stderr
    assert fake.started() == NAMES
    assert len({start["pid"] for start in fake.starts}) == 4
    assert {"algorithm=grip", "seed=2", "scale=smoke", f"run.folder={fake.sweep}"} <= set(fake.starts[3]["arguments"])
    assert fake.states() == dict.fromkeys(NAMES, "done")
    assert fake.sweep.name.startswith("time_r1-algorithm-seed-")
    assert "[4/4] algorithm-grip__seed-2: done in" in done.stdout and "val/*/reward 0.62" in done.stdout
    with (fake.sweep / "table.csv").open() as file:
        table = [(row["setting"], row["n"], row["val/*/reward"]) for row in csv.DictReader(file)]
    assert table == [("algorithm=grip", "2", "0.615"), ("algorithm=grpo", "2", "0.415")]
    assert "0.615 ± 0.064" in done.stdout  # t(0.975, 1) * 0.01 / sqrt(2) / sqrt(2)
    assert f"report: {fake.sweep / 'report.html'}" in done.stdout
    assert (fake.sweep / "report.html").is_file() and (fake.sweep / "table.json").is_file()


def test_the_same_command_runs_nothing_again_in_whatever_order_it_is_given(fake) -> None:
    assert fake.run(*GRID).returncode == 0
    again = fake.run(*reversed(GRID))
    assert again.returncode == 0, again.stderr
    assert "4 cells, 4 done before, 0 to run" in again.stdout
    assert len(fake.starts) == 4
    assert "0.615" in again.stdout  # the table is there again


def test_a_cell_that_fails_shows_its_error_at_once_and_stops_no_other(fake) -> None:
    fake.say("fail-1")
    done = fake.run("algorithm=grip", "seed=1,2,3")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    failed = next(number for number, line in enumerate(lines) if "seed-1: FAILED" in line)
    assert "stage rl failed: out of memory" in lines[failed]
    assert "logs/seed-1.log" in lines[failed + 1]
    assert failed < next(number for number, line in enumerate(lines) if "seed-2: started" in line)
    assert fake.states() == {"seed-1": "failed", "seed-2": "done", "seed-3": "done"}
    assert "1 failed" in done.stdout
    assert "1 of 3 cells failed; the same command runs them again" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr

    fake.unsay("fail-1")
    again = fake.run("algorithm=grip", "seed=1,2,3")
    assert again.returncode == 0, again.stderr
    assert fake.started() == ["seed-1", "seed-2", "seed-3", "seed-1"]
    assert fake.record()["cells"][0]["error"] is None


def test_what_one_stage_has_of_its_own_is_swept_like_any_key(fake) -> None:
    # Of all that a glob finds, files that others start from are no options.
    done = fake.run(
        "stage.rl.dataset=demand,etth1", "dataset=glob('[_d]*')", "stage.rl.data.train_batch_size=8",
        "stage.rl.dataset.horizon=6", "stage.rl.dataset.context_length=24", "launch.download=true",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert fake.started() == ["dataset-demand__stage.rl.dataset-demand", "dataset-demand__stage.rl.dataset-etth1"]
    settings = [cell["settings"] for cell in fake.record()["cells"]]
    assert settings == [{"dataset": "demand", "stage.rl.dataset": name} for name in ("demand", "etth1")]
    assert "stage.rl.dataset=etth1, dataset=demand " in done.stdout, done.stdout  # in the table
    assert "stage.rl.data.train_batch_size=8" in fake.record()["cells"][0]["arguments"]


def test_cells_run_side_by_side_when_asked(fake) -> None:
    fake.say("meet")  # each waits for another
    done = fake.run("seed=1,2", "sweep.jobs=2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "seed-1: run: seed-1" in done.stdout  # whose line it is


@pytest.mark.parametrize(
    ("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_an_ended_sweep_leaves_no_process_and_goes_on_where_it_was(fake, wait_for, sign, code) -> None:
    fake.say("hang-2")
    sweep = fake.start("seed=1,2,3")
    wait_for(lambda: (fake.words / "hangs-2").exists() and (fake.words / "hangs-2").read_text())
    time.sleep(3)  # the guard looks for new processes every half second
    sweep.send_signal(sign)
    _, output = sweep.communicate(timeout=WAIT_S)
    assert sweep.returncode == code, output
    cell, child = fake.starts[1]["pid"], int((fake.words / "hangs-2").read_text())
    wait_for(lambda: gone(cell) and gone(child))
    assert fake.started() == ["seed-1", "seed-2"]
    if sign is not signal.SIGKILL:
        assert fake.states() == {"seed-1": "done", "seed-2": "cut off", "seed-3": "pending"}
        assert "the same command continues it" in output and "Traceback" not in output

    fake.unsay("hang-2")
    again = fake.run("seed=1,2,3")
    assert again.returncode == 0, again.stdout + again.stderr
    assert fake.started() == ["seed-1", "seed-2", "seed-2", "seed-3"]
    assert set(fake.states().values()) == {"done"}


def test_a_sweep_that_is_running_is_not_started_a_second_time(fake, wait_for) -> None:
    fake.say("hang-1")
    first = fake.start("seed=1,2")
    wait_for(lambda: (fake.words / "hangs-1").exists())
    second = fake.run("seed=1,2")
    assert second.returncode == 2
    assert "is being run by another launcher" in second.stderr
    assert len(fake.starts) == 1
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=WAIT_S)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no.such.key=1,2",), "cell key-1: "),
        (
            ("algorithm=grip", "algorithm.grip.keep=2,8"),
            "cell keep-8: algorithm.grip.keep=8 is more than the 4",
        ),
        (("algorithm=choice(grpo,nope)", "seed=1,2"), "cell algorithm-nope__seed-1: unknown algorithm 'nope'; choose "),
        (
            ("seed=1,2", "stage.rl.data.train_batch_siz=4"),
            "cell seed-1: stage.rl.data.train_batch_siz: there is no such key; did you mean "
            "stage.rl.data.train_batch_size?",
        ),
        (
            ("seed=1,2", "stage.rl.dataset=etth9,demand"),
            "cell dataset-etth9__seed-1: stage.rl.dataset=etth9: there is no ",
        ),
        (
            ("seed=1,2", "dataset.traces.file=none.parquet"),
            "cell seed-1: dataset.traces.file=none.parquet is not a file",
        ),
        (
            ("actor_rollout_ref.actor.optim.lr=1e-4,-1",),
            ": actor_rollout_ref.actor.optim.lr=-1: give a number of at least 0",
        ),
        (("seed=1,2", "data.max_prompt_length=320,9000"), "cell max_prompt_length-9000__seed-1: "),
        (("seed=1,2", "run.name=mine"), "run.name= names a single run"),
        (("seed=1,2", "sweep.jobs=0"), "sweep.jobs=0: give a whole number of at least 1"),
        (("sweep.jobs=1,2",), "sweep.jobs cannot be swept"),
        (("seed=1",), "nothing is swept"),
        (("seed=1,2", "sweep.name=a/b"), "sweep.name='a/b': use letters"),
        (("actor_rollout_ref.actor.optim.lr=interval(1e-6,1e-4)",), "a grid takes values"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_runs(fake, multirun, capsys, arguments, message) -> None:
    assert multirun(*arguments) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert error.startswith("error: ") and message in error
    assert not fake.starts and not fake.folder.exists()


@pytest.mark.parametrize("swept", ["reward", "reward.custom_reward_function.reward_kwargs.x", "stage.rl.reward"])
def test_a_search_does_not_prefer_one_reward_to_another_by_its_size(fake, multirun, capsys, swept: str) -> None:
    pytest.importorskip("optuna", reason="needs the extra optuna")
    search = ("hydra/sweeper=search", f"{swept}=choice(time_r1,time_r1_paper)")
    for metric in ((), ("sweep.metric=val/demand/reward",)):
        assert multirun(*search, *metric) == 2
        (error,) = capsys.readouterr().err.splitlines()
        assert error.startswith(f"error: a search over {swept}") and "give sweep.metric='val/*/mse'" in error
    assert not fake.starts and not fake.folder.exists()


def test_a_named_sweep_takes_more_cells_but_no_other_settings(fake) -> None:
    assert fake.run("seed=1,2", "sweep.name=mine").returncode == 0
    more = fake.run("seed=1,2,3", "sweep.name=mine")
    assert more.returncode == 0, more.stderr
    assert fake.sweep.name == "mine" and fake.started() == ["seed-1", "seed-2", "seed-3"]
    other = fake.run("seed=1,2,3", "sweep.name=mine", "trainer.total_training_steps=9")
    assert other.returncode == 2
    assert "is trainer.total_training_steps=9" in other.stderr and "sweep.name=" in other.stderr
    assert len(fake.starts) == 3


def test_a_run_that_was_removed_is_run_again(fake) -> None:
    assert fake.run("seed=1,2").returncode == 0
    (fake.sweep / "time_r1" / "seed-2" / "run.json").unlink()
    assert fake.run("seed=1,2").returncode == 0
    assert fake.started() == ["seed-1", "seed-2", "seed-2"]


def test_a_dry_run_lists_the_cells_and_runs_none(fake, multirun, capsys) -> None:
    assert multirun(*GRID, "launch.dry_run=true") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ")[0] for line in lines] == NAMES
    assert "run.name=algorithm-grip__seed-2" in lines[3]
    assert not fake.starts and not fake.folder.exists()


def test_values_with_commas_and_quotes_reach_the_cell_as_they_are(multirun, capsys) -> None:
    sweep = ("seed=1,2", "stages=[sft,rl]", "dataset.target='O T'", "sweep.metric=val/*/reward", "launch.dry_run=true")
    assert multirun(*sweep) == 0
    arguments = shlex.split(capsys.readouterr().out.splitlines()[0].partition(": ")[2])
    assert {"stages=[sft,rl]", "dataset.target='O T'"} <= set(arguments)
    assert not any(argument.startswith("sweep.") for argument in arguments)


def test_slurm_composes_and_says_what_it_needs(multirun, capsys, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "submitit", None)
    slurm = ("hydra/launcher=slurm", "hydra.launcher.executor.parameters.slurm_partition=gpu")
    assert multirun("seed=1,2", *slurm) == 2
    assert "hydra/launcher=slurm needs submitit: pip install '.[slurm]'" in capsys.readouterr().err


def test_slurm_runs_cells_as_jobs(fake) -> None:
    pytest.importorskip("submitit", reason="needs the extra slurm")
    fake.say("fail-2")
    done = fake.run("seed=1,2,3", "hydra/launcher=slurm", "hydra.launcher.executor.cluster=local", "sweep.jobs=3",
                    "hydra.launcher.executor.parameters.gpus_per_node=null")  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert fake.states() == {"seed-1": "done", "seed-2": "failed", "seed-3": "done"}
    assert "stage rl failed: out of memory" in done.stdout
    assert list((fake.sweep / "logs" / "slurm").iterdir())


def test_a_search_proposes_the_same_cells_again(fake) -> None:
    pytest.importorskip("optuna", reason="needs the extra optuna")
    search = ("hydra/sweeper=search", "hydra.sweeper.n_trials=4", "algorithm=choice(grpo,grip)", "seed=range(1,9)",
              "stages=[rl]", "launch.download=false")  # fmt: skip
    done = fake.run(*search)
    assert done.returncode == 0, done.stdout + done.stderr
    first = fake.started()
    assert first and all("stages=[rl]" in start["arguments"] for start in fake.starts)
    assert (fake.sweep / "optimization_results.yaml").is_file()
    again = fake.run(*search)
    assert again.returncode == 0, again.stdout + again.stderr
    assert fake.started() == first


def test_the_report_of_a_sweep_can_be_had_at_any_time(fake, wait_for, read_sweep_report) -> None:
    fake.say("hang-2")
    sweep = fake.start("seed=1,2")
    wait_for(lambda: (fake.words / "hangs-2").exists())
    report = read_sweep_report(fake.sweep)
    assert "1 running" in report
    sweep.send_signal(signal.SIGTERM)
    sweep.communicate(timeout=WAIT_S)
    assert "1 cut off" in read_sweep_report(fake.sweep)


@pytest.fixture
def read_sweep_report():
    """Return a function that writes a sweep's report and returns its HTML."""
    from src.report.sweep.page import write_sweep_report

    def read(folder: Path) -> str:
        return write_sweep_report(folder).read_text()

    return read
