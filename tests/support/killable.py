"""A run that a test launches and ends again and again, and what its folder must hold in the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from launching import ROOT, Family, command
from warm import Fork, Warm

from src.record import checkpoints as checkpoint

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

    Args:
        steps: of each stage that it has.
        arguments: more settings.
        save_freq: steps between two checkpoints.
        test_freq: steps between two validations.
        warm: starts its launchers; None: as a user does.
    """

    def __init__(
        self,
        folder: Path,
        steps: dict[str, int],
        *arguments: str,
        save_freq: int,
        test_freq: int = 2,
        warm: Warm | None = None,
    ) -> None:
        self.steps = steps
        self.warm = warm
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
            *(f"{PREFIX[stage]}trainer.test_freq={test_freq}" for stage in steps), *arguments,
        )  # fmt: skip

    def start(self) -> subprocess.Popen[str] | Fork:
        if self.warm is not None:
            return self.warm.start(self.command, start_new_session=True)
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

    def end(
        self, when: Callable[[], bool], how: Callable[[subprocess.Popen[str] | Fork], None], ended_within_s: float = 60
    ) -> tuple[int, str]:
        """Launch the run, end it ``when`` it is time, and return the exit code and what it printed.

        No process of it may be left after ``ended_within_s``.
        """
        launcher = self.start()
        family = Family(launcher.pid)
        while launcher.poll() is None and not (when() and family.known):
            time.sleep(0.02)
        if struck := launcher.poll() is None:
            how(launcher)
        try:
            output, _ = launcher.communicate(timeout=300)
        finally:
            launcher.kill()
        # A launch with every step done before it has only the report to write, for which it starts no process.
        assert struck or launcher.returncode == 0 or family.known, output
        left = family.left(ended_within_s) if struck or family.known else []
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


def kill(launcher: subprocess.Popen[str] | Fork) -> None:
    launcher.send_signal(signal.SIGKILL)


def kill_group(launcher: subprocess.Popen[str] | Fork) -> None:
    os.killpg(launcher.pid, signal.SIGKILL)


def terminate(launcher: subprocess.Popen[str] | Fork) -> None:
    launcher.send_signal(signal.SIGTERM)


def kill_a_worker(launcher: subprocess.Popen[str] | Fork) -> None:
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
