"""Runs that differ in their seed, with held-out answers and test scores of which every figure is known."""

import json
from pathlib import Path
from typing import Any

import numpy as np

QUESTIONS, PER_ITEM = 24, 4
ITEM_EFFECTS = np.random.default_rng(0).normal(0.3, 0.2, QUESTIONS // PER_ITEM)  # all questions of an item share one


def write_run(folder: Path, seed: int, **changes: Any) -> Path:
    """A run whose held-out reward rises by what its item says, and by ``0.01 * seed``."""
    (folder / "samples").mkdir(parents=True)
    rows = {0: [], 5: []}
    for index in range(QUESTIONS):
        gain = float(ITEM_EFFECTS[index // PER_ITEM]) + 0.01 * seed
        for step, reward in ((0, 0.5), (5, 0.5 + gain)):
            row = {"split": "val", "dataset": "demand", "index": index, "score": reward, "item": index // PER_ITEM}
            rows[step] += [{**row, "session": 0}, {**row, "session": 1}, {**row, "split": "train", "score": 9.0}]
    for step, some in rows.items():
        (folder / "samples" / f"rl_{step}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some))
    lines = [
        {"stage": "sft", "step": 1, "train/loss": 1.0},
        *(
            {"stage": "rl", "step": step, "val/demand/mse": mse, "val/demand/reward": float(np.mean(score)),
             "val/demand/fail_frac": 0.0, "val/demand/baseline/last_day/mse": 4.0,
             "val/demand/baseline/last_week/mse": 1.5}
            for step, mse, score in ((0, 9.0, [0.5]), (5, 2.0 + seed, ITEM_EFFECTS + 0.5 + 0.01 * seed))
        ),
    ]  # fmt: skip
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    stages = [
        {"name": "sft", "trainer": "sft", "state": "done", "seconds": 60.0},
        {"name": "rl", "trainer": "ppo", "state": "done", "seconds": 90.0},
    ]
    meta = {"recipe": "toy", "run": folder.name, "seeds": {"seed": seed}, "stages": stages, "fingerprint": "f0",
            "git": {"commit": "0123456789ab", "dirty": False}}  # fmt: skip
    (folder / "run.json").write_text(json.dumps({**meta, **changes}))
    return folder


def metric(value: float | None, interval: list[float] | None = None) -> dict[str, Any]:
    return {"value": value, "interval": interval}


def evaluation(seed: int) -> dict[str, Any]:
    """SFT's and RL's model on 6 questions in 3 items."""
    ids, items = [str(place) for place in range(6)], [0, 0, 1, 1, 2, 2]

    def result(value: float, differences: list[dict[str, Any]]) -> dict[str, Any]:
        values = [value + item / 10 for item in items]
        group = {
            "lead": "mse",
            "metrics": {"mse": metric(value + 0.1, [value, value + 0.2]), "mae": metric(1.0)},
            "baselines": {"last_day": {"mse": metric(7.0)}, "last_week": {"mse": metric(1.5)}},
            "questions": 6, "items": 3, "answers": 6, "failed": 0, "about": {}, "differences": differences,
            "by_question": {"ids": ids, "items": items, "values": values},
        }  # fmt: skip
        return {"runs": 1, "groups": {"demand": group}, "details": {}}

    def less(to: str, kind: str, value: float) -> dict[str, Any]:
        return {"to": to, "kind": kind, "difference": value, "interval": [value - 1, value + 1], "p": 0.01,
                "questions": 6, "items": 3}  # fmt: skip

    after = 2.0 + seed
    return {
        "sft": result(8.0, [less("last_week", "baseline", 6.6)]),
        "rl": result(after, [less("last_week", "baseline", after - 1.4), less("sft", "stage", after - 8.0)]),
    }
