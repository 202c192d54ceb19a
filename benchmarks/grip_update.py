"""Cost of GRIP's update: 48 rollouts per prompt of which 16 are kept, against plain GRPO with 16.

    .venv/bin/python -m benchmarks.grip_update SFT_RUN_FOLDER [PROMPTS STEPS]

Prints the ratio of the update's time, and of the log-probability passes, which also see the kept rollouts only.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

from src.runs import read_run

ROOT = Path(__file__).resolve().parents[1]
WARM_UP = 1
PHASES = ("gen", "old_log_prob", "ref", "update_actor")


def phases(name: str, model: str, prompts: int, steps: int, *settings: str) -> dict[str, float]:
    """Median seconds of each phase of a step."""
    command = [
        sys.executable, "-m", "src.launch", "+recipe=time_r1", "scale=demo", "runtime=cpu", "stages=[rl]",
        f"model.path={model}", f"data.train_batch_size={prompts}", f"trainer.total_training_steps={steps}",
        f"actor_rollout_ref.actor.ppo_mini_batch_size={prompts}", f"trainer.save_freq={steps}", "trainer.test_freq=-1",
        "trainer.val_before_train=false", "evaluation.enable=false", "logging.wandb=off",
        "run.folder=outputs/benchmarks", f"run.name={name}", "run.fresh=true", *settings,
    ]  # fmt: skip
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    steps_of = read_run(ROOT / "outputs/benchmarks/time_r1" / name).metrics("rl")[WARM_UP:]
    return {phase: statistics.median(steps_of[f"timing_s/{phase}"]) for phase in PHASES}


def main() -> None:
    model = next(stage["checkpoint"] for stage in read_run(sys.argv[1]).stages if stage["name"] == "sft")
    prompts, steps = map(int, sys.argv[2:4]) if len(sys.argv) > 2 else (4, 6)
    plain = phases("plain16", model, prompts, steps, "algorithm=grpo", "actor_rollout_ref.rollout.n=16")
    grip = phases("grip48", model, prompts, steps, "actor_rollout_ref.rollout.n=48", "algorithm.grip.keep=16")
    for phase in PHASES:
        ratio = grip[phase] / plain[phase]
        print(f"{phase:<14} 48 keep 16: {grip[phase]:6.2f} s   16: {plain[phase]:6.2f} s   ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
