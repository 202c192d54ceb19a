"""Answers to imitate: they are in form, say what is true of the line, and lead to the label that they write."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipelines.labelled.sample import LabelledSample
from recipes.timemaster.features import Differences, of_channels
from recipes.timemaster.reward import SECTIONS
from recipes.timemaster.traces import STYLES, augmented, seen, write, wrong_labels
from src.tasks.sections import read_sections

STEPS = np.linspace(0, 2 * np.pi, 60)
CLASSES = ["one", "three"]


def sample(periods: int, channels: int = 1, noise: int = 0) -> LabelledSample:
    random = np.random.default_rng(noise)
    values = np.array([np.sin(periods * STEPS + at) for at in range(channels)]) + random.normal(0, 0.1, (channels, 60))
    names = ["x", "y"][:channels] if channels > 1 else []
    return LabelledSample(values, names, "one" if periods == 1 else "three", CLASSES, "train", 0)


def differences(channels: int = 1) -> Differences:
    shown = [sample(periods, channels, noise) for noise in range(6) for periods in (1, 3)]
    return Differences([of_channels(one.values, one.channels) for one in shown], [one.label for one in shown])


@pytest.mark.parametrize("label", CLASSES)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("channels", [1, 2])
def test_an_answer_is_in_form_and_its_reasons_lead_to_its_label(channels: int, style: str, label: str) -> None:
    answer = write(sample(1, channels), label, differences(channels), style=style, extension=True)
    found = read_sections(answer, SECTIONS)
    assert found.well_formed
    assert found.texts["class"] == label
    assert re.search(rf"\bso(?: it is)? {label}\.?$", found.texts["think"], re.IGNORECASE)
    if style == "full":
        assert f"Series of {label} have" in found.texts["think"]
        assert f"treat them as {label}" in found.texts["extension"]
        feature = re.search(r"their ([\w ]+) is", found.texts["think"])
        assert feature is not None and f"measure their {feature.group(1)}:" in found.texts["extension"]
    without = write(sample(1, channels), label, differences(channels), style=style, extension=False)
    assert read_sections(without, SECTIONS[:-1]).well_formed and answer.startswith(without)


def test_the_numbers_of_a_reason_are_those_of_the_series_and_of_the_training_part() -> None:
    one = sample(3, noise=1)
    answer = write(one, "three", differences(), style="full", extension=True)
    found = re.search(r"have [\w ]+: their ([\w ]+) is ([\d.e+-]+) on average.*? Here it is ([\d.e+-]+),", answer)
    assert found is not None
    shown = [of_channels(sample(3, 1, noise).values, [])[found[1]] for noise in range(6)]
    assert float(found[2]) == pytest.approx(float(np.mean(shown)), rel=0.01)
    assert float(found[3].rstrip(".")) == pytest.approx(of_channels(one.values, [])[found[1]], rel=0.01)


def test_what_is_said_of_the_line_is_true() -> None:
    values = np.concatenate([np.linspace(0, 5, 90), np.full(30, -2.0)])
    line = LabelledSample(values[None], [], "one", CLASSES, "train", 0)
    assert "its peak of 5 in the third quarter and its low of -2 in the last quarter." in seen(line)[0]
    assert seen(line)[1].startswith("It falls, and ")
    flat = LabelledSample(np.full((1, 20), 7.0), [], "one", CLASSES, "train", 0)
    assert seen(flat) == ["The line is flat at 7."]
    two = LabelledSample(np.array([np.zeros(20), np.arange(20.0)]), ["x", "y"], "one", CLASSES, "train", 0)
    assert seen(two)[0].startswith("The line of y is around 9.5, with its peak of 19 in the last quarter")
    spiky = np.zeros(100)
    spiky[[30, 60]] = 9.0
    assert seen(LabelledSample(spiky[None], [], "one", CLASSES, "train", 0))[2] == "It has 2 bursts far above its mean."


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=80), st.sampled_from([0.0, 0.3, 0.99]), st.integers(0, 9))
def test_exactly_the_share_is_wrong(labels: list[str], share: float, seed: int) -> None:
    written = wrong_labels(labels, "abc", share, seed)
    assert sum(one != truth for one, truth in zip(written, labels, strict=True)) == round(share * len(labels))
    assert set(written) <= set("abc")
    assert wrong_labels(labels, "abc", share, seed) == written


def test_an_augmented_series_is_near_its_own_and_never_the_same() -> None:
    values = sample(1, 2).values
    one, other = (augmented(values, 1.0, np.random.default_rng(seed)) for seed in (0, 1))
    assert one.shape == values.shape and np.isfinite(one).all()
    assert not np.allclose(one, other)
    assert np.corrcoef(one[0], values[0])[0, 1] > 0.9
    np.testing.assert_allclose(augmented(values, 0.0, np.random.default_rng(0)), values)
