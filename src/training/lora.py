"""A LoRA's weights as those of an ordinary model: what is trained on from, evaluated and shared."""

from __future__ import annotations

import copy
from typing import Any

import torch
from peft import PeftModel, get_peft_model
from torch.distributed.fsdp import FSDPModule


def merged(model: PeftModel, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The base model's weights with the adapters' product added, by PEFT's own merge, under the base model's names.

    Neither the live model nor ``weights`` is changed: training goes on with the base weights as they were.

    Args:
        model: with its adapters; its parameters may be sharded, and are not looked at.
        weights: its whole state, every tensor complete.

    Raises:
        RuntimeError: ``weights`` are not the model's.
        ValueError: a merged weight is not finite, as PEFT says.
    """
    live = model.get_base_model()
    # FSDP2 puts itself before the class of what it shards.
    architecture: Any = next(one for one in type(live).__mro__ if not issubclass(one, FSDPModule))
    with torch.device("meta"):
        skeleton = get_peft_model(architecture(live.config), copy.deepcopy(model.peft_config["default"]))
    skeleton.load_state_dict(weights, assign=True)
    names = {name.removeprefix("base_model.model.").replace(".base_layer.", ".") for name in weights}
    state = skeleton.merge_and_unload(safe_merge=True).state_dict()
    return {name: tensor for name, tensor in state.items() if name in names}
