"""Writes what happens in a stage to the run's folder: metrics, samples, and what it is doing now."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from src.record.run import append_line, read_lines, write_phase, write_whole
from src.tasks.forecast.held_out import Scored
from src.training.sampled import Sampled


class Recorder:
    """One stage's record.

    Args:
        run: the run's folder.
        stage: the stage's name.
        scorer: scores held-out answers; see ``src.tasks.forecast.held_out.score``.
        samples: rollouts kept per step.
        limit: tokens that an answer may have, ``data.max_response_length``.
    """

    def __init__(self, run: Path, stage: str, scorer: Callable[..., Scored], samples: int, limit: int) -> None:
        self.run = run
        self.stage = stage
        self.scorer = scorer
        self.samples = samples
        self.limit = limit

    def phase(self, what: str) -> None:
        """Say what the stage is doing; the launcher shows it, and takes a changing file for a sign of life."""
        write_phase(self.run, self.stage, what)

    def write(self, step: int, metrics: dict[str, Any]) -> None:
        """Append one line to ``metrics.jsonl``."""
        append_line(self.run / "metrics.jsonl", {"stage": self.stage, "step": step, "time": time.time(), **metrics})

    def rollout_metrics(self, sampled: Sampled) -> dict[str, float]:
        """Metrics over all rollouts of a step, the dropped ones included; again per task where rows name one."""
        metrics = {
            "reward/mean": float(sampled.rewards.mean()),
            "reward/std": float(sampled.rewards.std()),
            "select/kept_frac": float(sampled.kept.mean()),
            "groups/zero_std_frac": zero_std_share(sampled.rewards, sampled.groups),
            "response_length/limit_frac": self._cut_off(sampled.lengths),
        }
        if sampled.kept.any():
            metrics["select/kept_reward/mean"] = float(sampled.rewards[sampled.kept].mean())
            metrics["select/weight/max"] = float(sampled.weights.max())
        metrics |= _term_metrics(sampled.terms, sampled.rows)
        by_task: dict[str, list[int]] = defaultdict(list)
        for place, row in enumerate(sampled.rows):
            if task := row["extra_info"].get("task"):
                by_task[str(task)].append(place)
        for task, places in by_task.items():
            own = _term_metrics([sampled.terms[place] for place in places], [sampled.rows[place] for place in places])
            own |= {
                "reward/mean": float(sampled.rewards[places].mean()),
                "reward/std": float(sampled.rewards[places].std()),
                "response_length/limit_frac": self._cut_off(sampled.lengths[places]),
            }
            metrics |= {f"{task}/{name}": value for name, value in own.items()}
        return metrics

    def validation(
        self, sampled: Sequence[Sampled], responses: Sequence[str], prompts: Sequence[str], step: int
    ) -> dict[str, float]:
        """Score held-out answers and keep all of them; returns the metrics for the step's line."""
        rows = [row for batch in sampled for row in batch.rows]
        rewards = np.concatenate([batch.rewards for batch in sampled])
        terms = [one for batch in sampled for one in batch.terms]
        scored = self.scorer(rows, responses)
        by_dataset: dict[str, list[float]] = defaultdict(list)
        for row, reward in zip(rows, rewards, strict=True):
            by_dataset[row["data_source"]].append(float(reward))
        metrics = {f"val/{dataset}/reward": float(np.mean(values)) for dataset, values in by_dataset.items()}
        metrics["response_length/val_limit_frac"] = self._cut_off(np.concatenate([batch.lengths for batch in sampled]))
        self._write_samples(step, "val", rows, prompts, responses, rewards, terms, scored.predictions)
        return metrics | scored.metrics

    def _cut_off(self, lengths: np.ndarray) -> float:
        """Share of answers that are as long as they may be: generation ended there.

        veRL's ``response_length/clip_ratio`` is the share as long as the longest answer of its batch.
        """
        return float((lengths >= self.limit).mean())

    def training_samples(
        self, step: int, sampled: Sampled, texts: Callable[[list[str]], tuple[list[str], list[str]]]
    ) -> None:
        """Keep some of the step's rollouts: the first prompts' best and worst, kept and dropped."""
        chosen = spread(sampled.rewards, self.samples)
        prompts, responses = texts([sampled.keys[row] for row in chosen])
        rows = [sampled.rows[row] for row in chosen]
        predictions = self.scorer(rows, responses).predictions if rows else []
        terms = [sampled.terms[row] for row in chosen]
        self._write_samples(
            step, "train", rows, prompts, responses, sampled.rewards[chosen], terms, predictions, sampled.kept[chosen]
        )

    def _write_samples(
        self,
        step: int,
        split: str,
        rows: Sequence[dict],
        prompts: Sequence[str],
        responses: Sequence[str],
        rewards: np.ndarray,
        terms: Sequence[dict],
        predictions: Sequence[Any],
        kept: np.ndarray | None = None,
    ) -> None:
        """Write the samples of one split of a step behind those of the other split.

        A validation may have ended between its samples and its line of metrics: when it is repeated, so are they.
        """
        path = self.run / "samples" / f"{self.stage}_{step}.jsonl"
        earlier = read_lines(path)
        others = [line for line in earlier if line["split"] != split]
        if len(others) < len(earlier):
            write_whole(path, "".join(json.dumps(line) + "\n" for line in others).encode())
        for position in range(len(rows)):
            info = rows[position]["extra_info"]
            append_line(
                path,
                {
                    "stage": self.stage,
                    "step": step,
                    "split": split,
                    "dataset": rows[position]["data_source"],
                    "channel": info.get("channel"),
                    "index": info.get("index"),
                    "prompt": prompts[position],
                    "response": responses[position],
                    "score": float(rewards[position]),
                    "terms": terms[position],
                    "history": _list(info.get("history")),
                    "ground_truth": _list(rows[position]["ground_truth"]),
                    "prediction": predictions[position],
                    "valid": predictions[position] is not None,
                    "kept": True if kept is None else bool(kept[position]),
                },
            )


def _list(values: Any) -> Any:
    """Numbers as a list, also where tasks with other kinds of truth are mixed and the column is JSON text."""
    if isinstance(values, str) and values.startswith("["):
        return json.loads(values)
    return values.tolist() if isinstance(values, np.ndarray) else values


def _term_metrics(terms: Sequence[dict[str, float]], rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Mean and spread of each reward term, over the rollouts whose row does not rule it out.

    All rollouts have the same keys. Where a row's ``extra_info`` has ``terms``, these are the ones that its kind of
    answer can earn; the others are zero in it and say nothing.
    """
    values: dict[str, list[float]] = defaultdict(list)
    for one, row in zip(terms, rows, strict=True):
        possible = row["extra_info"].get("terms")
        for name, value in one.items():
            if possible is None or name == "valid" or name in possible:
                values[name].append(value)
    metrics = {}
    if valid := values.pop("valid", None):
        metrics["parse/valid_frac"] = float(np.mean(valid))
    for name, found in values.items():
        metrics[f"reward/{name}/mean"] = float(np.mean(found))
        metrics[f"reward/{name}/std"] = float(np.std(found))
    return metrics


def zero_std_share(rewards: np.ndarray, groups: Sequence[str]) -> float:
    """Share of the prompts whose rollouts all have the same reward: they teach nothing."""
    by_group: dict[str, list[float]] = defaultdict(list)
    for group, reward in zip(groups, rewards, strict=True):
        by_group[group].append(reward)
    return float(np.mean([max(values) == min(values) for values in by_group.values()]))


def spread(rewards: np.ndarray, count: int) -> np.ndarray:
    """Positions of ``count`` rollouts spread evenly over the ranks of the reward, the best and the worst included."""
    order = np.argsort(rewards, kind="stable")
    return order[np.unique(np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int))]
