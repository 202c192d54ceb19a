"""The tables on the terminal: the same for any task, and nothing is cut at 80 columns."""

import io
from dataclasses import replace
from typing import Any

from rich.console import Console

from src.evaluation.table import number, print_results
from src.tasks.scores import Difference, Group, Metric

SPEED = {"tokens": 30, "generate_seconds": 2.0, "tokens_per_second": 15.0, "seconds": 7.25}


def result(groups: dict[str, Group], **details: Any) -> dict[str, Any]:
    return {
        "dataset": "toy",
        "split": "test",
        "runs": 3,
        "groups": {name: group.as_dict() for name, group in groups.items()},
        "details": details,
        "speed": SPEED,
    }


def forecast(mse: float | None, failed: int = 0) -> Group:
    """As a forecaster's: an error beside several baselines, and windows that overlap."""
    return Group(
        lead="mse",
        metrics={"mse": Metric(mse, None if mse is None else (mse - 1, mse + 1)), "mae": Metric(1.25)},
        baselines={
            "last_value": {"mse": Metric(43.856, (39.6, 48.3)), "mae": Metric(5.0)},
            "daily_profile": {"mse": Metric(7.9), "mae": Metric(2.0)},
        },
        questions=100,
        answers=300,
        failed=failed,
        items=34,
    )


CHOICE = Group(
    lead="acc_all",
    metrics={"success": Metric(0.5, (0.4, 0.6)), "acc": Metric(0.75), "acc_all": Metric(0.375, (0.25, 0.5)),
             "copied": Metric(None), "skill": Metric(-0.7419)},
    baselines={"correlated_then_larger": {"acc_all": Metric(0.25), "acc": Metric(0.3)},
               "oracle": {"acc_all": Metric(1)}},
    questions=4,
    answers=8,
    failed=4,
)  # fmt: skip


def shown(results: dict[str, dict[str, Any]]) -> str:
    stream = io.StringIO()
    print_results(results, Console(file=stream, width=80))
    text = stream.getvalue()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    return text


def row(text: str, label: str) -> list[str]:
    """The cells after the label of the first line that starts with it."""
    return next(line for line in text.splitlines() if line.startswith(label)).removeprefix(label).split()


def test_models_stand_beside_the_baselines_with_intervals() -> None:
    text = shown({"after sft": result({"toy": forecast(10.5284)}), "after rl": result({"toy": forecast(2.5)})})
    assert "toy (test), mean of 3 answer(s) to each question" in text
    assert "toy: 100 questions (34 independent blocks of time)\n" in text
    assert row(text, " " * 9)[:1] == ["MSE"]
    assert row(text, "after sft") == ["10.53", "9.528", "to", "11.53", "0", "%", "1.25"]
    assert row(text, "after rl") == ["2.5", "1.5", "to", "3.5", "0", "%", "1.25"]
    assert row(text, "last value") == ["43.86", "39.6", "to", "48.3", "5"]
    assert row(text, "daily profile") == ["7.9", "2"]
    assert "\nafter sft does not beat the best baseline, daily profile: MSE 7.9\n" in text
    assert "\nafter rl beats the best baseline, daily profile: MSE 7.9\n" in text
    assert "tokens" not in text, "the speed is of one model's interest"


def test_another_kind_of_task_has_the_same_table() -> None:
    text = shown({"model": result({"causality": CHOICE, "causality-ood": CHOICE})})
    assert text.count("4 questions (few, so the intervals are approximate)\n") == 2
    assert "\nmodel beats the best baseline, correlated then larger: acc all 0.25\n" in text, "an oracle is none"
    assert row(text, "model") == ["0.375", "0.25", "to", "0.5", "50", "%", "0.5", "0.75", "-"]
    assert row(text, "correlated then larger") == ["0.25", "0.3"]
    assert row(text, "oracle") == ["1"]
    after = text.split("skill")[1]  # a fourth metric has a table of its own
    assert row(after, "model") == ["-0.7419"]
    assert "30 tokens in 2.0 s, 15 tokens/s; 7.2 s in all" in text


def test_the_words_say_who_is_better_and_over_how_many_items() -> None:
    beside = Difference("last_week", "baseline", 0.86, (0.5, 1.25), 0.001, 100, 8)
    stage = Difference("sft", "stage", -10.0, None, None, 100, 1)
    group = replace(forecast(2.5), differences=[beside, stage], items=1, about={"mase": "in units of a day"})
    text = " ".join(shown({"after rl": result({"toy": group})}).split())
    assert "100 questions (1 independent block of time; no intervals, which need at least 2)" in text
    assert "MASE: in units of a day" in text
    assert (
        "after rl beats the best baseline, daily profile: MSE 7.9; difference to last week +0.86 [0.5, 1.25], "
        "p = 0.001, over 8 independent items after rl against the stage before; difference to sft -10, "
        "over 1 independent item" in text
    )
    unsure = replace(group, differences=[replace(beside, p=0.3)])
    assert "p = 0.3, not certain, over 8 independent items" in " ".join(shown({"m": result({"t": unsure})}).split())


def test_failures_and_their_reasons() -> None:
    problems = {"the tag [x] is wrong": 29, "no rows": 1}
    text = shown({"model": result({"toy": forecast(None, failed=30)}, problems=problems)})
    assert row(text, "model") == ["-", "10", "%", "1.25"]
    assert "model does not beat the best baseline" in text
    assert "model: 30 of 300 answers cannot be used\n  29 x the tag [x] is wrong\n  1 x no rows\n" in text
    assert "cannot be used" not in shown({"model": result({"toy": forecast(1.0)})})


def test_parts_that_a_task_scores_apart_are_shown_when_there_are_several() -> None:
    def part(mse: float | None) -> dict[str, Any]:
        return {"mse": mse, "baselines": {"last_value": {"mse": 0.00012345}}}

    channels = {"pred_pressure": part(2.5), "b": part(None)}
    text = shown({"model": result({"toy": forecast(1.0)}, channels=channels)})
    assert "MSE of channels" in text
    assert row(text, "pred_pressure") == ["2.5", "0.0001234"]
    assert row(text, "b ") == ["-", "0.0001234"]
    assert "MASE of channels" not in text
    scaled = {name: {**part(2.5), "mase": mase} for name, mase in (("warm", 0.75), ("flat", None))}
    text = shown({"model": result({"toy": forecast(1.0)}, channels=scaled)}).split("MASE of channels")[1]
    assert (row(text, "warm"), row(text, "flat")) == (["0.75", "-"], ["-", "-"])
    assert "MSE of channels" not in shown({"model": result({"toy": forecast(1.0)}, channels={"b": part(1.0)})})


def test_numbers_have_four_digits() -> None:
    assert [number(value) for value in (None, 0.0, 13033.18, 0.00070001)] == ["-", "0", "1.303e+04", "0.0007"]
