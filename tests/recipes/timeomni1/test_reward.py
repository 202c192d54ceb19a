"""The reward against its worked values, hostile answers, and any text at all."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.timeomni1.answer import read_numbers
from recipes.timeomni1.reward import TERMS, compute_score
from src.config.group import compose_group
from src.errors import ConfigError
from src.rewards.belonging import check_rl
from src.tasks.choice.answer import letters, read_body, read_choice
from src.tasks.forecast.answer import parse_forecast
from src.tasks.task import load_task

TASKS = ("scenario", "causality", "forecasting", "decision", "pricing")
KEYS = {"score", "acc", "valid", *TERMS}
TRUTH = [float(value) for value in range(24)]


def wrap(body: str, think: str = "because") -> str:
    return f"<think>{think}</think>\n<answer>{body}</answer>"


def off_by(error: float, count: int = 24) -> str:
    return "[" + ", ".join(str(value + error) for value in TRUTH[:count]) + "]"


def paper(response: str, truth: object = "B", **info: object) -> dict[str, float]:
    return compute_score("any", response, truth, info, preset="paper")


# exp(-0.1 MAE), with 0.1 for the format and 0.1 for the number of values on top.
@pytest.mark.parametrize(
    ("error", "decay", "score"), [(0, 1, 1.2), (5, 0.6065, 0.8065), (14, 0.2466, 0.4466), (50, 0.00674, 0.2067),
                                  (146, 4.6e-7, 0.2)],
)  # fmt: skip
def test_worked_values_of_a_forecast(error: float, decay: float, score: float) -> None:
    scored = paper(wrap(off_by(error)), TRUTH)
    assert scored["mae"] == pytest.approx(decay, rel=1e-2)
    assert scored["score"] == pytest.approx(score, abs=1e-4)
    assert (scored["format"], scored["length"], scored["valid"]) == (0.1, 0.1, 1.0)


@pytest.mark.parametrize(
    ("response", "score", "valid"),
    [
        (wrap("B"), 1.1, 1),
        (wrap(" b. "), 1.1, 1),
        (wrap("B)"), 1.1, 1),
        (wrap("A"), 0.1, 1),
        ("<answer>B</answer>", 1.0, 1),  # no think section: right, but not well formed
        (wrap("Option B"), 0.1, 1),  # wrong, but an answer
        (wrap("A or B or C"), 0.1, 1),
        (wrap("BB"), 0.1, 1),
        (wrap("E"), 0.1, 1),  # not among four options
        (wrap(""), 0.1, 0),
        (wrap("B") + wrap("B"), 0.0, 0),
        (wrap("B") + " done", 1.0, 1),
        ("<think>B</think>", 0.0, 0),
        ("B", 0.0, 0),
        ("</answer>B<answer>", 0.0, 0),
        ("", 0.0, 0),
    ],
)
def test_worked_values_of_a_choice(response: str, score: float, valid: float) -> None:
    scored = paper(response)
    assert (scored["score"], scored["valid"]) == (pytest.approx(score), valid)


@pytest.mark.parametrize(
    "body",
    [
        off_by(0, 23),  # 23 of 24
        off_by(0)[:-1] + ", 24.0]",
        "[" + ", ".join(["nan"] * 24) + "]",
        "[" + ", ".join(["inf"] * 24) + "]",
        "[" + ", ".join(["1e400"] * 24) + "]",
        "[" + ", ".join(["2e12"] * 24) + "]",
        off_by(0) + off_by(0),
        "values: " + off_by(0),
        off_by(0)[1:],  # one bracket
        "[0]*24",
        "[" + ",, ".join(["1"] * 24) + "]",
        ", ".join(["1_0"] * 24),
        ", ".join(["\u0661"] * 24),  # digits of another script
    ],
)
def test_anything_but_the_asked_list_earns_the_format_alone(body: str) -> None:
    scored = paper(wrap(body), TRUTH)
    assert (scored["score"], scored["valid"], scored["length"]) == (pytest.approx(0.1), 0.0, 0.0)


def test_brackets_and_separators_do_not_matter() -> None:
    plain = " ".join(map(str, TRUTH))
    bodies = [f"[{plain}]", plain, "; ".join(map(str, TRUTH)), "[" + ",".join(map(str, TRUTH)) + "]"]
    assert {round(paper(wrap(body), TRUTH)["score"], 9) for body in bodies} == {1.2}


def test_a_list_in_the_reasoning_is_ignored() -> None:
    response = wrap(off_by(50), think=f"the truth is {off_by(0)}")
    assert paper(response, TRUTH)["score"] == pytest.approx(0.2067, abs=1e-4)


def test_scaled_measures_by_the_samples_own_error() -> None:
    at_reference = compute_score("x", wrap(off_by(14)), TRUTH, {"reference_mae": 14.0})
    assert at_reference["mae"] == pytest.approx(paper(wrap(off_by(14)), TRUTH)["mae"])  # where both presets meet
    kilowatts = compute_score("x", wrap(off_by(146)), TRUTH, {"reference_mae": 292.0})
    assert (kilowatts["mae"], kilowatts["acc"]) == (pytest.approx(math.exp(-0.7)), 1.0)


def test_the_truth_may_be_an_array() -> None:
    for truth in (TRUTH, tuple(TRUTH), np.array(TRUTH)):
        assert compute_score("x", wrap(off_by(0)), truth)["score"] == pytest.approx(1.2)
    for nothing in (None, "", "no", [], ["a"], [math.nan], "[1, oops"):
        assert compute_score("x", wrap("B"), nothing)["score"] == pytest.approx(0.1)


@pytest.mark.parametrize("size", ["timeomni1", "timeomni1_short"])
@pytest.mark.parametrize("preset", ["timeomni1", "timeomni1_paper"])
def test_the_right_answer_as_the_traces_write_it_earns_the_maximum(size: str, preset: str) -> None:
    counts = {split: dict.fromkeys(TASKS, 2) for split in ("sft", "train", "val", "test", "test_ood", "sft_val")}
    dataset, reward = compose_group("dataset", size), compose_group("reward", preset)
    dataset.rows, dataset.tasks = counts, list(TASKS)
    check_rl(dataset, reward)
    given = reward.custom_reward_function.reward_kwargs
    for one in load_task(dataset, log=lambda _: None).traces("sft"):
        answer, most = one.answer, 1.1
        if isinstance(one.row.truth, list):  # the trace holds the expected values; the truth has noise
            values, most = iter(one.row.truth), 1.2
            begin, _, body = answer.partition("<answer>")
            answer = f"{begin}<answer>{re.sub(r'[-+.0-9]+', lambda _, left=values: repr(next(left)), body)}"
        assert compute_score("", answer, one.row.truth, one.row.info, **given)["score"] == pytest.approx(most)


def test_settings_that_there_are_not_are_refused_before_anything_starts() -> None:
    dataset = compose_group("dataset", "timeomni1")
    reward = compose_group("reward", "timeomni1", ["+reward.custom_reward_function.reward_kwargs.wieght=1"])
    with pytest.raises(ConfigError, match="the reward of timeomni1 has no setting 'wieght'; it has preset, format"):
        check_rl(dataset, reward)


def test_a_million_numbers_are_refused() -> None:
    for body in (" ".join(["1"] * 1_000_000), "1 " * 90_000, " " * 190_000, "1" * 190_000, "," * 190_000):
        assert paper(wrap(body), TRUTH)["valid"] == 0.0


ATTACKS = [wrap("[" + ", ".join(["1e11"] * 24) + "]"), wrap(off_by(0, 23)), wrap("A B C D"), off_by(0), wrap("B") * 2]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_beats_an_honest_copy_of_yesterday(attack: str) -> None:
    info = {"reference_mae": 10.0}
    honest = compute_score("x", wrap(off_by(10)), TRUTH, info)
    assert compute_score("x", attack, TRUTH, info)["score"] < honest["score"]


texts = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(["<think>", "</think>", "<answer>", "</answer>", "B", "[1, 2]", "1", ",", " ", "nan"]),
             max_size=30).map("".join),
)  # fmt: skip
truths = st.one_of(
    st.sampled_from("ABCD"), st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=8), st.none(), st.text()
)


@settings(max_examples=300, deadline=None)
@given(texts, truths, st.dictionaries(st.sampled_from(["options", "reference_mae"]), st.one_of(st.none(), st.floats())))
def test_any_text_gets_finite_terms_that_add_up(response: str, truth: object, info: dict) -> None:
    scored = compute_score("x", response, truth, info)
    assert set(scored) == KEYS
    assert all(isinstance(value, float) and math.isfinite(value) for value in scored.values())
    assert scored["score"] == pytest.approx(sum(scored[name] for name in TERMS))
    assert 0.0 <= scored["score"] <= 1.2 + 1e-9


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=20))
def test_every_written_list_is_read_back(values: list[float]) -> None:
    assert read_numbers(str(values), len(values)) == tuple(values)
    assert read_numbers(read_body(wrap(str(values))).text, len(values)) == tuple(values)


@given(st.text(max_size=12))
def test_only_a_single_letter_is_a_choice(text: str) -> None:
    chosen = read_choice(text, letters(4))
    assert chosen is None or (chosen in "ABCD" and len(text.strip(" .)\t\n\r\v\f").strip()) <= 1)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"preset": "best"}, "unknown reward preset 'best'"),
        ({"alpha": -1}, "alpha=-1 must be"),
        ({"beta": 1}, "'beta'"),
    ],
)
def test_a_wrong_setting_is_named(setting: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        compute_score("x", wrap("B"), "B", **setting)


FORMS = ["{}", "[{}]", "```\n{}\n```", "[\n{}\n]"]


@settings(deadline=None)
@given(
    st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=8),
    st.sampled_from([", ", "; ", "\n", ",\n", " ", ","]),
    st.sampled_from(FORMS),
    st.sampled_from(["", "2024-01-01 00:00 ", "7 "]),
)
def test_an_answer_is_read_as_every_other_recipe_reads_it(
    values: list[float], separator: str, form: str, stamp: str
) -> None:
    body = form.format(separator.join(f"{stamp}{value!r}" for value in values))
    found = parse_forecast(wrap(body), len(values))
    wanted = tuple(found.values) if found.problem is None else None
    read = read_numbers(read_body(wrap(body)).text, len(values))
    assert (read if read is not None and len(read) == len(values) else None) == wanted
