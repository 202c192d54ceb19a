"""Write sweeps and runs with known numbers, as a launcher would have left them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from src.record.sweep import Cell, Sweep
from src.sweeps.naming import cell_name


def write_run(
    folder: Path,
    reward: float = 0.5,
    mse: float = 6.0,
    *,
    seed: int = 1,
    steps: int = 4,
    windows: Sequence[float] = (),
    evaluation: Mapping[str, Any] | None = None,
    torn: bool = False,
    commit: str = "4f1c2a9be01d",
    dataset: str = "etth1",
    overlap: int | None = 1,
    config: Mapping[str, Any] | None = None,
) -> Path:
    """A run of one RL stage that rises to ``reward``.

    Args:
        windows: the reward of the answer to each held-out window of the last step.
        overlap: how many windows in a row are one independent item; None: the record is of before it said so.
        config: more of the run's configuration.
    """
    folder.mkdir(parents=True)
    (folder / "samples").mkdir()
    rng = np.random.default_rng(seed)
    lines = []
    for step in range(steps + 1):
        done = step / steps
        line = {"stage": "rl", "step": step, "time": 1.7e9 + step}
        if step:
            line |= {
                "reward/mean": reward * done + 0.02 * rng.normal(),
                "parse/valid_frac": 0.5 + 0.5 * done,
                "actor/entropy": 2.0 - done,
                "actor/kl_loss": 0.01 * done,
                "response_length/mean": 40 + 10 * done,
                "timing_s/step": 2.0,
            }
        if step % 2 == 0:
            line |= {
                f"val/{dataset}/reward": reward * done,
                f"val/{dataset}/mse": mse + 2.0 * (1 - done),
                f"val/{dataset}/fail_frac": 0.1 * (1 - done),
                f"val/{dataset}/baseline/last_day/mse": 9.0,
            }
        lines.append(line)
    content = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "metrics.jsonl").write_text(content + ('{"stage": "rl", "st' if torn else ""))
    answers = [
        {"split": "val", "dataset": dataset, "channel": "OT", "index": index, "score": score,
         "item": None if overlap is None else index // overlap, "metrics": {"mse": score**2 / 2, "mae": abs(score) / 2}}
        for index, score in enumerate(windows)
    ]  # fmt: skip
    if answers:
        (folder / "samples" / f"rl_{steps}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in answers))
    record = {
        "recipe": "time_r1",
        "run": folder.name,
        "created": f"2026-03-02T14:20:{seed:02d}+0000",
        "git": {"commit": commit, "dirty": False},
        "seeds": {"seed": seed},
        "config": {"seed": seed, "algorithm": {"name": "grpo"}, **(config or {})},
        "stages": [{"name": "rl", "trainer": "ppo", "state": "done", "seconds": 61.0}],
    }
    (folder / "run.json").write_text(json.dumps(record))
    if evaluation:
        (folder / "evaluation.json").write_text(json.dumps(evaluation))
    return folder


def write_sweep(
    folder: Path, rewards: Mapping[str, Sequence[float | None]], key: str = "algorithm", **options: Any
) -> Path:
    """A sweep over ``key`` with seeds 1, 2, ...

    Args:
        rewards: value of the key -> final held-out reward of each seed; None for a cell that failed.
        options: of ``write_run``; ``windows`` may be a function of (value, seed), and ``dataset`` and ``config`` of
            (value).
    """
    sweep = Sweep(folder, folder.name, "python -m src.launch -m +recipe=time_r1", "2026-03-02T14:20:11+0000")
    folder.mkdir(parents=True)
    windows = options.pop("windows", None)
    of_value = {name: options.pop(name) for name in ("dataset", "config") if callable(options.get(name))}
    for algorithm, finals in rewards.items():
        for seed, reward in enumerate(finals, start=1):
            settings = {key: algorithm, "seed": str(seed)}
            name = cell_name(settings)
            cell = Cell(name, settings, [f"{k}={v}" for k, v in settings.items()], f"time_r1/{name}", attempts=1)
            if reward is None:
                cell.state, cell.error, cell.seconds = "failed", "stage rl failed: out of memory", 12.0
            else:
                answers = windows(algorithm, seed) if windows else ()
                own = {name: function(algorithm) for name, function in of_value.items()}
                run = write_run(
                    folder / cell.run, reward, 10 * (1 - reward), seed=seed, windows=answers, **options, **own
                )
                (run / "report.html").write_text("<p>")
                cell.state, cell.metric, cell.seconds = "done", reward, 61.0
            sweep.cells.append(cell)
    sweep.save()
    return folder
