"""Traces through a chat model: what is kept, what is rewritten, and what a forecaster is never shown."""

import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from omegaconf import OmegaConf

from recipes.timeomni1 import teacher
from recipes.timeomni1.item import Item, Size
from recipes.timeomni1.task import TimeOmni1
from recipes.timeomni1.tasks.scenario import questions as scenario
from src.config.group import compose_group
from src.errors import DataError
from src.tasks.build import build

FORECAST = Item(
    task="forecasting", domain="venue", level=1, question="Hours: [1,2,3]. Next two?", options=(), answer=(41.0, 52.0),
    oracle=(40.0, 50.0), shortcuts={}, rationale="", info={"horizon": 2, "reference_mae": 10.0},
)  # fmt: skip


class Scripted:
    """Answers from a function of prompt and draw; remembers what it was asked."""

    def __init__(self, reply) -> None:
        self.reply, self.asked = reply, []

    def ask(self, prompt: str, draw: int = 0) -> str:
        self.asked.append(prompt)
        return self.reply(prompt, draw)


@pytest.fixture(scope="module")
def item() -> Item:
    return next(one for seed in range(20) if (one := scenario.draw(seed, ood=False, size=Size("short"))))


def test_a_right_analysis_is_kept_as_it_is(item: Item) -> None:
    chat = Scripted(lambda prompt, draw: f"<think>mine</think> so <answer>{'Z' if draw < 2 else item.answer}</answer>")
    kept = teacher.distil(chat, item, 3)
    assert kept == teacher.Kept(f"<think>mine</think>\n<answer>{item.answer}</answer>", "analyser", 0.0)
    assert not any(item.rationale in prompt for prompt in chat.asked)  # the analyser is told nothing


def test_a_wrong_analysis_goes_to_the_rewriter(item: Item) -> None:
    chat = Scripted(
        lambda prompt, draw: f"<think>told</think><answer>{item.answer if item.rationale in prompt else 'Z'}</answer>"
    )
    kept = teacher.distil(chat, item, 2)
    assert kept is not None and kept.origin == "rewriter" and len(chat.asked) == 3
    assert teacher.distil(Scripted(lambda *_: "<think>x</think><answer>Z</answer>"), item, 2) is None
    assert teacher.distil(Scripted(lambda *_: f"<answer>{item.answer}</answer>"), item, 2) is None  # no reasoning


def test_a_forecast_never_sees_the_truth_and_the_best_chain_stays() -> None:
    guesses = ["[0, 0]", "[40, 50]", "[30, 30]", "[41]"]
    chat = Scripted(lambda prompt, draw: f"<think>{draw}</think><answer>{guesses[draw]}</answer>")
    kept = teacher.distil(chat, FORECAST, 4)
    assert kept is not None and kept.text == "<think>1</think>\n<answer>[40, 50]</answer>" and len(chat.asked) == 4
    assert not any(re.search(r"\b(41|52)\b", prompt) for prompt in chat.asked)


def test_traces_become_sft_rows_that_a_build_takes(tmp_path: Path) -> None:
    rows = [f"dataset.rows.{split}.scenario=4" for split in ("sft", "train", "val", "test", "test_ood", "sft_val")]
    cfg: Any = compose_group("dataset", "timeomni1_short", ["dataset.tasks=[scenario]", *rows])
    cfg = OmegaConf.to_container(cfg)

    # Knows the answer from the expert's notes only, and refuses half of the questions.
    def reply(prompt: str, draw: int) -> str:
        found = re.search(r"which lead to ([A-D])", prompt)
        return f"<think>t</think><answer>{found[1] if found and found[1] in 'AB' else 'none'}</answer>"

    out = tmp_path / "traces.parquet"
    said: list[str] = []
    task = TimeOmni1(cfg, log=said.append)
    count = teacher.teach(task, Scripted(reply), out, candidates=1, pool=1, concurrency=2)
    assert count == 2 and said[:2] == [
        "teacher: scenario: 4 of 4 questions, 2 with a trace",
        "teacher: scenario: kept 2 of 4 questions, {'rewriter': 2}",
    ]
    build(TimeOmni1({**cfg, "traces": {"file": str(out)}}, log=lambda _: None), tmp_path / "data")
    assert pq.read_table(tmp_path / "data" / "sft.parquet").num_rows == 2
    with pytest.raises(DataError, match="no usable trace"):
        teacher.teach(task, Scripted(lambda *_: ""), out, candidates=1, pool=1, concurrency=1)


def test_a_bad_command_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert teacher.main(["dataset=timeomni1", "model=m", "base_url=u", "out=o", "pool=0"]) == 2
    assert capsys.readouterr().err == "error: pool=0: set it to at least 1\n"
