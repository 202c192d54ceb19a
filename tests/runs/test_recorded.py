"""Reading runs from Python: what is found, what a torn record costs, and which checkpoint is best."""

import json
import math
from pathlib import Path

import pytest
from old_run import write_old_run
from sweep_folders import write_run

from src.errors import UserError
from src.record import checkpoints as checkpoint
from src.runs import list_runs, read_run


def save_model(run: Path, step: int, stage: str = "rl", inside: str = "actor/huggingface", sealed: bool = True) -> Path:
    folder = run / "checkpoints" / stage / f"global_step_{step}" / inside
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    if sealed:
        checkpoint.seal(run / "checkpoints" / stage / f"global_step_{step}", step, last=False)
    return folder


def test_runs_are_found_below_a_folder_oldest_first(tmp_path: Path) -> None:
    write_run(tmp_path / "time_r1" / "b", seed=2)
    write_run(tmp_path / "sweeps" / "grid" / "time_r1" / "seed-1", seed=1)
    (tmp_path / "time_r1" / "not-a-run").mkdir()
    assert [run.name for run in list_runs(tmp_path)] == ["seed-1", "b"]
    assert [run.name for run in list_runs(tmp_path / "time_r1" / "b")] == ["b"]


def test_a_run_is_not_searched_for_other_runs(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    write_run(run / "data" / "inner")
    assert len(list_runs(tmp_path)) == 1


@pytest.mark.parametrize("call", [read_run, list_runs])
def test_a_folder_that_is_not_there_is_one_clear_error(call, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a folder"):
        call(tmp_path / "none")


def test_a_folder_without_runs_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no run below"):
        list_runs(tmp_path)
    with pytest.raises(UserError, match=r"is not a run: it has no run\.json"):
        read_run(tmp_path)


@pytest.mark.parametrize(("content", "message"), [("{", "is not valid JSON"), ("[]", "does not hold a JSON object")])
def test_a_broken_record_is_one_clear_error(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(UserError, match=message):
        read_run(tmp_path)


def test_metrics_are_a_frame_by_stage_and_step(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "run", reward=0.8))
    frame = run.metrics("rl")
    assert list(frame.index) == [0, 1, 2, 3, 4]
    assert frame["val/etth1/reward"].dropna().to_dict() == {0: 0.0, 2: 0.4, 4: 0.8}
    assert run.metrics().loc[("rl", 4), "val/etth1/reward"] == 0.8
    assert len(run.metrics("sft")) == 0
    assert run.config.algorithm.name == "grpo"
    assert run.state == "done" and run.recipe == "time_r1" and not run.notes


def test_a_step_that_was_repeated_has_its_later_values(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    with (folder / "metrics.jsonl").open("a") as file:
        file.write(json.dumps({"stage": "rl", "step": 3, "reward/mean": 9.0}) + "\n")
    frame = read_run(folder).metrics("rl")
    assert list(frame.index) == [0, 1, 2, 3, 4]
    assert frame.loc[3, "reward/mean"] == 9.0
    assert frame.loc[3, "timing_s/step"] == 2.0


def test_a_torn_last_line_is_reported_and_not_fatal(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "run", torn=True))
    assert run.notes == [
        "The last line of metrics.jsonl (line 6) is torn: the run stopped while writing. It is left out."
    ]
    assert list(run.metrics("rl").index) == [0, 1, 2, 3, 4]
    assert run.score("val/*/reward") == 0.5


def test_lines_that_are_no_steps_are_named(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    content = (folder / "metrics.jsonl").read_text()
    (folder / "metrics.jsonl").write_text("oops\n[1]\n" + content)
    run = read_run(folder)
    assert run.notes == ["2 line(s) of metrics.jsonl are not JSON objects and are left out: line 1, 2."]
    assert len(run.metrics("rl")) == 5


def test_a_run_that_has_only_begun(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    (folder / "metrics.jsonl").unlink()
    run = read_run(folder)
    assert run.notes == ["There is no metrics.jsonl: the run has not recorded a step."]
    assert len(run.metrics("rl")) == 0 and len(run.metrics()) == 0 and not run.scores
    assert math.isnan(run.score("val/*/reward"))
    assert run.last_held_out() == []


def test_scores_are_the_last_held_out_values_and_the_last_stage_on_the_test_split(tmp_path: Path) -> None:
    def group(acc: float | None) -> dict:
        return {"metrics": {"acc": {"value": acc, "interval": None}}, "answers": 4, "failed": 1}

    results = {"sft": {"groups": {"a": group(0.1)}}, "rl": {"groups": {"a": group(0.5), "a-ood": group(None)}}}
    run = read_run(write_run(tmp_path / "run", 0.5, 6.0, evaluation=results))
    assert run.scores == {
        "val/etth1/reward": 0.5, "val/etth1/mse": 6.0, "val/etth1/fail_frac": 0.0,
        "test/a/acc": 0.5, "test/a/fail_frac": 0.25, "test/a-ood/fail_frac": 0.25,
    }  # fmt: skip
    assert run.score("test/a/acc") == run.score("test/*/acc") == 0.5
    assert run.score("actor/entropy") == 1.0


def test_the_best_checkpoint_is_judged_at_its_own_step(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    rewards = {2: 0.9, 4: 0.7}
    with (folder / "metrics.jsonl").open("a") as file:
        for step, reward in rewards.items():
            file.write(json.dumps({"stage": "rl", "step": step, "val/etth1/reward": reward}) + "\n")
    at_2, at_4 = save_model(folder, 2), save_model(folder, 4)
    save_model(folder, 3)  # was not validated
    run = read_run(folder)
    best = run.best_checkpoint()
    assert (best.model, best.stage, best.step) == (at_2, "rl", 2)
    assert run.best_checkpoint("val/*/mse").model == at_4  # the lowest
    assert [one.step for one in run.checkpoints] == [2, 3, 4]


def test_a_checkpoint_that_a_resume_would_not_take_is_none(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    save_model(folder, 2, sealed=False)  # being written when the run ended
    damaged = save_model(folder, 4)
    (damaged / "model.safetensors").write_bytes(b"others!")
    half = save_model(folder, 0)
    (half / "config.json").unlink()
    (half.parents[1] / "manifest.json").unlink()
    checkpoint.seal(half.parents[1], 0, last=False)  # complete, and holds no model
    assert read_run(folder).checkpoints == []
    with pytest.raises(UserError, match=r"no saved model: set trainer\.save_freq"):
        read_run(folder).best_checkpoint()


def test_saved_steps_that_were_not_validated_are_named(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    save_model(folder, 3)
    with pytest.raises(UserError, match=r"val/\*/reward was recorded at none of the saved steps \(rl 3\)"):
        read_run(folder).best_checkpoint()


def test_the_last_held_out_answers_are_those_of_the_last_validated_step(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", windows=[0.1, 0.2])
    for step, split in ((1, "val"), (5, "train")):
        line = {"split": split, "index": 0, "score": 9.0}
        (folder / "samples" / f"rl_{step}.jsonl").write_text(json.dumps(line) + "\n")
    run = read_run(folder)
    assert [row.score for row in run.last_held_out()] == [0.1, 0.2]
    assert [file.path.name for file in run.sample_files()] == ["rl_1.jsonl", "rl_4.jsonl", "rl_5.jsonl"]
    assert len(list(run.samples())) == 4


def test_a_run_of_the_layout_before_is_read(tmp_path: Path) -> None:
    run = read_run(write_old_run(tmp_path / "first"))
    assert (run.state, run.notes) == ("done", [])
    assert run.metrics("rl")["val/demand/reward"].dropna().to_dict() == {0: -1.0, 2: 0.75}
    assert run.metrics().loc[("sft", 1), "train/loss"] == 5.5
    assert run.score("val/*/mse") == 4.0
    best = run.best_checkpoint("val/*/mse")
    assert (best.stage, best.step, best.last) == ("rl", 2, True)
    (sample,) = run.last_held_out()
    assert (sample.prediction, sample.task, sample.weight, sample.images) == ([1.0, 3.0], None, None, [])
