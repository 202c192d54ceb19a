"""What the trackers' tests share: a run that has begun, and a configuration of trackers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from src.record.run import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path / "r1")
    stages = [{"name": "sft", "trainer": "sft"}, {"name": "rl", "trainer": "ppo"}]
    run.start({"recipe": "time_r1", "wandb_id": "ab12cd34", "stages": stages})
    return run


@pytest.fixture
def settings() -> Callable[..., DictConfig]:
    """Return a function that makes a configuration with these trackers; W&B is off unless said otherwise."""

    def make(*trackers: str, **logging: Any) -> DictConfig:
        own = {"trackers": list(trackers), "wandb": "off", "project": "test", "wandb_view": False, **logging}
        return OmegaConf.create({"recipe": "time_r1", "logging": own, "open": "${recipe}"})

    return make
