"""What a launch, a dry run and a sweep's plan refuse before anything starts, beyond the configuration itself."""

from pathlib import Path

import pytest
from composing import compose_run
from omegaconf import DictConfig

from src.errors import UserError
from src.launcher.admit import admit

SMOKE = ("+recipe=time_r1", "scale=smoke", "runtime=cpu")


def _refusal(cfg: DictConfig) -> str:
    with pytest.raises(UserError) as error:
        admit(cfg, {})
    return str(error.value)


def test_the_unchanged_run_passes() -> None:
    assert [stage.name for stage in admit(compose_run(*SMOKE), {})] == ["sft", "rl"]


def test_lengths_that_no_row_can_have() -> None:
    """The smoke run shows 24 values and asks for 6: thirty tokens at least, whatever the tokenizer."""
    cfg = compose_run(*SMOKE)
    shown, asked = cfg.dataset.context_length, cfg.dataset.horizon
    said = _refusal(compose_run(*SMOKE, f"sft.data.max_length={shown + asked - 1}"))
    assert said.startswith(
        f"stage sft: sft.data.max_length={shown + asked - 1} is too short: the dataset shows {shown} "
    )
    said = _refusal(compose_run(*SMOKE, f"data.max_response_length={asked - 1}"))
    assert said.startswith(f"stage rl: data.max_response_length={asked - 1} is too short: ")
    admit(compose_run(*SMOKE, f"data.max_response_length={asked}"), {})


def test_the_traces_of_a_teacher_that_are_not_there(tmp_path: Path) -> None:
    said = _refusal(compose_run(*SMOKE, f"dataset.traces.file={tmp_path / 'none.parquet'}"))
    assert said == (
        f"dataset.traces.file={tmp_path / 'none.parquet'} is not a file: write it with the recipe's teacher"
    )


def test_a_file_that_may_be_downloaded_need_not_be_there(tmp_path: Path) -> None:
    etth1 = ("dataset=etth1", f"dataset.folder={tmp_path}", "dataset.context_length=96", "dataset.horizon=6")
    assert _refusal(compose_run(*SMOKE, *etth1)).startswith(f"ETTh1.csv is not in {tmp_path}")
    admit(compose_run(*SMOKE, *etth1, "launch.download=true", "data.max_prompt_length=400"), {})


def test_files_of_another_machine_are_not_looked_for() -> None:
    """A job of a cluster reads its files there."""
    missing = ("model=path", "model.path=/not/here", "dataset=csv", "dataset.path=/not/here.csv", "dataset.target=v")
    size = ("dataset.context_length=24", "dataset.horizon=6")
    admit(compose_run(*SMOKE, *missing, *size, "ray.address=head:6379"), {})


def test_ways_to_ask_that_the_task_does_not_have() -> None:
    seeing = ("+recipe=timemaster", "scale=smoke", "runtime=cpu")
    said = _refusal(compose_run(*seeing, "dataset.show=numbers"))
    assert said == ("evaluation.variants=blind is no variant of dataset gunpoint with these settings: set it to []")
    admit(compose_run(*seeing, "+ablation=timemaster_numbers"), {})
    admit(compose_run(*seeing, "dataset.show=numbers", "evaluation.enable=false"), {})
