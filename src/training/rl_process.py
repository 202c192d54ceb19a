"""The process of an RL stage: ``python -m src.training.rl_process CONFIG.yaml`` drives veRL's PPO trainer on Ray."""

from __future__ import annotations

import sys
from pathlib import Path

from omegaconf import OmegaConf

from src.record.phase import ENDING, write_phase


def main() -> None:
    config = OmegaConf.load(sys.argv[1])
    from verl.trainer.main_ppo import TaskRunnerV1, run_ppo
    from verl.trainer.ppo.utils import need_critic, need_reference_policy
    from verl.utils.config import validate_config

    validate_config(config=config, use_reference_policy=need_reference_policy(config), use_critic=need_critic(config))
    run_ppo(config, TaskRunnerV1)
    settings = config.trainer.v1.sampler.sampler_kwargs
    write_phase(Path(settings.run), settings.stage, ENDING)


if __name__ == "__main__":
    main()
