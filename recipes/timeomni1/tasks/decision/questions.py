"""Task 4, decision making: which of four battery schedules saves most tomorrow?

The label is the largest saving on tomorrow's actual load; a case is accepted when it leads by more than 5 % of the
saving of the best possible schedule (a linear programme) and the mean of the printed days selects the same. The
options are built so that no solver that ignores the load does better than guessing among the three sensible ones.

Size ``paper``: 48 hours of history, 24 prices, losses, limits that bind, five steps in several wordings, one rationale
in ten corrects a first thought. Size ``short``: ten hours, a to j, one day of history, whole numbers, energy that is
free in all hours but five, no losses, and limits that never bind, so that an option is worth the load in its hours; one
wording, no corrections. The gates are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from recipes.timeomni1.item import Item, Size, View
from recipes.timeomni1.tasks import building
from recipes.timeomni1.tasks.building import Building
from recipes.timeomni1.tasks.decision.battery import Battery, Strategy, optimal_saving, run
from recipes.timeomni1.tasks.decision.steps import SHORT, STEPS
from recipes.timeomni1.tasks.drawing import (
    LETTERS,
    ROWS,
    SLIPS,
    Floats,
    bracketed,
    fixed,
    list_options,
    numbers,
    random_numbers,
    read_options,
    say,
)

NAME = "decision"
# The place in the day of the best among the three sensible pairs.
LABELS: tuple[str, ...] = ("earliest", "middle", "latest")
# The price rules out one of four options, so 1/3 is the floor of a solver that never looks at the load.
CEILINGS: Mapping[str, float] = dict.fromkeys(
    ("price_rule", "shared_hour", "closest_hours", "middle_of_window", "latest_hours", "earliest_hours"), 0.42
)
RULE_OF_THUMB = ("latest_hours", "the latest hours are safer")
HIDDEN = "the load"
BLIND_CEILING = 0.42
_MARGIN = 0.05  # of the optimal saving, on the actual load
_VISIBLE = 0.02  # lead on the expected load that a saving with two decimals shows
_NUMBER = r"(\d+(?:\.\d+)?)"
_BATTERY = re.compile(
    rf"battery of {_NUMBER} kWh that holds {_NUMBER} kWh now\. It charges at most {_NUMBER} kWh and discharges at most "
    rf"{_NUMBER} kWh per hour, with an efficiency of {_NUMBER} each way"
)
_PRICES = re.compile(rf"{_NUMBER} \$/kWh in hours (\d[\d, -]*)")


@dataclass(frozen=True)
class Case:
    """What a question says. days: (days, T) loads; price: (T,); options: letter to strategy."""

    battery: Battery
    days: Floats
    price: Floats
    options: Mapping[str, Strategy]

    @property
    def expected(self) -> Floats:
        """The load (T,) to expect: the mean of the days."""
        return np.asarray(self.days.mean(axis=0))

    def savings(self, load: Floats) -> dict[str, float]:
        """What every option saves on a load (T,)."""
        return {letter: run(self.battery, option, load, self.price).saving for letter, option in self.options.items()}


def read(question: str) -> Case:
    """Read the case back from the question."""
    options = {letter: _strategy(text) for letter, text in read_options(question).items()}
    rows = re.findall(r"^([a-j])(\d)$", question, flags=re.MULTILINE)
    if rows:  # the short form: other hours are free, so that their load does not matter
        load, price = np.zeros(len(ROWS)), np.zeros(len(ROWS))
        for hour, amount in rows:
            load[ROWS.index(hour)], price[ROWS.index(hour)] = float(amount), 1.0
        return Case(building.SMALL_BATTERY, load[None], price, options)
    printed = _BATTERY.search(question)
    series = re.search(r"\[([^\]]*)\]", question)
    if printed is None or series is None:
        raise ValueError("not a question of this task: it describes a battery and prints the load in brackets")
    days = numbers(series[1]).reshape(-1, 24)
    price = np.zeros(24)
    for amount, hours in _PRICES.findall(question):
        for part in hours.split(", "):
            first, _, last = part.partition("-")
            price[int(first) : int(last or first) + 1] = float(amount)
    return Case(Battery(*(float(part) for part in printed.groups())), days, price, options)


def _strategy(text: str) -> Strategy:
    if short := re.fullmatch(r"discharge ([a-j]) ([a-j])", text):
        return Strategy(building.SMALL_CHARGE, (ROWS.index(short[1]), ROWS.index(short[2])))
    a, b, c, d = (int(number) for number in re.findall(r"\d+", text))
    return Strategy((a, b), (c, d))


def solve(question: str) -> str:
    """The oracle: the option that saves most on the mean of the printed days."""
    case = read(question)
    savings = case.savings(case.expected)
    return max(savings, key=lambda letter: savings[letter])


def shortcuts(question: str) -> dict[str, str]:
    """The answers of solvers that read prices and hours, and never the load."""
    case = read(question)
    peak = np.flatnonzero(case.price == case.price.max())
    valid = {letter: one.discharge for letter, one in case.options.items() if set(one.discharge) <= set(peak.tolist())}
    other = next(one.discharge for letter, one in case.options.items() if letter not in valid)
    shared = [letter for letter, hours in valid.items() if set(hours) & set(other)]
    middle = {letter: abs(sum(hours) / 2 - peak.mean()) for letter, hours in valid.items()}
    return {
        "price_rule": next(iter(valid)),
        "shared_hour": (shared or list(valid))[0],
        "closest_hours": min(case.options, key=lambda letter: np.ptp(case.options[letter].discharge)),
        "middle_of_window": min(middle, key=lambda letter: middle[letter]),
        "latest_hours": max(valid, key=lambda letter: sum(valid[letter])),
        "earliest_hours": min(valid, key=lambda letter: sum(valid[letter])),
    }


def blind(question: str) -> View:
    """Battery, prices and options, the options from the earliest to the latest and the one with a cheap hour last."""
    case = read(question)
    peak = np.flatnonzero(case.price == case.price.max()).tolist()
    ordered = sorted(case.options, key=lambda letter: _from_peak(case.options[letter], peak))
    hours = [hour - peak[0] for letter in ordered for hour in _hours(case.options[letter])]
    battery = case.battery
    shares = (
        battery.stored / battery.capacity,
        battery.charge / battery.capacity,
        battery.discharge / battery.capacity,
    )
    return View((battery.capacity, *shares, *np.unique(case.price)[[0, -1]], float(peak[0]), *hours), tuple(ordered))


def _hours(strategy: Strategy) -> tuple[int, ...]:
    return (*strategy.charge, *strategy.discharge)


def _from_peak(strategy: Strategy, peak: list[int]) -> tuple[bool, int]:
    return not set(strategy.discharge) <= set(peak), sum(strategy.discharge)


def draw(seed: int, *, ood: bool, size: Size, want: str | None = None) -> Item | None:
    """One case; None when the wanted pair is not clearly the best, or the history does not show it."""
    rng = random_numbers(seed, NAME)
    short = size.name == "short"
    best = int(rng.integers(len(LABELS)))
    best = LABELS.index(want) if want else best
    if short:
        home = building.draw_small(rng, ood)
    else:
        home = building.draw_other(rng, best) if ood else building.draw_home(rng, best)
    order = [int(i) for i in rng.permutation(len(home.strategies))]
    strategies = [home.strategies[i] for i in order]
    texts = tuple((_short_text if short else _text)(strategy) for strategy in strategies)
    question = (_short_question if short else _question)(home, texts)
    case = read(question)
    savings = case.savings(home.actual)
    second, answer = sorted(savings, key=lambda letter: savings[letter])[-2:]
    if answer != LETTERS[order.index(best)]:
        return None
    expected = case.savings(case.expected)
    if any(expected[answer] - expected[letter] < _VISIBLE for letter in expected if letter != answer):
        return None
    optimum = optimal_saving(case.battery, home.actual, case.price)
    margin = (savings[answer] - savings[second]) / optimum
    if margin <= _MARGIN:
        return None
    rationale, corrected = (_short_rationale(case), False) if short else _rationale(rng, case)
    return Item(
        task=NAME,
        domain=home.family,
        level=1 if margin > 0.15 else 2 if margin > 0.10 else 3,
        question=question,
        options=texts,
        answer=answer,
        oracle=solve(question),
        shortcuts=shortcuts(question),
        rationale=rationale,
        info={
            "label": LABELS[best],
            "savings": {letter: round(value, 4) for letter, value in savings.items()},
            "optimal_saving": round(optimum, 4),
            "margin": round(margin, 4),
            "actual_load": tuple(float(value) for value in home.actual),
            "corrected": corrected,
        },
    )


def _text(strategy: Strategy) -> str:
    (a, b), (c, d) = strategy.charge, strategy.discharge
    return f"charge in hours {a} and {b}, discharge in hours {c} and {d}"


def _short_text(strategy: Strategy) -> str:
    return "discharge {} {}".format(*(ROWS[hour] for hour in strategy.discharge))


def _hours_at(price: Floats, amount: float) -> str:
    """``0-14, 20-23``: the hours of one price."""
    hours = np.flatnonzero(price == amount)
    runs = np.split(hours, np.flatnonzero(np.diff(hours) > 1) + 1)
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _question(home: Building, options: tuple[str, ...]) -> str:
    battery = home.battery
    prices = "; ".join(
        f"{amount:.2f} $/kWh in hours {_hours_at(home.price, amount)}" for amount in np.unique(home.price)
    )
    return (
        f"A building has a battery of {battery.capacity:.1f} kWh that holds {battery.stored:.1f} kWh now. It charges "
        f"at most {battery.charge:.1f} kWh and discharges at most {battery.discharge:.1f} kWh per hour, with an "
        f"efficiency of {battery.efficiency:.2f} each way.\n"
        f"Load of the past 48 hours in kWh per hour: {bracketed(home.history, 2)}\n"
        f"Price tomorrow: {prices}.\n"
        "In its hours a strategy charges or discharges as much as the limits allow, and idles otherwise. Discharging "
        "never exceeds the load, and energy left at the end of the day is worth nothing.\n"
        f"Which strategy saves most tomorrow?\nOptions:\n{list_options(options)}"
    )


def _short_question(home: Building, options: tuple[str, ...]) -> str:
    rows = "\n".join(f"{ROWS[hour]}{home.history[hour]:.0f}" for hour in np.flatnonzero(home.price))
    return (
        f"Load by hour:\n{rows}\nEnergy is free in all other hours, and the battery full enough for any option.\n"
        f"Options:\n{list_options(options)}"
    )


def _short_rationale(case: Case) -> str:
    """The loads served in hours that cost, and their sum, per option, each with the best one so far."""
    values, best, most = [], "", -1.0
    for letter, option in case.options.items():
        loads = [(hour, case.expected[hour] * case.price[hour]) for hour in option.discharge]
        total = sum(load for _, load in loads)
        if total > most:
            best, most = letter, total
        terms = " ".join(f"{ROWS[hour]}{load:.0f}" for hour, load in loads)
        values.append(f"{letter} {terms}={total:.0f} best {best}{most:.0f}")
    return SHORT["values"][0].format(values=", ".join(values), letter=best)


def _rationale(rng: Generator, case: Case) -> tuple[str, bool]:
    """The five steps of the paper's template, and whether a wrong first thought is corrected."""
    expected, price = case.expected, case.price
    outcomes = {letter: run(case.battery, option, expected, price) for letter, option in case.options.items()}
    hours = sorted({hour for option in case.options.values() for hour in option.discharge})
    peak = np.flatnonzero(price == price.max())
    ranked = sorted(outcomes, key=lambda letter: outcomes[letter].saving)
    best, second = ranked[-1], ranked[-2]
    saving = {letter: fixed(outcome.saving) for letter, outcome in outcomes.items()}
    amounts = "; ".join(
        f"{letter} "
        + " and ".join(f"{outcomes[letter].discharged[hour]:.2f} kWh at {hour}" for hour in option.discharge)
        + f" for {outcomes[letter].charged.sum():.2f} kWh bought, saving {saving[letter]} $"
        for letter, option in case.options.items()
    )
    lines = [
        say(rng, STEPS["load"], loads=", ".join(f"{expected[hour]:.2f} kWh at {hour}" for hour in hours)),
        say(rng, STEPS["price"], low=f"{price.min():.2f}", high=f"{price.max():.2f}", start=str(peak[0]),
            end=str(peak[-1])),
        say(rng, STEPS["feasible"], capacity=f"{case.battery.capacity:.1f}",
            full=", ".join(f"{outcomes[letter].stored.max():.2f} kWh in {letter}" for letter in outcomes)),
        say(rng, STEPS["amounts"], amounts=amounts),
    ]  # fmt: skip
    slip = rng.random() < SLIPS
    if slip:
        wrong = ranked[int(rng.integers(len(ranked) - 1))]
        lines.append(say(rng, STEPS["slip"], wrong=wrong, saving=saving[wrong], more=saving[best]))
    lines.append(say(rng, STEPS["decision"], letter=best, best=saving[best], second=saving[second]))
    return "\n".join(lines), slip
