"""LoRA: what veRL's model nodes say of it, and which of it can be trained, merged and gone on from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.config.stages import Stage
from src.errors import ConfigError

_ADAPTER_FILE = "adapter_config.json"


def check_lora(model: DictConfig, where: str, rollout: DictConfig | None = None) -> None:
    """Refuse what veRL's FSDP engine would leave out or trip over.

    Args:
        model: veRL's model node of a stage.
        where: its key, such as ``sft.model``.
        rollout: of an RL stage, veRL's rollout node.

    Raises:
        ConfigError: in one sentence, with the key to change.
    """
    rank, adapter = model.get("lora_rank", 0), model.get("lora_adapter_path")
    if (of_megatron := (model.get("lora") or {}).get("rank", 0)) and not rank:
        raise ConfigError(f"{where}.lora.rank={of_megatron} is Megatron's: give {where}.lora_rank={of_megatron}")
    if rank and rollout is not None and (model.get("lora") or {}).get("merge") and rollout.dtype == "float32":
        raise ConfigError(
            f"{where}.lora.merge=true sends the rollout engine weights that are rounded to bfloat16, against "
            "actor_rollout_ref.rollout.dtype=float32: leave it out, the adapters are sent as they are"
        )
    if adapter is None:
        return
    if not rank:
        raise ConfigError(f"{where}.lora_adapter_path={adapter} is not read without {where}.lora_rank: give its rank")
    if not (Path(str(adapter)).expanduser() / _ADAPTER_FILE).is_file():
        raise ConfigError(
            f"{where}.lora_adapter_path={adapter}: the folder holds no {_ADAPTER_FILE}; give a PEFT adapter's"
        )


def adapter_settings(stage: Stage) -> dict[str, Any] | None:
    """What a stage's new adapters are put on, as PEFT's settings; None where it has none, or takes given ones.

    ``sampled`` beside them: vLLM is to sample with them.
    """
    sampled = stage.trainer != "sft"
    node = stage.config.actor_rollout_ref.model if sampled else stage.config.model
    model: Any = OmegaConf.to_container(node, resolve=True)
    if not model.get("lora_rank") or model.get("lora_adapter_path"):
        return None
    settings = {name: model.get(name) for name in ("target_modules", "exclude_modules", "target_parameters")}
    return {**settings, "sampled": True} if sampled else settings
