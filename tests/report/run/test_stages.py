"""Runs of any number of stages with any names, each with its own terms and data; folders that were written before."""

import json
from pathlib import Path

import numpy as np
import pytest
from panels import drawn

from src.record.metrics_log import Series
from src.record.reading import RunRecord
from src.report.run.headline import findings, summary
from src.report.run.page import write_report

PERCEPTION = {"format": (0.05, 0.1), "accuracy": (0.2, 0.7)}
THREE = {
    "warm_up": "imitation",
    "stages": ("perception", "reasoning"),
    "terms": {"perception": PERCEPTION},
    "datasets": {"perception": "primitives"},
}


def _rewards(**stages: list[float]) -> RunRecord:
    metrics = {
        name: {"reward/mean": Series(np.arange(len(values)), np.array(values))} for name, values in stages.items()
    }
    return RunRecord(Path("run"), {}, metrics, [])


UP, DOWN, FLAT = ([0.0, 0.1, 0.0, 1.0, 1.1, 1.0], [1.0, 1.1, 1.0, 0.0, 0.1, 0.0], [0.5, 0.6, 0.4, 0.5, 0.6, 0.4])


@pytest.mark.parametrize(
    ("stages", "answer", "tone", "clause"),
    [
        ({"one": UP, "two": UP}, "In 2 of 2 stages", "good", "the reward rose in one and two"),
        ({"one": UP, "two": DOWN}, "In 1 of 2 stages", "bad", "the reward rose in one and the reward fell in two"),
        ({"a": UP, "b": UP, "c": UP}, "In 3 of 3 stages", "good", "the reward rose in a, b and c"),
        (
            {"one": FLAT, "two": UP},
            "In 1 of 2 stages",
            "open",
            "the reward did not clearly change in one and the reward rose in two",
        ),
        ({"only": UP}, "Yes: 0.033 \N{RIGHTWARDS ARROW} 1.03", "good", "the reward rose"),
    ],
)
def test_each_stages_reward_is_judged_by_itself(
    stages: dict[str, list[float]], answer: str, tone: str, clause: str
) -> None:
    found = findings(_rewards(**stages))
    assert (found[0].answer, found[0].tone, found[0].clause) == (answer, tone, clause)
    assert summary(found).startswith(clause[0].upper() + clause[1:])


def test_the_page_names_the_stages_and_their_steps(make_run, read_page) -> None:
    page = read_page(write_report(make_run(**THREE)))
    stages = next(table for table in page.tables if table[0][:2] == ["Stage", "State"])
    assert [row[:3] for row in stages[1:4]] == [
        ["imitation", "done", "30"],
        ["perception", "done", "80"],
        ["reasoning", "done", "80"],
    ]
    assert "The reward rose in perception and reasoning" in page.words
    assert "perception: the reward rose, 0." in page.words
    assert [table[1][0] for table in page.tables if table[0][0] == "Answers"] == [
        "Model, before perception (step 0)",
        "Model, before reasoning (step 0)",
    ]
    assert page.data["trainers"] == {"imitation": "sft", "perception": "ppo", "reasoning": "ppo"}


def test_every_panel_says_which_stages_it_shows(make_run, open_page) -> None:
    tab = open_page(write_report(make_run(**THREE)).as_uri(), height=12_000)

    def stages(title: str) -> list[str]:
        return [label for label in drawn(tab, title)["labels"] if label in ("imitation", "perception", "reasoning")]

    assert stages("Reward") == stages("Entropy") == stages("Time per step") == ["perception", "reasoning"]
    assert drawn(tab, "Reward")["dividers"] == 1
    assert stages("Reward term: accuracy") == ["perception"]
    assert stages("Reward term: mse") == ["reasoning"]
    assert stages("Reward term: format") == ["perception", "reasoning"]
    assert stages("MSE on primitives") == ["perception"]
    assert stages("MSE on etth1") == ["reasoning"]
    assert stages("SFT loss") == stages("SFT time per step") == []  # there is one such stage


def test_a_run_of_one_stage_of_each_trainer_needs_no_names(make_run, open_page) -> None:
    tab = open_page(write_report(make_run()).as_uri(), height=12_000)
    assert not {"sft", "rl"} & set(drawn(tab, "Reward")["labels"] + drawn(tab, "Time per step")["labels"])


def test_what_a_panels_head_says(make_run, open_page) -> None:
    run = make_run()
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    tab = open_page(write_report(run).as_uri(), height=12_000)
    last = lines[-1]
    assert drawn(tab, "Time per step")["last"] == f"{last['timing_s/step']:.3g} s"  # with what no phase has
    assert drawn(tab, "SFT time per step")["last"] == "2.3 s"
    assert drawn(tab, "SFT loss")["last"] == f"training {lines[29]['train/loss']:.3f}"
    assert drawn(tab, "Log-probability gap")["last"] == f"mean {last['logprob_gap/mean']:.3f}"


def test_ticks_that_differ_are_written_differently(make_run, open_page) -> None:
    tab = open_page(write_report(make_run()).as_uri())
    ticks = "[[0.002, 'scientific', 5e-4], [0.0015, 'scientific', 5e-4], [5e-4, 'scientific', 5e-4], "
    ticks += "[1.2e-7, 'number', 2e-8], [8e-8, 'number', 2e-8], [-4.5e-9, 'number', 5e-10], [123460, 'number', 10], "
    ticks += "[20000, 'number', 5000], [1.25e6, 'number', 5e4]]"
    assert tab.value(f"{ticks}.map(([value, style, step]) => formatTick(value, style, step))") == [
        "2.0e-3", "1.5e-3", "5e-4", "1.2e-7", "8e-8", "-4.5e-9", "123.46k", "20k", "1.25e+6",
    ]  # fmt: skip


def test_a_learning_rate_is_drawn_as_it_was(make_run, open_page) -> None:
    run = make_run()
    tab = open_page(write_report(run).as_uri(), height=12_000)
    assert len(drawn(tab, "Entropy")["curves"]) == 2  # as recorded, and its moving average
    assert len(drawn(tab, "Learning rate")["curves"]) == 1


def test_a_folder_of_before_is_read(make_run, read_page) -> None:
    """Without trainers in ``run.json``, with veRL's share for the answers that were cut off, and rows of one image."""
    run = make_run(steps=10)
    meta = json.loads((run / "run.json").read_text())
    for stage in meta["stages"]:
        del stage["trainer"]
    (run / "run.json").write_text(json.dumps(meta))
    old = (run / "metrics.jsonl").read_text().replace("response_length/limit_frac", "response_length/clip_ratio")
    (run / "metrics.jsonl").write_text(old)
    page = read_page(write_report(run))
    assert "Responses cut off" not in page.panels and "response_length/clip_ratio" not in page.panels
    assert "Not drawn: response_length/clip_ratio" in page.words
    assert "Reward" in page.panels and "SFT loss" in page.panels


def test_the_terms_of_a_sample_add_up_to_its_reward(make_run, read_page) -> None:
    run = make_run(steps=10)
    file = run / "samples" / "rl_10.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    for row in rows:
        row["terms"] |= {"valid": float(row["valid"])}
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    samples = [one for one in read_page(write_report(run)).data["samples"] if one["step"] == 10]
    assert samples and all("valid" not in one["terms"] and "mse" in one["terms"] for one in samples)
    assert {one["kept"] for one in samples if one["split"] == "val"} == {None}  # nothing is selected there
    assert {one["kept"] for one in samples if one["split"] == "train"} == {True, False}
