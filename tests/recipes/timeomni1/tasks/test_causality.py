"""Causality discovery: labels, leaks, the independent check, physics, and every number of the rationales."""

import re
from collections import Counter

import numpy as np
import pytest
from drawn import accuracy, items, swap_options
from hypothesis import given, settings
from hypothesis import strategies as st
from rationales import read_rationale
from statsmodels.tsa.stattools import grangercausalitytests

from recipes.timeomni1 import leaks
from recipes.timeomni1.item import Size
from recipes.timeomni1.tasks.causality import questions as causality
from recipes.timeomni1.tasks.causality import river
from recipes.timeomni1.tasks.causality.granger import OWN_LAGS, granger_f
from recipes.timeomni1.tasks.causality.steps import SHORT, STEPS
from src.models.tiny import fixed_phrases

SETS = [("paper", False, 600), ("paper", True, 300), ("short", False, 60), ("short", True, 45)]
each_set = pytest.mark.parametrize(("size", "ood", "count"), SETS)


@each_set
def test_the_oracle_answers_every_accepted_question(size: str, ood: bool, count: int) -> None:
    found = items("causality", size, ood, count)
    assert all(causality.solve(item.question) == item.answer == item.oracle for item in found)
    assert Counter(item.info["label"] for item in found) == dict.fromkeys(causality.LABELS, count // 3)


@each_set
def test_the_printed_series_pass_the_gates_again(size: str, ood: bool, count: int) -> None:
    for item in items("causality", size, ood, count):
        pair = causality.read(item.question)
        assert river.evidence(pair.first, pair.second, pair.max_lag).proves(item.info["label"])
        if size == "short":
            assert causality.peak_label(pair.first, pair.second) == item.info["label"]


@each_set
def test_permuting_the_options_permutes_the_letter(size: str, ood: bool, count: int) -> None:
    for item in items("causality", size, ood, count)[:60]:
        question, letter = swap_options(item)
        assert causality.solve(question) == letter
        assert causality.independent(question) == "ABC"[2 - "ABC".index(causality.independent(item.question))]


def test_letters_are_balanced() -> None:
    letters = Counter(item.answer for item in items("causality", "paper", False, 600))
    assert all(abs(letters[letter] / 600 - 1 / 3) < 0.06 for letter in "ABC")


@each_set
@pytest.mark.parametrize("shortcut", causality.CEILINGS)
def test_shortcuts_stay_below_their_ceilings(size: str, ood: bool, count: int, shortcut: str) -> None:
    found = items("causality", size, ood, count)
    noise = 2 * (0.25 / len(found)) ** 0.5
    assert accuracy(found, shortcut) < causality.CEILINGS[shortcut] + (noise if count < 600 else 0)


def test_a_classifier_that_sees_no_times_learns_little() -> None:
    accuracy = leaks.learned(items("causality", "paper", False, 600), causality.blind)
    assert accuracy is not None and accuracy < causality.BLIND_CEILING


def test_the_f_ratio_is_that_of_statsmodels_own_granger_test() -> None:
    pair = causality.read(items("causality", "paper", False, 600)[0].question)
    changes = np.column_stack([np.diff(pair.second), np.diff(pair.first)])  # does the second column cause the first?
    expected = grangercausalitytests(changes, maxlag=[OWN_LAGS])[OWN_LAGS][0]["ssr_ftest"][0]
    assert granger_f(pair.first, pair.second, OWN_LAGS) == pytest.approx(expected)


def test_natural_magnitudes_have_the_shortcut_that_is_balanced_away() -> None:
    drawn = [
        causality.draw(seed, ood=False, size=Size("paper"), want="forward", magnitude_cue="natural")
        for seed in range(60)
    ]
    found = [item for item in drawn if item is not None]
    assert len(found) > 40
    assert all(item.shortcuts["larger_is_downstream"] == item.answer for item in found)


@pytest.mark.parametrize(("ood", "least"), [(False, 0.95), (True, 0.90)])
def test_an_independent_granger_test_agrees(ood: bool, least: float) -> None:
    found = items("causality", "paper", ood, 600 if not ood else 300)[:240]
    assert np.mean([causality.independent(item.question) == item.answer for item in found]) >= least


def test_most_of_what_is_drawn_is_accepted() -> None:
    for label, low, high in (("forward", 0.7, 0.98), ("backward", 0.7, 0.98), ("none", 0.35, 0.7)):
        kept = [causality.draw(seed, ood=False, size=Size("paper"), want=label) for seed in range(200)]
        assert low < sum(item is not None for item in kept) / 200 < high


def _series(question: str, size: str) -> tuple[list[str], list[np.ndarray]]:
    if size == "paper":
        rows = re.findall(r"Station (\w+): \[(.*)\]", question)
        return [code for code, _ in rows], [np.array(text.split(","), dtype=float) for _, text in rows]
    table = np.array([line.split() for line in question.split("\n") if re.fullmatch(r"\d \d \d", line)], dtype=float)
    return ["X", "Y"], [table[:, 1], table[:, 2]]


def _correlation_at(a: np.ndarray, b: np.ndarray, lag: int) -> float:
    """Correlation of the changes of b with those of a ``lag`` samples before, over the whole length."""
    da, db = np.diff(a) - np.diff(a).mean(), np.diff(b) - np.diff(b).mean()
    return float((da[: len(da) - lag] * db[lag:]).sum() / np.sqrt((da**2).sum() * (db**2).sum()))


@pytest.mark.parametrize(("ood", "count"), [(False, 600), (True, 300)])
def test_every_number_of_a_rationale_follows_from_the_question(ood: bool, count: int) -> None:
    for item in items("causality", "paper", ood, count)[:150]:
        names, (a, b) = _series(item.question, "paper")
        steps = read_rationale(item.rationale, STEPS)
        fields = {key: value for _, found in steps for key, value in found.items()}
        order = [step for step, _ in steps if step != "slip"]
        assert order == ["trend", "rises", "lags", "none" if item.info["label"] == "none" else "causal", "decision"]
        assert ("slip" in [step for step, _ in steps]) == item.info["corrected"]
        assert float(fields["mean_first"]) == pytest.approx(a.mean(), abs=0.0051)
        assert float(fields["mean_second"]) == pytest.approx(b.mean(), abs=0.0051)
        assert float(fields["level"]) == pytest.approx(np.corrcoef(a, b)[0, 1], abs=0.0051)
        for key, series in (("rises_first", a), ("rises_second", b)):
            rise = np.diff(series)
            ends = [int(text) for text in fields[key].split(", ")]
            assert ends == sorted(ends) and len(set(ends)) == 3
            others = np.delete(rise, [end - 2 for end in ends])
            assert min(rise[end - 2] for end in ends) >= others.max()
        lags = range(1, (8 if ood else 6) + 1)
        for key, one, other in (("forward", a, b), ("backward", b, a)):
            values = {lag: _correlation_at(one, other, lag) for lag in lags}
            assert float(fields[key]) == pytest.approx(max(values.values()), abs=0.0051)
            assert values[int(fields[f"{key}_lag"])] == pytest.approx(max(values.values()))
        assert float(fields["zero"]) == pytest.approx(_correlation_at(a, b, 0), abs=0.0051)
        if item.info["label"] != "none":
            forward = item.info["label"] == "forward"
            assert [fields["up"], fields["down"]] == (names if forward else names[::-1])
            assert fields["lag"] == fields["forward_lag" if forward else "backward_lag"]
            assert fields["ahead"] == fields["forward" if forward else "backward"]
            assert fields["behind"] == fields["backward" if forward else "forward"]
        if item.info["corrected"]:
            assert float(fields["larger"]) >= float(fields["smaller"])
            assert fields["larger"] == fields["mean_first" if fields["wrong"] == names[0] else "mean_second"]
        assert item.options["ABC".index(item.answer)] == fields["statement"]
        assert fields["letter"] == item.answer


@pytest.mark.parametrize(("ood", "count"), [(False, 60), (True, 45)])
def test_short_rationales_state_the_highest_peaks(ood: bool, count: int) -> None:
    one_line = {step: tuple(text.replace("\n", "|") for text in texts) for step, texts in SHORT.items()}
    for item in items("causality", "short", ood, count):
        _, (a, b) = _series(item.question, "short")
        ((_, fields),) = read_rationale(item.rationale.replace("\n", "|"), one_line)
        stated = []
        for key, series in (("first", a), ("second", b)):
            early, late = (int(text) for text in fields[key].split())
            tops = sorted((series[early], series[late]))
            rest = [v for i, v in enumerate(series) if i not in (early, late)]
            peaks = [v for i, v in enumerate(series[1:-1], start=1) if series[i - 1] < v >= series[i + 1]]
            assert early < late and tops == sorted(peaks)[-2:]
            assert len(rest) == len(series) - 2
            stated.append((early, late))
        assert fields["lags"] == f"{stated[1][0] - stated[0][0]} {stated[1][1] - stated[0][1]}"
        assert fields["statement"] == item.options["ABC".index(item.answer)]
        assert fields["letter"] == item.answer
        assert len(item.question) + len(item.rationale) < 350


def test_a_short_conclusion_and_its_option_are_the_same_tokens_and_the_letter_follows() -> None:
    """What stands between two names is one token for a small model: the option's must come back, wherever it stands."""
    found = items("causality", "short", False, 60)
    texts = [text for item in found for text in (item.question, f"<think>{item.rationale}</think>")]
    phrases = fixed_phrases(texts, 1000)
    for item in found:
        said = f". {item.options['ABC'.index(item.answer)]}\n"
        assert item.rationale.endswith(f"{said}{item.answer}.")
        for letter, text in zip("ABC", item.options, strict=True):
            assert f"\n{letter}. {text}\n" in item.question
        # Nothing longer that holds it is a token.
        assert [phrase for phrase in phrases if said in phrase] == [said]


def test_a_tenth_of_the_rationales_correct_a_first_thought() -> None:
    found = items("causality", "paper", False, 600)
    assert 0.06 < np.mean([item.info["corrected"] for item in found]) < 0.14


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**40), st.sampled_from(river.LABELS), st.sampled_from([river.LOWLAND, river.ALPINE]))
def test_rivers_never_run_dry_and_never_flow_upstream(seed: int, label: str, basin: river.Basin) -> None:
    rng = np.random.default_rng(seed)
    first, second = river.simulate(rng, basin, label, basin.shared[-1], balanced=True)
    assert len(first) == len(second) == basin.samples
    assert min(first.min(), second.min()) >= 0
    assert np.isfinite(first).all() and np.isfinite(second).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**40), st.sampled_from(river.LABELS), st.sampled_from([river.SHORT, river.SHORT_OOD]))
def test_a_brook_has_one_digit_and_its_floods_arrive_together(seed: int, label: str, brook: river.Brook) -> None:
    flows = river.simulate_short(np.random.default_rng(seed), brook, label, 0.3)
    if np.isnan(flows).any():  # a flood would arrive after the last hour
        return
    assert all(len(flow) == 10 and flow.min() >= 1 and flow.max() <= 9 for flow in flows)
    first, second = (np.flatnonzero(flow >= 6) for flow in flows)
    lags = {int(lag) for lag in second - first}
    if label == "none":
        assert 0 in lags
    else:
        assert len(lags) == 1
        assert brook.delay[0] <= (lags.pop() if label == "forward" else -lags.pop()) <= brook.delay[1]


def test_a_flood_reaches_the_downstream_station_after_the_delay() -> None:
    flow = np.ones(200)
    flow[100:104] = 10.0
    for seed in range(20):
        routed = river._route(np.random.default_rng(seed), river.LOWLAND, flow)
        assert 4 <= int(np.argmax(routed > 1.01)) - 100 <= 16
        assert routed.sum() == pytest.approx(flow.sum(), rel=1e-3)  # what goes in comes out
