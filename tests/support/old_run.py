"""A run's folder as the project left it before ``run.json`` had a format: other settings, rows without later fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from src.record import checkpoints as checkpoint

COMMIT = "475d5dd8c5af3ef8b12af6dab12aafabb98e2c92"


def write_old_run(folder: Path) -> Path:
    """SFT and RL, done; the checkpoint of RL's step 2 holds a model."""
    for name in ("samples", "logs", "config"):
        (folder / name).mkdir(parents=True)
    stages = [
        {"name": "sft", "trainer": "sft", "state": "done", "seconds": 1.5},
        {"name": "rl", "trainer": "ppo", "state": "done", "seconds": 40.0},
    ]
    record: dict[str, Any] = {
        "recipe": "time_r1",
        "run": folder.name,
        "command": "python -m src.launch +recipe=time_r1 scale=smoke",
        "created": "2026-03-02T14:20:11+0000",
        "git": {"commit": COMMIT, "dirty": False},
        "versions": {"verl": "0.9.1"},
        "hardware": {"cores": 2},
        "seeds": {"seed": 1, "dataset": 0},
        "stages": stages,
        "launches": [{}],
        "config": {"seed": 1, "stages": ["sft", "rl"], "algorithm": {"name": "grip"}, "sft": {"trainer": {}}},
        "fingerprint": "3a05d1126690",
    }
    (folder / "run.json").write_text(json.dumps(record))
    lines = [
        {"stage": "sft", "step": 1, "time": 1.7e9, "train/loss": 5.5},
        {"stage": "rl", "step": 0, "time": 1.7e9 + 1, "val/demand/reward": -1.0, "val/demand/mse": None},
        {"stage": "rl", "step": 1, "time": 1.7e9 + 2, "reward/mean": 0.25},
        {"stage": "rl", "step": 2, "time": 1.7e9 + 3, "reward/mean": 0.5, "val/demand/reward": 0.75,
         "val/demand/mse": 4.0, "val/demand/fail_frac": 0.0, "val/demand/baseline/last_day/mse": 9.0},
    ]  # fmt: skip
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    row = {"stage": "rl", "step": 2, "split": "val", "dataset": "demand", "channel": "demand", "index": 0,
           "prompt": "user\nTask: forecast", "response": "<answer>1.0 3.0</answer>", "score": 0.75,
           "terms": {"format": 0.0, "mse": 0.75}, "history": [0.5, 1.5], "ground_truth": [1.0, 2.0],
           "prediction": [1.0, 3.0], "valid": True, "kept": True}  # fmt: skip
    (folder / "samples" / "rl_2.jsonl").write_text(json.dumps(row) + "\n")
    saved = folder / "checkpoints" / "rl" / "global_step_2"
    export = saved / "actor" / "huggingface"
    export.mkdir(parents=True)
    (export / "config.json").write_text("{}")
    (export / "model.safetensors").write_bytes(b"weights")
    checkpoint.seal(saved, 2, last=True)
    return folder
