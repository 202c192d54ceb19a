"""Ratio of a steady GRPO step to TRL's, and the time from the RL stage's start to the end of its first step.

    pip install --no-deps --target .bench trl==1.16.0
    .venv/bin/python -m benchmarks.step_ratio SFT_RUN_FOLDER [PROMPTS ROLLOUTS STEPS]

Both sides start from the SFT export of a finished demo run and use the same prompts, reward, number of rollouts,
temperature, response limit, KL coefficient and learning rate. Runs on an otherwise idle machine.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from src.runs import read_run

ROOT = Path(__file__).resolve().parents[1]
WARM_UP = 2


def ours(model: Path, prompts: int, rollouts: int, steps: int) -> tuple[list[float], float, Path]:
    """Seconds of each step; seconds from the launch to the end of the first; the run's folder."""
    began = time.time()
    command = [
        sys.executable, "-m", "src.launch", "+recipe=time_r1", "algorithm=grpo", "stages=[rl]", f"model.path={model}",
        f"data.train_batch_size={prompts}", f"actor_rollout_ref.actor.ppo_mini_batch_size={prompts}",
        f"actor_rollout_ref.rollout.n={rollouts}", f"trainer.total_training_steps={steps}", "trainer.test_freq=-1",
        "trainer.val_before_train=false", f"trainer.save_freq={steps}", "evaluation.enable=false", "logging.wandb=off",
        "run.folder=outputs/benchmarks", "run.name=step_ratio", "run.fresh=true",
    ]  # fmt: skip
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    run = ROOT / "outputs/benchmarks/time_r1/step_ratio"
    steps_of = read_run(run).metrics("rl")
    return steps_of["timing_s/step"].tolist(), steps_of["time"].iloc[0] - began, run


def trl(run: Path, prompts: int, rollouts: int, steps: int) -> list[float]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / '.bench'}:{ROOT}"}
    command = [sys.executable, str(ROOT / "benchmarks/trl_step.py"), str(run), str(prompts), str(rollouts), str(steps)]
    done = subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])["seconds"]


def main() -> None:
    source = Path(sys.argv[1]).resolve()
    prompts, rollouts, steps = map(int, sys.argv[2:5]) if len(sys.argv) > 2 else (16, 8, 10)
    model = Path(next(stage["checkpoint"] for stage in read_run(source).stages if stage["name"] == "sft"))
    mine, first, run = ours(model, prompts, rollouts, steps)
    theirs = trl(run, prompts, rollouts, steps)
    a, b = statistics.median(mine[WARM_UP:]), statistics.median(theirs[WARM_UP:])
    print(f"{prompts} prompts x {rollouts} rollouts, {steps} steps, median after {WARM_UP}")
    print(f"ours {a:.2f} s   TRL {b:.2f} s   ratio {a / b:.2f}")
    print(f"from the command to the end of the first RL step: {first:.0f} s")


if __name__ == "__main__":
    main()
