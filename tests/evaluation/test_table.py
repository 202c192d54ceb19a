"""The tables on the terminal: what they say, and that nothing is cut at 80 columns."""

import io
from typing import Any

from rich.console import Console
from toys import Toy

from src.evaluation.table import number, print_result
from src.tasks.forecast.rolling import Rolled
from src.tasks.forecast.scoring import score

LABELS = ("t0", "t1", "t2", "t3")


def shown(rolled: list[Rolled], channels: tuple[str, ...], truth: tuple[float, ...] = (5, 6.00012345)) -> str:
    windows = [Toy(channel, (1, 2, 3, 4), LABELS, truth, ("t4", "t5"), period=2) for channel in channels]
    result: dict[str, Any] = {
        **score(windows, rolled),
        "dataset": "toy",
        "split": "test",
        "horizon": 2,
        "runs": 1,
        "speed": {"tokens": 30, "generate_seconds": 2.0, "tokens_per_second": 15.0, "seconds": 7.25},
    }
    stream = io.StringIO()
    print_result(result, Console(file=stream, width=80))
    return stream.getvalue()


def row(text: str, name: str) -> list[str]:
    return next(line for line in text.splitlines() if line.strip().startswith(name)).split()


def test_a_model_that_always_answers_stands_beside_the_baselines() -> None:
    text = shown([Rolled(0, 0, prediction=[5, 8]), Rolled(1, 0, prediction=[6, 6])], ("a", "a"), (5.0, 6.0))
    assert row(text, "model") == ["model", "1.25", "0.5", "to", "2", "0.75", "0", "%"]
    assert row(text, "last value") == ["last", "value", "2.5", "2.5", "to", "2.5", "1.5"]
    assert "toy (test), horizon 2: 2 windows, mean of 1 run(s)" in text
    assert "30 tokens in 2.0 s, 15 tokens/s; 7.2 s in all" in text
    assert "*" not in text
    assert "failed and have no error" not in text


def test_failures_are_marked_and_baselines_shown_on_the_answered_windows_too() -> None:
    failed = Rolled(1, 0, prediction=None, problem="the tag [x] is wrong")
    text = shown([Rolled(0, 0, prediction=[5, 8]), failed], ("a", "b"), (5.0, 6.0))
    assert row(text, "model") == ["model", "2*", "-", "1*", "50", "%"]
    assert row(text, "last value")[-1] == "2.5"
    assert "* on the 1 windows that the model answered" in text
    assert "1 of 2 answers failed and have no error; 1 of 2 windows have" in " ".join(text.split())
    assert "1 x the tag [x] is wrong" in text
    assert row(text, "b ")[:5] == ["b", "1", "-", "100", "%"]


def test_nothing_is_cut_at_80_columns() -> None:
    channels = ("pred_pressure", "b")
    text = shown(
        [Rolled(0, 0, prediction=[0.00012345, 8]), Rolled(1, 0, prediction=None)],
        channels,
        (0.000123, -12345.678),
    )
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert "pred_pressure" in text


def test_numbers_have_four_digits() -> None:
    assert [number(value) for value in (None, 0.0, 13033.18, 0.00070001)] == ["-", "0", "1.303e+04", "0.0007"]
