"""Event-aware forecasting: what events are worth, the noise floor, leaks, and every number of the rationales."""

import re

import numpy as np
import pytest
from drawn import items
from hypothesis import given, settings
from hypothesis import strategies as st
from rationales import read_rationale

from recipes.timeomni1.item import Item, Size
from recipes.timeomni1.tasks import demand
from recipes.timeomni1.tasks.demand import Event
from recipes.timeomni1.tasks.forecasting import questions as forecasting
from recipes.timeomni1.tasks.forecasting.steps import SHORT, STEPS

SETS = [("paper", False), ("paper", True), ("short", False), ("short", True)]
each_set = pytest.mark.parametrize(("size", "ood"), SETS)


def _mean_score(found: tuple[Item, ...], name: str) -> float:
    return float(np.mean([forecasting.score(item, item.shortcuts[name]) for item in found]))  # type: ignore[arg-type]


def _mae(one: object, other: object) -> float:
    return float(np.abs(np.array(one) - np.array(other)).mean())


@each_set
def test_the_printed_question_passes_the_gates_again(size: str, ood: bool) -> None:
    for item in items("forecasting", size, ood, 300):
        assert forecasting.solve(item.question) == item.oracle
        assert len(item.oracle) == len(item.answer) == item.info["horizon"] == (6 if size == "short" else 24)
        assert len(item.info["history"]) == 2 * item.info["horizon"]
        error, floor = _mae(item.oracle, item.answer), item.info["floor_mae"]
        assert error == pytest.approx(item.info["oracle_mae"], abs=1e-4)
        assert error <= 2 * floor + 0.01 * np.mean(item.answer) + 1e-4
        if item.level > 1:
            assert error <= 0.8 * _mae(item.shortcuts["baseline_event_ignored"], item.answer) + 1e-9


@each_set
@pytest.mark.parametrize("shortcut", forecasting.CEILINGS)
def test_shortcuts_stay_below_their_ceilings_and_the_oracle_far_above(size: str, ood: bool, shortcut: str) -> None:
    found = items("forecasting", size, ood, 300)
    assert _mean_score(found, shortcut) < forecasting.CEILINGS[shortcut]
    oracle = float(np.mean([forecasting.score(item, item.oracle) for item in found]))  # type: ignore[arg-type]
    assert oracle > forecasting.CEILINGS[shortcut] + 0.03


def test_errors_are_those_of_the_design() -> None:
    found = items("forecasting", "paper", False, 300)
    with_event = [item for item in found if item.level > 1]
    expected = {"copy_yesterday": 13.86, "mean_of_days": 11.63, "baseline_event_ignored": 10.82}
    for name, value in expected.items():
        assert np.mean([_mae(item.shortcuts[name], item.answer) for item in found]) == pytest.approx(value, rel=0.2)
    assert np.mean([item.info["floor_mae"] for item in found]) == pytest.approx(4.68, rel=0.2)
    assert np.mean([item.info["copy_mae"] for item in with_event]) == pytest.approx(14.88, rel=0.2)
    assert np.mean([forecasting.score(item, item.info["mean"]) for item in found]) == pytest.approx(0.63, abs=0.06)


@each_set
def test_stored_errors_are_those_of_the_stored_values(size: str, ood: bool) -> None:
    for item in items("forecasting", size, ood, 300)[:60]:
        history, horizon = np.array(item.info["history"]), item.info["horizon"]
        printed = re.search(r"\[(.*?)\]", item.question)
        if printed:
            assert history.tolist() == [float(text) for text in printed[1].split(",")]
        first, second = history[:horizon], history[horizon:]
        assert item.info["copy_mae"] == pytest.approx(_mae(second, item.answer), abs=1e-4)
        assert item.info["reference_mae"] == pytest.approx(max(_mae(first, second), 0.01 * history.mean()), abs=1e-4)
        assert item.info["floor_mae"] == pytest.approx(
            _mae(item.info["mean"], item.answer), abs=0.6 + history.mean() / 500
        )
        assert min(item.answer) >= 0 and all(value == int(value) for value in item.answer)


def test_loads_are_of_another_scale_and_their_score_follows_it() -> None:
    found = items("forecasting", "paper", True, 300)
    assert np.mean([np.mean(item.info["history"]) for item in found]) > 300
    assert all(item.info["score_mae"] == item.info["reference_mae"] for item in found)
    assert {item.level for item in found} == {1, 2, 3}


def _hour(text: str) -> int:
    return int(text.split(":")[0])


def _half_up(value: float) -> int:
    return int(np.floor(value + 0.5))


def _values(text: str) -> list[int]:
    return [int(value) for value in text.strip("[]").split(",")]


def _events(question: str) -> list[str]:
    return re.findall(r"^Events in [a-z0-9 ]+: (.*)\.$", question, flags=re.MULTILINE)


@pytest.mark.parametrize("ood", [False, True])
def test_every_number_of_a_rationale_follows_from_the_question(ood: bool) -> None:
    for item in items("forecasting", "paper", ood, 300)[:150]:
        history = np.array([float(v) for v in re.search(r"\[(.*?)\]", item.question)[1].split(",")])  # type: ignore[index]
        one, two = history[:24], history[24:]
        past, coming = _events(item.question)
        steps = dict(read_rationale(item.rationale, STEPS))
        assert ("slip" in steps) == item.info["corrected"]
        touched: set[int] = set()
        if past != "no significant events":
            start, end = (_hour(steps["visit" if not ood else "change"][key]) for key in ("start", "end"))
            touched = set(range(start, end)) if ood else {*range(start - 3, start + 1), *range(end, 24)}
            assert f"{start:02d}:00" in past
        baseline = [_half_up(one[h] if h in touched else (one[h] + two[h]) / 2) for h in range(24)]
        assert _values(steps["baseline"]["baseline"]) == baseline
        uplift = dict.fromkeys(range(24), 0)
        if ood:
            _check_spell(item.question, past, coming, steps, one, two, baseline, uplift)
        else:
            _check_visit(item.question, past, coming, steps, one, two, uplift)
        stated = steps.get("sequence", {}).get("uplift", "")
        changed = {_hour(part.split()[0]): int(part.split()[1]) for part in stated.split(", ") if part}
        assert changed == {hour: value for hour, value in uplift.items() if value}
        forecast = [max(0, base + uplift[hour]) for hour, base in enumerate(baseline)]
        assert _values(steps["final"]["forecast"]) == forecast == [int(value) for value in item.oracle]
        if "slip" in steps:
            assert int(steps["slip"]["value"]) == two[_hour(steps["slip"]["hour"])]


def _check_visit(question, past, coming, steps, one, two, uplift) -> None:  # type: ignore[no-untyped-def]
    """Venue: what the event of day two (or the stated rule) adds, scaled by visitors."""
    if "visit" in steps:
        fields = steps["visit"]
        start, end, size = _hour(fields["start"]), _hour(fields["end"]), int(fields["size"])
        assert f"at {start:02d}:00, {end - start} hours, {size} visitors" in past
        hours = min(3, 24 - end)
        assert int(fields["hours"]) == hours
        assert int(fields["total"]) == sum(two[end : end + hours] - one[end : end + hours])
        departure = max(0, _half_up(int(fields["total"]) / (2 - 0.5 ** (hours - 1))))
        arrival = max(0, _half_up(np.mean((two - one)[start - 2 : start + 1])))
        for i in range(24 - end, 6):
            uplift[end + i - 24] += _half_up(departure * 0.5**i)
    elif "fact" in steps:
        fields = steps["fact"]
        size, arrival, departure = (int(fields[key]) for key in ("size", "arrival", "departure"))
        assert f"{size} visitors usually add about {arrival} trips" in question
        assert f"about {departure} in the hour after" in question
    else:
        assert "crowd" not in steps and coming == "no significant events"
        return
    assert int(fields["arrival"]) == arrival and int(fields["departure"]) == departure
    assert ("crowd" in steps) == (coming != "no significant events")
    if "crowd" in steps:
        fields = steps["crowd"]
        begin, finish = _hour(fields["start"]), _hour(fields["end"])
        assert f"at {begin:02d}:00, {finish - begin} hours, {fields['size']} visitors" in coming
        ratio = int(fields["size"]) / size
        assert int(fields["arrival"]) == _half_up(arrival * ratio)
        assert int(fields["departure"]) == _half_up(departure * ratio)
        for hour in range(begin - 2, begin + 1):
            uplift[hour] += int(fields["arrival"])
        for i in range(min(6, 24 - finish)):
            uplift[finish + i] += _half_up(int(fields["departure"]) * 0.5**i)


def _check_spell(question, past, coming, steps, one, two, baseline, uplift) -> None:  # type: ignore[no-untyped-def]
    """Load: the percentage of day two against day one (or the stated rule), applied to the announced hours."""
    if "change" in steps:
        hours = slice(_hour(steps["change"]["start"]), _hour(steps["change"]["end"]))
        percent = _half_up(100 * (two[hours].sum() / one[hours].sum() - 1))
        assert int(steps["change"]["percent"]) == percent and past.startswith(steps["change"]["kind"])
    elif "rule" in steps:
        percent = int(steps["rule"]["percent"])
        assert f"a {steps['rule']['kind']} changes the load by about {percent} percent" in question
    assert ("spell" in steps) == (coming != "no significant events")
    if "spell" in steps:
        fields = steps["spell"]
        assert f"from {fields['start']} to {fields['end']}" in coming and int(fields["percent"]) == percent
        for hour in range(_hour(fields["start"]), _hour(fields["end"])):
            uplift[hour] = _half_up(baseline[hour] * percent / 100)


@pytest.mark.parametrize("ood", [False, True])
def test_short_rationales_lead_to_the_forecast_row_by_row(ood: bool) -> None:
    for item in items("forecasting", "short", ood, 300):
        rows = re.findall(r"^[a-f]\d \d$", item.question, flags=re.MULTILINE)
        table = np.array([re.findall(r"\d", row) for row in rows], float)
        found = re.findall(r"Day (\d): slot ([a-f]), (\d)", item.question)
        events = {int(day): ("abcdef".index(slot), int(crowd)) for day, slot, crowd in found}
        slot, size = events[2]
        expected = [_half_up(one if i == slot else (one + two) / 2) for i, (one, two) in enumerate(table)]
        ((step, fields),) = read_rationale(item.rationale, SHORT)
        assert (step == "event") == (3 in events) and fields["before_row"] == rows[slot]
        if step == "event":
            gain = int(table[slot, 1] - table[slot, 0])
            target, crowd = events[3]
            assert [int(fields[key]) for key in ("seen", "usual", "gain", "size")] == [
                table[slot, 1], table[slot, 0], gain, size]  # fmt: skip
            added = _half_up(gain * crowd / size)
            assert fields["slot_row"] == rows[target]
            assert [int(fields[key]) for key in ("base", "add", "total", "crowd")] == [
                expected[target], added, expected[target] + added, crowd]  # fmt: skip
            expected[target] += added
        assert fields["rows"].split(" ")[1::2] == [f"{row[-1]}={v}" for row, v in zip(rows, expected, strict=True)]
        assert fields["rows"].split(" ")[::2] == [row[:-2] for row in rows]
        assert tuple(expected) == item.oracle
        assert len(item.question) + len(item.rationale) < 330


def test_a_tenth_of_the_rationales_correct_a_first_thought() -> None:
    found = items("forecasting", "paper", False, 300) + items("forecasting", "paper", True, 300)
    assert 0.06 < np.mean([item.info["corrected"] for item in found]) < 0.14


@settings(max_examples=60, deadline=None)
@given(st.integers(13, 20), st.integers(16, 36), st.floats(0.2, 0.5), st.floats(0.5, 2.0))
def test_an_event_never_takes_trips_away_and_grows_with_its_crowd(
    start: int, crowd: int, gain: float, level: float
) -> None:
    event, bigger = (Event("concert", 1, start, 3, 500 * size) for size in (crowd, crowd + 4))
    quiet = demand.venue_mean(level, gain, [])
    extra, more = (demand.venue_mean(level, gain, [one]) - quiet for one in (event, bigger))
    assert extra.min() >= 0 and (more >= extra).all()
    assert more.sum() == pytest.approx(extra.sum() * (crowd + 4) / crowd)
    assert int(extra.argmax()) == 24 + start + 3  # the busiest hour is the first after the end


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**40), st.sampled_from(SETS))
def test_a_draw_is_whole_and_repeats(seed: int, which: tuple[str, bool]) -> None:
    size, ood = which
    one, again = (forecasting.draw(seed, ood=ood, size=Size(size)) for _ in range(2))
    assert one == again
    if one is not None:
        assert np.isfinite(one.answer).all() and min(one.oracle) >= 0


def test_a_text_that_is_no_question_is_refused() -> None:
    with pytest.raises(ValueError, match="not a question of this task"):
        forecasting.solve("Predict something.")
