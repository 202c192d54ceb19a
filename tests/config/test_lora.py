"""LoRA settings that veRL would leave out, or trip over late, are refused with the key to change."""

from pathlib import Path

import pytest
from composing import compose_run

from src.config.checks import check
from src.config.lora import adapter_settings
from src.config.stages import build_stages
from src.errors import ConfigError

BASE = ("+recipe=time_r1", "scale=smoke", "runtime=cpu")
RL = "actor_rollout_ref.model"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((f"{RL}.lora.rank=8",), r"lora\.rank=8 is Megatron's: give actor_rollout_ref\.model\.lora_rank=8"),
        ((f"{RL}.lora_adapter_path=adapter",), r"lora_adapter_path=adapter is not read without"),
        (("sft.model.lora_rank=4", "sft.model.lora_adapter_path=nowhere"), r"the folder holds no adapter_config\.json"),
        ((f"{RL}.lora_rank=4", f"{RL}.lora.merge=true"), r"rounded to bfloat16"),
        (("stage.rl.actor_rollout_ref.model.lora_rank=-2",), r"stage rl: actor_rollout_ref\.model\.lora_rank=-2"),
    ],
)
def test_what_would_not_train_as_meant_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check(compose_run(*BASE, *words))


def test_adapters_of_a_folder_and_merged_sending_in_bfloat16_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    check(compose_run(*BASE, "sft.model.lora_rank=4", f"sft.model.lora_adapter_path={tmp_path}"))
    bf16 = "actor_rollout_ref.rollout.dtype=bfloat16"
    check(compose_run(*BASE, f"{RL}.lora_rank=4", f"{RL}.lora.merge=true", bf16))


def test_what_the_adapters_are_put_on_is_known_for_each_stage() -> None:
    words = ("sft.model.lora_rank=4", "sft.model.target_modules=[q_proj]")
    sft, rl = build_stages(compose_run(*BASE, *words))
    assert adapter_settings(sft) == {"target_modules": ["q_proj"], "exclude_modules": None, "target_parameters": None}
    assert adapter_settings(rl) is None
    _, rl = build_stages(compose_run(*BASE, f"{RL}.lora_rank=4"))
    assert (adapter_settings(rl) or {})["sampled"] is True
