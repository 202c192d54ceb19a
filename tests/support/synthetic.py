"""Write a synthetic run folder that looks like a real training: curves, samples, baselines, run.json."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Terms = Mapping[str, tuple[float, float]]  # of each term of a reward, its mean at the start and at the end
TERMS = {
    "format": (-0.35, -0.01),
    "length": (0.06, 0.1),
    "mse": (0.18, 0.41),
    "seasonal": (0.015, 0.035),
    "trend": (0.05, 0.11),
    "structural": (0.04, 0.09),
}
BASELINES = {
    "last_value": (26.0, 2.396),
    "last_day": (10.98, 1.59),
    "window_mean": (18.14, 2.38),
    "daily_profile": (6.98, 1.318),
}
# A second kind of question, of a stage that trains another thing.
CHOICE = {"format": (0.05, 0.1), "accuracy": (0.2, 0.7)}
PHASES = {
    "gen": 14.0,
    "old_log_prob": 2.1,
    "ref": 2.0,
    "adv": 0.3,
    "update_actor": 7.5,
    "update_weights": 1.2,
}
LENGTH, HORIZON = 96, 24


def write_run(
    folder: Path,
    *,
    steps: int = 80,
    extra_metrics: int = 0,
    validate_every: int = 10,
    per_step: int = 16,
    torn: bool = False,
    dataset: str = "etth1",
    final_mse: float = 5.88,
    stages: tuple[str, ...] = ("rl",),
    warm_up: str = "sft",
    terms: Mapping[str, Terms] | None = None,
    datasets: Mapping[str, str] | None = None,
    tasks: tuple[str, ...] = (),
) -> Path:
    """Write a run of 30 SFT steps (``warm_up``) and ``steps`` RL steps in each of ``stages`` into ``folder``.

    Args:
        extra_metrics: adds that many metrics that no panel knows.
        torn: cuts the last line of metrics.jsonl.
        final_mse: the held-out MSE that the run ends at.
        terms, datasets: those of single stages, by name, where a stage has its own.
        tasks: are mixed, with metrics of their own.

    Returns:
        The folder.
    """
    rng = np.random.default_rng(7)
    (folder / "samples").mkdir(parents=True)
    rows = _sft_rows(rng, warm_up)
    own_terms, own_data = terms or {}, datasets or {}
    for place, stage in enumerate(stages):
        for step in range(steps + 1):
            row = _rl_row(
                rng,
                step,
                steps,
                extra_metrics,
                validate_every,
                own_data.get(stage, dataset),
                final_mse,
                own_terms.get(stage, TERMS),
            )
            rows.append(
                row | _task_metrics(rng, step, tasks) | {"stage": stage, "time": row["time"] + 28 * steps * place}
            )
    content = "".join(json.dumps(row) + "\n" for row in rows)
    if torn:
        content += '{"stage": "rl", "step": 999, "reward/me'
    (folder / "metrics.jsonl").write_text(content)
    for stage in stages:
        for step in sorted({0, *range(validate_every, steps + 1, validate_every), steps}):
            _write_samples(rng, folder, stage, step, step / steps, per_step, own_data.get(stage, dataset))
    (folder / "run.json").write_text(json.dumps(_meta(steps, warm_up, stages), indent=1))
    return folder


def _task_metrics(rng: np.random.Generator, step: int, tasks: tuple[str, ...]) -> dict[str, float]:
    metrics = {}
    for task in tasks if step else ():
        metrics |= {f"{task}/reward/mean": 0.5 + 0.1 * rng.normal(), f"{task}/reward/std": 0.2}
        metrics |= {f"{task}/parse/valid_frac": 0.9, f"{task}/groups/zero_std_frac": 0.1}
        for term in ("format", "accuracy"):
            metrics |= {f"{task}/reward/{term}/mean": 0.25 + 0.05 * rng.normal(), f"{task}/reward/{term}/std": 0.1}
    return metrics


def _meta(steps: int, warm_up: str, names: tuple[str, ...]) -> dict[str, Any]:
    stages = [
        {
            "name": warm_up,
            "trainer": "sft",
            "state": "done",
            "checkpoint": f"checkpoints/{warm_up}/step_30",
            "seconds": 74.2,
        },
        *(
            {
                "name": name,
                "trainer": "ppo",
                "state": "done",
                "checkpoint": f"checkpoints/{name}/step_{steps}",
                "seconds": 2312.0,
            }
            for name in names
        ),
    ]
    return {
        "recipe": "time_r1",
        "run": "demo-7",
        "command": "python -m src.launch +recipe=time_r1 seed=7",
        "git": {"commit": "4f1c2a9be01d", "dirty": True},
        "versions": {
            "python": "3.11.9",
            "verl": "0.9.1",
            "torch": "2.13.0",
            "vllm": "0.22.0",
            "ray": "2.58.0",
        },
        "seeds": {"run": 7, "data": 1},
        "fingerprint": "a41f09c2",
        "created": "2026-03-02 14:20:11",
        "stages": stages,
        "wandb_id": "h2k9x1",
        "config": {"logging": {"project": "time-series-reasoning"}, "launch": {"stall_timeout_s": 900}},
        "hardware": {"cpu": "2 cores", "memory": "24 GiB", "gpu": "none"},
    }


def _sft_rows(rng: np.random.Generator, stage: str) -> list[dict[str, Any]]:
    rows = []
    for step in range(1, 31):
        loss = 0.35 + 3.2 * math.exp(-step / 6) + 0.03 * rng.normal()
        row = {
            "stage": stage,
            "step": step,
            "time": 1.7e9 + 2 * step,
            "train/loss": loss,
            "train/grad_norm": 0.6 + 4 * math.exp(-step / 5),
            "train/lr": 5e-5 * (1 - step / 31),
            "timing_s/step": 2.0 + 0.01 * step,
            "train/mfu": 0.0,  # of a CPU
        }
        if step % 10 == 0:
            row["val/loss"] = loss + 0.05
        rows.append(row)
    return rows


def _rl_row(
    rng: np.random.Generator,
    step: int,
    steps: int,
    extra: int,
    every: int,
    dataset: str,
    final_mse: float,
    terms: Terms,
) -> dict[str, Any]:
    done = step / steps
    rise = 1 - math.exp(-3 * done)
    row: dict[str, Any] = {"stage": "rl", "step": step, "time": 1.7e9 + 100 + 28 * step}
    if step == 0 or step % every == 0 or step == steps:
        fail = 0.19 * (1 - rise) + 0.01
        mse = final_mse + (7.4 * math.exp(-4 * done) if step < steps else 0.0)
        row |= {
            f"val/{dataset}/mse": mse,
            f"val/{dataset}/mae": 0.52 * math.sqrt(mse),
            f"val/{dataset}/fail_frac": fail if step < steps else 0.02,
            f"val/{dataset}/reward": 0.05 + 0.6 * rise,
        }
        for name, (squared, absolute) in BASELINES.items():
            row[f"val/{dataset}/baseline/{name}/mse"] = squared
            row[f"val/{dataset}/baseline/{name}/mae"] = absolute
    if step == 0:
        return row
    total = 0.0
    for term, (low, high) in terms.items():
        value = low + (high - low) * rise + 0.015 * rng.normal()
        row |= {f"reward/{term}/mean": value, f"reward/{term}/std": 0.05 + 0.02 * rng.random()}
        total += value
    row |= {
        "reward/mean": total,
        "reward/std": 0.28 - 0.12 * rise + 0.02 * rng.random(),
        "parse/valid_frac": min(1.0, 0.8 + 0.19 * rise + 0.01 * rng.normal()),
        "groups/zero_std_frac": max(0.0, 0.02 + 0.05 * done + 0.01 * rng.normal()),
        "select/kept_frac": 1 / 3,
        "actor/kl_loss": 0.002 + 0.03 * done + 0.001 * rng.random(),
        "actor/entropy": 0.9 - 0.45 * rise + 0.02 * rng.normal(),
        "actor/pg_clipfrac": 0.002 + 0.004 * rng.random(),
        "actor/grad_norm": 0.4 + 0.2 * rng.random(),
        "actor/lr": 1e-6,
        "response_length/mean": 210 + 60 * rise + 6 * rng.normal(),
        "response_length/limit_frac": 0.08 * (1 - rise),
        "response_length/clip_ratio": 1.0,
        "logprob_gap/mean": 0.012 + 0.002 * rng.random(),
        "logprob_gap/max": 0.4 + 0.3 * rng.random(),
        "perf/throughput": 830 + 40 * rng.normal(),
    }
    phases = {phase: seconds * (1 + 0.06 * rng.normal()) for phase, seconds in PHASES.items()}
    row |= {f"timing_s/{phase}": seconds for phase, seconds in phases.items()}
    row["timing_s/step"] = sum(phases.values()) + 0.8
    row |= {f"extra/metric_{number}": float(rng.normal()) for number in range(extra)}
    return row


def _write_samples(
    rng: np.random.Generator, folder: Path, stage: str, step: int, done: float, count: int, dataset: str
) -> None:
    lines = []
    for number in range(count):
        window = number // 8
        hours = np.arange(LENGTH + HORIZON) + 24 * window
        series = 11 + 3 * np.sin(2 * np.pi * hours / 24) + 0.6 * np.random.default_rng(window).normal(size=len(hours))
        truth = series[LENGTH:]
        noise = (2.6 - 1.9 * done) * (0.5 + rng.random())
        forecast = 0.6 * truth + 0.4 * truth.mean() + noise * rng.normal(size=HORIZON)
        valid = bool(rng.random() < 0.8 + 0.18 * done)
        score = float(np.clip(0.75 - 0.12 * np.mean((forecast - truth) ** 2), -1, 0.9)) if valid else -0.95
        lines.append(
            {
                "stage": stage,
                "step": step,
                "dataset": dataset,
                "channel": "HUFL",
                "split": "val" if number < count // 2 else "train",
                "prompt": _prompt(series[:LENGTH]),
                "response": _response(forecast, valid),
                "score": score,
                "terms": {
                    "format": 0.0 if valid else -1.0,
                    "length": 0.1 if valid else 0.05,
                    "mse": max(0.0, score - 0.3) if valid else 0.0,
                    "seasonal": 0.03 * valid,
                    "trend": 0.08 * valid,
                    "structural": 0.07 * valid,
                },
                "history": [round(float(value), 3) for value in series[:LENGTH]],
                "ground_truth": [round(float(value), 3) for value in truth],
                "prediction": [round(float(value), 3) for value in forecast] if valid else None,
                "valid": valid,
                "kept": number % 3 == 0,
            }
        )
    path = folder / "samples" / f"{stage}_{step}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def _prompt(history: np.ndarray) -> str:
    rows = "\n".join(f"2016-07-{1 + hour // 24:02d} {hour % 24:02d}:00:00 {v:.3f}" for hour, v in enumerate(history))
    return f"Here is the High Useful Load of a transformer.\n\n```\ndate HUFL\n{rows}\n```\n\nForecast 24 hours."


def _response(forecast: np.ndarray, valid: bool) -> str:
    thought = (
        "The level over the last four days stays near 11 without a clear trend. Every day rises to a peak in "
        "the early morning and falls to a low in the evening; the swing is about six units.\n\n"
        "Method: take the mean of the four days hour by hour, then shift it to the level of the last day. "
        "The first hours follow the last observed values more closely."
    )
    rows = "\n".join(f"2016-07-05 {hour:02d}:00:00 {value:.3f}" for hour, value in enumerate(forecast))
    answer = f"<think>\n{thought}\n</think>\n<answer>\n```\n{rows}\n```\n</answer>"
    return answer if valid else answer[: len(answer) // 2]
