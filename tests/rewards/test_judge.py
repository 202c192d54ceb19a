"""A judged term: what is judged, what it adds to the reward, what failing does, and settings that are refused."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from src.errors import ConfigError, UserError
from src.rewards.adapter import JUDGED, PROBLEM, Reward, RewardError, compute_score
from src.rewards.judge import Judge, Judged, JudgedTerm, JudgeFailureError, Judgement, Verdict, make_terms
from src.tasks.row import Row

ROW = Row("gunpoint", "", "train", 12, [], "gun")
ANSWER = "<think>two bumps</think><class>gun</class><extension>watch it</extension>"
NODE = {"by": "test_judge.Fixed", "weight": 0.5, "section": "extension", "sections": ["think", "class", "extension"]}


class Fixed(Judge):
    """Gives what its settings say; fails where there is none."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.score = settings.get("score")

    async def judge(self, one: Judged) -> Verdict:
        if self.score == "bug":
            raise KeyError("no")
        if self.score is None:
            raise JudgeFailureError("it was silent")
        return Verdict(self.score, f"{one.text}, after {one.sections['think']}")


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import test_judge  # the class that configurations name is that of this very path

    monkeypatch.setattr(test_judge, "Judge", Judge)


def reward(tmp_path: Path, **judge: Any) -> Reward:
    """A reward of 0.9 for ``gun``, with a judge of these settings."""
    file = tmp_path / "mine.py"
    file.write_text(
        "def compute_score(solution_str, **_):\n"
        "    right = float('<class>gun' in solution_str)\n    return {'score': 0.9 * right, 'acc': right}\n"
    )
    return Reward(None, {"path": str(file)}, {"extension": {**NODE, **judge}})


def test_the_term_is_the_weighted_score_and_part_of_the_reward(tmp_path: Path) -> None:
    one = reward(tmp_path, settings={"score": 0.8})
    terms, judgement = one.wait_for(ROW, ANSWER)
    assert terms == {"score": pytest.approx(1.3), "acc": 1.0, "extension": pytest.approx(0.4)}
    assert judgement == Judgement(0.9, {"extension": Verdict(0.8, "watch it, after two bumps")})
    assert Judgement.of_text(judgement.as_text()) == judgement


def test_a_weight_of_0_only_watches(tmp_path: Path) -> None:
    terms, judgement = reward(tmp_path, settings={"score": 0.8}, weight=0).wait_for(ROW, ANSWER)
    assert terms == {"score": 0.9, "acc": 1.0, "extension": 0.0}
    assert judgement is not None
    assert judgement.verdicts["extension"] == Verdict(0.8, "watch it, after two bumps")


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER.replace("gun", "point"),  # has not earned what is required
        "<class>gun</class>",
        ANSWER.replace("watch it", " "),
        ANSWER + "<extension>another</extension>",
        "<class>gun</class><think><extension>hidden</extension></think>",
    ],
)
def test_an_answer_that_is_not_to_be_judged_gets_0(tmp_path: Path, answer: str) -> None:
    terms, judgement = reward(tmp_path, settings={"score": 1.0}, requires=["acc"]).wait_for(ROW, answer)
    assert terms["extension"] == 0.0
    assert terms["score"] == 0.9 * terms["acc"]
    assert judgement == Judgement(terms["score"], {"extension": None})


def test_without_a_section_the_whole_answer_is_judged(tmp_path: Path) -> None:
    _, judgement = reward(tmp_path, settings={"score": 0.5}, section=None).wait_for(ROW, f" {ANSWER} ")
    assert judgement is not None
    assert judgement.verdicts["extension"] == Verdict(0.5, f"{ANSWER}, after two bumps")


def test_boilerplate_caps_the_score(tmp_path: Path) -> None:
    one = reward(tmp_path, settings={"score": 0.8}, boilerplate=["Watch IT"])
    terms, judgement = one.wait_for(ROW, ANSWER)
    assert terms["extension"] == pytest.approx(0.2)
    assert judgement is not None
    assert judgement.verdicts["extension"] == Verdict(
        0.4, "watch it, after two bumps (capped at 0.4: it says 'Watch IT')"
    )
    assert reward(tmp_path, settings={"score": 0.3}, boilerplate=["watch it"])(ROW, ANSWER)["extension"] == 0.15


@pytest.mark.parametrize("score", [None, 1.5, -0.1, float("nan")])
def test_a_judge_that_fails_adds_nothing_and_says_so(tmp_path: Path, score: float | None) -> None:
    terms, judgement = reward(tmp_path, settings={"score": score}).wait_for(ROW, ANSWER)
    assert terms == {"score": 0.9, "acc": 1.0, "extension": 0.0}
    assert judgement is not None
    verdict = judgement.verdicts["extension"]
    assert verdict is not None
    assert verdict.score is None
    assert verdict.words == ("it was silent" if score is None else f"a score of {score} is not from 0 to 1")


def test_a_judge_that_fails_ends_the_run_where_it_is_to(tmp_path: Path) -> None:
    one = reward(tmp_path, settings={}, on_failure="stop")
    with pytest.raises(RewardError) as error:
        one(ROW, ANSWER)
    assert str(error.value).startswith(
        "the judge of extension failed on row 12 of gunpoint, train: it was silent; start its endpoint"
    )
    assert one(ROW, "no section")["extension"] == 0.0


def test_what_else_a_judge_raises_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the judge test_judge\.Fixed of extension failed: KeyError: 'no'"):
        reward(tmp_path, settings={"score": "bug"})(ROW, ANSWER)


def test_a_term_that_both_have_or_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(RewardError, match=r"requires names the term 'form', which is none of score, acc"):
        reward(tmp_path, requires=["form"])(ROW, ANSWER)
    file = tmp_path / "other.py"
    file.write_text("def compute_score(**_):\n    return {'score': 1.0, 'extension': 1.0}\n")
    with pytest.raises(RewardError, match="its term 'extension' is a judge's, too"):
        Reward(None, {"path": str(file)}, {"extension": NODE})(ROW, ANSWER)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"by": "nobody"}, r"reward\.judges\.extension\.by: "),
        (
            {"by": "rubric", "rubric": {"least": 3}},
            r"extension\.rubric: there is no setting 'least'; there are least_w",
        ),
        ({"by": "endpoint"}, r"extension\.endpoint: model is missing"),
        ({"on_failure": "ignore"}, r"on_failure=ignore: choose one of leave_out, stop"),
        ({"weight": -1}, r"weight=-1 must be a number from 0 to 1e6"),
        ({"weight": True}, r"weight=True must be"),
        ({"boilerplate_cap": 2}, r"boilerplate_cap=2 must be a number from 0 to 1"),
        ({"requires": "acc"}, r"requires=acc: give a list of words"),
        ({"section": "advice"}, r"section=advice is none of the sections think, class, extension"),
        ({"tries": 3}, r"reward\.judges\.extension: there is no setting 'tries'"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        make_terms({"extension": {**NODE, **change}})


def test_a_term_that_is_null_is_none() -> None:
    assert make_terms({"extension": None}) == [] == make_terms(None)
    with pytest.raises(ConfigError, match=r"reward\.judges\.extension=rubric: give its settings"):
        make_terms({"extension": "rubric"})  # type: ignore[dict-item]
    assert isinstance(make_terms({"extension": NODE})[0], JudgedTerm)


def test_verl_is_given_the_terms_and_what_was_said(tmp_path: Path) -> None:
    reward(tmp_path)
    dataset = {"name": "sums", "task": "toy_task.Sums", "rows": 5, "seed": 0}
    info = {"index": 1, "split": "val", "task": "", "info": "{}"}

    def score(**judge: Any) -> dict[str, Any]:
        given = compute_score(
            "x", ANSWER, "1", info, dataset=dataset, function={"path": str(tmp_path / "mine.py")},
            judges={"extension": {**NODE, **judge}},
        )  # fmt: skip
        return asyncio.run(given)

    found = score(settings={"score": 1.0})
    assert found["score"] == pytest.approx(1.4)
    assert json.loads(found.pop(JUDGED)) == {
        "base": 0.9,
        "verdicts": {"extension": {"score": 1.0, "words": "watch it, after two bumps"}},
    }
    assert set(found) == {"score", "acc", "extension"}
    assert "the judge of extension failed" in score(settings={}, on_failure="stop")[PROBLEM]
