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
from src.tasks.task import Answer, Task
from src.training.judged import judge_metrics, words
from src.training.rollout_metrics import cut_off, rollout_metrics

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
        """Metrics over all rollouts of a step, the dropped ones included."""
        return rollout_metrics(sampled, self.limit)

    def validation(
        self, sampled: Sequence[Rollouts], responses: Sequence[str], prompts: Sequence[str], step: int
    ) -> dict[str, float]:
        """Score held-out answers and keep all of them; returns the metrics for the step's line."""
        rows = [row for batch in sampled for row in batch.rows]
        rewards = np.concatenate([batch.rewards for batch in sampled])
        roles = [role for batch in sampled for role in batch.roles]
        answers = [self.task.read_turn(*one) for one in zip(rows, roles, responses, strict=True)]
        by_dataset: dict[str, list[float]] = defaultdict(list)
        for row, reward in zip(rows, rewards, strict=True):
            by_dataset[row.source].append(float(reward))
        metrics = {f"val/{dataset}/reward": float(np.mean(values)) for dataset, values in by_dataset.items()}
        limited = [cut_off(batch, self.limit) for batch in sampled]
        sizes = [len(batch.keys) for batch in sampled]
        metrics["response_length/val_limit_frac"] = float(np.average(limited, weights=sizes))
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
            self.task.read_turn(row, role, response) if place in ends else None
            for place, row, role, response in zip(chosen, picked.rows, picked.roles, responses, strict=True)
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
        told = rollouts.trajectories[place]
        path = self.task.path(row, told) if told is not None else None
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
            path=path.as_json() if path is not None else None,
            more=words(rollouts, place),
        )


def spread(rewards: np.ndarray, count: int) -> np.ndarray:
    """Positions of ``count`` rollouts spread evenly over the ranks of the reward, the best and the worst included."""
    order = np.argsort(rewards, kind="stable")
    return order[np.unique(np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int))]
