"""Decision making: the optimum, feasibility, leaks of the options, and every number of the rationales."""

import re
from collections import Counter

import numpy as np
import pytest
from drawn import accuracy, items, swap_options
from hypothesis import given, settings
from hypothesis import strategies as st
from rationales import read_rationale

from recipes.timeomni1 import leaks
from recipes.timeomni1.item import Size
from recipes.timeomni1.tasks.decision import questions as decision
from recipes.timeomni1.tasks.decision.battery import Battery, Strategy, optimal_saving, run
from recipes.timeomni1.tasks.decision.steps import SHORT, STEPS

SETS = [("paper", False, 360), ("paper", True, 150), ("short", False, 200), ("short", True, 150)]
each_set = pytest.mark.parametrize(("size", "ood", "count"), SETS)


@each_set
def test_the_printed_question_passes_the_gates_again(size: str, ood: bool, count: int) -> None:
    for item in items("decision", size, ood, count):
        assert decision.solve(item.question) == item.answer == item.oracle
        case = decision.read(item.question)
        savings = case.savings(np.array(item.info["actual_load"]))
        best, second = sorted(savings.values())[:-3:-1]
        assert savings[str(item.answer)] == best
        assert best - second > 0.05 * item.info["optimal_saving"] - 1e-3
        expected = sorted(case.savings(case.expected).values())
        assert expected[-1] - expected[-2] >= 0.02
        assert {letter: pytest.approx(value, abs=1e-4) for letter, value in item.info["savings"].items()} == savings


@each_set
def test_no_option_beats_the_linear_programme(size: str, ood: bool, count: int) -> None:
    for item in items("decision", size, ood, count)[:80]:
        case = decision.read(item.question)
        optimum = optimal_saving(case.battery, np.array(item.info["actual_load"]), case.price)
        assert optimum == pytest.approx(item.info["optimal_saving"], abs=1e-4)
        assert max(case.savings(np.array(item.info["actual_load"])).values()) <= optimum + 1e-9


@each_set
def test_permuting_the_options_permutes_the_letter(size: str, ood: bool, count: int) -> None:
    for item in items("decision", size, ood, count)[:60]:
        question, letter = swap_options(item)
        assert decision.solve(question) == letter


def test_letters_are_balanced() -> None:
    found = [item for size, ood, count in SETS for item in items("decision", size, ood, count)]
    letters = Counter(item.answer for item in found)
    assert all(abs(letters[letter] / len(found) - 0.25) < 0.05 for letter in "ABCD")


@pytest.mark.parametrize("size", ["paper", "short"])
@pytest.mark.parametrize("shortcut", decision.CEILINGS)
def test_no_solver_that_ignores_the_load_beats_its_ceiling(size: str, shortcut: str) -> None:
    found = tuple(item for name, ood, count in SETS if name == size for item in items("decision", name, ood, count))
    assert accuracy(found, shortcut) < decision.CEILINGS[shortcut] + 0.02  # one standard error of 600


@each_set
def test_each_place_in_the_day_is_the_best_equally_often(size: str, ood: bool, count: int) -> None:
    places: Counter[str] = Counter()
    for item in items("decision", size, ood, count):
        case = decision.read(item.question)
        peak = set(np.flatnonzero(case.price == case.price.max()).tolist())
        pairs = sorted(one.discharge for one in case.options.values() if set(one.discharge) <= peak)
        place = decision.LABELS[pairs.index(case.options[str(item.answer)].discharge)]
        assert place == item.info["label"]
        places[place] += 1
    assert max(places.values()) - min(places.values()) <= 1


def test_a_classifier_that_does_not_see_the_load_learns_nothing() -> None:
    found = [*items("decision", "paper", False, 360), *items("decision", "paper", True, 150)]
    accuracy = leaks.learned(found, decision.blind)
    assert accuracy is not None and accuracy < decision.BLIND_CEILING


@each_set
def test_options_are_three_pairs_at_one_distance_and_one_with_a_cheap_hour(size: str, ood: bool, count: int) -> None:
    for item in items("decision", size, ood, count):
        case = decision.read(item.question)
        high = case.price.max()
        dear = [sum(case.price[list(one.discharge)] == high) for one in case.options.values()]
        assert sorted(dear) == [1, 2, 2, 2] and len(set(item.options)) == 4
        gaps = {
            np.ptp(one.discharge) for one in case.options.values() if sum(case.price[list(one.discharge)] == high) == 2
        }
        assert len(gaps) == 1 and gaps <= {1, 2}
        assert all(max(one.charge) < np.flatnonzero(case.price == high)[0] for one in case.options.values())
        assert all(not set(one.charge) & set(one.discharge) for one in case.options.values())


def test_more_than_half_of_what_is_drawn_is_accepted() -> None:
    kept = [decision.draw(seed, ood=False, size=Size("paper")) for seed in range(150)]
    assert 0.5 < sum(item is not None for item in kept) / 150 < 0.85


def _simulate(question: str, load: np.ndarray) -> dict[str, dict[str, object]]:
    """The rules of the question in plain words, written a second time."""
    text = question.split("Options:")[0]
    limits = r"of ([\d.]+) kWh that holds ([\d.]+) .*most ([\d.]+) .*most ([\d.]+) .*efficiency of ([\d.]+)"
    capacity, stored, power, outward, efficiency = map(float, re.search(limits, text).groups())  # type: ignore[union-attr]
    price = {}
    for amount, hours in re.findall(r"([\d.]+) \$/kWh in hours ([\d, -]+)", text):
        for part in hours.strip(", ").split(", "):
            ends = [int(value) for value in part.split("-")]
            price.update(dict.fromkeys(range(ends[0], ends[-1] + 1), float(amount)))
    assert sorted(price) == list(range(24))
    found: dict[str, dict[str, object]] = {}
    for letter, *hours in re.findall(r"^(\w)\. charge in hours (\d+) and (\d+), discharge in hours (\d+) and (\d+)$",
                                     question, flags=re.MULTILINE):  # fmt: skip
        a, b, c, d = (int(hour) for hour in hours)
        energy, bought, served, money, full = stored, 0.0, {}, 0.0, stored
        for hour in range(24):
            if hour in (a, b):
                amount = min(power, (capacity - energy) / efficiency)
                energy, bought, money = energy + amount * efficiency, bought + amount, money - amount * price[hour]
            if hour in (c, d):
                served[hour] = min(outward, energy * efficiency, load[hour])
                energy, money = energy - served[hour] / efficiency, money + served[hour] * price[hour]
            assert -1e-9 <= energy <= capacity + 1e-9
            full = max(full, energy)
        found[letter] = {"bought": bought, "served": served, "saving": money, "full": full}
    return found


@pytest.mark.parametrize(("ood", "count"), [(False, 360), (True, 150)])
def test_every_number_of_a_rationale_follows_from_the_question(ood: bool, count: int) -> None:
    near = 0.0051
    for item in items("decision", "paper", ood, count)[:120]:
        history = np.array(re.search(r"\[(.*?)\]", item.question)[1].split(","), dtype=float)  # type: ignore[index]
        expected = (history[:24] + history[24:]) / 2
        options = _simulate(item.question, expected)
        steps = dict(read_rationale(item.rationale, STEPS))
        assert ("slip" in steps) == item.info["corrected"]
        loads = {int(h): float(v) for v, h in re.findall(r"([\d.]+) kWh at (\d+)", steps["load"]["loads"])}
        assert set(loads) == {hour for option in options.values() for hour in option["served"]}  # type: ignore[attr-defined]
        assert all(value == pytest.approx(expected[hour], abs=near) for hour, value in loads.items())
        price = [float(value) for value in re.findall(r"([\d.]+) \$/kWh", item.question)]
        assert (float(steps["price"]["low"]), float(steps["price"]["high"])) == (min(price), max(price))
        assert f"{max(price):.2f} $/kWh in hours {steps['price']['start']}-{steps['price']['end']}" in item.question
        full = dict((k, float(v)) for v, k in re.findall(r"([\d.]+) kWh in (\w)", steps["feasible"]["full"]))
        assert full == {letter: pytest.approx(option["full"], abs=near) for letter, option in options.items()}
        assert f"battery of {steps['feasible']['capacity']} kWh" in item.question
        stated = steps["amounts"]["amounts"].split("; ")
        assert len(stated) == 4
        for text in stated:
            letter, one, first, other, second, bought, saving = re.fullmatch(
                r"(\w) ([\d.]+) kWh at (\d+) and ([\d.]+) kWh at (\d+) for ([\d.]+) kWh bought, saving (-?[\d.]+) \$",
                text,
            ).groups()  # type: ignore[union-attr]
            option = options[letter]
            assert {int(first): float(one), int(second): float(other)} == {
                hour: pytest.approx(value, abs=near) for hour, value in option["served"].items()}  # type: ignore[attr-defined]  # fmt: skip
            assert float(bought) == pytest.approx(option["bought"], abs=near)
            assert float(saving) == pytest.approx(option["saving"], abs=near)
        ranked = sorted(options, key=lambda letter: options[letter]["saving"])  # type: ignore[arg-type,return-value]
        assert steps["decision"]["letter"] == ranked[-1] == item.answer
        assert float(steps["decision"]["best"]) == pytest.approx(options[ranked[-1]]["saving"], abs=near)
        assert float(steps["decision"]["second"]) == pytest.approx(options[ranked[-2]]["saving"], abs=near)
        if "slip" in steps:
            slip = steps["slip"]
            assert slip["wrong"] in ranked[:-1] and slip["more"] == steps["decision"]["best"]
            assert float(slip["saving"]) == pytest.approx(options[slip["wrong"]]["saving"], abs=near)


@pytest.mark.parametrize("ood", [False, True])
def test_short_rationales_add_the_loads(ood: bool) -> None:
    for item in items("decision", "short", ood, 150):
        rows = dict(re.findall(r"^([a-j])(\d)$", item.question, flags=re.MULTILINE))
        assert len(rows) == 5
        ((_, fields),) = read_rationale(item.rationale, SHORT)
        values = {}
        for text, (letter, c, d) in zip(
            fields["values"].split(", "),
            re.findall(r"^(\w)\. discharge ([a-j]) ([a-j])$", item.question, flags=re.MULTILINE),
            strict=True,
        ):
            loads = [int(rows.get(hour, "0")) for hour in (c, d)]  # hours outside the table are free
            values[letter] = sum(loads)
            best = max(values, key=lambda letter: values[letter])
            assert text == f"{letter} {c}{loads[0]} {d}{loads[1]}={values[letter]} best {best}{values[best]}"
        assert max(values, key=lambda letter: values[letter]) == item.answer == fields["letter"]
        assert max(values.values()) < 10
        assert sorted(values.values())[-1] > sorted(values.values())[-2]
        assert values == {letter: pytest.approx(value) for letter, value in _short_savings(item.question).items()}
        assert len(item.question) + len(item.rationale) < 340


def _short_savings(question: str) -> dict[str, float]:
    case = decision.read(question)
    return case.savings(case.expected)


def test_a_tenth_of_the_rationales_correct_a_first_thought() -> None:
    found = items("decision", "paper", False, 360) + items("decision", "paper", True, 150)
    assert 0.06 < np.mean([item.info["corrected"] for item in found]) < 0.14


positive = st.floats(0.1, 20.0)
hours = st.integers(0, 23)


@settings(max_examples=80, deadline=None)
@given(
    st.builds(Battery, positive, st.just(0.0), positive, positive, st.floats(0.5, 1.0)),
    st.floats(0.0, 1.0),
    st.tuples(hours, hours, hours, hours),
    st.lists(positive, min_size=24, max_size=24),
    st.lists(st.floats(0.05, 1.0), min_size=24, max_size=24),
)
def test_every_strategy_obeys_the_limits_and_never_beats_the_optimum(
    empty: Battery, share: float, four: tuple[int, int, int, int], loads: list[float], prices: list[float]
) -> None:
    battery = Battery(empty.capacity, share * empty.capacity, empty.charge, empty.discharge, empty.efficiency)
    load, price = np.array(loads), np.array(prices)
    outcome = run(battery, Strategy(four[:2], four[2:]), load, price)
    assert (outcome.stored >= -1e-9).all() and (outcome.stored <= battery.capacity + 1e-9).all()
    assert (outcome.charged <= battery.charge + 1e-9).all() and (outcome.charged >= 0).all()
    assert (outcome.discharged <= np.minimum(battery.discharge, load) + 1e-9).all() and (outcome.discharged >= 0).all()
    balance = battery.stored + np.cumsum(battery.efficiency * outcome.charged - outcome.discharged / battery.efficiency)
    assert outcome.stored == pytest.approx(balance)
    idle = [hour for hour in range(24) if hour not in four]
    assert not outcome.charged[idle].any() and not outcome.discharged[idle].any()
    assert optimal_saving(battery, load, price) >= outcome.saving - 1e-6


def test_the_optimum_of_a_case_that_can_be_done_by_hand() -> None:
    # Buy 2 kWh at 1, keep 1 of them through a loss of half, serve 1 kWh at 5, of which the efficiency leaves a half.
    battery = Battery(capacity=10, stored=0, charge=2, discharge=9, efficiency=0.5)
    assert optimal_saving(battery, np.array([9.0, 9.0]), np.array([1.0, 5.0])) == pytest.approx(5 * 0.5 - 2 * 1)


def test_a_text_that_is_no_question_is_refused() -> None:
    with pytest.raises(ValueError, match="not a question of this task"):
        decision.solve("Which one? A. charge in hours 1 and 2, discharge in hours 3 and 4")
