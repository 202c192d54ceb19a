"""Which checkpoint ``run.from`` names."""

import json
from pathlib import Path

import pytest
from old_run import write_old_run
from omegaconf import DictConfig, OmegaConf

from src.errors import UserError
from src.launcher.start_from import find, in_full, start_from
from src.record import checkpoints as checkpoint
from src.runs import read_run


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    run = tmp_path / "time_r1" / "first"
    for stage, step, export in (("sft", 10, "huggingface"), ("sft", 20, "huggingface"), ("rl", 5, "actor/huggingface"),
                                ("rl", 10, "actor/huggingface")):  # fmt: skip
        folder = run / "checkpoints" / stage / f"global_step_{step}"
        (folder / export).mkdir(parents=True)
        (folder / export / "config.json").write_text("{}")
        (folder / export / "model.safetensors").write_text(f"{stage} {step}")
        checkpoint.seal(folder, step, last=False)
    (run / "run.json").write_text(json.dumps({"stages": [{"name": "sft"}, {"name": "rl"}, {"name": "late"}]}))
    return tmp_path


@pytest.mark.parametrize(
    ("where", "stage", "step"),
    [("", "rl", 10), ("@sft", "sft", 20), ("@rl", "rl", 10), ("@5", "rl", 5), ("@20", "sft", 20),
     ("@sft/10", "sft", 10)],
)  # fmt: skip
@pytest.mark.parametrize("by_path", [True, False])
def test_a_checkpoint_is_found(outputs: Path, where: str, stage: str, step: int, by_path: bool) -> None:
    name = str(outputs / "time_r1" / "first") if by_path else "time_r1/first"
    source = find(name + where, outputs)
    assert (source.stage, source.step) == (stage, step)
    assert (Path(source.model) / "model.safetensors").read_text() == f"{stage} {step}"
    assert source.fingerprint == checkpoint.fingerprint(Path(source.model))


@pytest.mark.parametrize("where", ["", "@sft", "@rl/best"])
def test_a_request_in_full_means_the_same_from_anywhere(outputs: Path, where: str) -> None:
    """A sweep's cells keep their runs in the sweep's folder, where RECIPE/NAME is another run or none."""
    assert in_full(f"time_r1/first{where}", outputs) == f"{outputs / 'time_r1' / 'first'}{where}"
    assert in_full(f"time_r1/none{where}", outputs) == f"time_r1/none{where}"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ("time_r1/second", "there is no run in"),
        ("time_r1/first@7", "no such complete checkpoint"),
        ("time_r1/first@late", "no such complete checkpoint"),
        ("time_r1/first@ppo", "has no stage ppo, it has sft, rl, late"),
        ("time_r1/first@10", "give one of time_r1/first@sft/10, time_r1/first@rl/10"),
    ],
)
def test_what_is_not_there_is_one_clear_error(outputs: Path, request_: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        find(request_, outputs)


def _validated(outputs: Path, stage: str, values: dict[int, float], name: str = "val/demand/reward") -> None:
    with (outputs / "time_r1" / "first" / "metrics.jsonl").open("a") as file:
        file.writelines(json.dumps({"stage": stage, "step": at, name: value}) + "\n" for at, value in values.items())


@pytest.mark.parametrize(
    ("where", "stage", "step"), [("@best", "rl", 5), ("@rl/best", "rl", 5), ("@sft/best", "sft", 10)]
)
def test_the_best_checkpoint_is_found_by_the_metric_of_its_stage(
    outputs: Path, where: str, stage: str, step: int
) -> None:
    record = outputs / "time_r1" / "first" / "run.json"
    stages = [{"name": "sft", "trainer": "sft"}, {"name": "rl", "trainer": "ppo"}]
    record.write_text(json.dumps({"stages": stages}))
    _validated(outputs, "sft", {10: 1.5, 20: 1.6}, "val/loss")
    _validated(outputs, "rl", {5: 0.9, 7: 1.0, 10: 0.8})  # step 7 was not saved
    _validated(outputs, "rl", {5: 30.0, 10: 20.0}, "val/demand/mse")
    source = find(f"time_r1/first{where}", outputs)
    assert (source.stage, source.step) == (stage, step)
    best = read_run(outputs / "time_r1" / "first").best_checkpoint(stage=stage)
    assert source.model == str(best.model)
    record.write_text(json.dumps({"stages": stages, "config": {"run": {"best_metric": "val/*/mse"}}}))
    source = find(f"time_r1/first{where}", outputs)
    assert source.step == 10  # the lowest error of RL; SFT has its loss only
    assert read_run(outputs / "time_r1" / "first").best_checkpoint(stage=stage).step == 10


def test_a_best_checkpoint_needs_a_validated_step(outputs: Path) -> None:
    _validated(outputs, "rl", {7: 1.0})
    with pytest.raises(
        UserError, match=r"run\.from=time_r1/first@best: .* val/\*/reward was recorded at none of the saved"
    ):
        find("time_r1/first@best", outputs)
    with pytest.raises(UserError, match=r"run\.from=time_r1/first@late/best: stage late of .* has no saved model"):
        find("time_r1/first@late/best", outputs)


def test_a_damaged_checkpoint_is_not_taken(outputs: Path) -> None:
    (outputs / "time_r1/first/checkpoints/rl/global_step_10/actor/huggingface/model.safetensors").write_text("x")
    assert find("time_r1/first", outputs).step == 5


def _cfg(outputs: Path, request: str | None, model: str | None = None) -> DictConfig:
    return OmegaConf.create({"run": {"from": request, "folder": str(outputs)}, "model": {"path": model}})


def test_the_model_is_set_and_recorded(outputs: Path) -> None:
    cfg = _cfg(outputs, "time_r1/first@sft")
    recorded = start_from(cfg, None)
    assert recorded is not None and cfg.model.path == recorded["model"] and recorded["step"] == 20
    assert start_from(_cfg(outputs, None), None) is None


def test_a_resume_keeps_the_checkpoint_that_was_the_newest_then(outputs: Path) -> None:
    recorded = start_from(_cfg(outputs, "time_r1/first@sft"), None)
    (outputs / "time_r1/first/checkpoints/sft/global_step_20").rename(outputs / "away")
    again = _cfg(outputs, "time_r1/first@sft")
    assert start_from(again, recorded) == recorded
    assert again.model.path.endswith("sft/global_step_20/huggingface")


def test_two_starting_points_are_refused(outputs: Path) -> None:
    with pytest.raises(UserError, match=r"give one of them"):
        start_from(_cfg(outputs, "time_r1/first", "other"), None)


def test_the_weights_of_a_run_of_the_layout_before_are_taken(tmp_path: Path) -> None:
    run = write_old_run(tmp_path / "time_r1" / "first")
    cfg = _cfg(tmp_path, "time_r1/first@rl")
    recorded = start_from(cfg, None)
    assert recorded is not None and (recorded["stage"], recorded["step"]) == ("rl", 2)
    assert cfg.model.path == str(run / "checkpoints/rl/global_step_2/actor/huggingface")
