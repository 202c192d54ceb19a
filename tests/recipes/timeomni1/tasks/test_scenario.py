"""Task 1: exactly one option is true, and what is said about the series can be recomputed from the question."""

import re
from collections import Counter

import numpy as np
import pytest

from recipes.timeomni1.item import Item, Size
from recipes.timeomni1.tasks.scenario import predicates as measure
from recipes.timeomni1.tasks.scenario import questions as task
from recipes.timeomni1.tasks.scenario.scenarios import HELD_OUT, SAMPLINGS, SCENARIOS, Scenario
from recipes.timeomni1.tasks.scenario.short import library, parts
from src.models.tiny import fixed_phrases

BY_SENTENCE = {one.sentence: one for one in SCENARIOS}
SHORT = {ood: {one.sentence: one for one in library(ood)} for ood in (False, True)}
BY_SHORT_SENTENCE = SHORT[False] | SHORT[True]
_OPTION = re.compile(r"^([A-D])\) (\d+) (\S+) values: (.*)\.$", re.MULTILINE)
_SHORT_OPTION = re.compile(r"^([A-D])\) (.*), (\d+) a (day|week|year), (.*), (\d+) values$", re.MULTILINE)


def _items(size: str, ood: bool, count: int = 30) -> list[Item]:
    drawn = (
        task.draw(seed, ood=ood, size=Size(size), want=task.LABELS[seed % 5]) for seed in range(1000, 1000 + 2 * count)
    )
    return [item for item in drawn if item is not None][:count]


@pytest.fixture(scope="module", params=[("paper", False), ("paper", True), ("short", False), ("short", True)])
def items(request: pytest.FixtureRequest) -> list[Item]:
    return _items(*request.param)


def _series(item: Item) -> np.ndarray:
    if "Typical value" in item.question:
        rows = re.findall(r"^\d (\d{4})$", item.question, re.MULTILINE)
        digits = np.array([int(digit) for digit in "".join(rows)])
        assert digits.max() == 9
        typical = re.search(r"Typical value ([\d.]+);", item.question)
        assert typical
        return digits * (float(typical[1]) / np.median(digits))
    found = re.search(r"^\[(.*)\]$", item.question, re.MULTILINE)
    assert found
    return np.array([float(value) for value in found[1].split(",")])


def _options(item: Item) -> dict[str, tuple[int, int, Scenario]]:
    """Letter -> (length, period, scenario), read from the text as a model would."""
    periods = {
        (words.words, cycle): words.period
        for by_cycle in SAMPLINGS.values()
        for cycle, samplings in by_cycle.items()
        for words in samplings
    }
    found = {}
    for letter, thing, period, cycle, pattern, length in _SHORT_OPTION.findall(item.question):
        scenario = BY_SHORT_SENTENCE[f"{thing}, {pattern}"]
        assert scenario.cycle == cycle
        found[letter] = (int(length), int(period), scenario)
    for letter, length, words, sentence in _OPTION.findall(item.question):
        scenario = BY_SENTENCE[sentence]
        found[letter] = (int(length), periods[words, scenario.cycle], scenario)
    return found


def test_the_library_has_the_asked_size() -> None:
    domains = {one.domain for one in SCENARIOS}
    assert len([one for one in SCENARIOS if one.domain not in HELD_OUT]) >= 24
    assert len(domains - set(HELD_OUT)) == 8 and set(HELD_OUT) < domains
    assert len(BY_SENTENCE) == len({one.name for one in SCENARIOS}) == len(SCENARIOS)
    assert not [one.name for one in SCENARIOS if re.search(r"\d", one.sentence)]


def test_exactly_one_option_is_true_of_the_printed_series(items: list[Item]) -> None:
    assert len(items) >= 20
    for item in items:
        series = _series(item)
        true = [
            letter
            for letter, (length, period, scenario) in _options(item).items()
            if length == len(series) and all(claim.holds(series, period) for claim in scenario.claims)
        ]
        assert true == [item.answer] == [item.oracle]


def test_every_other_option_is_wrong_by_a_margin(items: list[Item]) -> None:
    for item in items:
        series = _series(item)
        for letter, (length, period, scenario) in _options(item).items():
            wrong = length != len(series) or any(claim.clearly_fails(series, period) for claim in scenario.claims)
            assert wrong == (letter != item.answer)


def test_levels_say_how_far_the_length_leads(items: list[Item]) -> None:
    for item in items:
        lengths = Counter(length for length, _, _ in _options(item).values())
        assert sorted(lengths.values()) == {1: [1, 1, 1, 1], 2: [2, 2], 3: [4]}[item.level]


def test_domains_are_held_out() -> None:
    for ood in (False, True):
        names = {scenario.domain for item in _items("paper", ood, 10) for _, _, scenario in _options(item).values()}
        assert all((name in HELD_OUT) == ood for name in names)


def test_the_short_size_holds_out_combinations_of_words_that_training_has_all_seen() -> None:
    inside, outside = ([parts(one) for one in library(ood)] for ood in (False, True))
    assert not set(inside) & set(outside) and len(set(inside)) == len(inside) > 80 and len(set(outside)) > 30
    for place in (0, 1):
        assert {one[place] for one in outside} <= {one[place] for one in inside}
        # A thing or a pattern of the test does not come with one partner only, from which it could be told.
        for word in {one[place] for one in outside}:
            assert len({one[1 - place] for one in inside if one[place] == word}) >= 2, word


def test_what_a_short_combination_claims_is_the_things_size_and_the_patterns_shape() -> None:
    for ood in (False, True):
        for item in _items("short", ood, 40):
            for _, _, scenario in _options(item).values():
                assert scenario.sentence in SHORT[ood]
                thing, pattern = parts(scenario)
                own, shape = (
                    (
                        next(one for one in library(False) if one.event is None and parts(one)[place] == word)
                        for place, word in ((0, thing), (1, pattern))
                    )
                    if not scenario.event
                    else (scenario,) * 2
                )
                assert (scenario.low, scenario.high) == (own.low, own.high)
                assert (scenario.peaks, scenario.weekend, scenario.trend) == (shape.peaks, shape.weekend, shape.trend)


def test_every_word_of_a_short_question_out_of_distribution_is_one_token_that_training_shows() -> None:
    """The tokenizer of a demo knows its SFT rows; a phrase of the test that it does not know is spelled in bytes."""
    inside, outside = ([item.question for item in _items("short", ood, 400)] for ood in (False, True))
    asked = fixed_phrases(outside, 10_000)
    assert len(asked) > 30 and not set(asked) - set(fixed_phrases(inside, 10_000))


def test_every_number_of_a_rationale_can_be_recomputed(items: list[Item]) -> None:
    for item in items:
        series, (_, period, scenario) = _series(item), _options(item)[str(item.answer)]
        if "Typical value" in item.question:
            continue  # the next test
        known = {scenario.format(float(value)) for value in (series.min(), series.max(), np.median(series))}
        known |= {str(number) for number in (len(series), period, measure.peak(series, period) + 1)}
        known |= {str(int(place) + 1) for place in (series.argmax(), series.argmin())}
        ratios = [measure.cycle(series, period), measure.largest_spike(series, 1), measure.deepest_dip(series, 1)]
        known |= {f"{abs(value):.2f}" for value in [*ratios, measure.trend(series, period)]}
        known |= {f"{measure.weekend(series, period):.2f}"}
        text = re.sub(r"^\d\. ", "", item.rationale, flags=re.MULTILINE)
        said = re.findall(r"\d+(?:\.\d+)?", text)
        assert said and not set(said) - known, (set(said) - known, item.rationale)
        assert (
            item.rationale.rstrip(".").split()[-1] == item.answer or f"{item.answer}" in item.rationale.split("\n")[-1]
        )


def _shown(scenario: Scenario, series: np.ndarray, period: int) -> str:
    """What the series shows of what the scenario is about."""
    if scenario.weekend:
        return f"weekend {np.searchsorted([0.4, 1.0, 1.9], measure.weekend(series, period), side='right')}"
    if scenario.peaks:
        return f"peak {measure.peak(series, period) + 1}"
    if scenario.event is None:
        return f"trend {2 if measure.trend(series, period) > 0 else 0}"
    if scenario.event.kind != "step":
        place = series.argmax() if scenario.event.kind == "spike" else series.argmin()
        return f"{scenario.event.kind} {int(place) // 4 + 1}"
    middle = round(scenario.event.at * len(series))
    step = measure.step_at(scenario.event.at)(series, period)
    return f"{'rise' if step > 0 else 'fall'} {middle // 4 + 1}"


@pytest.mark.parametrize("ood", [False, True])
def test_short_rationales_mark_the_series_and_find_one_option(ood: bool) -> None:
    for item in _items("short", ood, 60):
        series, options = _series(item), _options(item)
        _, period, scenario = options[str(item.answer)]
        digits = str(len(str(int(np.median(series)))))
        mark = _shown(scenario, series, period)
        about, shown = mark.split()
        told, seen, checks, end = item.rationale.removesuffix(".").split(". ")
        assert seen == f"Seen {len(series) // 4}{digits} {mark}" and end == f"So {item.answer}"
        expected = re.findall(r"([A-D]) (\d)(\d) (\w+) (\d+)", told)
        assert [letter for letter, *_ in expected] == list("ABCD")
        wanted = []
        for letter, lines, middle, kind, place in expected:
            assert int(lines) * 4 == options[letter][0]
            near = abs(int(place) - int(shown)) % 12 in (0, 1, 11) if kind == "peak" else place == shown
            fits = [int(lines) * 4 == len(series), middle == digits, kind == about and near]
            pairs = [f"{len(series) // 4}{lines}", f"{digits}{middle}", f"{mark} {kind} {place}"]
            first = [*fits, False].index(False)
            said = [f"{pair}{'+' if fit else '-'}" for pair, fit in zip(pairs, fits, strict=True)][: first + 1]
            wanted.append(" ".join([letter, *said]))
            assert all(fits) == (letter == item.answer)
        assert checks == " ".join(wanted)


@pytest.mark.parametrize(("name", "low", "high"), [("temperature", 10, 30), ("greenhouse", 15, 40)])
def test_limits_that_a_sentence_names_are_those_of_the_values(name: str, low: float, high: float) -> None:
    scenario = next(one for one in SCENARIOS if one.name == name)
    for seed in range(20):
        for sampling in SAMPLINGS["paper"][scenario.cycle]:
            series = scenario.generate(np.random.default_rng(seed), sampling.lengths[0], sampling.period)
            assert series is None or low <= series.min() <= series.max() <= high


def test_every_step_of_a_rationale_has_four_wordings() -> None:
    wordings: dict[int, set[str]] = {}
    for item in _items("paper", False, 60):
        for step, line in enumerate(item.rationale.split("\n")):
            bare = re.sub(r"\b[A-D]\b(?: and [A-D]\b)*", "", re.sub(r"[-+]?\d+(?:\.\d+)?", "", line))
            wordings.setdefault(step, set()).add(bare)
    assert list(wordings) == [0, 1, 2, 3, 4] and min(map(len, wordings.values())) >= 4


def test_sentences_and_letters_tell_nothing() -> None:
    items = _items("short", False, 150)
    shown = Counter(scenario.name for item in items for _, _, scenario in _options(item).values())
    true = Counter(_options(item)[str(item.answer)][2].name for item in items)
    # A sentence is true in a quarter of its appearances; four standard errors of the rarest.
    for name, count in shown.items():
        assert abs(true[name] / count - 0.25) < 4 * (0.25 * 0.75 / count) ** 0.5, (name, true[name], count)


def test_a_draw_depends_on_its_seed_alone() -> None:
    first = [task.draw(seed, ood=False, size=Size("paper"), want="level 3") for seed in range(5)]
    again = [task.draw(seed, ood=False, size=Size("paper"), want="level 3") for seed in reversed(range(5))]
    assert first == again[::-1] and len({item.question for item in first if item}) > 1
