"""What the demo learned, from the folders of finished runs (one per seed).

    for seed in 1 2 3; do
      .venv/bin/python -m src.launch +recipe=time_r1 runtime=cpu scale=demo seed=$seed run.name=seed$seed
    done
    .venv/bin/python benchmarks/demo_results.py outputs/time_r1/seed1 outputs/time_r1/seed2 outputs/time_r1/seed3

Held-out windows of the validation split, answers sampled at the training temperature, before (step 0) and after RL. The
standard error of a difference is taken over windows: each window's mean reward after RL less that before.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections import defaultdict
from pathlib import Path


def answers(run: Path, step: int) -> dict[int, list[dict]]:
    """The held-out answers of a step, by window."""
    by_window: dict[int, list[dict]] = defaultdict(list)
    for line in (run / "samples" / f"rl_{step}.jsonl").read_text().splitlines():
        sample = json.loads(line)
        if sample["split"] == "val":
            by_window[sample["index"]].append(sample)
    return by_window


def mean_reward(samples: list[dict]) -> float:
    return statistics.mean(sample["score"] for sample in samples)


def main() -> None:
    differences: list[float] = []
    print("| seed | valid before | after | reward before | after | difference (2 SE) | MSE before | after |")
    print("|---|---|---|---|---|---|---|---|")
    for folder in map(Path, sys.argv[1:]):
        record = json.loads((folder / "run.json").read_text())
        lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        validated = [line for line in lines if line["stage"] == "rl" and "val/demand/reward" in line]
        first, last = validated[0], validated[-1]
        before, after = answers(folder, first["step"]), answers(folder, last["step"])
        gains = [mean_reward(after[window]) - mean_reward(before[window]) for window in before]
        differences += gains
        print(
            f"| {record['seeds']['seed']} "
            f"| {1 - first['val/demand/fail_frac']:.1%} | {1 - last['val/demand/fail_frac']:.1%} "
            f"| {first['val/demand/reward']:.3f} | {last['val/demand/reward']:.3f} | {with_error(gains)} "
            f"| {first['val/demand/mse']:.2f} | {last['val/demand/mse']:.2f} |"
        )
    print(f"\nall seeds: reward {with_error(differences)} over {len(differences)} windows")
    print(f"last-day naive forecast on the same windows: MSE {last['val/demand/baseline/last_day/mse']:.2f}")


def with_error(gains: list[float]) -> str:
    return f"{statistics.mean(gains):+.3f} ({2 * statistics.stdev(gains) / len(gains) ** 0.5:.3f})"


if __name__ == "__main__":
    main()
