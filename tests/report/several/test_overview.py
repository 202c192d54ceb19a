"""Several runs as tables: what is chance over questions, what over seeds, and what is only the same question again."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from seeded_runs import ITEM_EFFECTS, evaluation, metric, write_run
from toy_task import SETTINGS, Sums

from src.errors import UserError
from src.report.__main__ import main
from src.report.several.overview import as_json, read_runs
from src.report.several.table import Table, markdown, text
from src.report.several.tables import all_tables
from src.tasks.build import write_rows
from src.tasks.row import Row


@pytest.fixture
def seeds(tmp_path: Path) -> Callable[..., list[Path]]:
    """Return a function that writes runs with the seeds 1 to ``count``, evaluated ones."""

    def write(count: int, **changes: Any) -> list[Path]:
        folders = [write_run(tmp_path / f"seed{seed}", seed, **changes) for seed in range(1, count + 1)]
        for seed, folder in enumerate(folders, start=1):
            (folder / "evaluation.json").write_text(json.dumps(evaluation(seed)))
        return folders

    return write


def tables(folders: list[Path]) -> dict[str, Table]:
    return {table.title: table for table in all_tables(read_runs(folders))}


def test_seeds_that_answer_the_same_questions_are_no_further_items(seeds) -> None:
    found = tables(seeds(3))["Held-out answers before and after the last stage"]
    *each, pool = [dict(zip(found.header, row, strict=True)) for row in found.rows]
    assert [row["items"] for row in each] == ["6", "6", "6"]
    assert pool["run"] == "all 3"
    assert pool["items"] == "6", "three runs over 24 questions in 6 items are 6 items"
    assert "(sd 0.010)" in pool["difference"]  # 0.01, 0.02, 0.03 above what the items give
    mean = float(ITEM_EFFECTS.mean())
    assert pool["difference"].startswith(f"+{mean + 0.02:.3f} ")

    def half(row: dict[str, str]) -> float:
        low, high = (float(part) for part in row["difference"].partition("[")[2].rstrip("]").split(", "))
        return (high - low) / 2

    # One interval over six items, not over 24 questions or 72: Student's with five degrees of freedom.
    exact = 2.571 * float(np.std(ITEM_EFFECTS, ddof=1)) / np.sqrt(6)
    assert half(pool) == pytest.approx(exact, rel=0.1)
    assert half(pool) == pytest.approx(half(each[0]), abs=0.002)


def test_what_stands_before_and_after_a_run(seeds) -> None:
    found = tables(seeds(1))
    assert found["Runs of toy"].rows == [["seed1", "1", "1 min 0 s", "1 min 30 s", "2 min 30 s", "012345678"]]
    (row,) = found["Held-out answers before and after the last stage"].rows
    arrow = "\N{RIGHTWARDS ARROW}"
    assert row[:3] == ["demand", "seed1", f"100 % {arrow} 100 %"]
    assert row[6:] == [f"MSE 9.00 {arrow} 3.00", "last week 1.50"]


def test_the_test_split_of_each_seed_and_over_all(seeds) -> None:
    found = tables(seeds(2))["Test split, after each stage"]
    assert found.header[3:5] == ["after SFT", "after RL"]
    one, two, both = found.rows
    assert one == ["demand", "seed1", "MSE", "8.10", "3.10 [3.00, 3.20]", "-5.00 [-6.00, -4.00]", "last week 1.50",
                   "+1.60 [+0.600, +2.60]", "loses", "0 %", "6", "3"]  # fmt: skip
    assert two[4] == "4.10 [4.00, 4.20]"
    assert both[:5] == ["demand", "all 2", "MSE", "8.10", "3.60 (sd 0.707)"]
    assert both[5] == "-4.50 (sd 0.707) [-4.50, -4.50]"  # the runs differ, the questions do not
    assert (both[8], both[-1]) == ("loses", "3")


def test_all_metrics_stand_beside_the_baselines(seeds) -> None:
    table = all_tables(read_runs(seeds(2)))[3]
    assert table.title == "Test split, demand: all metrics"
    assert [list(row) for row in table.rows] == [
        ["after SFT", "8.10", "1.00"],
        ["after RL", "3.60 (sd 0.707)", "1.00"],
        ["last day", "7.00", "\N{EN DASH}"],
        ["last week", "1.50", "\N{EN DASH}"],
    ]
    assert table.notes == []


def test_what_the_model_reaches_where_less_is_shown(seeds) -> None:
    folders = seeds(2)
    assert "Test split, what is shown" not in tables(folders)
    for seed, folder in enumerate(folders, start=1):
        content = evaluation(seed)
        group = content["rl"]["groups"]["demand"]
        known = {**group["by_question"], "values": [value + 5 for value in group["by_question"]["values"]]}
        group["variants"] = {
            "blind": {"metrics": {"mse": metric(7.0 + seed)}, "answers": 6, "failed": 0, "by_question": known}
        }
        less = {"to": "blind", "kind": "variant", "difference": -5.0, "interval": [-6.0, -4.0], "p": 0.01}
        group["differences"].append({**less, "questions": 6, "items": 3})
        (folder / "evaluation.json").write_text(json.dumps(content))
    found = tables(folders)
    assert found["Test split, what is shown"].header == ["dataset", "run", "metric", "as asked", "blind", "less blind"]
    assert found["Test split, what is shown"].rows == [
        ["demand", "seed1", "MSE", "3.10", "8.00", "-5.00 [-6.00, -4.00]"],
        ["demand", "seed2", "MSE", "4.10", "9.00", "-5.00 [-6.00, -4.00]"],
        ["demand", "all 2", "MSE", "3.60 (sd 0.707)", "8.50 (sd 0.707)", "-5.00 [-5.00, -5.00]"],
    ]
    assert found["Test split, demand: all metrics"].rows[2][:2] == ["after RL, blind", "8.50 (sd 0.707)"]


def test_the_data_of_the_runs_have_notes(seeds) -> None:
    folders = seeds(2)
    for folder in folders:
        (folder / "data").mkdir()
        (folder / "data" / "manifest.json").write_text(json.dumps({"notes": ["The teacher is weak."]}))
    assert tables(folders)["Runs of toy"].notes[:-1] == ["The teacher is weak."]


def test_runs_that_were_asked_other_questions_say_so(seeds) -> None:
    runs = seeds(2)
    content = evaluation(2)
    for result in content.values():
        result["groups"]["demand"]["by_question"]["ids"] = list("abcdef")
    (runs[1] / "evaluation.json").write_text(json.dumps(content))
    assert all_tables(read_runs(runs))[3].notes == [
        "The runs were asked different questions: baselines are means over runs, too."
    ]


def test_baselines_have_their_figures_where_no_answer_could_be_used(seeds) -> None:
    (run,) = seeds(1)
    content = evaluation(1)
    for result in content.values():
        result["groups"]["demand"]["metrics"] = {name: metric(None) for name in ("mse", "mae")}
    (run / "evaluation.json").write_text(json.dumps(content))
    table = all_tables(read_runs([run]))[3]
    assert table.header == ["answers", "MSE"]
    assert [list(row) for row in table.rows][1:3] == [["after RL", "\N{EN DASH}"], ["last day", "7.00"]]


def test_several_datasets_are_also_told_together(tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", 1)
    for file in (run / "samples").iterdir():
        other = [{**row, "dataset": "quiz", "score": 1.0} for row in map(json.loads, file.read_text().splitlines())]
        file.write_text(file.read_text() + "".join(json.dumps(row) + "\n" for row in other))
    with (run / "metrics.jsonl").open("a") as lines:
        for step in (0, 5):
            lines.write(json.dumps({"stage": "rl", "step": step, "val/quiz/acc": 1.0, "val/quiz/reward": 1.0}) + "\n")
    found = tables([run])["Held-out answers before and after the last stage"]
    rows = [dict(zip(found.header, row, strict=True)) for row in found.rows]
    assert [(row["dataset"], row["items"]) for row in rows] == [("demand", "6"), ("quiz", "6"), ("all", "12")]
    mean = float(ITEM_EFFECTS.mean()) + 0.01
    assert rows[2]["difference"].startswith(f"+{mean / 2:.3f} ")


def test_answers_without_items_have_no_interval(tmp_path: Path) -> None:
    run = write_run(tmp_path / "old", 1)
    for file in (run / "samples").iterdir():
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        file.write_text("".join(json.dumps({k: v for k, v in row.items() if k != "item"}) + "\n" for row in rows))
    found = tables([run])
    row = found["Held-out answers before and after the last stage"].rows[0]
    assert "[" not in row[4]
    assert row[5] == "\N{EN DASH}"
    assert found["Test split, after each stage"].notes == [
        "No run was evaluated on the test split (evaluation.enable)."
    ]


def test_runs_of_other_data_have_no_interval_together(seeds) -> None:
    folders = seeds(2)
    meta = json.loads((folders[1] / "run.json").read_text())
    (folders[1] / "run.json").write_text(json.dumps({**meta, "fingerprint": "f1"}))
    found = tables(folders)["Held-out answers before and after the last stage"]
    assert "[" not in found.rows[2][4]
    assert "The runs have different data: there is no interval over all of them." in found.notes


def test_a_run_that_has_only_begun_is_told_with_dashes(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    stages = [{"name": "rl", "trainer": "ppo", "state": "running"}]
    (tmp_path / "new" / "run.json").write_text(json.dumps({"recipe": "toy", "stages": stages}))
    shown = text(all_tables(read_runs([tmp_path / "new"])))
    assert "running" in shown
    assert "No run has recorded validations before and after a stage." in shown


def test_runs_of_several_recipes_are_refused(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / "a", 1), write_run(tmp_path / "b", 1, recipe="other")]
    with pytest.raises(UserError, match=r"of several recipes \(toy, other\): give runs of one"):
        read_runs(runs)


def test_runs_of_one_name_are_told_by_their_folders(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / place / "seed1", 1) for place in ("old", "new")]
    assert [one.name for one in read_runs(runs)] == ["old/seed1", "new/seed1"]


class Told(Sums):
    """A task with something to say of its answers."""

    def remark(self, rows: Sequence[Row], responses: Sequence[str]) -> str | None:
        return f"{sum(str(row.truth) == text for row, text in zip(rows, responses, strict=True))} of {len(rows)} right"


def test_the_task_speaks_of_the_answers_before_and_after(tmp_path: Path) -> None:
    dataset = {**SETTINGS, "task": f"{__name__}.Told"}
    run = write_run(tmp_path / "run", 1, config={"dataset": dataset})
    (run / "data").mkdir()
    write_rows(Told(dataset).rows("val"), run / "data" / "val.parquet")
    for step, right in ((0, 1), (5, 3)):
        rows = [
            {"split": "val", "dataset": ("even", "odd")[place % 2], "index": place, "score": 0.0,
             "response": str(2 * place) if place < right else "?"}
            for place in range(5)
        ]  # fmt: skip
        (run / "samples" / f"rl_{step}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (one,) = read_runs([run])
    assert one.remarks == {"before": "1 of 5 right", "after": "3 of 5 right"}
    assert "run, after: 3 of 5 right" in text(all_tables([one]))
    (run / "data" / "val.parquet").unlink()
    assert read_runs([run])[0].remarks == {}


def test_json_has_the_unrounded_figures(seeds) -> None:
    first, _ = json.loads(as_json(read_runs(seeds(2))))
    assert (first["run"], first["seed"], first["seconds"]) == ("seed1", 1, {"sft": 60.0, "rl": 90.0})
    assert first["held_out"][0]["gain"]["difference"] == pytest.approx(float(ITEM_EFFECTS.mean()) + 0.01)
    assert first["test"][0]["outcome"] == "loses"


def test_the_command_prints_text_markdown_and_json(seeds, capsys) -> None:
    folders = [str(folder) for folder in seeds(2)]
    assert main(folders) == 0
    assert capsys.readouterr().out.startswith(
        "Runs of toy\nrun    seed        SFT          RL  all stages     commit\n"
    )
    assert main([folders[0], "--as", "markdown"]) == 0
    assert "| demand | seed1 | MSE | 8.10 | 3.10 [3.00, 3.20] |" in capsys.readouterr().out
    assert main([*folders, "--as", "json"]) == 0
    assert [one["seed"] for one in json.loads(capsys.readouterr().out)] == [1, 2]
    assert not list(Path(folders[0]).glob("report.html"))


def test_what_is_of_one_folder_is_refused_for_several(seeds, capsys) -> None:
    folders = [str(folder) for folder in seeds(2)]
    assert main([*folders, "--live"]) == 2
    assert "are for one folder" in capsys.readouterr().err


def test_cells_with_pipes_stay_cells() -> None:
    assert markdown([Table("t", ["a|b"], [["c|d"]], ["note"])]) == "**t**\n\n| a\\|b |\n|---|\n| c\\|d |\n\nnote\n"
