"""The strict preset: attacks against the last-day naive forecast, and better forecasts against worse ones."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recipes.time_r1.reward import TERMS, compute_score
from src.errors import ConfigError

PERIOD = 24


def respond(values: np.ndarray) -> str:
    return "<think>.</think>\n<answer>\n" + "\n".join(map(repr, values.tolist())) + "\n</answer>"


def score(values: np.ndarray, truth: np.ndarray, history: np.ndarray | None, period: int = PERIOD, **more) -> float:
    info = {} if history is None else {"history": history.tolist(), "period": period}
    return compute_score("x", respond(values), truth.tolist(), info, **more)["score"]


def last_day(history: np.ndarray, horizon: int) -> np.ndarray:
    return np.resize(history[-PERIOD:], horizon)


def etth1(folder: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    table = pd.read_csv(folder / "ett" / "ETTh1.csv")
    for column in ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"):
        series = table[column].to_numpy()
        for start in range(0, 14400 - 192, 997):
            yield series[start : start + 96].round(3), series[start + 96 : start + 192]


def daily_cycles() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    random = np.random.default_rng(1)
    for _ in range(40):
        steps = np.arange(192)
        cycle = random.uniform(0.5, 3) * np.sin(2 * np.pi * (steps - random.uniform(0, 24)) / 24)
        drift = np.cumsum(random.normal(0, random.uniform(0, 0.5), 192))
        series = random.uniform(-20, 20) + cycle + drift + random.normal(0, random.uniform(0, 1), 192)
        yield series[:96], series[96:]


def attacks(history: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray]:
    """Answers of 96 numbers without a forecast in them, some with knowledge that no model has."""
    random = np.random.default_rng(2)
    spike, late_spike, small_spike = np.zeros(96), np.full(96, truth.mean()), np.full(96, truth.mean())
    spike[40], late_spike[-1], small_spike[50] = 1e9, 1e9, truth.mean() + 10 * truth.std()
    alternating = truth.mean() + truth.std() * (-1.0) ** np.arange(96)
    return {
        "zeros": np.zeros(96),
        "last value": np.full(96, history[-1]),
        "window mean": np.full(96, history.mean()),
        "mean of the truth": np.full(96, truth.mean()),
        "median of the truth": np.full(96, np.median(truth)),
        "noise like the truth": random.normal(truth.mean(), truth.std(), 96),
        "noise like the history": random.normal(history.mean(), history.std(), 96),
        "faint noise": random.normal(truth.mean(), truth.std() / 10, 96),
        "noise of a millionth": random.normal(truth.mean(), truth.std() * 1e-6, 96),
        "random": random.normal(0, 100, 96),
        "zeros with one 1e9": spike,
        "the mean with a late 1e9": late_spike,
        "the mean with a small spike": small_spike,
        "alternating extrema": alternating,
        "faint alternating extrema": truth.mean() + (alternating - truth.mean()) / 100,
        "fast extrema": truth.mean() + truth.std() * np.sin(np.arange(96) * 2 * np.pi / 4),
        "upside down": 2 * truth.mean() - truth,
        "the right shape, a thousand times as large": truth.mean() + 1000 * (truth - truth.mean()),
        "the right shape, far away": truth + 100 * truth.std(),
        "huge": np.full(96, 1e308),
        "shuffled truth": random.permutation(truth),
    }


@pytest.fixture(params=["etth1", "daily cycles"])
def windows(request) -> list[tuple[np.ndarray, np.ndarray]]:
    if request.param == "daily cycles":
        return list(daily_cycles())
    return list(etth1(request.getfixturevalue("shared_data")))


def test_no_attack_scores_above_the_last_day_forecast(windows) -> None:
    for number, (history, truth) in enumerate(windows):
        naive = score(last_day(history, 96), truth, history)
        for name, values in attacks(history, truth).items():
            attack = score(values, truth, history)
            assert attack <= naive + 1e-12, f"{name} in window {number}: {attack} > {naive}"


def test_texts_that_game_the_form_score_below_the_last_day_forecast(windows) -> None:
    for history, truth in windows[::5]:
        naive = score(last_day(history, 96), truth, history)
        exact = respond(truth)
        body = exact.partition("<answer>")[2].removesuffix("</answer>")
        bad = {
            "95 of 96": respond(truth[:95]),
            "97 values": respond(np.append(truth, truth[-1])),
            "zeros and a 97th 1e9": respond(np.append(np.zeros(96), 1e9)),
            "two copies": respond(np.tile(truth, 2)),
            "no tags": body,
            "no think": exact.partition("\n")[2],
            "text after the answer": exact + " That is my forecast.",
            "cut off": exact.removesuffix("</answer>"),
            "two answers": exact + exact.partition("\n")[2],
            "one bad row": exact.replace("\n</answer>", "\n?\n</answer>"),
            "units": exact.replace("\n</answer>", " kW\n</answer>"),
            "nothing": "",
        }
        for name, response in bad.items():
            info = {"history": history.tolist(), "period": PERIOD}
            assert compute_score("x", response, truth, info)["score"] < naive, name


def test_the_ranking_against_the_last_day_forecast_is_that_of_the_error(windows) -> None:
    for history, truth in windows:
        naive_values = last_day(history, 96)
        naive, naive_mse = score(naive_values, truth, history), np.mean((naive_values - truth) ** 2)
        profile = np.resize(history.reshape(-1, PERIOD).mean(axis=0), 96)
        others = [profile, history, (naive_values + history.mean()) / 2, np.full(96, history[-1])]
        for values in others:
            if np.mean((values - truth) ** 2) <= naive_mse:
                assert score(values, truth, history) >= naive - 1e-12
            else:
                assert score(values, truth, history) <= naive + 1e-12


def test_a_better_forecast_than_the_last_day_can_score_above_it() -> None:
    better = 0
    for history, truth in daily_cycles():
        naive = last_day(history, 96)
        better += score((naive + truth) / 2, truth, history) > score(naive, truth, history) + 0.01
    assert better >= 38  # of 40; a window of nearly pure noise need not


numbers = st.floats(-50, 50)
series = arrays(np.float64, 24, elements=numbers) | numbers.map(lambda level: np.full(24, level))


@settings(max_examples=400, deadline=None)
@given(series, series, series | st.integers(0, 99).map(lambda s: np.random.default_rng(s).normal(size=24)),
       st.floats(0, 1), st.sampled_from([1, 6, 24, 25]), st.booleans())  # fmt: skip
def test_shrinking_the_error_never_lowers_the_score(history, truth, error, share, period, informed) -> None:
    known = history if informed else None
    worse = score(truth + error, truth, known, period)
    better = score(truth + share * error, truth, known, period)
    assert better >= worse - 1e-9


def test_shrinking_real_errors_never_lowers_the_score(windows) -> None:
    for history, truth in windows[::4]:
        for values in (last_day(history, 96), *list(attacks(history, truth).values())[::3]):
            if np.abs(values).max() > 1e12:
                continue  # truth + share * error is not on the line any more after rounding
            path = [score(truth + share * (values - truth), truth, history) for share in np.linspace(2, 0, 21)]
            assert np.diff(path).min() >= -1e-9
            assert path[-1] == pytest.approx(1.1)


quarters = arrays(np.int64, 12, elements=st.integers(-200, 200)).map(lambda steps: steps / 4)  # exact sums


@given(quarters, quarters, st.integers(-6, 6), st.integers(-1000, 1000))
def test_units_and_level_do_not_matter(truth, values, power, level) -> None:
    # The yardstick is never below a ten-thousandth of the level.
    assume(truth.std() > 1e-3 * abs(level) and truth.std() > 0)
    history = np.concatenate([truth[::-1], truth])
    plain = score(values, truth, history, 5)
    unit = 2.0**power
    assert score(values * unit, truth * unit, history * unit, 5) == pytest.approx(plain, abs=1e-6)
    assert score(values + level, truth + level, history + level, 5) == pytest.approx(plain, abs=1e-6)


def test_terms_by_hand() -> None:
    truth, history = np.array([0.0, 1, 0, 1, 0, 1]), np.array([0.0, 1])
    values = truth + 0.5
    scored = compute_score("x", respond(values), truth, {"history": history, "period": 2}, min_agreement=-1.0)
    # Known values 0, 1 have variance 1/4; a constant error of 1/2 is all trend: f = 1 / (1 + 4 * 1) twice,
    # but the last-day forecast is exact here, so nothing is capped at it.
    assert scored["mse"] == pytest.approx(0.6 / 5)
    assert scored["seasonal"] == pytest.approx(0.05 / 5)
    assert scored["trend"] == pytest.approx(0.15 / 25)
    assert scored["structural"] == pytest.approx(0.2 / 5)
    assert scored["length"] == pytest.approx(0.1)
    assert scored["format"] == 0.0
    assert scored["valid"] == 1.0


def test_the_structural_term_is_the_agreement_of_moves() -> None:
    truth = np.array([0.0, 2, 0, 2, 0, 2])
    for values, agreement in ((truth, 1.0), (np.full(6, 1.0), 0.0), (2 - truth, 0.0)):
        scored = compute_score("x", respond(values), truth)
        assert scored["structural"] == pytest.approx(scored["mse"] / 0.6 * 0.2 * agreement)


@pytest.mark.parametrize("rows", [0, 1, 5, 7, 11, 12, 40])
def test_wrong_counts_get_a_part_of_the_length_term_and_nothing_else(rows: int) -> None:
    scored = compute_score("x", respond(np.ones(rows)), np.arange(6.0))
    assert scored["length"] == pytest.approx(0.1 * min(rows, 6) / (max(rows, 6) + 1))
    assert scored["score"] == scored["length"] < 0.1
    assert scored["valid"] == 0.0


def test_more_rows_towards_the_horizon_score_more() -> None:
    lengths = [score(np.ones(rows), np.arange(96.0), None) for rows in range(97)]
    assert (np.diff(lengths) > 0).all()


def test_min_agreement_lets_accurate_constants_pass_where_it_is_turned_off() -> None:
    truth, history = np.random.default_rng(0).normal(size=(2, 96))
    constant = np.full(96, truth.mean())
    naive = score(last_day(history, 96), truth, history)
    assert score(constant, truth, history) == pytest.approx(naive)
    assert score(constant, truth, history, min_agreement=-1.0) > naive + 0.01


def test_the_period_of_the_sample_goes_before_that_of_the_settings() -> None:
    history, truth = np.tile([0.0, 1, 2], 8), np.tile([0.0, 1, 2], 4) + 0.3
    values = np.full(12, truth.mean())  # less accurate than the right season, more than a wrong one
    by_sample = compute_score("x", respond(values), truth, {"history": history, "period": 3}, period=5)
    by_default = compute_score("x", respond(values), truth, {"history": history}, period=3)
    assert by_sample == by_default
    assert by_sample != compute_score("x", respond(values), truth, {"history": history}, period=5)


@pytest.mark.parametrize("level", [0.0, 5.0, -1e6, 1e-9, 1e99])
def test_constant_series(level: float) -> None:
    truth = np.full(12, level)
    assert score(truth, truth, truth) == pytest.approx(1.1)
    near = [score(truth + error, truth, truth) for error in np.array([0.001, 0.01, 1.0]) * (abs(level) or 1.0)]
    assert 1.1 > near[0] > near[1] > near[2] >= 0.1


@pytest.mark.parametrize("horizon", [1, 2, 3, 12, 36, 96, 336])
def test_every_horizon(horizon: int) -> None:
    truth = np.sin(np.arange(horizon)) + 1
    assert score(truth, truth, np.cos(np.arange(48.0))) == pytest.approx(1.1)


@pytest.mark.parametrize("truth", [None, [], "1 2 3", [1, None], [float("inf"), 1], [[1, 2]], 3.0])
def test_a_truth_that_is_none_scores_minus_one(truth: object) -> None:
    scored = compute_score("x", respond(np.ones(2)), truth)
    assert scored["score"] == scored["format"] == -1.0
    assert scored["valid"] == 0.0


@pytest.mark.parametrize(
    "info", [None, {}, "text", {"history": None}, {"history": [1, None]}, {"history": []}, {"period": "day"},
             {"history": [1.0, 2], "period": 0}, {"history": [1.0, 2], "period": float("inf")}]
)  # fmt: skip
def test_extra_info_of_any_kind(info: object) -> None:
    scored = compute_score("x", respond(np.array([1.0, 2])), [1.0, 2.0], info)  # type: ignore[arg-type]
    assert scored["score"] == pytest.approx(1.1)


def test_keys_are_the_same_floats_for_every_sample() -> None:
    for response in ("", respond(np.ones(2)), respond(np.ones(3))):
        scored = compute_score("x", response, np.array([1.0, 2]), reward_router_address=None)
        assert list(scored) == ["score", *TERMS, "valid"]
        assert all(type(value) is float for value in scored.values())


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"wieght": 1.0}, "reward preset 'strict' has no setting 'wieght'"),
        ({"mse": "a"}, "reward setting mse='a' must be a number"),
        ({"mse": float("nan")}, "reward setting mse=nan must be a number"),
        ({"slope": -1.0}, "reward setting slope=-1.0 must not be negative"),
        ({"period": 0}, "reward setting period=0 must be at least 1"),
        ({"mse": 0.7}, "reward setting format=1.0 must be at least mse \\+ seasonal"),
    ],
)
def test_wrong_settings_are_named(setting: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        compute_score("x", "", [1.0], **setting)
