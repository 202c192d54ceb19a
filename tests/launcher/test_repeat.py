"""A new run with the recorded configuration of another one."""

import json
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from old_run import COMMIT, write_old_run
from omegaconf import DictConfig, OmegaConf

from src.config.compose import CONF, order_arguments, register_search_path
from src.config.stages import build_stages
from src.errors import ConfigError
from src.launcher.repeat import environment_differences, recorded_config, repeat
from src.record.provenance import provenance
from src.record.run import FORMAT


@pytest.fixture(scope="module")
def composed() -> DictConfig:
    arguments = ["+recipe=time_r1", "scale=smoke", "runtime=cpu", "seed=7", "run.name=first", "run.fresh=true",
                 "launch.stop_timeout_s=5", "run.folder=elsewhere"]  # fmt: skip
    register_search_path()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", overrides=order_arguments(arguments)[0])


@pytest.fixture
def record(composed: DictConfig) -> dict[str, Any]:
    config = OmegaConf.to_container(composed, resolve=False)
    launch = provenance(["+recipe=time_r1", "seed=7"])
    return json.loads(json.dumps({"format": FORMAT, **launch, "config": config, "fingerprint": "f"}))


def test_the_configuration_is_the_recorded_one_under_another_name(record: dict[str, Any]) -> None:
    cfg = recorded_config(record, [])
    again: Any = OmegaConf.to_container(cfg, resolve=False)
    assert cfg.run.name is None and cfg.run.fresh is False and cfg.run.folder == "elsewhere"
    assert cfg.launch.stop_timeout_s == 120
    for one in (again, record["config"]):
        one.pop("run"), one.pop("launch")
    assert again == record["config"]


def test_single_keys_are_changed_with_hydras_grammar(record: dict[str, Any]) -> None:
    cfg = recorded_config(
        record, ["seed=8", "run.name=second", "stages=[sft]", "actor_rollout_ref.actor.optim.lr=2e-6"]
    )
    assert (cfg.seed, cfg.run.name, list(cfg.stages)) == (8, "second", ["sft"])
    assert cfg.actor_rollout_ref.actor.optim.lr == 2e-6


def test_a_stage_is_given_keys_that_its_node_does_not_list(record: dict[str, Any]) -> None:
    cfg = recorded_config(record, ["stage.rl.data.train_batch_size=8", "stage.rl.dataset={horizon: 3}"])
    (_, rl) = build_stages(cfg)
    assert (rl.config.data.train_batch_size, rl.dataset.horizon, cfg.data.train_batch_size) == (8, 3, 4)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("algorithm=grpo", "groups of a repeated run are fixed"),
        ("stage.rl.dataset=etth1", "groups of a repeated run are fixed"),
        ("launcher.jobs=2", "launcher.jobs is now sweep.jobs"),
        ("runtime=gpu", "KEY=VALUE of its recorded configuration only"),
        ("+new=1", "KEY=VALUE of its recorded configuration only"),
        ("seed=1,2", "KEY=VALUE of its recorded configuration only"),
        ("sed=1", "sed=1: "),
        ("seed", "seed: "),
        ("dataset.folder=~/data", """type 'dataset.folder="~/data"'"""),
    ],
)
def test_anything_else_is_refused(record: dict[str, Any], override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("+", r"\+")):
        recorded_config(record, [override])


def test_what_differs_is_told_line_by_line(record: dict[str, Any]) -> None:
    now = json.loads(json.dumps(record))
    record["git"] = now["git"] = {"commit": "a" * 40, "dirty": False}
    assert environment_differences(record, now) == []
    record |= {"git": {"commit": "b" * 40, "dirty": True}, "versions": {**now["versions"], "torch": "2.11.0"},
               "hardware": {**now["hardware"], "cores": 96}}  # fmt: skip
    assert environment_differences(record, now) == [
        f"git commit: {'b' * 40} -> {'a' * 40}",
        "the recorded tree has changes that are not committed",
        f"torch: 2.11.0 -> {now['versions']['torch']}",
        f"cores: 96 -> {now['hardware']['cores']}",
    ]


def test_a_run_is_repeated(record: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "outputs" / "time_r1" / "first"
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps(record))
    started: list[Any] = []
    assert repeat([f"repeat={run}", "seed=9"], lambda *arguments: started.append(arguments)) == 0
    ((cfg, arguments, repeats),) = started
    assert cfg.seed == 9 and arguments == [f"repeat={run}", "seed=9"]
    assert repeats["run"] == str(run) and repeats["fingerprint"] == "f"
    assert capsys.readouterr().out.startswith(f"repeating {run}: python -m src.launch +recipe=time_r1 seed=7\n")


def test_a_run_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert repeat([f"repeat={tmp_path}/none"], lambda *_: pytest.fail("nothing to start")) == 2
    assert capsys.readouterr().err.startswith(f"error: repeat={tmp_path}/none: there is no run in ")


def test_a_run_of_the_layout_before_is_not_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_old_run(tmp_path / "first")
    assert repeat([f"repeat={run}"], lambda *_: pytest.fail("nothing to start")) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: the run {run} was recorded by an earlier version of this project")
    assert f"to repeat it, check out the commit {COMMIT};" in said and said.count("\n") == 1
