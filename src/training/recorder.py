"""Writes what happens in a stage to the run's folder: metrics, samples, and what it is doing now."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from src.algorithms.advantages import rows_of_groups
from src.algorithms.rollouts import Rollouts, session_number
from src.record.layout import Layout
from src.record.lines import append_line
from src.record.phase import write_phase
from src.record.samples import Sample, write_samples
from src.tasks.row import Row
from src.tasks.task import Answer, Task
from src.training.judged import judge_metrics, words

Texts = tuple[list[str], list[str]]  # prompts and responses


class Recorder:
    """One stage's record.

    Args:
        run: the run's folder.
        stage: the stage's name.
        task: reads and scores answers.
        samples: rollouts kept per step.
        limit: tokens that an answer may have, ``data.max_response_length``.
    """

    def __init__(self, run: Path, stage: str, task: Task, samples: int, limit: int) -> None:
        self.run = run
        self.stage = stage
        self.task = task
        self.samples = samples
        self.limit = limit

    def phase(self, what: str) -> None:
        """Say what the stage is doing; the launcher shows it, and takes a changing file for a sign of life."""
        write_phase(self.run, self.stage, what)

    def write(self, step: int, metrics: dict[str, Any]) -> None:
        """Append one line to ``metrics.jsonl``."""
        append_line(Layout(self.run).metrics_file, {"stage": self.stage, "step": step, "time": time.time(), **metrics})

    def rollout_metrics(self, sampled: Rollouts) -> dict[str, float]:
        """Metrics over all rollouts of a step, the dropped ones included.

        They count sessions, each by its last row. Where rows name a task they are given again for each, and where rows
        have more than one role for each role, over its rows.
        """
        sessions = sampled.take(sampled.last_rows())
        metrics = {
            "select/kept_frac": float(sessions.kept.mean()),
            "groups/zero_std_frac": zero_std_share(sessions.rewards, sessions.groups),
        }
        if sessions.kept.any():
            metrics["select/kept_reward/mean"] = float(sessions.rewards[sessions.kept].mean())
            metrics["select/weight/max"] = float(sessions.weights.max())
        metrics |= self._reward_metrics(sessions) | judge_metrics([sessions])
        metrics["response_length/limit_frac"] = self._cut_off(sampled.lengths)  # each row could have been
        for task, places in rows_of_groups([row.task for row in sessions.rows]).items():
            if task:
                metrics |= self._reward_metrics(sessions.take(places), f"{task}/")
        by_role = rows_of_groups(sampled.roles)
        if len(by_role) > 1:
            for role, places in by_role.items():
                metrics |= self._reward_metrics(sampled.take(places), f"{role}/")
        return metrics

    def _reward_metrics(self, rollouts: Rollouts, prefix: str = "") -> dict[str, float]:
        metrics = {
            "reward/mean": float(rollouts.rewards.mean()),
            "reward/std": float(rollouts.rewards.std()),
            "response_length/limit_frac": self._cut_off(rollouts.lengths),
            **_term_metrics(rollouts.terms, rollouts.rows),
        }
        return {f"{prefix}{name}": value for name, value in metrics.items()}

    def validation(
        self, sampled: Sequence[Rollouts], responses: Sequence[str], prompts: Sequence[str], step: int
    ) -> dict[str, float]:
        """Score held-out answers and keep all of them; returns the metrics for the step's line."""
        rows = [row for batch in sampled for row in batch.rows]
        rewards = np.concatenate([batch.rewards for batch in sampled])
        answers = [self.task.read(row, response) for row, response in zip(rows, responses, strict=True)]
        by_dataset: dict[str, list[float]] = defaultdict(list)
        for row, reward in zip(rows, rewards, strict=True):
            by_dataset[row.source].append(float(reward))
        metrics = {f"val/{dataset}/reward": float(np.mean(values)) for dataset, values in by_dataset.items()}
        metrics["response_length/val_limit_frac"] = self._cut_off(np.concatenate([batch.lengths for batch in sampled]))
        places = [(batch, place) for batch in sampled for place in range(len(batch.keys))]
        metrics |= judge_metrics(sampled, "val_")
        held_out = [
            replace(self._sample(step, "val", *where, prompt, response, answer), metrics=self.task.judge(row, answer))
            for where, row, prompt, response, answer in zip(places, rows, prompts, responses, answers, strict=True)
        ]
        items = self.task.items(rows)
        held_out = [replace(one, item=item) for one, item in zip(held_out, items, strict=True)]
        write_samples(self.run, self.stage, step, "val", held_out)
        return metrics | dict(self.task.score(rows, answers).held_out())

    def _cut_off(self, lengths: np.ndarray) -> float:
        """Share of answers that are as long as they may be: generation ended there.

        veRL's ``response_length/clip_ratio`` is the share as long as the longest answer of its batch.
        """
        return float((lengths >= self.limit).mean())

    def training_samples(self, step: int, sampled: Rollouts, texts: Callable[[list[str]], Texts]) -> None:
        """Keep some of the step's sessions, with all of their rows: the best and the worst, kept and dropped."""
        ends = sampled.last_rows()
        sessions = [sampled.sessions[ends[place]] for place in spread(sampled.rewards[ends], self.samples)]
        rows_of = rows_of_groups(sampled.sessions)
        chosen = [place for session in sessions for place in rows_of[session]]
        prompts, responses = texts([sampled.keys[place] for place in chosen])
        picked = sampled.take(chosen)
        answers = [
            # The last row answers for its session.
            self.task.read(row, response) if place in ends else None
            for place, row, response in zip(chosen, picked.rows, responses, strict=True)
        ]
        written = [
            replace(
                self._sample(step, "train", picked, place, *said),
                kept=bool(picked.kept[place]),
                weight=float(picked.weights[place]),
            )
            for place, said in enumerate(zip(prompts, responses, answers, strict=True))
        ]
        write_samples(self.run, self.stage, step, "train", written)

    def _sample(
        self, step: int, split: str, rollouts: Rollouts, place: int, prompt: str, response: str, answer: Answer | None
    ) -> Sample:
        row, role = rollouts.rows[place], rollouts.roles[place]
        prediction = answer.value if answer is not None else None
        return Sample(
            stage=self.stage,
            step=step,
            split=split,
            dataset=row.source,
            task=row.task or None,
            channel=row.info.get("channel"),
            index=row.index,
            session=session_number(rollouts.sessions[place]),
            role=role or None,
            turn=int(rollouts.turns[place]) if role else None,
            prompt=prompt,
            response=response,
            score=float(rollouts.rewards[place]),
            terms=rollouts.terms[place],
            history=row.info.get("history"),
            ground_truth=row.truth,
            prediction=prediction,
            valid=prediction is not None,
            kept=True,
            more=words(rollouts, place),
        )


def _term_metrics(terms: Sequence[dict[str, float]], rows: Sequence[Row]) -> dict[str, float]:
    """Mean and spread of each reward term, over the rollouts whose row does not rule it out.

    All rollouts have the same keys. Where a row's ``info`` has ``terms``, these are the ones that its kind of
    answer can earn; the others are zero in it and say nothing.
    """
    values: dict[str, list[float]] = defaultdict(list)
    for one, row in zip(terms, rows, strict=True):
        possible = row.info.get("terms")
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
    by_group = rows_of_groups(groups, len(rewards)).values()
    return float(np.mean([rewards[rows].max() == rewards[rows].min() for rows in by_group]))


def spread(rewards: np.ndarray, count: int) -> np.ndarray:
    """Positions of ``count`` rollouts spread evenly over the ranks of the reward, the best and the worst included."""
    order = np.argsort(rewards, kind="stable")
    return order[np.unique(np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int))]
