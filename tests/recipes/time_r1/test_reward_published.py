"""The presets of what was published: the reference's executed table, and the paper's equations by hand."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recipes.time_r1.reward import TERMS, compute_score
from src.errors import ConfigError

DATES = [f"2017-10-{20 + hour // 24} {hour % 24:02}:00:00" for hour in range(100)]


def respond(values: np.ndarray, header: str = "date HUFL\n", joint: str = "\n") -> str:
    rows = "\n".join(f"{date} {value:.6f}" for date, value in zip(DATES, values, strict=False))
    return f"<think>a daily cycle</think>{joint}<answer>\n```\n{header}{rows}\n```\n</answer>"


@pytest.fixture(scope="module")
def window(shared_data: Path) -> tuple[np.ndarray, np.ndarray]:
    """History and truth of ETTh1 HUFL whose truth is the first 96 rows of the test region (row 11424 on)."""
    series = pd.read_csv(shared_data / "ett" / "ETTh1.csv")["HUFL"].to_numpy()
    return series[11328:11424].round(3), series[11424:11520].round(3)


def answers(history: np.ndarray, truth: np.ndarray) -> dict[str, tuple[str, float, float]]:
    """Response, score at head, score of the later code: the reference's table of executed cases."""
    random = np.random.default_rng(0)
    noise, wild = random.normal(truth.mean(), truth.std(), 96), random.normal(0, 100, 96)
    zeros, spike = np.zeros(96), np.zeros(96)
    spike[0] = 1e9
    exact = respond(truth)
    return {
        "exact": (exact, 0.900, 1.100),
        "seasonal naive": (respond(np.tile(history[-24:], 4)), 0.658, 0.845),
        "copy of the history": (respond(history), 0.663, 0.846),
        "noise": (respond(noise), 0.616, 0.802),
        "last value": (respond(np.full(96, history[-1])), 0.300, 0.300),
        "mean of the truth": (respond(np.full(96, truth.mean())), 0.300, 0.300),
        "zeros": (respond(zeros), 0.300, 0.300),
        "zeros with one 1e9": (respond(spike), 0.885, 1.082),
        "zeros and a 97th 1e9": (respond(np.append(zeros, 1e9)), 0.891, 1.091),
        "random and a 97th 1e9": (respond(np.append(wild, 1e9)), 0.761, 0.961),
        "95 exact": (respond(truth[:95]), 0.290, 0.290),
        "3 exact": (respond(truth[:3]), 0.012, 0.012),
        "blank line between the sections": (respond(truth, joint="\n\n"), -0.100, 0.100),
        "fence only": ("```" + exact.split("```")[1] + "```", -0.100, 0.100),
        "97 values": (respond(np.append(truth, truth[-1])), 0.900, 1.100),
        "no header": (respond(truth, header=""), 0.099, 0.099),
    }


def test_released_reproduces_the_executed_table(window) -> None:
    history, truth = window
    for name, (response, head, later) in answers(history, truth).items():
        for version, expected in (("head", head), ("later", later)):
            score = compute_score("etth1", response, truth.tolist(), preset="released", version=version)["score"]
            # 0.6625 is printed as 0.663 there: half a unit of the last digit, and rounding
            assert abs(score - expected) < 0.00051, f"{name}, {version}: {score} instead of {expected}"


def test_released_agrees_with_the_reference_to_sixteen_digits(window) -> None:
    history, truth = window
    scored = compute_score("etth1", respond(history), truth, preset="released")
    assert scored["score"] == pytest.approx(0.8456338683265971, abs=1e-15)


@pytest.mark.parametrize(
    "response",
    [
        respond(np.empty(0)),
        respond(np.ones(2)),
        respond(np.ones(96)).removesuffix("\n```\n</answer>"),
        respond(np.ones(96)).replace("\n2017", " kW\n2017").replace("\n```\n</answer>", " kW\n```\n</answer>"),
        "```\nv\n" + "\n".join(["9" * 400] * 3) + "\n```",
        "```\nv\n" + "\n".join(["9" * 308] * 96) + "\n```",
        "",
        "```````",
    ],
)
def test_released_gives_a_finite_penalty_where_the_code_crashes_or_returns_nan(response: str) -> None:
    scored = compute_score("etth1", response, np.sin(np.arange(96.0)), preset="released")
    assert scored["score"] == scored["format"] == -1.0
    assert [scored[term] for term in TERMS[1:]] == [0.0] * 5


@pytest.mark.parametrize(
    ("rows", "values"),
    [
        ("v\n1e-05\n2\n3", [-5, 2, 3]),
        ("v\n1.2.3\n-4\n5 |", [2.3, -4, 5]),
        ("v\nx-7.5\n.5\n6.", [-7.5, 5]),
        ("v\n12 kW\n1\n2\n3", [1, 2, 3]),
    ],
)
def test_released_reads_rows_as_the_code_does(rows: str, values: list[float]) -> None:
    from recipes.time_r1.reward_published import _released_values

    assert _released_values(f"<answer>```\n{rows}\n```</answer>") == values


def test_released_reads_tables_without_a_fence() -> None:
    from recipes.time_r1.reward_published import _released_values

    assert _released_values("| d | v |\nso\n| 1 | 2.5 |\n  | 2 | -3 | ") == [2.5, -3]


def sigmoid_reward(error: float) -> float:
    return 2 * (1 - 1 / (1 + math.exp(-0.3 * error)))


def test_paper_follows_its_equations() -> None:
    truth = np.array([0.0, 1, 3, 1, 0, -1, -3, -1, 0, 1])
    answer = truth + 0.5
    body = "\n".join(map(str, answer))
    scored = compute_score("x", f"<think>.</think>\n<answer>\n{body}\n</answer>", truth, preset="paper")
    error = (0.5 / truth.std()) ** 2
    assert scored["format"] == 0.0
    assert scored["length"] == pytest.approx(0.1)
    assert scored["mse"] == pytest.approx(sigmoid_reward(error))
    assert scored["trend"] == pytest.approx(0.15 * sigmoid_reward(error))  # a constant error is all trend
    assert scored["seasonal"] == pytest.approx(0.05)
    assert scored["structural"] == pytest.approx(0.4)  # every extremum of both kinds is where it was


@pytest.mark.parametrize(("shift", "tolerance", "found"), [(0, 0, 1.0), (1, 0, 0.0), (1, 1, 1.0), (2, 1, 0.0)])
def test_paper_finds_extrema_within_the_tolerance(shift: int, tolerance: int, found: float) -> None:
    steps = np.arange(40.0)
    truth, answer = -np.abs(steps - 20), -np.abs(steps - 20 - shift)  # one maximum; minima at both ends
    body = ",".join(map(str, answer))
    scored = compute_score("x", body, truth, preset="paper", tolerance=tolerance, mse=0.0)
    assert scored["structural"] == pytest.approx(0.2 * found + 0.2)


def test_paper_pays_accuracy_only_for_enough_values() -> None:
    scored = compute_score("x", "<think>.</think><answer>1,2,3,2,1</answer>", [1, 2, 3, 2, 1, 0], preset="paper")
    assert scored["length"] == pytest.approx(0.1 * 5 / 6)
    assert scored["mse"] == scored["seasonal"] == scored["trend"] == 0.0
    longer = compute_score("x", "<think>.</think><answer>1,2,3,2,1</answer>", [1, 2, 3, 2], preset="paper")
    assert longer["mse"] == 1.0
    assert longer["valid"] == 0.0


@pytest.mark.parametrize("preset", ["paper", "released", "strict"])
def test_the_score_is_the_sum_of_the_terms(preset: str) -> None:
    truth = np.sin(np.arange(96) / 4)
    for response in (respond(truth * 0.9), respond(truth[:50]), "nothing"):
        scored = compute_score("x", response, truth, {"history": truth.tolist()}, preset=preset)
        assert scored["score"] == pytest.approx(sum(scored[term] for term in TERMS), abs=1e-12)


def test_wrong_settings_are_named() -> None:
    with pytest.raises(ConfigError, match="unknown reward preset 'code'; known are strict, paper, released"):
        compute_score("x", "1", [1.0], preset="code")
    with pytest.raises(ConfigError, match="version='2025' must be 'head' or 'later'"):
        compute_score("x", "1", [1.0], preset="released", version="2025")
    with pytest.raises(ConfigError, match="reward preset 'paper' has no setting 'wieght'"):
        compute_score("x", "1", [1.0], preset="paper", wieght=1.0)
