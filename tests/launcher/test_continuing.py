"""Where a run goes on after it was ended, and when it refuses to: on the project's own files, without a training."""

import json
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from src.config.stages import Stage
from src.errors import UserError
from src.launcher import continuing
from src.record import checkpoints as checkpoint
from src.record.checkpoints import Checkpoint
from src.record.lines import append_line
from src.record.run import Run

STAGES = [Stage("sft", "sft", OmegaConf.create({})), Stage("rl", "ppo", OmegaConf.create({}))]
CONFIG: dict[str, Any] = {
    "seed": 1,
    "sft": {"optim": {"lr": 0.1}},
    "algorithm": {"name": "grip"},
    "stages": ["sft", "rl"],
    "stage": {"sft": {"kind": "sft"}, "rl": {"kind": "rl"}},
}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path / "run")
    stages = [{"name": stage.name, "trainer": stage.trainer, "state": "pending"} for stage in STAGES]
    run.start({"config": CONFIG, "stages": stages, "launches": [{}, {}]})
    return run


def save(run: Run, stage: str, step: int, *, last: bool = False, weights: bytes = b"weights") -> Path:
    folder = run.checkpoints(stage) / f"global_step_{step}"
    (folder / "huggingface").mkdir(parents=True)
    (folder / "huggingface" / "config.json").write_text("{}")
    (folder / "huggingface" / "model.safetensors").write_bytes(weights)
    (folder / "optim.pt").write_bytes(b"moments")
    checkpoint.seal(folder, step, last)
    return folder


def trained(run: Run, stage: str, *steps: int, model: str = "base", data: str = "d" * 64) -> None:
    """Let a stage have begun and recorded some steps."""
    run.stage(stage).update(state="running", inputs=continuing.inputs(STAGES[0], data, model, "base"))
    for step in steps:
        append_line(run.metrics_file, {"stage": stage, "step": step})
        (run.folder / "samples" / f"{stage}_{step}.jsonl").write_text("{}\n")


def plan(run: Run, *, data: str = "d" * 64, model: str = "base", redo: bool = False) -> continuing.Plan:
    return continuing.plan(run, STAGES, {"sft": data, "rl": data}, model, redo)


def steps(run: Run) -> list[tuple[str, int]]:
    return [(line["stage"], line["step"]) for line in map(json.loads, run.metrics_file.read_text().splitlines())]


def test_a_new_run_begins_with_its_first_stage(run: Run) -> None:
    assert plan(run) == continuing.Plan()


def test_a_stage_goes_on_from_its_newest_complete_checkpoint(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    trained(run, "sft", 1, 2, 3, 4)
    save(run, "sft", 1)
    folder = save(run, "sft", 2)
    (save(run, "sft", 3) / "optim.pt").write_bytes(b"torn")
    assert plan(run).start == Checkpoint(folder, "sft", 2, last=False)
    assert steps(run) == [("sft", 1), ("sft", 2)]
    assert sorted(path.name for path in (run.folder / "cut" / "2" / "samples").iterdir()) == [
        "sft_3.jsonl",
        "sft_4.jsonl",
    ]
    assert run.record["launches"][-1]["cut"] == [
        {"what": "stage sft after step 2", "folder": "cut/2", "lines": 2, "unreadable": 0, "sample_files": 2}
    ]
    output = capsys.readouterr().out
    assert "checkpoint global_step_3 cannot be used, optim.pt has 4 bytes instead of 7" in output
    assert "stage sft goes on after step 2" in output


def test_a_stage_that_saved_nothing_starts_again_and_says_so(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    trained(run, "sft", 1, 2)
    (save(run, "sft", 2) / checkpoint.MANIFEST).unlink()  # ended while it was written
    assert plan(run) == continuing.Plan()
    assert steps(run) == []
    assert "had not saved a checkpoint yet: it starts again" in capsys.readouterr().out
    assert len(list(run.checkpoints("sft").glob("global_step_2.unfinished-*"))) == 1


def test_when_no_checkpoint_can_be_used_the_run_stops_each_time(run: Run) -> None:
    trained(run, "sft", 1, 2)
    (save(run, "sft", 2) / "optim.pt").unlink()
    for _ in range(2):
        with pytest.raises(UserError, match=r"none that can be used \(global_step_2.damaged-.*run.fresh=true"):
            plan(run)
    assert steps(run) == [("sft", 1), ("sft", 2)]


def test_a_finished_stage_is_not_repeated(run: Run) -> None:
    trained(run, "sft", 1, 2)
    folder = save(run, "sft", 2, last=True)
    result = plan(run)
    assert result.models == {"sft": str(folder / "huggingface")} and result.start is None
    assert run.stage("sft")["state"] == "done"  # it may have been ended before that was written
    trained(run, "rl", 0, 1, model=result.models["sft"])
    assert plan(run) == continuing.Plan(result.models, None)
    assert steps(run) == [("sft", 1), ("sft", 2)]


def test_a_finished_stage_whose_end_is_damaged_goes_on_from_before(run: Run) -> None:
    trained(run, "sft", 1, 2)
    folder = save(run, "sft", 1)
    (save(run, "sft", 2, last=True) / "optim.pt").unlink()
    run.stage("sft")["state"] = "done"
    assert plan(run) == continuing.Plan({}, Checkpoint(folder, "sft", 1, last=False))


def test_changed_data_make_a_stage_stale(run: Run) -> None:
    trained(run, "sft", 1)
    save(run, "sft", 1)
    with pytest.raises(UserError) as error:
        plan(run, data="e" * 64)
    assert "stage sft" in str(error.value) and "stale: its data changed" in str(error.value)
    assert "run.redo_stale=true" in str(error.value)
    assert steps(run) == [("sft", 1)] and (run.checkpoints("sft") / "global_step_1").exists()


def test_a_changed_model_of_the_stage_before_makes_the_next_one_stale(run: Run) -> None:
    trained(run, "sft", 1)
    model = save(run, "sft", 1, last=True) / "huggingface"
    trained(run, "rl", 1, model=str(model))
    (model / "model.safetensors").write_bytes(b"another")
    checkpoint.seal(model.parent, 1, last=True)
    with pytest.raises(UserError, match=r"stage rl .* stale: its model changed"):
        plan(run)


def test_stale_stages_are_done_again_when_the_user_says_so(run: Run) -> None:
    trained(run, "sft", 1)
    model = save(run, "sft", 1, last=True) / "huggingface"
    trained(run, "rl", 1, model=str(model))
    save(run, "rl", 1)
    assert plan(run, data="e" * 64, redo=True) == continuing.Plan()
    assert [stage["state"] for stage in run.record["stages"]] == ["pending", "pending"]
    assert steps(run) == []
    for stage in ("sft", "rl"):
        assert not run.checkpoints(stage).exists()
        assert len(list(run.folder.glob(f"checkpoints/{stage}.before-*/global_step_1"))) == 1


def test_another_configuration_is_refused_key_by_key(run: Run) -> None:
    trained(run, "sft", 1)
    other = {**CONFIG, "seed": 2, "sft": {"optim": {"lr": 0.2}}}
    with pytest.raises(UserError) as error:
        continuing.admit(run, STAGES, other, redo_stale=False)
    assert "  seed: 1 -> 2\n  sft.optim.lr: 0.1 -> 0.2\n" in str(error.value)


def test_settings_of_a_stage_that_has_not_begun_may_change(run: Run) -> None:
    trained(run, "sft", 1)
    other = {**CONFIG, "algorithm": {"name": "grpo"}}
    continuing.admit(run, STAGES, other, redo_stale=False)
    assert Run(run.folder).record["config"]["algorithm"] == {"name": "grpo"}
    trained(run, "rl", 1)
    with pytest.raises(UserError, match=r'stage rl .*\n  algorithm.name: "grpo" -> "grip"\n'):
        continuing.admit(run, STAGES, CONFIG, redo_stale=False)


def test_a_stage_can_be_added_but_not_left_out(run: Run) -> None:
    run.record["stages"].pop()
    trained(run, "sft", 1)
    continuing.admit(run, STAGES, CONFIG, redo_stale=False)
    assert [(stage["name"], stage["state"]) for stage in run.record["stages"]] == [
        ("sft", "running"),
        ("rl", "pending"),
    ]
    with pytest.raises(UserError, match=r"begun with the stages \[sft\], which stages=\[rl\] does not go on from"):
        continuing.admit(run, STAGES[1:], CONFIG, redo_stale=False)


def test_a_stage_that_did_not_reach_its_end_is_not_finished(run: Run) -> None:
    save(run, "sft", 1)
    with pytest.raises(UserError, match="without a complete checkpoint of its last step"):
        continuing.finished_model(run, "sft")


THREE = [*STAGES[:1], Stage("one", "ppo", OmegaConf.create({})), Stage("two", "ppo", OmegaConf.create({}))]
NODES = {"sft": {"kind": "sft"}, "one": {"kind": "rl"}, "two": {"kind": "rl"}}


@pytest.fixture
def three(tmp_path: Path) -> Run:
    """A run of three stages, of which all have ended."""
    run = Run(tmp_path / "three")
    stages = [{"name": stage.name, "trainer": stage.trainer, "state": "pending"} for stage in THREE]
    run.start({"config": {**CONFIG, "stage": NODES}, "stages": stages, "launches": [{}, {}]})
    model = "base"
    for number, stage in enumerate(THREE):
        trained(run, stage.name, 1, model=model)
        model = str(save(run, stage.name, 1, last=True, weights=bytes([number])) / "huggingface")
    run.save()
    return run


def test_a_changed_node_makes_its_stage_stale_and_those_after_it(three: Run) -> None:
    nodes = {**NODES, "two": {"kind": "rl", "algorithm": {"name": "grpo"}}}
    with pytest.raises(UserError, match=r'stage two .* is stale.*\n  algorithm.name: "grip" -> "grpo"\n'):
        continuing.admit(three, THREE, {**CONFIG, "stage": nodes}, redo_stale=False)
    continuing.admit(three, THREE, {**CONFIG, "stage": nodes}, redo_stale=True)
    assert [stage["state"] for stage in three.record["stages"]] == ["running", "running", "pending"]
    nodes = {**NODES, "one": {"kind": "rl", "algorithm": {"name": "grpo"}}}
    with pytest.raises(UserError, match=r"stage one .* is stale"):
        continuing.admit(three, THREE, {**CONFIG, "stage": nodes}, redo_stale=False)


def test_a_stage_that_gets_another_trainer_is_done_again_by_it(three: Run) -> None:
    nodes, stages = {**NODES, "two": {"kind": "sft"}}, [*THREE[:2], Stage("two", "sft", OmegaConf.create({}))]
    continuing.admit(three, stages, {**CONFIG, "stage": nodes}, redo_stale=True)
    assert three.stage("two") == {"name": "two", "trainer": "sft", "state": "pending"}


def test_data_of_one_stage_alone_make_it_stale(three: Run) -> None:
    data = dict.fromkeys(NODES, "d" * 64)
    assert list(continuing.plan(three, THREE, data, "base", False).models) == ["sft", "one", "two"]
    with pytest.raises(UserError, match=r"stage one .* is stale: its data changed"):
        continuing.plan(three, THREE, {**data, "one": "e" * 64}, "base", False)


def test_the_reference_is_an_input(three: Run) -> None:
    data = dict.fromkeys(NODES, "d" * 64)
    stages = [*THREE[:2], Stage("two", "ppo", OmegaConf.create({}), reference="first")]
    assert continuing.reference_of(stages[2], "base") == "base"
    assert continuing.reference_of(stages[1], "base") is None
    with pytest.raises(UserError, match=r"stage two .* its reference changed \(fingerprint \(none\) -> base\)"):
        continuing.plan(three, stages, data, "base", False)


def test_a_reward_that_was_edited_makes_its_stage_stale(run: Run, tmp_path: Path) -> None:
    mine, helper = tmp_path / "my_reward.py", tmp_path / "my_scale.py"
    mine.write_text("from my_scale import SCALE\n\n\ndef compute_score(**_):\n    return SCALE\n")
    helper.write_text("SCALE = 1.0\n")
    function = {"reward_kwargs": {"function": {"path": str(mine), "name": "compute_score"}}}
    rl = Stage("rl", "ppo", OmegaConf.create({"reward": {"custom_reward_function": function}}))
    stages = [Stage("sft", "sft", OmegaConf.create({})), rl]

    def planned(redo: bool = False) -> continuing.Plan:
        return continuing.plan(run, stages, {"sft": "d", "rl": "d"}, "base", redo)

    trained(run, "sft", 1, data="d")
    model = str(save(run, "sft", 1, last=True) / "huggingface")
    run.stage("rl").update(state="running", inputs=continuing.inputs(rl, "d", model, "base"))
    folder = save(run, "rl", 1)
    assert planned().start == Checkpoint(folder, "rl", 1, last=False)
    for file in (mine, helper):
        before = file.read_text()
        file.write_text(before + "# edited\n")
        with pytest.raises(UserError, match=r"stage rl of the run .* is stale: its reward file changed \(fingerprint"):
            planned()
        file.write_text(before)
        assert planned().start is not None
    del run.stage("rl")["inputs"]["reward file"]  # as in a run that was begun before it was recorded
    assert planned().start is not None
    run.stage("rl")["inputs"]["reward file"] = "other"
    assert planned(redo=True).start is None and run.stage("rl")["state"] == "pending"
