"""What a dry run says of a step's calls and tokens."""

from collections.abc import Mapping, Sequence

import pytest
from composing import compose_run

from src.config.stages import build_stages
from src.launcher.cost import costs
from src.tasks.calls import Calls
from src.tasks.task import Task

SMALL = ("scale=smoke", "runtime=cpu", "data.train_batch_size=8", "actor_rollout_ref.rollout.n=4")


def _said(*arguments: str) -> list[str]:
    return costs(build_stages(compose_run(*arguments)))


def test_a_task_of_one_answer_makes_one_call_a_session() -> None:
    assert _said("+recipe=timemaster", *SMALL, "data.max_response_length=100") == [
        "stage rl: a step of 8 prompts with 4 sessions each makes "
        "32 answer calls of 100 tokens: 3,200 new tokens at most"
    ]


def test_each_way_of_a_session_has_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def calls(_: Task) -> Mapping[str, Sequence[Calls]]:
        return {"short": [Calls("looker", 2, 10)], "long": [Calls("looker", 3, 10), Calls("speaker", 2, 900)]}

    monkeypatch.setattr(Task, "calls", property(calls))
    begin = "stage rl: a step of 8 prompts with 4 sessions each"
    assert _said("+recipe=timemaster", *SMALL, "data.max_response_length=100") == [
        f"{begin}, short, makes 64 looker calls of 10 tokens: 640 new tokens at most",
        f"{begin}, long, makes 96 looker calls of 10 tokens "
        "and 64 speaker calls of 100 tokens: 7,360 new tokens at most",
    ]


def test_an_sft_stage_asks_nothing() -> None:
    assert _said("+recipe=timemaster", *SMALL, "stages=[sft]") == []
