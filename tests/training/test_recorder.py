"""What a step's record holds, by hand."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_task import SETTINGS, Sums

from src.algorithms.rollouts import Rollouts
from src.tasks.path import Path as Way
from src.tasks.row import Row
from src.tasks.scores import Group, Metric, Scores
from src.tasks.task import Answer
from src.training.recorder import Recorder, Texts, spread

TERMS = [
    {"format": 0.0, "mse": 0.5, "valid": 1.0},
    {"format": -1.0, "mse": 0.25, "valid": 0.0},
    {"format": 0.0, "mse": 0.0, "valid": 1.0},
    {"format": 0.0, "mse": 0.25, "valid": 1.0},
]


def _row(number: int, source: str = "demand", **changes: Any) -> Row:
    info = {"channel": "load", "history": [0.5, float(number)], "period": 2}
    return replace(Row(source, "", "val", number, [], [1.0, 2.0 + number], info), **changes)


def _sampled(**changes: Any) -> Rollouts:
    """Two prompts with two rollouts each; of the first one is kept, of the second both."""
    values: dict[str, Any] = {
        "keys": ["1x0_0_0", "1x0_1_0", "1x1_0_0", "1x1_1_0"],
        "roles": ["", "", "", ""],
        "turns": np.zeros(4, dtype=int),
        "kept": np.array([True, False, True, True]),
        "weights": np.array([1.0, 1.0, 1.5, 0.5]),
        "rewards": np.array([0.5, -0.75, 0.25, 0.25]),
        "lengths": np.array([10.0, 20.0, 30.0, 40.0]),
        "terms": TERMS,
        "rows": [_row(0), _row(0), _row(1), _row(1)],
    }
    return Rollouts(**{**values, **changes})


class Twice(Sums):
    """A response is a number, forecast twice, or no forecast."""

    def read(self, row: Row, response: str) -> Answer:
        return Answer([float(response)] * 2) if response.isdigit() else Answer(None, "no number")

    def path(self, row: Row, trajectory: Mapping[str, Any]) -> Way:
        return Way.through(np.array(row.info["history"]), trajectory["segments"])

    def judge(self, row: Row, answer: Answer) -> dict[str, float]:
        return {"sum": sum(answer.value)} if answer.value else {}

    def score(self, rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
        failed = sum(answer.problem is not None for answer in answers)
        metrics = {"mae": Metric(None), "mse": Metric(float(len(rows)))}
        baselines = {"zero": {"mse": Metric(9.0)}}
        return Scores({"demand": Group("mse", metrics, baselines, len(rows), len(answers), failed)})


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    (tmp_path / "samples").mkdir()
    return Recorder(tmp_path, "rl", Twice(SETTINGS), samples=3, limit=30)


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_rollout_metrics_by_hand(recorder: Recorder) -> None:
    assert recorder.rollout_metrics(_sampled()) == pytest.approx(
        {
            "reward/mean": 0.0625,
            "reward/std": 0.4800716,  # of the population: sqrt(0.9375 / 4 - 0.0625 ** 2)
            "select/kept_frac": 0.75,
            "groups/zero_std_frac": 0.5,
            "response_length/limit_frac": 0.5,  # of 10, 20, 30 and 40 tokens, with a limit of 30
            "select/kept_reward/mean": 1 / 3,
            "select/weight/max": 1.5,
            "parse/valid_frac": 0.75,
            "reward/format/mean": -0.25,
            "reward/format/std": 0.4330127,
            "reward/mse/mean": 0.25,
            "reward/mse/std": 0.1767767,
        },
        abs=1e-6,
    )


def test_each_task_has_its_own_means_over_the_terms_it_can_earn(recorder: Recorder) -> None:
    quiz = _row(0, task="quiz", info={"terms": ["format"]})
    guess = _row(1, task="guess", info={"terms": ["format", "mse"]})
    metrics = recorder.rollout_metrics(_sampled(rows=[quiz, quiz, guess, guess]))
    assert metrics["quiz/reward/mean"] == pytest.approx(-0.125)
    assert metrics["guess/reward/mean"] == pytest.approx(0.25)
    assert metrics["quiz/reward/format/mean"] == pytest.approx(-0.5)
    assert (metrics["quiz/parse/valid_frac"], metrics["guess/parse/valid_frac"]) == (0.5, 1.0)
    assert (metrics["quiz/response_length/limit_frac"], metrics["guess/response_length/limit_frac"]) == (0.0, 1.0)
    assert "quiz/reward/mse/mean" not in metrics
    # The zeros of a task that cannot earn the term are left out of the total, too.
    assert metrics["reward/mse/mean"] == metrics["guess/reward/mse/mean"] == pytest.approx(0.125)
    assert metrics["reward/mean"] == pytest.approx(0.0625)


def test_sessions_are_counted_by_their_last_row_and_roles_by_all_of_theirs(recorder: Recorder) -> None:
    # A session is a controller's row and a reasoner's, which ends it.
    metrics = recorder.rollout_metrics(
        _sampled(
            keys=["1x0_0_0", "1x0_0_1", "1x0_1_0", "1x0_1_1"],
            roles=["controller", "reasoner", "controller", "reasoner"],
            kept=np.array([True, True, False, False]),
            terms=[{"short": 1.0}, {"right": 0.0}, {"short": 0.5}, {"right": 1.0}],
            lengths=np.array([40.0, 10.0, 10.0, 10.0]),
        )
    )
    assert metrics["reward/mean"] == pytest.approx(-0.25)  # of -0.75 and 0.25
    assert metrics["select/kept_frac"] == 0.5 and metrics["groups/zero_std_frac"] == 0.0
    assert metrics["select/kept_reward/mean"] == -0.75
    assert metrics["controller/reward/mean"] == pytest.approx(0.375)  # of 0.5 and 0.25
    assert metrics["reasoner/reward/mean"] == pytest.approx(-0.25)
    assert metrics["controller/reward/short/mean"] == 0.75 and metrics["reasoner/reward/right/mean"] == 0.5
    assert "reasoner/reward/short/mean" not in metrics and "reward/short/mean" not in metrics
    assert "reward/right/mean" not in metrics  # a session may end with either role
    limits = [metrics[f"{of}response_length/limit_frac"] for of in ("", "controller/", "reasoner/")]
    assert limits == [0.25, 0.5, 0.0]


def test_a_truth_of_any_kind_is_kept(recorder: Recorder, tmp_path: Path) -> None:
    rows = [_row(place, truth=truth) for place, truth in enumerate(([1.0, 2.5], "B"))]
    sampled = _sampled(rows=[rows[0], rows[0], rows[1], rows[1]])
    recorder.samples = 4
    recorder.training_samples(3, sampled, lambda keys: (["?"] * len(keys), ["1"] * len(keys)))
    truths = [line["ground_truth"] for line in _lines(tmp_path / "samples" / "rl_3.jsonl")]
    assert sorted(map(str, truths)) == ["B", "B", "[1.0, 2.5]", "[1.0, 2.5]"] and [1.0, 2.5] in truths


def test_a_reward_without_terms_has_only_its_own_metrics(recorder: Recorder) -> None:
    metrics = recorder.rollout_metrics(_sampled(terms=[{}, {}, {}, {}]))
    assert set(metrics) == {
        "reward/mean",
        "reward/std",
        "select/kept_frac",
        "groups/zero_std_frac",
        "response_length/limit_frac",
        "select/kept_reward/mean",
        "select/weight/max",
    }


@pytest.mark.parametrize(
    ("rewards", "count", "chosen"),
    [
        ([0.3, 0.1, 0.5, 0.2, 0.4], 3, [1, 0, 2]),
        ([0.3, 0.1, 0.5, 0.2, 0.4], 2, [1, 2]),
        ([0.3, 0.1], 8, [1, 0]),
        ([0.3, 0.1], 0, []),
        ([0.5, 0.5, 0.5], 3, [0, 1, 2]),
    ],
)
def test_samples_are_spread_over_the_rewards(rewards: list[float], count: int, chosen: list[int]) -> None:
    assert spread(np.array(rewards), count).tolist() == chosen


def test_training_samples_hold_the_best_and_the_worst(recorder: Recorder) -> None:
    asked: list[list[str]] = []

    def texts(keys: list[str]) -> Texts:
        asked.append(keys)
        return [f"prompt of {key}" for key in keys], ["7", "no number", "9"]

    recorder.training_samples(4, _sampled(), texts)
    assert asked == [["1x0_1_0", "1x1_1_0", "1x0_0_0"]]
    lines = _lines(recorder.run / "samples" / "rl_4.jsonl")
    assert [(line["score"], line["kept"], line["valid"], line["prediction"]) for line in lines] == [
        (-0.75, False, True, [7.0, 7.0]),
        (0.25, True, False, None),
        (0.5, True, True, [9.0, 9.0]),
    ]
    assert lines[0] == {
        "stage": "rl",
        "step": 4,
        "split": "train",
        "dataset": "demand",
        "task": None,
        "channel": "load",
        "index": 0,
        "session": 1,
        "role": None,
        "turn": None,
        "prompt": "prompt of 1x0_1_0",
        "response": "7",
        "images": [],
        "score": -0.75,
        "terms": TERMS[1],
        "metrics": {},
        "item": None,
        "history": [0.5, 0.0],
        "ground_truth": [1.0, 2.0],
        "prediction": [7.0, 7.0],
        "valid": True,
        "kept": False,
        "weight": 1.0,
    }


def test_a_sampled_session_is_kept_with_all_of_its_rows(recorder: Recorder) -> None:
    sampled = _sampled(
        keys=["1x0_0_0", "1x0_0_1", "1x0_1_0", "1x0_1_1"],
        roles=["controller", "reasoner", "controller", "reasoner"],
        turns=np.array([1, 0, 1, 0]),
        kept=np.array([True, True, False, False]),
        weights=np.array([0.5, 0.5, 1.0, 1.0]),
    )
    recorder.samples = 1  # the worst session, by the reward of its last row
    recorder.training_samples(2, sampled, lambda keys: (list(keys), ["7"] * len(keys)))
    recorder.samples = 8
    recorder.training_samples(3, sampled, lambda keys: (list(keys), ["7"] * len(keys)))
    worst, all_of_them = (_lines(recorder.run / "samples" / f"rl_{step}.jsonl") for step in (2, 3))
    assert worst == [{**line, "step": 2} for line in all_of_them[:2]]
    columns = ("prompt", "session", "role", "turn", "score", "prediction", "kept", "weight")
    assert [tuple(line[name] for name in columns) for line in all_of_them] == [
        ("1x0_0_0", 0, "controller", 1, 0.5, None, True, 0.5),
        ("1x0_0_1", 0, "reasoner", 0, -0.75, [7.0, 7.0], True, 0.5),
        ("1x0_1_0", 1, "controller", 1, 0.25, None, False, 1.0),
        ("1x0_1_1", 1, "reasoner", 0, 0.25, [7.0, 7.0], False, 1.0),
    ]


def test_a_session_tells_its_way_in_its_last_row(recorder: Recorder) -> None:
    told = {"segments": [[2, 4]]}
    sampled = _sampled(trajectories=[None, told, None, None])
    recorder.samples = 4
    recorder.training_samples(2, sampled, lambda keys: (list(keys), ["7"] * len(keys)))
    lines = {line["prompt"]: line.get("path") for line in _lines(recorder.run / "samples" / "rl_2.jsonl")}
    (path,) = (path for path in lines.values() if path is not None)
    assert path == lines["1x0_1_0"] and path["segments"] == [[2, 4]] and path["values"] == [0.5, 0.0]


def test_validation_scores_every_answer_and_keeps_samples(recorder: Recorder) -> None:
    other = _sampled(
        rows=[_row(5, "wind")] * 4, rewards=np.array([1.0, 0.0, 0.0, 1.0]), lengths=np.array([30.0, 2.0, 3.0, 29.0])
    )
    responses = ["1", "2", "x", "4", "5", "6", "7", "8"]
    metrics = recorder.validation([_sampled(), other], responses, [f"prompt {n}" for n in range(8)], 10)
    assert metrics == {
        "val/demand/reward": 0.0625,
        "val/wind/reward": 0.5,
        "val/demand/mse": 8.0,
        "val/demand/fail_frac": 1 / 8,
        "val/demand/baseline/zero/mse": 9.0,
        "response_length/val_limit_frac": 3 / 8,
    }
    lines = _lines(recorder.run / "samples" / "rl_10.jsonl")
    assert {line["split"] for line in lines} == {"val"}
    assert [(line["prompt"], line["response"], line["score"], line["metrics"]) for line in lines[:3]] == [
        ("prompt 0", "1", 0.5, {"sum": 2.0}),
        ("prompt 1", "2", -0.75, {"sum": 4.0}),
        ("prompt 2", "x", 0.25, {}),
    ]
    assert [line["valid"] for line in lines[:3]] == [True, True, False]


def test_a_steps_line_has_stage_step_and_time_before_its_metrics(recorder: Recorder) -> None:
    recorder.write(3, {"actor/lr": np.float32(0.5), "actor/grad_norm": float("nan"), "reward/mean": 1})
    recorder.write(4, {"reward/mean": float("inf")})
    first, second = _lines(recorder.run / "metrics.jsonl")
    assert list(first)[:3] == ["stage", "step", "time"]
    assert {name: first[name] for name in first if name != "time"} == {
        "stage": "rl",
        "step": 3,
        "actor/lr": 0.5,
        "actor/grad_norm": None,
        "reward/mean": 1,
    }
    assert second["reward/mean"] is None


def test_the_phase_is_a_whole_file(recorder: Recorder) -> None:
    recorder.phase("generating")
    recorder.phase("training")
    content = json.loads((recorder.run / "phase.json").read_text())
    assert (content["stage"], content["phase"]) == ("rl", "training")
    assert sorted(file.name for file in recorder.run.iterdir()) == ["phase.json", "samples"]
