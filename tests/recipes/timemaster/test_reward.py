"""TimeMaster's reward: parity of ``released`` with the published scorer, what presets pay, and hostile answers."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.timemaster.reward import PRESETS, SECTIONS, admit_settings, compute_score
from src.config.group import compose_group
from src.errors import ConfigError
from src.rewards.adapter import Reward
from src.rewards.belonging import plain_judges
from src.tasks.choice.answer import read_class
from src.tasks.classify.task import ClassifyTask
from src.tasks.row import Row

CLASSES = ["Desktop", "Laptop"]
HAR = ["walking", "walking upstairs", "walking downstairs", "sitting"]
GOOD = (
    "<think>two long plateaus</think>\n<class>Desktop</class>\n<extension>Log the evening load for a week.</extension>"
)


def score(response: Any, truth: str = "Desktop", classes: list[str] = CLASSES, **more: Any) -> dict[str, float]:
    return compute_score("ctu", response, truth, {"options": classes}, **more)


# ../shared/reference/released_scorer_values.md: made by running the published ctu.compute_score(text, "Desktop").
PUBLISHED = [
    ("<think>r</think><class>Desktop</class>", 1.0), ("<class>desktop</class>", 1.0), ("<class> LAPTOP </class>", 0.1),
    ('<think>r</think><class>"Desktop"</class>', 0.0), ("<think>r</think><class>laptop</class>", 0.1),
    ("<class>laptop</class><class>desktop</class>", 0.1),
    ("<think>I use <class>desktop</class> here</think><class>laptop</class>", 1.0),
    ("<class>desktop laptop</class>", 0.0), ("<class></class>", 0.0), ("desktop", 0.0),
    ("<CLASS>Desktop</CLASS>", 1.0), ("<class>Desktop.</class>", 0.0), ("<class>\nDesktop\n</class>", 1.0),
    ("<class>Desktop", 0.0), ("<think>r</think><class>Desktop</class> trailing", 1.0), ("", 0.0),
    ("<class>server</class>", 0.0), ("<answer>Desktop</answer>", 0.0),
    ("<class>desktop</class><class>desktop</class><class>desktop</class>", 1.0),
    ("<think></think><class>desktop</class>", 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("response", "published"), PUBLISHED)
def test_released_gives_the_published_scorers_values(response: str, published: float) -> None:
    found = score(response, preset="released")
    assert found["score"] == pytest.approx(published)
    assert found["acc"] == float(published == 1.0)
    assert found["format"] == pytest.approx(0.1 * (published > 0))


def test_released_wants_a_truth_that_is_a_class() -> None:
    assert score("<class>server</class>", "server", preset="released")["score"] == 0.0


@pytest.mark.parametrize(("response", "published"), PUBLISHED)
def test_strict_pays_nothing_of_these_which_all_lack_a_section(response: str, published: float) -> None:
    assert score(response)["score"] == 0.0
    in_form = response in (PUBLISHED[0][0], PUBLISHED[3][0])  # of a task without extensions
    expected = 1.0 if in_form else 0.1 if response == PUBLISHED[4][0] else 0.0
    assert score(response, extension=False)["score"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("response", "strict", "paper"),
    [
        (GOOD, 1.0, 1.0),
        (GOOD.replace("Desktop", "Laptop"), 0.1, 0.1),
        (GOOD.replace("Desktop", "'desktop'"), 1.0, 1.0), (GOOD.replace("Desktop", " \u201cDESKTOP\u201d. "), 1.0, 1.0),
        (GOOD.replace("Desktop", "Desktop, Laptop"), 0.0, 0.1),
        (GOOD.replace("Desktop", "server"), 0.0, 0.1),
        (GOOD.replace("Desktop", "the class is Desktop"), 0.0, 0.1),
        (GOOD + " done", 0.0, 0.9), (GOOD.replace("two long plateaus", " "), 0.0, 0.9),
        (GOOD.replace("Log the evening load for a week.", ""), 0.0, 0.9),
        ("<class>Desktop</class>", 0.0, 0.9), (GOOD + "<class>Desktop</class>", 0.0, 0.0),
        (GOOD.replace("two", "so <class>Desktop</class>, two"), 0.0, 0.0),
        ("<class>Laptop</class>" + GOOD, 0.0, 0.0), (GOOD.replace("</think>", ""), 0.0, 0.0),
        ("<class>Desktop</class><think>r</think><extension>e</extension>", 0.0, 0.9),
        (GOOD + GOOD, 0.0, 0.0), (GOOD.upper(), 0.0, 0.0),
        (GOOD.replace("D", "\u216e"), 0.0, 0.1), (GOOD.replace("Desktop", "Desk\u200btop"), 0.0, 0.1),
        ("", 0.0, 0.0), (None, 0.0, 0.0), (7, 0.0, 0.0), (GOOD + " " * 200_000, 0.0, 0.0),
    ],
)  # fmt: skip
def test_what_strict_and_paper_pay(response: Any, strict: float, paper: float) -> None:
    assert score(response)["score"] == pytest.approx(strict)
    assert score(response, preset="paper")["score"] == pytest.approx(paper)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("truth", HAR)
@pytest.mark.parametrize("named", HAR)
def test_classes_whose_names_contain_each_other_are_told_apart(preset: str, truth: str, named: str) -> None:
    found = score(GOOD.replace("Desktop", named), truth, HAR, preset=preset)
    assert found["score"] == pytest.approx(1.0 if named == truth else 0.1)


PIECES = st.sampled_from(
    [*(f"<{n}>" for n in SECTIONS), *(f"</{n}>" for n in SECTIONS), *HAR, "'", '"', " ", "\n", "a", ".", "</", "<class"]
)
RESPONSES = st.lists(PIECES, max_size=16).map("".join) | st.tuples(
    *[st.lists(PIECES, max_size=3).map("".join)] * 3
).map(lambda texts: "".join(f"<{name}>{text}</{name}>" for name, text in zip(SECTIONS, texts, strict=True)))


@settings(max_examples=300)
@given(RESPONSES, st.sampled_from(HAR))
def test_whatever_is_paid_by_strict_is_in_form_and_names_one_class(response: str, truth: str) -> None:
    found = score(response, truth, HAR)
    assert set(found) == {"score", "format", "accuracy", "acc", "valid"}
    assert found["score"] == found["format"] + found["accuracy"]
    assert found["score"] in (0.0, 0.1, 1.0)
    if found["score"] > 0:
        rest = response
        texts = {}
        for name in SECTIONS:
            before, _, rest = rest.partition(f"<{name}>")
            texts[name], _, rest = rest.partition(f"</{name}>")
            assert not before.strip() and texts[name].strip()
            assert response.count(f"<{name}>") == response.count(f"</{name}>") == 1
        assert not rest.strip()
        named = read_class(texts["class"], HAR)
        assert named is not None
        assert found["acc"] == float(named == truth)
    # No preset pays a wrong class for right, and the sum over all truths is that of one.
    for preset in PRESETS:
        assert sum(score(response, one, HAR, preset=preset)["acc"] for one in HAR) <= 1.0


@given(st.text(max_size=200) | RESPONSES)
def test_no_response_raises_and_all_presets_have_the_same_terms(response: str) -> None:
    for preset in PRESETS:
        found = score(response, preset=preset)
        assert list(found) == ["score", "format", "accuracy", "acc", "valid"]
        assert all(0.0 <= value <= 1.0 for value in found.values())


def configured(name: str) -> Reward:
    node = compose_group("reward", name)
    function = node.custom_reward_function
    return Reward(None, dict(function), plain_judges(node))


def test_right_answers_alone_are_judged_and_a_plan_is_worth_more_than_padding() -> None:
    row = Row("ctu", "", "train", 0, [], "Desktop", {"options": CLASSES})
    reward = configured("timemaster")
    plan = (
        "Log the evening plateaus of this desktop for a week; where the load stays above 40 W after midnight, switch "
        "it off by a timer and compare the daily totals."
    )

    def extended(text: str, named: str = "Desktop") -> float:
        answer = f"<think>two long plateaus</think><class>{named}</class><extension>{text}</extension>"
        return asyncio.run(_scored(reward, row, answer))["score"]

    assert extended(plan) == pytest.approx(1.5)
    assert extended(plan, "Laptop") == pytest.approx(0.1)
    assert 1.0 <= extended("good " * 50) < 1.3
    assert 1.0 <= extended("two long plateaus") < 1.3
    assert extended(plan + " Refer to specialist to confirm the diagnosis.") == pytest.approx(1.2)
    assert reward(row, "<class>Desktop</class>")["score"] == 0.0


async def _scored(reward: Reward, row: Row, answer: str) -> dict[str, float]:
    return (await asyncio.to_thread(reward.wait_for, row, answer))[0]


def test_the_presets_are_what_the_files_say() -> None:
    row = Row("ctu", "", "train", 0, [], "Desktop", {"options": CLASSES})
    alone = "<class>Desktop</class>"
    assert configured("timemaster_paper")(row, alone)["score"] == pytest.approx(0.9)
    assert configured("timemaster_released")(row, alone)["score"] == pytest.approx(1.0)


def test_settings_that_cannot_be_used_are_refused() -> None:
    class Asking(ClassifyTask):
        def __init__(self, sections: tuple[str, ...]) -> None:
            super().__init__({"name": "ctu"})
            self.sections = sections  # type: ignore[misc]

        rows = fingerprint = None  # type: ignore[assignment]

    admit_settings(Asking(SECTIONS), {"preset": "strict"})
    with pytest.raises(ConfigError, match="dataset ctu asks for the sections think, class, and the reward for think, "):
        admit_settings(Asking(SECTIONS[:2]), {})
    admit_settings(Asking(SECTIONS[:2]), {"preset": "released"})
    for wrong, says in (
        ({"preset": "loose"}, "unknown reward preset 'loose'; known are strict, paper, released"),
        ({"format": -1}, "format=-1 must be a number from 0 to 1e6"),
        ({"extension": "no"}, "extension='no' must be true or false"),
        ({"weight": 1}, "the reward has no setting 'weight'; it has preset, format, accuracy, extension"),
    ):
        with pytest.raises(ConfigError, match=says):
            admit_settings(Asking(SECTIONS), wrong)
