"""The build: quotas, determinism across processes, leaks that fail it, prompts that are too long."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from executed import executed

from recipes.timeomni1 import collect, leaks
from recipes.timeomni1.item import Item, View
from recipes.timeomni1.settings import read_settings
from recipes.timeomni1.task import TimeOmni1, draw, judge
from recipes.timeomni1.tasks.scenario import questions as scenario
from src.config.group import compose_group
from src.errors import DataError
from src.tasks.build import RL_SPLITS, SFT_SPLITS, build
from src.tasks.task import load_task

FILES = (*RL_SPLITS, *SFT_SPLITS)
ROOT = Path(__file__).resolve().parents[3]
ROWS = {"sft": 20, "train": 24, "val": 8, "test": 12, "test_ood": 8, "sft_val": 4}
SMALL = ("dataset.tasks=[scenario]", *(f"dataset.rows.{split}.scenario={count}" for split, count in ROWS.items()))


def compose(*overrides: str) -> Any:
    return compose_group("dataset", "timeomni1_short", [*SMALL, *overrides])


def quiet(_: str) -> None: ...


def task(*overrides: str, log: Callable[[str], None] = quiet) -> TimeOmni1:
    found = load_task(compose(*overrides), log=log)
    assert isinstance(found, TimeOmni1)
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("build")
    build(task(), folder)
    return folder


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    return pq.read_table(folder / f"{name}.parquet").to_pylist()


def infos(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(row["extra_info"]["info"]) for row in read(folder, name)]


def test_every_split_label_and_letter_has_its_quota(built: Path) -> None:
    counts = {name: len(read(built, name)) for name in FILES}
    assert counts == {"train": 24, "val": 8, "test": 20, "sft": 20, "sft_val": 4}
    train = read(built, "train")
    assert Counter(info["level"] for info in infos(built, "train")) == {1: 5, 2: 10, 3: 9}
    assert set(Counter(row["reward_model"]["ground_truth"] for row in train).values()) == {6}
    assert Counter(row["data_source"] for row in read(built, "test")) == {"scenario": 12, "scenario-ood": 8}


def test_splits_share_no_question(built: Path) -> None:
    seeds = [info["seed"] for name in FILES for info in infos(built, name)]
    prompts = [(row.get("prompt") or row["messages"])[1]["content"] for name in FILES for row in read(built, name)]
    assert len(set(seeds)) == len(seeds) and len(set(prompts)) == len(prompts)


def test_rows_hold_what_reward_and_scorer_need(built: Path) -> None:
    row = read(built, "val")[0]
    assert [message["role"] for message in row["prompt"]] == ["system", "user"]
    truth, info = json.loads(row["reward_model"]["ground_truth"]), infos(built, "val")[0]
    assert row["extra_info"]["task"] == "scenario" and truth in "ABCD"
    assert (info["options"], info["terms"], info["ood"]) == (4, ["format", "choice"], False)
    assert info["shortcuts"]["oracle"] == truth
    trace = read(built, "sft")[0]["messages"]
    assert trace[2]["content"].startswith("<think>") and trace[2]["content"].endswith("</answer>")


def test_the_manifest_tells_how_the_questions_came_about(built: Path) -> None:
    figures = json.loads((built / "manifest.json").read_text())["tasks"]["scenario"]
    inside = figures["in distribution"]
    assert inside["rows"] == 68 and figures["out of distribution"]["rows"] == 8
    assert inside["oracle"] == 1.0 and 0 < inside["shortcuts"]["length_only"]["accuracy"] < 1
    assert set(inside["acceptance"]) == {"level 1", "level 2", "level 3"}
    assert inside["labels"] == {"level 1": 15, "level 2": 29, "level 3": 24}
    assert inside["letters"] == dict.fromkeys("ABCD", 17)
    assert inside["shortcuts"]["length_only"]["ceiling"] == 0.53
    assert inside["prompt_tokens"]["max"] > inside["prompt_tokens"]["median"] > 100


def test_another_process_builds_the_same_bytes(built: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "data_pipelines", "dataset=timeomni1_short", *SMALL, f"out={tmp_path}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin", "PYTHONHASHSEED": "7"},
    )
    assert done.returncode == 0, done.stderr
    for name in FILES:
        assert (tmp_path / f"{name}.parquet").read_bytes() == (built / f"{name}.parquet").read_bytes()
    assert "labels: level 1 15, level 2 29, level 3 24; letters: A 17, B 17, C 17, D 17" in done.stdout
    assert "  oracle 1.000\n  shortcuts: length_only 0." in done.stdout and "(at most 0.53)" in done.stdout


def test_a_finished_build_is_found_again_and_another_setting_is_not(built: Path) -> None:
    assert not build(task(), built).rebuilt
    assert build(task("dataset.seed=1"), built).rebuilt
    assert build(task(), built).rebuilt


def test_evaluation_asks_the_questions_of_the_file(built: Path) -> None:
    asked = [{key: value for key, value in row.columns().items() if key != "images"} for row in task().rows("test")]
    assert asked == read(built, "test")


def test_the_fingerprint_covers_every_file_that_makes_rows_and_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    before, real = task().fingerprint, Path.read_text
    fresh = task()
    made = executed(lambda: [fresh.rows("test"), fresh.traces("sft"), fresh.about()])
    assert "recipes/timeomni1/tasks/scenario/scenarios.py" in made
    for name in made - {"src/tasks/task.py"}:
        with monkeypatch.context() as patch:
            patch.setattr(
                Path, "read_text", lambda path, *rest, name=name: real(path, *rest) + "#" * str(path).endswith(name)
            )
            assert task().fingerprint != before, name


def test_a_leak_fails_the_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    draw = scenario.draw

    def leaky(seed: int, **how: Any) -> Item | None:
        item = draw(seed, **how)
        return item and Item(**{**vars(item), "shortcuts": {**item.shortcuts, "longest_sentence": item.answer}})

    monkeypatch.setattr(scenario, "draw", leaky)
    with pytest.raises(DataError, match=r"task scenario \(in distribution\) leaks: solver longest_sentence gets 1.000"):
        build(task(), tmp_path)
    assert not list(tmp_path.glob("*.parquet"))


def test_a_solver_as_good_as_the_oracle_is_refused() -> None:
    figures = {"rows": 900, "oracle": 0.9, "shortcuts": {"copy": {"accuracy": 0.9, "ceiling": 0.95}}}
    with pytest.raises(DataError, match="solver copy is as good"):
        leaks.check("forecasting", "in distribution", figures)


def _guessable(count: int, share: float) -> list[Item]:
    """Questions that are one number; its sign tells the answer of a share of them."""
    rng = np.random.default_rng(3)
    found = []
    for _ in range(count):
        number = rng.normal()
        answer = ("A" if number > 0 else "B") if rng.random() < share else str(rng.choice(["A", "B"]))
        found.append(Item("scenario", "x", 1, str(number), ("x", "y"), answer, answer, {}, ""))
    return found


def test_a_classifier_finds_a_leak_that_nobody_has_named() -> None:
    def sign(question: str) -> View:
        return View((float(question),), ("A", "B"))

    leaky, clean = (leaks.learned(_guessable(600, share), sign) for share in (0.9, 0.0))
    assert leaky is not None and leaky > 0.9
    assert clean is not None and abs(clean - 0.5) < 0.1
    assert leaks.learned(_guessable(60, 0.9), sign) is None  # too few to train on


def test_what_a_classifier_learns_can_fail_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenario, "blind", lambda question: View((float(question),), ("A", "B")), raising=False)
    monkeypatch.setattr(scenario, "HIDDEN", "the series", raising=False)
    monkeypatch.setattr(scenario, "BLIND_CEILING", 0.6, raising=False)
    part = collect.Collected("scenario", "train", items=_guessable(600, 0.9))
    with pytest.raises(DataError, match=r"solver trained without the series gets 0\.9"):
        judge([part], quiet)
    said: list[str] = []
    judge([collect.Collected("scenario", "train", items=_guessable(600, 0.0))], said.append)
    assert "trained without the series 0." in said[-2] and "(at most 0.60)" in said[-2]
    assert said[-1] == "no shortcut is above what it may reach by three standard errors"


def test_natural_magnitudes_are_a_cue_that_is_reported_and_no_leak() -> None:
    rows = [f"dataset.rows.{split}.causality={60 if split == 'test' else 0}" for split in ROWS]
    cfg = compose_group("dataset", "timeomni1", ["dataset.tasks=[causality]", "dataset.magnitude_cue=natural", *rows])
    said: list[str] = []
    parts = [part for split in ROWS for part in draw(read_settings(cfg), split)]
    judge(parts, said.append, natural=True)
    assert "larger_is_downstream 0.6" in said[-2] and "at most" not in said[-2]  # chance is 1/3, and it never says none
    with pytest.raises(DataError, match="leaks: solver larger_is_downstream"):
        judge(parts, quiet)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"options": ("x", "x", "y", "z")}, "two options are the same"),
        ({"answer": "E"}, "the answer 'E' is none of its 4 options"),
        ({"oracle": "?"}, "the oracle says"),
        (
            {"options": (), "answer": (1.0, 2.0), "oracle": (1.0, 2.0), "info": {"horizon": 3}},
            "do not match the horizon 3",
        ),
        ({"options": ()}, "neither options nor true values"),
    ],
)
def test_what_is_no_question_is_refused(monkeypatch: pytest.MonkeyPatch, change: dict, message: str) -> None:
    draw = scenario.draw

    def broken(seed: int, **how: Any) -> Item | None:
        item = draw(seed, **how)
        return item and Item(**{**vars(item), **change})

    monkeypatch.setattr(scenario, "draw", broken)
    with pytest.raises(DataError, match=rf"task scenario, seed \d+: .*{message}"):
        build(task(), Path("unused"))


def test_overlong_prompts_are_dropped_and_counted(tmp_path: Path) -> None:
    said: list[str] = []
    result = build(task("dataset.max_prompt_tokens=315", log=said.append), tmp_path)
    dropped = json.loads((tmp_path / "manifest.json").read_text())["tasks"]["scenario"]["in distribution"]["too_long"]
    assert dropped > 0 and result.counts["train"] + result.counts["val"] + result.counts["sft"] < 52
    assert any(f"; {dropped} dropped for their length" in line for line in said)
    for row in read(tmp_path, "train"):
        assert collect.estimate_tokens("".join(message["content"] for message in row["prompt"])) <= 315


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("dataset.tasks=[scenario,sudoku]", "unknown task 'sudoku'"),
        ("dataset.tasks=[]", "name at least one task"),
        ("dataset.size=huge", "set it to paper or short"),
        ("dataset.magnitude_cue=large", "dataset.magnitude_cue is 'large': set it to balanced or natural"),
        ("+dataset.rows.dev={scenario: 3}", "dataset.rows.dev is no split"),
        ("dataset.rows.sft.scenario=many", "dataset.rows"),
        ("dataset.traces.overruled=1.5", "dataset.traces.overruled is 1.5: set it to a share from 0 to 1"),
        ("dataset.traces.file=nowhere.parquet", "nowhere.parquet is not a file"),
        ("dataset.tokenizer=nowhere", "tokenizer.json"),
    ],
)
def test_bad_settings_are_one_message(override: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        build(task(override), tmp_path)


def test_answer_only_leaves_the_reasoning_out(tmp_path: Path) -> None:
    build(task("dataset.traces.answer_only=true"), tmp_path)
    system, _, assistant = read(tmp_path, "sft")[0]["messages"]
    assert "think" not in system["content"] and assistant["content"].startswith("<answer>")
    assert "think" not in read(tmp_path, "train")[0]["prompt"][0]["content"]


def test_tasks_that_are_tested_need_not_be_trained() -> None:
    plan = collect_plan("dataset.tasks=[scenario]", "dataset.test_tasks=[decision]")
    assert plan["sft"] == plan["train"] == ["scenario"] and plan["test"] == plan["val"] == ["decision"]


def collect_plan(*overrides: str) -> dict[str, list[str]]:
    plan: dict[str, list[str]] = {}
    for split, task, _ in read_settings(compose(*overrides)).plan():
        plan.setdefault(split, []).append(task)
    return plan


def test_paper_rows_are_the_papers() -> None:
    rows = compose_group("dataset", "timeomni1").rows
    four = ("scenario", "causality", "forecasting", "decision")
    sums = {split: sum(rows[split][task] for task in four) for split in ("sft", "train", "test", "test_ood")}
    assert sums == {"sft": 2339, "train": 17212, "test": 1606, "test_ood": 2448} and sum(sums.values()) == 23_605
