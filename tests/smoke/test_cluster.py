"""Runs on a real Ray cluster whose two nodes are on this machine: jobs, their names, and a node that dies."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from launching import ROOT, command
from ray_cluster import Cluster, Launcher, steps, wait_for

from src.cluster import on_cluster
from src.processes.stopping import EXIT_CODE
from src.record import checkpoints as checkpoint

pytestmark = pytest.mark.smoke


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    try:
        yield cluster
    finally:
        cluster.end()


# Training stands still while the file is there: on no machine is the run over before it loses its node.
HELD = """
import time
from pathlib import Path

def compute_score(data_source, solution_str, ground_truth, extra_info=None, **settings):
    while Path(__file__).with_name("hold").exists():
        time.sleep(0.1)
    return {"score": sum(character.isdigit() for character in solution_str) / max(len(solution_str), 1)}
"""


def test_a_run_on_two_nodes_goes_on_after_the_loss_of_one(cluster: Cluster, tmp_path: Path) -> None:
    reward, hold = tmp_path / "held_reward.py", tmp_path / "hold"
    reward.write_text(HELD)
    words = command(
        tmp_path, "lost", f"ray.address={cluster.address}", "trainer.nnodes=2", "trainer.total_training_steps=12",
        "trainer.save_freq=1", "trainer.test_freq=-1", "evaluation.enable=false", "logging.wandb=offline",
        f"reward.custom_reward_function.path={reward}", "reward.custom_reward_function.reward_kwargs={}",
    )  # fmt: skip
    folder = tmp_path / "time_r1" / "lost"

    def jobs(*arguments: str) -> subprocess.CompletedProcess[str]:
        """From another shell, by the run's name."""
        ask = [sys.executable, "-m", "src.jobs", *arguments, f"--folder={tmp_path}"]
        return subprocess.run(ask, env=cluster.environment, cwd=ROOT, capture_output=True, text=True, timeout=300)

    launcher = Launcher(words, cluster.environment)
    wait_for(lambda: len(steps(folder, "rl")) > 2, 600, launcher)
    hold.touch()
    placed = cluster.actors()
    for name in ("WorkerDict", "vLLMHttpServer"):
        assert len({node for _, one, node in placed if one == name}) == 2, placed
    assert len({namespace for namespace, _, _ in placed}) == 1  # the queue's controller among them
    launcher.process.send_signal(signal.SIGINT)
    assert launcher.wait(30) == 130 and "the run goes on as job" in launcher.output

    launcher = Launcher(words, cluster.environment)
    wait_for(lambda: "is carrying out this run already" in launcher.output, 200, launcher)
    seen = jobs("status", "lost")
    assert seen.returncode == 0 and "time_r1/lost: running" in seen.stdout and "rl: running, step" in seen.stdout, seen
    cluster.kill(1)
    hold.unlink()
    assert launcher.wait(200) == 2, launcher.output
    assert "error: stage rl failed" in launcher.output
    assert " has died" in launcher.output and "Traceback" not in launcher.output, launcher.output
    assert cluster.actors() == []
    seen = jobs("status", "lost")
    assert seen.returncode == 1 and "time_r1/lost: failed" in seen.stdout

    cluster.add_node()
    launcher = Launcher(words, cluster.environment)
    assert launcher.wait(600) == 0, launcher.output
    assert "stage sft is done (step 3)" in launcher.output and "stage rl goes on after step" in launcher.output
    assert steps(folder, "rl") == list(range(13))
    record = json.loads((folder / "run.json").read_text())
    assert [stage["state"] for stage in record["stages"]] == ["done", "done"] and len(record["launches"]) == 2
    assert "done in" in jobs("logs", "lost").stdout


def test_a_job_is_stopped_by_its_runs_name(cluster: Cluster, tmp_path: Path) -> None:
    words = command(
        tmp_path, "long", f"ray.address={cluster.address}", "stages=[sft]", "sft.trainer.total_training_steps=100000",
        "logging.wandb=offline", "evaluation.enable=false",
    )  # fmt: skip
    folder = tmp_path / "time_r1" / "long"
    launcher = Launcher(words, cluster.environment)
    wait_for(lambda: len(steps(folder, "sft")) > 2, 300, launcher)
    ask = [sys.executable, "-m", "src.jobs", "stop", "time_r1/long", f"--folder={tmp_path}"]
    stopped = subprocess.run(ask, env=cluster.environment, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert stopped.returncode == 0 and stopped.stdout.splitlines()[-1].startswith("stopped; "), stopped
    assert launcher.wait(60) == EXIT_CODE, launcher.output
    assert "Traceback" not in launcher.output and "SIGTERM" in launcher.output, launcher.output
    assert json.loads((folder / "run.json").read_text())["stages"][0]["state"] == "stopped"
    saved = checkpoint.newest(folder / "checkpoints" / "sft")
    assert saved is not None and saved.step == steps(folder, "sft")[-1]
    ask[3] = "logs"
    assert "stage sft" in subprocess.run(ask, env=cluster.environment, cwd=ROOT, capture_output=True, text=True).stdout
    assert cluster.actors() == []


def test_cells_of_a_sweep_are_jobs_that_share_no_queue(cluster: Cluster, tmp_path: Path) -> None:
    words = command(
        tmp_path, "null", f"ray.address={cluster.address}", "stages=[rl]", "trainer.total_training_steps=2",
        "evaluation.enable=false", "logging.wandb=off", "-m", "seed=1,2", "sweep.jobs=2", "sweep.name=two",
    )  # fmt: skip
    words.remove("run.name=null")
    launcher = Launcher(words, cluster.environment)
    controllers: set[str] = set()
    while launcher.process.poll() is None:
        controllers |= {namespace for namespace, name, _ in cluster.actors() if name == "TransferQueueController"}
        time.sleep(2)
    assert launcher.wait(10) == 0, launcher.output
    assert len(controllers) == 2, controllers
    for seed in (1, 2):
        folder = tmp_path / "sweeps" / "two" / "time_r1" / f"seed-{seed}"
        assert steps(folder, "rl") == [0, 1, 2]
        assert (folder / "job.json").is_file()
    assert "mean" in launcher.output


def test_a_cluster_that_is_too_small_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    words = command(tmp_path, "big", f"ray.address={cluster.address}", "trainer.nnodes=4")
    launcher = Launcher(words, cluster.environment)
    assert launcher.wait(60) == 2
    assert (
        "error: the run needs trainer.nnodes=4 x trainer.n_gpus_per_node=1 devices, and the nodes of the cluster at"
        in launcher.output
    )
    assert not (tmp_path / "time_r1" / "big").exists()


PROGRAM = """
import os, sys, time

place = {name: os.environ[name] for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_PORT")}
print(sys.argv[1:], place["RANK"], "of", place["WORLD_SIZE"], place["LOCAL_RANK"], flush=True)
if place["RANK"] == "1":
    sys.exit(int(sys.argv[1]))
time.sleep(float(sys.argv[2]))
"""


@pytest.mark.parametrize(("code", "seconds"), [(0, 0), (3, 600)], ids=["all end well", "one fails and the other waits"])
def test_a_program_runs_once_per_rank(cluster: Cluster, tmp_path: Path, code: int, seconds: int) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    job = {"namespace": "program", "runtime_env": {"env_vars": {"PYTHONPATH": f"{tmp_path}:{ROOT}"}}}
    words = on_cluster.command(sys.executable, "program", [str(code), str(seconds)], ranks=2, devices=1, job=job)
    done = subprocess.run(
        words,
        env={**cluster.environment, "RAY_ADDRESS": cluster.address, "RAY_DEDUP_LOGS": "0"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, done.stderr
    for rank in (0, 1):
        assert f"['{code}', '{seconds}'] {rank} of 2 0" in done.stdout + done.stderr
    wait_for(lambda: cluster.actors() == [], 30)


WATCHED = """
import time, ray
from src.cluster.dead_actors import ClusterWatch

@ray.remote
class WorkerDict:
    def ready(self): return True

ray.init(address="auto", namespace="watched", log_to_driver=False)
actors = [WorkerDict.remote() for _ in range(2)]
ray.get([actor.ready.remote() for actor in actors])
with ClusterWatch("watched") as watch, ClusterWatch("another") as other:
    time.sleep(7)
    before = watch.dead()
    ray.kill(actors[0])
    deadline = time.monotonic() + 60
    while watch.dead() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    print(before, "|", watch.dead(), "|", other.dead())
"""


def test_an_actor_that_dies_is_noticed(cluster: Cluster) -> None:
    environment = {**cluster.environment, "RAY_ADDRESS": cluster.address}
    words = [sys.executable, "-c", WATCHED]
    done = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)
    before, dead, other = done.stdout.strip().split(" | ")
    assert (before, other) == ("None", "None"), done
    assert dead.startswith("WorkerDict (process ") and " on node " in dead and dead.count("WorkerDict") == 1, done
