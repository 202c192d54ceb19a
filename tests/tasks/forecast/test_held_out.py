"""Held-out answers scored during training: values by hand, failures counted, baselines on the same windows."""

from typing import Any

import pytest

from src.tasks.forecast.held_out import predict, score


def _row(
    truth: list[float], history: list[float], dataset: str = "demand", index: int = 0, channel: str = "load"
) -> dict[str, Any]:
    info = {"history": history, "period": 2, "channel": channel, "index": index}
    return {"data_source": dataset, "ground_truth": truth, "extra_info": info}


def _answer(*values: float) -> str:
    rows = "\n".join(str(value) for value in values)
    return f"<think>so</think>\n<answer>\n```\n{rows}\n```\n</answer>"


# Baselines of [1, 2, 3, 5] with a period of 2: last value 5, last day 3 5, window mean 2.75, daily profile 2 3.5.
HISTORY = [1.0, 2.0, 3.0, 5.0]


def test_errors_and_baselines_by_hand() -> None:
    rows = [_row([3.0, 4.0], HISTORY, index=0), _row([5.0, 5.0], HISTORY, index=1)]
    scored = score(rows, [_answer(3, 6), _answer(4, 4)])
    assert scored.predictions == [[3.0, 6.0], [4.0, 4.0]]
    assert scored.metrics == pytest.approx(
        {
            "val/demand/mse": (2.0 + 1.0) / 2,
            "val/demand/mae": (1.0 + 1.0) / 2,
            "val/demand/fail_frac": 0.0,
            "val/demand/baseline/last_value/mse": (2.5 + 0.0) / 2,
            "val/demand/baseline/last_value/mae": (1.5 + 0.0) / 2,
            "val/demand/baseline/last_value/fail_frac": 0.0,
            "val/demand/baseline/last_day/mse": (0.5 + 2.0) / 2,
            "val/demand/baseline/last_day/mae": (0.5 + 1.0) / 2,
            "val/demand/baseline/last_day/fail_frac": 0.0,
            "val/demand/baseline/window_mean/mse": ((0.0625 + 1.5625) / 2 + 5.0625) / 2,
            "val/demand/baseline/window_mean/mae": ((0.25 + 1.25) / 2 + 2.25) / 2,
            "val/demand/baseline/window_mean/fail_frac": 0.0,
            "val/demand/baseline/daily_profile/mse": ((1.0 + 0.25) / 2 + (9.0 + 2.25) / 2) / 2,
            "val/demand/baseline/daily_profile/mae": ((1.0 + 0.5) / 2 + (3.0 + 1.5) / 2) / 2,
            "val/demand/baseline/daily_profile/fail_frac": 0.0,
        }
    )


def test_a_failed_answer_is_counted_and_has_no_error() -> None:
    rows = [_row([3.0, 4.0], HISTORY, index=index) for index in range(4)]
    scored = score(rows, [_answer(3, 6), _answer(3), "no answer", ""])
    assert scored.predictions == [[3.0, 6.0], None, None, None]
    assert scored.metrics["val/demand/fail_frac"] == 0.75
    assert scored.metrics["val/demand/mse"] == 2.0
    assert scored.metrics["val/demand/baseline/last_day/mse"] == 0.5  # of all windows


def test_without_an_answer_there_is_no_error_to_show() -> None:
    scored = score([_row([3.0, 4.0], HISTORY)], ["nothing"])
    assert scored.metrics["val/demand/fail_frac"] == 1.0
    assert "val/demand/mse" not in scored.metrics
    assert "val/demand/mae" not in scored.metrics
    assert scored.metrics["val/demand/baseline/last_value/mse"] == 2.5


def test_the_runs_of_a_window_are_averaged_before_windows_are() -> None:
    first, second = _row([3.0, 4.0], HISTORY, index=0), _row([5.0, 5.0], HISTORY, index=1)
    # The first window has errors 2 and 0, the second one 1 and a failure: (1 + 1) / 2, not (2 + 0 + 1) / 3.
    scored = score([first, first, second, second], [_answer(3, 6), _answer(3, 4), _answer(4, 4), "?"])
    assert scored.metrics["val/demand/mse"] == 1.0
    assert scored.metrics["val/demand/fail_frac"] == 0.25


def test_channels_of_one_index_are_windows_of_their_own() -> None:
    rows = [_row([3.0, 4.0], HISTORY, channel="a"), _row([3.0, 4.0], HISTORY, channel="b")]
    scored = score(rows, [_answer(3, 6), "?"])
    assert scored.metrics["val/demand/mse"] == 2.0
    assert scored.metrics["val/demand/fail_frac"] == 0.5


def test_datasets_are_scored_apart() -> None:
    rows = [_row([3.0, 4.0], HISTORY, "demand"), _row([5.0], [4.0, 4.0], "wind")]
    scored = score(rows, [_answer(3, 6), _answer(7)])
    assert scored.metrics["val/demand/mse"] == 2.0
    assert scored.metrics["val/wind/mse"] == 4.0
    assert scored.metrics["val/wind/baseline/last_value/mse"] == 1.0


def test_one_response_per_row() -> None:
    with pytest.raises(ValueError, match=r"zip\(\)"):
        score([_row([3.0, 4.0], HISTORY)], [])


@pytest.mark.parametrize(
    ("response", "values"),
    [
        (_answer(1.5, 2.5), [1.5, 2.5]),
        ("<think>so</think>\n<answer>\n```\n2020-01-01 00:00 1.5\n2020-01-01 01:00 2.5\n```\n</answer>", [1.5, 2.5]),
        (_answer(1.5), None),
        (_answer(1.5, 2.5, 3.5), None),
        ("<think>so</think>\n<answer>\n```\n1.5\nnan\n```\n</answer>", None),
        ("<think>1.5 2.5", None),
    ],
)
def test_a_forecast_has_exactly_the_horizon(response: str, values: list[float] | None) -> None:
    assert predict(_row([0.0, 0.0], HISTORY), response) == values
