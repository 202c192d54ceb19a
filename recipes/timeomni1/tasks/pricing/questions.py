"""Task 4b, pricing: which of four prices brings the largest profit, judging by past prices and sales?

Sales follow a power law of the price with noise. The label is the best price under the true curve; it must lead by 3 %,
and a least-squares fit to the printed history must select it with a visible lead. Elasticity is drawn after the
options, so that each rank among the four prices is the best equally often, wherever the prices stand relative to the
cost: neither the cost nor the position of a price tells the answer.
Out of distribution: other goods at ten times the prices and 20 to 30 weeks; in the short form, twice the sales.

Size ``paper``: 20 to 60 weeks, prices in cents, five steps in several wordings, one rationale in ten corrects a first
thought. Size ``short``: eight days, each of the four prices twice, whole numbers; adding up the two days selects the
same price, one wording, no corrections. The gates are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from recipes.timeomni1.item import Item, Size, View
from recipes.timeomni1.tasks.drawing import (
    LETTERS,
    SLIPS,
    Floats,
    fixed,
    integer,
    list_options,
    random_numbers,
    read_options,
    say,
    uniform,
)
from recipes.timeomni1.tasks.pricing.steps import SHORT, STEPS

NAME = "pricing"
# The rank of the best price among the options.
LABELS: tuple[str, ...] = ("lowest", "second", "third", "highest")
CEILINGS: Mapping[str, float] = {
    "highest_price": 0.30, "highest_volume": 0.30, "mean_price": 0.40, "double_cost": 0.40,
}  # fmt: skip
RULE_OF_THUMB = ("highest_price", "the highest price looks better")
HIDDEN = "the sales"
BLIND_CEILING = 0.40
_MARGIN = 0.03  # lead of the best price under the true curve, relative to its profit
_VISIBLE = 0.01  # lead under the fitted curve
# The best price is cost * e / (e - 1): an elasticity e of 1.2 to 4 puts it at 1.33 to 6 times the cost.
_RATIO = (1.33, 6.0)
_START = (1.33, 1.6)  # lowest option relative to the cost: from there each rank leads about equally clearly
# Unit costs and prices of the size ``short``; each of the four prices can lead by 3 %.
_SMALL = ((2, (3, 4, 6, 9)), (2, (3, 4, 5, 8)), (3, (4, 5, 7, 9)), (3, (4, 5, 6, 9)))
GOODS = ("coffee beans", "notebooks", "bicycle lamps", "running socks", "desk plants")
OTHER_GOODS = ("concert seats", "software licences", "guided tours", "hotel nights")


@dataclass(frozen=True)
class Market:
    """What a question says. prices, sales: (n,) history; options: letter to price."""

    cost: float
    prices: Floats
    sales: Floats
    options: Mapping[str, float]

    def fit(self) -> tuple[float, float]:
        """Slope and intercept of the least-squares line of log sales on log price."""
        x, y = np.log(self.prices), np.log(self.sales)
        slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
        return slope, float(y.mean() - slope * x.mean())

    def expected_sales(self) -> dict[str, float]:
        """Sales that the fitted line predicts for every option."""
        slope, intercept = self.fit()
        return {letter: float(np.exp(intercept + slope * np.log(price))) for letter, price in self.options.items()}

    def expected_profits(self) -> dict[str, float]:
        """Profit of every option under the fitted line."""
        sales = self.expected_sales()
        return {letter: (price - self.cost) * sales[letter] for letter, price in self.options.items()}


def read(question: str) -> Market:
    """Read the market back from the question."""
    options = {letter: float(text.split()[0]) for letter, text in read_options(question).items()}
    cost = re.search(r"[Uu]nit cost (\d+(?:\.\d+)?)", question)
    pairs = re.findall(r"\((\d+\.\d+), (\d+)\)", question) or re.findall(r"^(\d) (\d+)$", question, re.MULTILINE)
    if cost is None or not pairs or not options:
        raise ValueError("not a question of this task: it states a unit cost, past prices with sales, and options")
    history = np.array(pairs, dtype=np.float64)
    return Market(float(cost[1]), history[:, 0], history[:, 1], options)


def solve(question: str) -> str:
    """The oracle: the price with the largest profit under the fitted line."""
    return _best(read(question).expected_profits())


def shortcuts(question: str) -> dict[str, str]:
    """The answers of solvers that read prices and cost, and never how sales respond."""
    market = read(question)
    options = market.options

    def nearest(price: float) -> str:
        return min(options, key=lambda letter: abs(options[letter] - price))

    return {
        "highest_price": max(options, key=lambda letter: options[letter]),
        "highest_volume": min(options, key=lambda letter: options[letter]),
        "mean_price": nearest(float(market.prices.mean())),
        "double_cost": nearest(2 * market.cost),
    }


def blind(question: str) -> View:
    """Cost, past prices, and the options from the cheapest to the dearest."""
    market = read(question)
    ordered = sorted(market.options, key=lambda letter: market.options[letter])
    prices = [market.options[letter] / market.cost for letter in ordered]
    past = market.prices / market.cost
    return View((market.cost, *prices, past.mean(), past.min(), past.max(), float(len(past))), tuple(ordered))


def _best(profits: Mapping[str, float]) -> str:
    return max(profits, key=lambda letter: profits[letter])


def _lead(profits: Mapping[str, float], letter: str) -> float:
    """By how much a letter leads the others, relative to its profit; negative when it does not."""
    return 1 - max(value for other, value in profits.items() if other != letter) / profits[letter]


@dataclass(frozen=True)
class _Drawn:
    cost: float
    candidates: tuple[float, ...]  # ascending
    prices: Floats
    sales: Floats
    elasticity: float
    domain: str


def draw(seed: int, *, ood: bool, size: Size, want: str | None = None) -> Item | None:
    """One market; None when no price clearly leads. want: the rank of the best price among the four."""
    rng = random_numbers(seed, NAME)
    label = LABELS[int(rng.integers(4))]
    label = want or label
    short = size.name == "short"
    drawn = _draw_small(rng, ood, LABELS.index(label)) if short else _draw(rng, ood, LABELS.index(label))
    if drawn is None:
        return None
    order = [int(i) for i in rng.permutation(4)]
    options = tuple(f"{drawn.candidates[i]:.0f}" if short else f"{drawn.candidates[i]:.2f} $" for i in order)
    question = _short_question(drawn, options) if short else _question(drawn, options)
    market = read(question)
    answer = LETTERS[order.index(LABELS.index(label))]
    true = {letter: (price - drawn.cost) * price**-drawn.elasticity for letter, price in market.options.items()}
    if _lead(true, answer) < _MARGIN or _lead(market.expected_profits(), answer) < _VISIBLE:
        return None
    if short and any(value >= _sums(market)[answer] for letter, value in _sums(market).items() if letter != answer):
        return None
    rationale, corrected = (_short_rationale(market), False) if short else _rationale(rng, market)
    margin = _lead(true, answer)
    return Item(
        task=NAME,
        domain=drawn.domain,
        level=1 if margin > 0.10 else 2 if margin > 0.06 else 3,
        question=question,
        options=options,
        answer=answer,
        oracle=solve(question),
        shortcuts=shortcuts(question),
        rationale=rationale,
        info={
            "label": label,
            "margin": round(margin, 4),
            "elasticity": round(drawn.elasticity, 4),
            "corrected": corrected,
        },
    )


def _elasticity(rng: Generator, cost: float, price: float) -> float | None:
    """An elasticity that puts the best price near ``price``; None outside of what goods have."""
    ratio = price * uniform(rng, (0.92, 1.08)) / cost
    return ratio / (ratio - 1) if _RATIO[0] <= ratio <= _RATIO[1] else None


def _draw(rng: Generator, ood: bool, rank: int) -> _Drawn | None:
    goods = OTHER_GOODS if ood else GOODS
    cost = round(float(np.exp(rng.uniform(*np.log((20.0, 200.0) if ood else (1.0, 10.0))))), 2)
    start, step = cost * uniform(rng, _START), uniform(rng, (1.35, 1.55))
    candidates = tuple(round(start * step**i, 2) for i in range(4))
    elasticity = _elasticity(rng, cost, candidates[rank])
    if elasticity is None:
        return None
    weeks = integer(rng, (20, 30) if ood else (20, 60))
    low, high = candidates[0] * uniform(rng, (0.8, 1.0)), candidates[3] * uniform(rng, (1.0, 1.25))
    prices = np.round(np.exp(rng.uniform(np.log(low), np.log(high), weeks)), 2)
    volume = uniform(rng, (100.0, 600.0))
    noise = uniform(rng, (0.05, 0.12))
    sales = volume * (prices / candidates[1]) ** -elasticity * np.exp(noise * rng.standard_normal(weeks))
    return _Drawn(
        cost, candidates, prices, np.maximum(np.round(sales), 1.0), elasticity, goods[integer(rng, (0, len(goods) - 1))]
    )


def _draw_small(rng: Generator, ood: bool, rank: int) -> _Drawn | None:
    cost, prices_on_offer = _SMALL[int(rng.integers(len(_SMALL)))]
    candidates = tuple(float(price) for price in prices_on_offer)
    elasticity = _elasticity(rng, cost, candidates[rank])
    if elasticity is None:
        return None
    prices = np.array([*candidates, *candidates])[rng.permutation(8)]
    volume = uniform(rng, (45.0, 90.0) if ood else (25.0, 48.0))
    sales = volume * (prices / candidates[0]) ** -elasticity * np.exp(0.03 * rng.standard_normal(8))
    return _Drawn(
        float(cost), candidates, prices, np.maximum(np.round(sales), 1.0), elasticity, "fair" if ood else "kiosk"
    )


def _question(drawn: _Drawn, options: tuple[str, ...]) -> str:
    pairs = ", ".join(f"({price:.2f}, {sold:.0f})" for price, sold in zip(drawn.prices, drawn.sales, strict=True))
    return (
        f"A business sells {drawn.domain}, unit cost {drawn.cost:.2f} $. Price in $ and units sold in "
        f"{len(drawn.prices)} past weeks: {pairs}.\n"
        "Demand has a constant price elasticity, apart from chance.\n"
        f"Which price brings the largest profit per week?\nOptions:\n{list_options(options)}"
    )


def _short_question(drawn: _Drawn, options: tuple[str, ...]) -> str:
    rows = "\n".join(f"{price:.0f} {sold:.0f}" for price, sold in zip(drawn.prices, drawn.sales, strict=True))
    return f"Price and units sold by day:\n{rows}\nUnit cost {drawn.cost:.0f}.\nOptions:\n{list_options(options)}"


def _sums(market: Market) -> dict[str, float]:
    """Profit of the two days with an option's price."""
    return {
        letter: (price - market.cost) * float(market.sales[market.prices == price].sum())
        for letter, price in market.options.items()
    }


def _short_rationale(market: Market) -> str:
    """Margin, sales of the two days, and their product, per option."""
    values = []
    for letter, price in market.options.items():
        one, other = market.sales[market.prices == price]
        margin, sold = price - market.cost, one + other
        values.append(f"{letter} {one:.0f}+{other:.0f}={sold:.0f}, {margin:.0f}*{sold:.0f}={margin * sold:.0f}")
    return SHORT["values"][0].format(values="; ".join(values))


def _rationale(rng: Generator, market: Market) -> tuple[str, bool]:
    """The five steps, and whether a wrong first thought is corrected."""
    slope, _ = market.fit()
    sales = market.expected_sales()
    profits = {letter: fixed(value) for letter, value in market.expected_profits().items()}
    ranked = sorted(market.options, key=lambda letter: float(profits[letter]))
    best, second = ranked[-1], ranked[-2]
    lines = [
        say(rng, STEPS["data"], count=str(len(market.prices)), lowest=fixed(market.prices.min()),
            highest=fixed(market.prices.max()), mean=fixed(market.sales.mean(), 1)),
        say(rng, STEPS["response"], slope=fixed(slope), slope_size=fixed(-slope)),
        say(rng, STEPS["sales"], sales=", ".join(f"{fixed(sales[letter], 1)} units for {letter}" for letter in sales)),
        say(rng, STEPS["profits"], cost=fixed(market.cost),
            profits=", ".join(f"{profits[letter]} $ for {letter}" for letter in profits)),
    ]  # fmt: skip
    slip = rng.random() < SLIPS
    if slip:
        wrong = ranked[int(rng.integers(3))]
        lines.append(say(rng, STEPS["slip"], wrong=wrong, profit=profits[wrong], more=profits[best]))
    lines.append(say(rng, STEPS["decision"], letter=best, best=profits[best], second=profits[second]))
    return "\n".join(lines), slip
