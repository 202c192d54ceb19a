"""A run that was killed goes on by the same command, and ends as one that was not."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from launching import ROOT, Family, command

from src.processes.stopping import EXIT_CODE
from src.record import checkpoints as checkpoint

pytestmark = pytest.mark.smoke

REWARD = """
def compute_score(data_source, solution_str, ground_truth, extra_info=None, **settings):
    digits = sum(character.isdigit() for character in solution_str)
    return {"score": digits / max(len(solution_str), 1), "digits": float(digits), "valid": 1.0}
"""
# Three steps are an epoch of each stage.
TRAINING = (
    "dataset.max_windows={train:12,val:4,test:4}", "dataset.traces.samples=12", "sft.data.train_batch_size=4",
    "actor_rollout_ref.actor.optim.lr=1e-3", "evaluation.enable=false",
    "logging.wandb=offline",
)  # fmt: skip
# What no two runs share: times and memory, and the last bits of the rollout engine's own log-probabilities, which
# follow from how many sequences it has at once. What the trainer computes is the same to the last bit.
VARIES = ("time", "timing_", "perf/", "actor/perf/", "training/rollout_probs_diff",
          "training/rollout_actor_probs_pearson_corr", "logprob_gap/", "rollout_corr/")  # fmt: skip


PREFIX = {"sft": "sft.", "rl": ""}


class Killable:
    """A run that a test launches again and again under one name.

    steps: of each stage that it has. save_freq, test_freq: a checkpoint and a validation every so many of them.
    """

    def __init__(self, folder: Path, steps: dict[str, int], save_freq: int, test_freq: int = 2) -> None:
        self.steps = steps
        self.test_freq = test_freq
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "my_reward.py").write_text(REWARD)
        self.folder = folder / "time_r1" / "run"
        self.command = command(
            folder, "run", f"reward.custom_reward_function.path={folder / 'my_reward.py'}",
            "reward.custom_reward_function.reward_kwargs={}", *TRAINING,
            f"stages=[{','.join(steps)}]",
            *(f"{PREFIX[stage]}trainer.total_training_steps={count}" for stage, count in steps.items()),
            *(f"{PREFIX[stage]}trainer.save_freq={save_freq}" for stage in steps),
            *(f"{PREFIX[stage]}trainer.test_freq={test_freq}" for stage in steps),
        )  # fmt: skip

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )

    def finish(self) -> str:
        launcher = self.start()
        try:
            output, _ = launcher.communicate(timeout=900)
        finally:
            launcher.kill()
        assert launcher.returncode == 0, output
        return output

    def end(self, when: Callable[[], bool], how: Callable[[subprocess.Popen[str]], None]) -> tuple[int, str]:
        """Launch the run, end it ``when`` it is time, and return the exit code and what it printed."""
        launcher = self.start()
        family = Family(launcher.pid)
        while launcher.poll() is None and not when():
            time.sleep(0.02)
        if launcher.poll() is None:
            how(launcher)
        try:
            output, _ = launcher.communicate(timeout=300)
        finally:
            launcher.kill()
        left = family.left(timeout_s=60)
        assert not left, f"outlived the run: {left}"
        return launcher.returncode, output

    def lines(self) -> list[dict]:
        """The whole lines of the record."""
        file = self.folder / "metrics.jsonl"
        text = file.read_bytes() if file.exists() else b""
        return [json.loads(line) for line in text[: text.rfind(b"\n") + 1].splitlines()]

    def has(self, stage: str, step: int) -> bool:
        return step in self.recorded(stage)

    def recorded(self, stage: str) -> list[int]:
        """The steps of a stage in the order of the record, without the lines that only a validation has."""
        trained = {"sft": "train/loss", "rl": "reward/mean"}[stage]
        return [
            line["step"] for line in self.lines() if line["stage"] == stage and (trained in line or line["step"] == 0)
        ]

    def validates(self, stage: str, step: int) -> bool:
        return step % self.test_freq == 0 or step == self.steps[stage]

    def validated(self, stage: str) -> list[int]:
        """The steps of a stage in whose lines a validation is."""
        lines = [line for line in self.lines() if any(name.startswith("val/") for name in line)]
        return [line["step"] for line in lines if line["stage"] == stage]

    def saved(self, stage: str) -> int:
        found = checkpoint.newest(self.folder / "checkpoints" / stage)
        return found.step if found else 0


def kill(launcher: subprocess.Popen[str]) -> None:
    launcher.send_signal(signal.SIGKILL)


def kill_group(launcher: subprocess.Popen[str]) -> None:
    os.killpg(launcher.pid, signal.SIGKILL)


def terminate(launcher: subprocess.Popen[str]) -> None:
    launcher.send_signal(signal.SIGTERM)


def kill_a_worker(launcher: subprocess.Popen[str]) -> None:
    """The one that trains, of either stage; the launcher when there is none yet."""
    for process in psutil.Process(launcher.pid).children(recursive=True):
        try:
            title = " ".join(process.cmdline())
        except psutil.Error:  # it has ended since
            continue
        if title.startswith("ray::WorkerDict") or "src.training.sft_process" in title:
            process.kill()
            return
    kill(launcher)


def assert_complete(run: Killable) -> None:
    """Every step once and in order, one W&B folder, samples once, and checkpoints that are whole."""
    assert [line["stage"] for line in run.lines()] == sorted((line["stage"] for line in run.lines()), reverse=True)
    record = json.loads((run.folder / "run.json").read_text())
    assert [(stage["name"], stage["state"]) for stage in record["stages"]] == [(stage, "done") for stage in run.steps]
    for stage, steps in run.steps.items():
        assert run.recorded(stage) == list(range(1 if stage == "sft" else 0, steps + 1))
        saved = checkpoint.newest(run.folder / "checkpoints" / stage)
        assert saved is not None and saved.last and saved.step == steps and saved.model is not None
        assert run.validated(stage) == [step for step in run.recorded(stage) if run.validates(stage, step)]
    last = run.steps.get("rl", -1)
    for step in range(last + 1):
        rows = [json.loads(line) for line in (run.folder / "samples" / f"rl_{step}.jsonl").read_text().splitlines()]
        splits = [row["split"] for row in rows]
        assert splits.count("train") == (8 if step else 0)
        assert splits.count("val") == (4 if run.validates("rl", step) else 0)
    assert len(list((run.folder / "wandb").glob(f"offline-run-*-{record['wandb_id']}"))) == 1


def computed(line: dict) -> dict:
    return {name: value for name, value in line.items() if not name.startswith(VARIES)}


def test_a_killed_run_equals_one_that_was_not(tmp_path: Path) -> None:
    """2n steps, and n steps, a kill, n steps: the same data, rollouts, losses and weights, to the last bit."""
    whole = Killable(tmp_path / "whole", {"sft": 8, "rl": 8}, save_freq=3)
    whole.finish()
    # Both resumes stand at the border of an epoch.
    broken = Killable(tmp_path / "broken", {"sft": 8, "rl": 8}, save_freq=3)
    code, output = broken.end(lambda: broken.has("sft", 4), kill)
    assert code == -signal.SIGKILL, output
    code, output = broken.end(lambda: broken.has("rl", 4), kill_group)
    assert code == -signal.SIGKILL and "stage sft goes on after step 3" in output, output
    output = broken.finish()
    assert "stage sft is done (step 8)" in output and "stage rl goes on after step 3" in output
    assert_complete(whole)
    assert_complete(broken)
    cut = [json.loads(line) for file in broken.folder.glob("cut/*/metrics.jsonl") for line in file.open()]
    assert {("sft", 4), ("rl", 4)} <= {(line["stage"], line["step"]) for line in cut}

    for one, other in zip(whole.lines(), broken.lines(), strict=True):
        assert computed(one) == computed(other), (one["stage"], one["step"])
        gaps = [name for name in one if name.startswith("logprob_gap/")]
        assert [one[name] for name in gaps] == pytest.approx([other[name] for name in gaps], abs=1e-5)
    assert len(computed(whole.lines()[-1])) > 60
    weights = [run.folder / "checkpoints" / "rl" / "global_step_8" / "actor" / "huggingface" for run in (whole, broken)]
    assert checkpoint.fingerprint(weights[0]) == checkpoint.fingerprint(weights[1])


def test_a_stop_leaves_no_validation_out(tmp_path: Path) -> None:
    """SIGTERM in a step that a validation follows: SFT's comes behind the checkpoint, RL's first in the resume."""
    run = Killable(tmp_path, {"sft": 40, "rl": 6}, save_freq=100, test_freq=1)
    for stage in run.steps:
        code, output = run.end(lambda stage=stage: run.has(stage, 1), terminate)
        step = run.recorded(stage)[-1]
        assert code == EXIT_CODE and f"stage {stage} was ended; it will go on after step {step}" in output, output
        assert step < run.steps[stage] and run.saved(stage) == step
        assert run.validated(stage)[-1] == (step if stage == "sft" else step - 1)
    run.finish()
    assert_complete(run)


# What ends a run in the test below, by turns; each at a random moment.
WAYS = (kill, kill_group, terminate, kill_a_worker)
KILLS = int(os.environ.get("RESUME_KILLS", "30"))


@pytest.mark.parametrize(
    ("stages", "share", "latest_s"), [(("sft",), 0.6, 20), (("sft", "rl"), 0.4, 50)], ids=["SFT alone", "both stages"]
)
def test_a_run_ends_whole_however_often_it_is_killed(
    tmp_path: Path, stages: tuple[str, ...], share: float, latest_s: float
) -> None:
    """RESUME_KILLS kills in all, each within the start of the libraries, the stages, a step or a checkpoint."""
    chance = random.Random(20261124)
    waiting = round(share * KILLS)
    steps = {stage: waiting if stage == "sft" and len(stages) > 1 else 5 * waiting for stage in stages}
    runs = 0
    while True:
        runs += 1
        run = Killable(tmp_path / str(runs), steps, save_freq=1)
        while waiting:
            at, how = time.monotonic() + chance.uniform(6, latest_s), WAYS[waiting % len(WAYS)]
            code, output = run.end(lambda at=at: time.monotonic() > at, how)
            if code == 0:
                break  # it was quicker than the kill: the other kills are another run's
            waiting -= 1
            assert code in (-signal.SIGKILL, -signal.SIGTERM, EXIT_CODE, 2) and "Traceback" not in output, output
            reached = {stage: (run.recorded(stage) or [0])[-1] for stage in stages}
            print(f"run {runs}: {how.__name__}, exit code {code}, recorded {reached}", flush=True)
            for stage, step in reached.items():
                assert run.recorded(stage) in (list(range(1, step + 1)), list(range(step + 1)))
                assert run.saved(stage) >= step - 1, "a step was recorded before the one before it was saved"
        run.finish()
        assert_complete(run)
        if not waiting:
            break
