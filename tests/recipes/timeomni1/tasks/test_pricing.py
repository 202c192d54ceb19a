"""Pricing: margins, leaks, and every number of the rationales."""

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
from recipes.timeomni1.tasks.pricing import questions as pricing
from recipes.timeomni1.tasks.pricing.steps import SHORT, STEPS

SETS = [("paper", False, 600), ("paper", True, 300), ("short", False, 300), ("short", True, 200)]
each_set = pytest.mark.parametrize(("size", "ood", "count"), SETS)


def _profits(item: pricing.Item) -> dict[str, float]:
    """Profit under the true curve, up to a factor that all options share."""
    market = pricing.read(item.question)
    return {
        letter: (price - market.cost) * price ** -item.info["elasticity"] for letter, price in market.options.items()
    }


@each_set
def test_the_printed_question_passes_the_gates_again(size: str, ood: bool, count: int) -> None:
    for item in items("pricing", size, ood, count):
        assert pricing.solve(item.question) == item.answer == item.oracle
        for profits, least in ((_profits(item), 0.03), (pricing.read(item.question).expected_profits(), 0.01)):
            second, best = sorted(profits.values())[-2:]
            assert profits[str(item.answer)] == best
            assert 1 - second / best >= least - 1e-3


@each_set
def test_each_rank_is_the_best_equally_often(size: str, ood: bool, count: int) -> None:
    found = items("pricing", size, ood, count)
    ranks = Counter()
    for item in found:
        prices = pricing.read(item.question).options
        rank = sorted(prices.values()).index(prices[str(item.answer)])
        assert pricing.LABELS[rank] == item.info["label"]
        ranks[rank] += 1
    assert ranks == dict.fromkeys(range(4), count // 4)


@each_set
@pytest.mark.parametrize("shortcut", pricing.CEILINGS)
def test_shortcuts_stay_below_their_ceilings(size: str, ood: bool, count: int, shortcut: str) -> None:
    assert accuracy(items("pricing", size, ood, count), shortcut) < pricing.CEILINGS[shortcut]


def test_a_classifier_that_does_not_see_the_sales_learns_nothing() -> None:
    accuracy = leaks.learned(items("pricing", "paper", False, 600), pricing.blind)
    assert accuracy is not None and accuracy < pricing.BLIND_CEILING


@each_set
def test_permuting_the_options_permutes_the_letter(size: str, ood: bool, count: int) -> None:
    for item in items("pricing", size, ood, count)[:60]:
        question, letter = swap_options(item)
        assert pricing.solve(question) == letter


def test_letters_are_balanced() -> None:
    letters = Counter(item.answer for item in items("pricing", "paper", False, 600))
    assert all(abs(letters[letter] / 600 - 0.25) < 0.06 for letter in "ABCD")


def test_goods_out_of_distribution_are_others() -> None:
    inside = {item.domain for item in items("pricing", "paper", False, 600)}
    outside = {item.domain for item in items("pricing", "paper", True, 300)}
    assert not inside & outside


def _labelled(text: str, unit: str) -> dict[str, float]:
    return {letter: float(value) for value, letter in re.findall(rf"(-?[\d.]+) {unit} for (\w)", text)}


@pytest.mark.parametrize(("ood", "count"), [(False, 600), (True, 300)])
def test_every_number_of_a_rationale_follows_from_the_question(ood: bool, count: int) -> None:
    for item in items("pricing", "paper", ood, count)[:150]:
        history = np.array(re.findall(r"\(([\d.]+), (\d+)\)", item.question), dtype=float)
        cost = float(re.search(r"unit cost ([\d.]+) \$", item.question)[1])  # type: ignore[index]
        options = {k: float(v) for k, v in re.findall(r"^(\w)\. ([\d.]+) \$$", item.question, flags=re.MULTILINE)}
        slope, intercept = np.polyfit(np.log(history[:, 0]), np.log(history[:, 1]), 1)
        steps = dict(read_rationale(item.rationale, STEPS))
        assert ("slip" in steps) == item.info["corrected"]
        data = steps["data"]
        assert int(data["count"]) == len(history)
        assert (float(data["lowest"]), float(data["highest"])) == (history[:, 0].min(), history[:, 0].max())
        assert float(data["mean"]) == pytest.approx(history[:, 1].mean(), abs=0.051)
        assert float(steps["response"]["slope"]) == pytest.approx(slope, abs=0.0051)
        assert float(steps["response"]["slope_size"]) == -float(steps["response"]["slope"])
        sales = {letter: np.exp(intercept + slope * np.log(price)) for letter, price in options.items()}
        stated = _labelled(steps["sales"]["sales"], "units")
        assert stated == {letter: pytest.approx(value, abs=0.051) for letter, value in sales.items()}
        profits = {letter: (price - cost) * sales[letter] for letter, price in options.items()}
        stated = _labelled(steps["profits"]["profits"], r"\$")
        assert stated == {letter: pytest.approx(value, abs=0.0051) for letter, value in profits.items()}
        assert float(steps["profits"]["cost"]) == cost
        ranked = sorted(profits, key=lambda letter: profits[letter])
        decision = steps["decision"]
        assert decision["letter"] == ranked[-1] == item.answer
        assert (float(decision["best"]), float(decision["second"])) == (stated[ranked[-1]], stated[ranked[-2]])
        if "slip" in steps:
            slip = steps["slip"]
            assert slip["wrong"] in ranked[:-1] and float(slip["profit"]) == stated[slip["wrong"]]
            assert float(slip["more"]) == stated[ranked[-1]]


@pytest.mark.parametrize(("ood", "count"), [(False, 300), (True, 200)])
def test_short_rationales_state_margin_times_sales(ood: bool, count: int) -> None:
    for item in items("pricing", "short", ood, count):
        rows = re.findall(r"^(\d) (\d+)$", item.question, flags=re.MULTILINE)
        cost = int(re.search(r"Unit cost (\d)\.", item.question)[1])  # type: ignore[index]
        ((_, fields),) = read_rationale(item.rationale, SHORT)
        values = {}
        for text, (letter, price) in zip(
            fields["values"].split("; "), re.findall(r"^(\w)\. (\d)$", item.question, flags=re.MULTILINE), strict=True
        ):
            one, other = (int(sold) for at, sold in rows if at == price)
            margin, total = int(price) - cost, one + other
            values[letter] = margin * total
            assert text == f"{letter} {one}+{other}={total}, {margin}*{total}={values[letter]}"
        best, second = sorted(values.values())[:-3:-1]
        assert values[str(item.answer)] == best > second
        assert len(item.question) + len(item.rationale) < 250


def test_a_tenth_of_the_rationales_correct_a_first_thought() -> None:
    found = items("pricing", "paper", False, 600) + items("pricing", "paper", True, 300)
    assert 0.06 < np.mean([item.info["corrected"] for item in found]) < 0.14


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**40), st.sampled_from(pricing.LABELS), st.sampled_from([("paper", True), ("short", False)]))
def test_elasticities_are_those_of_goods_and_options_differ(seed: int, want: str, which: tuple[str, bool]) -> None:
    item = pricing.draw(seed, ood=which[1], size=Size(which[0]), want=want)
    if item is None:
        return
    market = pricing.read(item.question)
    assert 1.1 < item.info["elasticity"] < 4.1
    assert len(set(item.options)) == 4 and min(market.options.values()) > market.cost > 0
    assert min(market.sales) >= 1


def test_a_text_that_is_no_question_is_refused() -> None:
    with pytest.raises(ValueError, match="not a question of this task"):
        pricing.solve("A. 3 $\nB. 4 $")
