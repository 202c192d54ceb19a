"""veRL's own configuration of each trainer, read without importing veRL."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml
from hydra import compose
from omegaconf import OmegaConf

from src.config.compose import verl_config_folder
from src.config.group import hydra_here


@cache
def verls_defaults(trainer: str) -> dict[str, Any]:
    """The tree of veRL's ``ppo`` or ``sft`` trainer with its interpolations; plain containers, not to be changed."""
    tree: Any
    if trainer == "ppo":
        # veRL keeps the composed tree of its RL trainer in a file: reading it takes a tenth of composing it again.
        tree = yaml.load((verl_config_folder() / "_generated_ppo_trainer.yaml").read_text(), yaml.CSafeLoader)
    else:
        with hydra_here():
            tree = OmegaConf.to_container(compose("sft_trainer_engine"), resolve=False)
    return tree
