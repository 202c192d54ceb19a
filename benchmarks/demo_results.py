"""What the demo learned, from the folders of finished runs (one per seed).

    for seed in 1 2 3; do
      .venv/bin/python -m src.launch +recipe=time_r1 runtime=cpu scale=demo seed=$seed run.name=seed$seed
    done
    .venv/bin/python -m benchmarks.demo_results outputs/time_r1/seed1 outputs/time_r1/seed2 outputs/time_r1/seed3

Held-out windows of the validation split, sampled answers, before (step 0) and after RL. The standard error of a
difference is taken over windows: each window's mean reward after RL less that before. Then the test split, which
methods the answers state, how often they are what the stated method gives, and the error of always repeating the week.
"""

from __future__ import annotations

import re
import statistics
import sys
from collections import Counter, defaultdict
from pathlib import Path

from src.record.layout import Layout
from src.record.lines import read_lines
from src.runs import Sample, read_run
from src.tasks.build import read_rows


def answers(run: Path, step: int) -> dict[int, list[Sample]]:
    """The held-out answers of a step, by window."""
    by_window: dict[int, list[Sample]] = defaultdict(list)
    for sample in read_run(run).samples("rl", step):
        if sample.split == "val":
            by_window[sample.index].append(sample)
    return by_window


METHODS = {
    "keep the last value": lambda history, horizon: [history[-1]] * horizon,
    "repeat the values of a day ago": lambda history, horizon: history[-horizon:],
    "repeat the values of a week ago": lambda history, horizon: history[:horizon],  # a week is shown, a day asked for
}


def stated_methods(samples: list[Sample]) -> str:
    """The share of each stated method, and of the answers that are what it gives."""
    stated = [re.search(r"Method: ([a-z ]+)\.", sample.response) for sample in samples]
    names = [found[1] if found and found[1] in METHODS else "none of them" for found in stated]
    shares = ", ".join(f"{name} {count / len(names):.0%}" for name, count in Counter(names).most_common())
    done = [
        sample.prediction == METHODS[name](sample.history, len(sample.ground_truth))
        for name, sample in zip(names, samples, strict=True)
        if name in METHODS
    ]
    return f"{shares}; carried out to the last digit: {statistics.mean(done):.0%}"


def weekly_error(run: Path, split: str) -> float:
    """Mean squared error of repeating the week in all windows of a split."""
    errors = []
    for row in read_rows(Layout(run).data / f"{split}.parquet"):
        forecast = METHODS["repeat the values of a week ago"](row.info["history"], len(row.truth))
        errors += [(value - wanted) ** 2 for value, wanted in zip(forecast, row.truth, strict=True)]
    return statistics.mean(errors)


def mean_reward(samples: list[Sample]) -> float:
    return statistics.mean(sample.score for sample in samples)


def main() -> None:
    differences: list[float] = []
    print("| seed | valid before | after | reward before | after | difference (2 SE) | MSE before | after |")
    print("|---|---|---|---|---|---|---|---|")
    for folder in map(Path, sys.argv[1:]):
        record, lines = read_run(folder).record, read_lines(Layout(folder).metrics_file)
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
    weekly = {split: weekly_error(folder, split) for split in ("val", "test")}
    print("repeating the week: " + ", ".join(f"MSE {mse:.2f} ({split})" for split, mse in weekly.items()) + "\n")
    for folder in map(Path, sys.argv[1:]):
        print(f"{folder.name}, test split:")
        for stage, result in read_run(folder).evaluation.items():
            (group,) = result["groups"].values()
            mse, mae = (group["metrics"][name]["value"] for name in ("mse", "mae"))
            failed = group["failed"] / group["answers"]
            print(f"  after {stage}: MSE {mse:.3g}, MAE {mae:.3g}, failed {failed:.1%}")
        print("  " + ", ".join(f"{name} {one['mse']['value']:.3g}" for name, one in group["baselines"].items()))
        for step in (first["step"], last["step"]):
            held_out = [sample for samples in answers(folder, step).values() for sample in samples]
            print(f"  held-out answers, step {step}: {stated_methods(held_out)}")


def with_error(gains: list[float]) -> str:
    return f"{statistics.mean(gains):+.3f} ({2 * statistics.stdev(gains) / len(gains) ** 0.5:.3f})"


if __name__ == "__main__":
    main()
