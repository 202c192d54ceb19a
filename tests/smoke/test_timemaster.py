"""TimeMaster on the real stack, over a kill: plots from SFT to the report, and a judge that refuses some answers."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from chat_endpoint import Endpoint, endpoints
from launching import Launched, command
from warm import Warm

pytestmark = pytest.mark.smoke

KINDS = ("Gun-Draw", "Point")
LEARN = ("sft.trainer.total_training_steps=30", "dataset.traces.samples=240", "sft.optim.lr=3e-3",
         "sft.trainer.save_freq=30", "data.max_response_length=64", "logging.samples_per_step=100",
         "runtime.environment.OMP_NUM_THREADS=1")  # fmt: skip


def judge(prompt: str, earlier: int) -> str | int:
    """A score that follows from the text. Some are sent after a while only, and some without sections never."""
    number = hashlib.sha256(prompt.encode()).digest()[0]
    if "[class]" not in prompt and number % 3 == 0:
        return 400
    if number % 3 == 1 and not earlier:
        return 429
    return json.dumps({"score": (1 + number % 4) / 4, "reason": f"as {number} says"})


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with endpoints() as start:
        yield start(judge)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, warm: Warm, endpoint: Endpoint) -> Launched:
    """Killed behind its first RL step, and gone on with."""
    folder = tmp_path_factory.mktemp("runs")
    term = "reward.judges.extension"
    words = command(
        folder, "run", *LEARN, "logging.wandb=off", f"{term}.requires=[]", f"{term}.section=null",
        f"{term}.by=endpoint", f"{term}.endpoint.model=judge", f"{term}.endpoint.base_url={endpoint.url}",
        recipe="timemaster",
    )  # fmt: skip
    return warm.killed_and_gone_on_with(words, folder / "timemaster" / "run")


def answers(run: Launched, step: int, split: str) -> list[dict[str, Any]]:
    lines = (run.folder / "samples" / f"rl_{step}.jsonl").read_text().splitlines()
    return [one for one in map(json.loads, lines) if one["split"] == split]


def groups(run: Launched, step: int) -> list[list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in answers(run, step, "train"):
        found[one["index"]].append(one)
    assert {len(some) for some in found.values()} == {4} and len(found) == 4
    return list(found.values())


def said(one: dict[str, Any]) -> str:
    return one["judge of extension"]


def failed(group: list[dict[str, Any]]) -> bool:
    return any(said(one).startswith("failed") for one in group)


def test_it_goes_on_to_the_end(run: Launched) -> None:
    assert run.code == 0, run.output
    assert not run.left, "processes outlived the run"
    assert [(stage["name"], stage["state"]) for stage in run.record["stages"]] == [("sft", "done"), ("rl", "done")]
    assert "stage sft is done (step 30)" in run.output
    steps = [line for line in run.metrics("rl") if "logprob_gap/mean" in line]
    assert [line["step"] for line in steps] == [1, 2]
    assert all(line["logprob_gap/mean"] < 2e-6 for line in steps), steps
    results = json.loads((run.folder / "evaluation.json").read_text())
    assert set(results) == {"sft", "rl"}
    for one in results.values():
        matrix = one["details"]["confusion"]
        assert matrix["classes"] == list(KINDS) and np.sum(matrix["counts"]) == one["groups"]["gunpoint"]["answers"]
        assert one["groups"]["gunpoint"]["baselines"]["dtw_1nn"]["acc"]["value"] == 1.0


def test_a_refused_answer_costs_its_whole_group_the_term(run: Launched) -> None:
    every = [group for step in (1, 2) for group in groups(run, step)]
    assert {failed(group) for group in every} == {True, False}, "the judge has refused none, or some in each group"
    siblings = 0
    for group in every:
        for one in group:
            terms, given = one["terms"], said(one)
            if failed(group):
                assert given.endswith("; left out of the group") and terms["extension"] == 0, one
                siblings += given[0].isdigit()
            elif not given.startswith("not asked"):
                score, reason = given.split(": ", 1)
                assert terms["extension"] == pytest.approx(0.5 * float(score)) and " says" in reason, one
            assert one["score"] == pytest.approx(terms["format"] + terms["accuracy"] + terms["extension"])
    assert siblings, "no answer that the judge has scored stands beside one that it has refused"


@pytest.mark.parametrize("step", [1, 2])
def test_advantages_are_made_of_what_is_left(run: Launched, step: int) -> None:
    """By what veRL reads from its queue and writes down."""
    (line,) = (line for line in run.metrics("rl") if line["step"] == step and "critic/score/mean" in line)
    rewards = np.array([[one["score"] for one in group] for group in groups(run, step)])
    assert line["critic/score/mean"] == pytest.approx(rewards.mean(), abs=1e-6)
    advantages = (rewards - rewards.mean(1, keepdims=True)) / (rewards.std(1, ddof=1, keepdims=True) + 1e-6)
    assert line["critic/advantages/max"] == pytest.approx(advantages.max(), abs=1e-3)
    assert line["critic/advantages/min"] == pytest.approx(advantages.min(), abs=1e-3)


@pytest.mark.parametrize("step", [1, 2])
def test_what_the_judge_did_is_counted(run: Launched, step: int) -> None:
    (line,) = (line for line in run.metrics("rl") if line["step"] == step and "judge/extension/asked_frac" in line)
    every = [one for group in groups(run, step) for one in group]
    asked = [one for one in every if not said(one).startswith("not asked")]
    refused = [one for one in asked if said(one).startswith("failed")]
    scores = [float(said(one)[:4]) for one in asked if one not in refused]
    assert line["judge/extension/asked_frac"] == pytest.approx(len(asked) / 16)
    assert line["judge/extension/failed_frac"] == pytest.approx(len(refused) / len(asked))
    left_out = sum(len(group) for group in groups(run, step) if failed(group))
    assert line["judge/extension/left_out_frac"] == pytest.approx(left_out / 16)
    assert line["judge/extension/mean"] == pytest.approx(np.mean(scores), abs=0.01)
    assert {f"judge/extension/val_{name}_frac" for name in ("asked", "failed")} <= set(run.metrics("rl")[0])


def test_all_processes_before_and_behind_the_kill_keep_one_cache(run: Launched, endpoint: Endpoint) -> None:
    runs = run.folder.parents[1]  # later runs share it
    assert [path.relative_to(runs).as_posix() for path in runs.rglob("*.sqlite")] == ["judge.sqlite"]
    base = sqlite3.connect(runs / "judge.sqlite")
    kept = [reply for (reply,) in base.execute("SELECT reply FROM replies")]
    base.close()
    asked = {one["messages"][0]["content"] for one in endpoint.requests}
    assert sorted(kept) == sorted(reply for one in asked if isinstance(reply := judge(one, 1), str))
    assert any("[think]" in one and "[class]" in one and "[extension]" in one for one in asked)


def test_the_report_shows_the_plot_the_sections_and_the_judges_words(
    run: Launched, open_page: Callable[..., Any]
) -> None:
    tab = open_page(f"{(run.folder / 'report.html').as_uri()}#samples")
    size = "[...document.querySelectorAll('#sample-detail img')].map((one) => [one.naturalWidth, one.naturalHeight])"
    assert tab.value(size) == [[224, 28]]
    read = ".map((one) => [one.textContent, one.nextElementSibling.textContent])"
    shown = dict(tab.value(f"[...document.querySelectorAll('#sample-detail .texts h4')]{read}"))
    assert {"Reasoning", "Class", "Extension", "Truth", "judge of extension"} <= set(shown), shown
    assert shown["Class"] in KINDS and shown["Truth"] in KINDS
    assert " says" in shown["judge of extension"]
    captions = "[...document.querySelectorAll('.confusion caption')].map((one) => one.textContent)"
    assert tab.value(captions) == ["Confusion after SFT", "Confusion after RL"]
