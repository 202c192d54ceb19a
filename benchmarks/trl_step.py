"""Seconds of a GRPO step in TRL, on the model, prompts and reward of one of our runs.

    pip install --no-deps --target .bench trl==1.16.0
    PYTHONPATH=.bench:. .venv/bin/python benchmarks/trl_step.py RUN_FOLDER PROMPTS ROLLOUTS STEPS

TRL generates with transformers, in the process that trains; it computes no old log-probabilities (one update per
batch), and reference ones because beta is not zero. ``step_ratio.py`` runs both sides and prints the ratio.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from omegaconf import OmegaConf
from transformers import TrainerCallback
from trl import GRPOConfig, GRPOTrainer

from src.config.named import load_function
from src.record.layout import Layout


class StepTimes(TrainerCallback):
    """Wall time between the ends of steps."""

    def __init__(self) -> None:
        self.ends = [time.perf_counter()]

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.ends.append(time.perf_counter())


def main() -> None:
    run, prompts, rollouts, steps = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    config = OmegaConf.load(Layout(run).config_file("rl"))
    torch.set_num_threads(2)
    rows = Dataset.from_parquet(str(Layout(run).data / "train.parquet"))
    entry = config.reward.custom_reward_function
    function = load_function(entry.path, entry.name)
    settings = OmegaConf.to_container(entry.reward_kwargs)

    def reward(completions: list[Any], reward_model: list[dict], extra_info: list[dict], **_: Any) -> list[float]:
        return [
            function("demand", answer[0]["content"], truth["ground_truth"], info, **settings)["score"]
            for answer, truth, info in zip(completions, reward_model, extra_info, strict=True)
        ]

    actor = config.actor_rollout_ref.actor
    times = StepTimes()
    trainer = GRPOTrainer(
        model=config.actor_rollout_ref.model.path,
        reward_funcs=reward,
        args=GRPOConfig(
            output_dir="/tmp/trl_step",
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            per_device_train_batch_size=prompts * rollouts,
            num_generations=rollouts,
            max_completion_length=config.data.max_response_length,
            temperature=1.0,
            beta=actor.kl_loss_coef,
            learning_rate=actor.optim.lr,
            max_steps=steps,
            save_strategy="no",
            report_to=[],
            logging_steps=1,
            seed=1,
            model_init_kwargs={"dtype": "float32", "attn_implementation": "sdpa"},
        ),
        train_dataset=rows,
        callbacks=[times],
    )
    trainer.train()
    seconds = [after - before for before, after in zip(times.ends[:-1], times.ends[1:], strict=True)]
    logged = trainer.state.log_history
    lengths = [entry["completions/mean_length"] for entry in logged if "completions/mean_length" in entry]
    print(json.dumps({"seconds": seconds, "mean_length": lengths}))


if __name__ == "__main__":
    main()
