"""What the demo of timeomni1 learned, from the folders of finished runs (one per seed).

    for seed in 1 2 3; do .venv/bin/python -m src.launch +recipe=timeomni1 seed=$seed run.name=seed$seed; done
    .venv/bin/python -m benchmarks.timeomni1_results outputs/timeomni1/seed[123]

First the test split, each task after SFT and after RL beside its best shortcut solver: accuracy, for forecasts the mean
absolute error, over all answers. The standard error of a difference is that of two independent samples of questions,
an upper limit, since both answer the same ones. Then the reward of held-out questions of the validation split before
and after RL; there the standard error is that of each question's difference. Last, how
far causality's validation answers are right.
"""

from __future__ import annotations

import re
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from src.record.layout import Layout
from src.record.lines import read_lines
from src.runs import Sample, read_run
from src.tasks.build import read_rows
from src.tasks.row import Row

SOLVERS_APART = ("majority", "random", "oracle", "noise_floor")  # no shortcuts


def rows_of(run: Path, task: str) -> list[Row]:
    """The test rows of a task."""
    return [row for row in read_rows(Layout(run).data / "test.parquet") if row.source == task]


def seed_of(run: Path) -> int:
    return read_run(run).record["seeds"]["seed"]


def mean_error(answer: list[float], truth: list[float]) -> float:
    return statistics.fmean(abs(x - y) for x, y in zip(answer, truth, strict=True))


def shortcut_values(rows: list[Row], forecast: bool) -> dict[str, list[float]]:
    """Of each shortcut solver, right (1) or wrong (0) per question, or the mean absolute error."""
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for name, answer in row.info["shortcuts"].items():
            if name not in SOLVERS_APART:
                found[name].append(mean_error(answer, row.truth) if forecast else float(answer == row.truth))
    return found


def squared_error(metric: dict[str, Any]) -> float:
    """The squared standard error of a metric, from its 95 % bootstrap interval over questions."""
    low, high = metric["interval"]
    return ((high - low) / (2 * 1.96)) ** 2


def with_error(difference: float, squared: float) -> str:
    return f"{difference:+.3f} ({2 * squared**0.5:.3f})"


def table(runs: list[Path]) -> None:
    print("| task | seed | success SFT | RL | SFT | RL | RL - SFT (2 SE) | best shortcut | RL better by (2 SE) |")
    print("|---|---|---|---|---|---|---|---|---|")
    results = {run: read_run(run).evaluation for run in runs}
    tasks = [task for task in results[runs[0]]["rl"]["groups"] if not task.endswith("-ood")]
    for task in tasks:
        for run in runs:
            sft, rl = (results[run][stage]["groups"][task]["metrics"] for stage in ("sft", "rl"))
            forecast = "mae_all" in rl
            kind, sign = ("mae_all", -1) if forecast else ("acc_all", 1)
            group = results[run]["rl"]["groups"][task]
            # Of the questions that the model was asked, which may be some of the file's.
            beside = {name: one[kind]["value"] for name, one in group["baselines"].items()}
            solved_by = {name: value for name, value in beside.items() if name not in SOLVERS_APART}
            best = max(solved_by, key=lambda name: sign * solved_by[name])
            solved = solved_by[best]
            spread = statistics.variance(shortcut_values(rows_of(run, task), forecast)[best])
            scatter = spread / group["questions"]
            before, after = sft[kind]["value"], rl[kind]["value"]
            gain = with_error(sign * (after - before), squared_error(sft[kind]) + squared_error(rl[kind]))
            lead = with_error(sign * (after - solved), squared_error(rl[kind]) + scatter)
            print(
                f"| {task} | {seed_of(run)} | {sft['success']['value']:.1%} | {rl['success']['value']:.1%} "
                f"| {before:.3f} | {after:.3f} | {gain} | {best} {solved:.3f} | {lead} |"
            )
    for task in (task for task in tasks if "mae_all" in results[runs[0]]["rl"]["groups"][task]["metrics"]):
        for run in runs:
            after_sft, after_rl = (results[run][stage]["groups"][task] for stage in ("sft", "rl"))
            errors = ", ".join(f"{name} {one['mae_all']['value']:.3f}" for name, one in after_rl["baselines"].items())
            skill = [one["metrics"]["skill"]["value"] for one in (after_sft, after_rl)]
            print(
                f"\n{run.name}, {task}: skill {skill[0]:.3f} after SFT, {skill[1]:.3f} after RL; MAE of {errors}",
                end="",
            )
    print("\n")
    for run in runs:
        groups = results[run]["rl"]["groups"]
        outside = {task: groups[f"{task}-ood"]["metrics"] for task in tasks if f"{task}-ood" in groups}
        figures = ", ".join(
            f"{task} {metrics.get('acc_all', metrics.get('mae_all'))['value']:.3f} "
            f"({metrics['success']['value']:.0%} readable)"
            for task, metrics in outside.items()
        )
        print(f"{run.name}, out of distribution after RL: {figures}")


def held_out_answers(run: Path, step: int) -> list[Sample]:
    """The answers of the validation split at a step."""
    return [sample for sample in read_run(run).samples("rl", step) if sample.split == "val"]


def held_out(run: Path, step: int) -> dict[tuple[str, int], float]:
    """The mean reward of each held-out question at a step, by task and question."""
    scores: dict[tuple[str, int], list[float]] = defaultdict(list)
    for sample in held_out_answers(run, step):
        scores[sample.dataset, sample.index].append(sample.score)
    return {question: statistics.fmean(values) for question, values in scores.items()}


def conclusions(runs: list[Path]) -> None:
    """Of causality, how often the reasoning ends with the right option's text, and how often the letter is right."""
    print()
    for run in runs:
        step = max(file.step for file in read_run(run).sample_files("rl"))
        answers = [one for one in held_out_answers(run, step) if one.dataset == "causality"]
        concluded = lettered = 0
        for one in answers:
            options = dict(re.findall(r"^([A-C])\. (.*)$", one.prompt, re.MULTILINE))
            concluded += f": {options[one.ground_truth]}.</think>" in one.response
            lettered += f"<answer>{one.ground_truth}</answer>" in one.response
        print(f"{run.name}, causality: conclusion right in {concluded}, letter in {lettered} of {len(answers)}")


def rewards(runs: list[Path]) -> None:
    gains: dict[str, list[float]] = defaultdict(list)
    print(
        "\n| seed | held-out reward before RL | after | difference (2 SE) | training reward, first and last quarter |"
    )
    print("|---|---|---|---|---|")
    for run in runs:
        lines = read_lines(Layout(run).metrics_file)
        steps = [line for line in lines if line["stage"] == "rl"]
        curve = [line["reward/mean"] for line in steps if "reward/mean" in line]
        quarter = len(curve) // 4
        before, after = held_out(run, 0), held_out(run, steps[-1]["step"])
        changes = {question: after[question] - before[question] for question in before}
        for (task, _), change in changes.items():
            gains[task].append(change)
            gains["all"].append(change)
        scatter = statistics.variance(changes.values()) / len(changes)
        print(
            f"| {seed_of(run)} | {statistics.fmean(before.values()):.3f} "
            f"| {statistics.fmean(after.values()):.3f} | {with_error(statistics.fmean(changes.values()), scatter)} "
            f"| {statistics.fmean(curve[:quarter]):.3f}, {statistics.fmean(curve[-quarter:]):.3f} |"
        )
    parts = [
        f"{task} {with_error(statistics.fmean(some), statistics.variance(some) / len(some))}"
        for task, some in gains.items()
    ]
    print(f"\nall seeds, held-out reward after RL less before (2 SE): {', '.join(parts)}")


def main() -> None:
    runs = [Path(argument) for argument in sys.argv[1:]]
    table(runs)
    rewards(runs)
    conclusions(runs)


if __name__ == "__main__":
    main()
