"""Writes what happens in a stage to the run's folder: metrics, samples, and what it is doing now."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from src.record.layout import Layout
from src.record.lines import append_line
from src.record.phase import write_phase
from src.record.samples import Sample, write_samples
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
        append_line(Layout(self.run).metrics_file, {"stage": self.stage, "step": step, "time": time.time(), **metrics})

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
        held_out = [
            _sample(self.stage, step, "val", *columns)
            for columns in zip(rows, prompts, responses, rewards, terms, scored.predictions, strict=True)
        ]
        write_samples(self.run, self.stage, step, "val", held_out)
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
        columns = zip(rows, prompts, responses, sampled.rewards[chosen], predictions, chosen, strict=True)
        written = [
            replace(
                _sample(self.stage, step, "train", row, prompt, response, reward, sampled.terms[place], prediction),
                kept=bool(sampled.kept[place]),
                weight=float(sampled.weights[place]),
            )
            for row, prompt, response, reward, prediction, place in columns
        ]
        write_samples(self.run, self.stage, step, "train", written)


def _sample(
    stage: str,
    step: int,
    split: str,
    row: dict[str, Any],
    prompt: str,
    response: str,
    reward: float,
    terms: dict[str, float],
    prediction: Any,
) -> Sample:
    info = row["extra_info"]
    return Sample(
        stage=stage,
        step=step,
        split=split,
        dataset=row["data_source"],
        task=info.get("task"),
        channel=info.get("channel"),
        index=info.get("index"),
        prompt=prompt,
        response=response,
        score=float(reward),
        terms=terms,
        history=_list(info.get("history")),
        ground_truth=_list(row["ground_truth"]),
        prediction=prediction,
        valid=prediction is not None,
        kept=True,
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
