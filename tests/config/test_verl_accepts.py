"""veRL's own checks pass for what each scale composes.

The tests do what the stages do before they start workers: ``validate_config`` for RL, and for SFT the dataclasses of
veRL's SFT trainer, which refuse unknown fields.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from src.config.checks import check
from src.config.stages import Places, build_stages, place

LORA = tuple(f"{model}.lora_rank=16" for model in ("sft.model", "actor_rollout_ref.model"))
RUNS = {
    "paper": ("+recipe=time_r1", "scale=paper", "runtime=gpu"),
    "demo": ("+recipe=time_r1", "scale=demo", "runtime=cpu"),
    "smoke": ("+recipe=time_r1", "scale=smoke", "runtime=cpu"),
    "smoke, GRPO": ("+recipe=time_r1", "scale=smoke", "runtime=cpu", "algorithm=grpo"),
    "vision": ("+recipe=timemaster", "scale=paper", "runtime=gpu"),
    "vision, 7B": ("+recipe=timemaster", "scale=paper", "runtime=gpu", "model=qwen2_5_vl_7b_instruct"),
    "vision, LoRA": ("+recipe=timemaster", "runtime=gpu", "model=qwen2_5_vl_3b_instruct", *LORA),
}
SIZES = {"phrases": 0, "layers": 1, "width": 16, "heads": 2, "key_value_heads": 1, "feed_forward": 16}
TOKENS = 3 + 256 + 3  # special tokens, bytes, roles

Written = Callable[..., dict[str, DictConfig]]


@pytest.fixture(scope="module")
def written(compose_run: Callable[..., DictConfig], tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Return a function that composes one of RUNS, with a key changed, and gives each stage's config as it reads it."""
    from src.models.tiny import build

    model = build(tmp_path_factory.mktemp("model") / "model", [], {**SIZES, "context_length": 64}, seed=0)

    @functools.cache
    def write(run: str, key: str | None = None, value: Any = None) -> dict[str, DictConfig]:
        cfg = compose_run(*RUNS[run])
        check(cfg)
        if key is not None:
            OmegaConf.update(cfg, key, value)
        configs = {}
        for stage in build_stages(cfg):
            places = Places(model.parent, str(model), Path("train.parquet"), Path("val.parquet"), "python")
            file = model.parent / f"{stage.name}.yaml"
            OmegaConf.save(place(stage, places), file)
            configs[stage.name] = OmegaConf.load(file)
        return configs

    return write


def _validate(config: DictConfig) -> None:
    from verl.trainer.ppo.utils import need_critic, need_reference_policy
    from verl.utils.config import validate_config

    assert need_reference_policy(config)
    assert not need_critic(config)
    validate_config(config=config, use_reference_policy=True, use_critic=False)


@pytest.mark.filterwarnings("ignore:Disabled critic")
@pytest.mark.parametrize("run", RUNS)
def test_the_rl_stage_is_valid(written: Written, run: str) -> None:
    _validate(written(run)["rl"])


@pytest.mark.parametrize(
    ("run", "rollouts"), [("paper", 48), ("demo", 16), ("smoke", 4), ("smoke, GRPO", 4), ("vision, 7B", 5)]
)
def test_the_rl_stages_nodes_become_verls_objects(written: Written, run: str, rollouts: int) -> None:
    from verl.utils.config import omega_conf_to_dataclass
    from verl.workers.config import HFModelConfig

    config = written(run)["rl"]
    assert omega_conf_to_dataclass(config.actor_rollout_ref.rollout).n == rollouts
    model = omega_conf_to_dataclass(config.actor_rollout_ref.model, dataclass_type=HFModelConfig)
    assert len(model.tokenizer) == TOKENS
    assert omega_conf_to_dataclass(config.algorithm).adv_estimator == "grpo"


@pytest.mark.parametrize(
    ("run", "lr", "strategy"),
    [("paper", 5e-5, "fsdp"), ("demo", 1e-3, "fsdp2"), ("smoke", 2e-3, "fsdp2")],
)
def test_the_sft_stages_nodes_become_verls_objects(written: Written, run: str, lr: float, strategy: str) -> None:
    from verl.utils.config import omega_conf_to_dataclass

    config = written(run)["sft"]
    nodes = {
        name: omega_conf_to_dataclass(config[name]) for name in ("model", "engine", "optim", "checkpoint", "profiler")
    }
    assert len(nodes["model"].tokenizer) == TOKENS
    assert nodes["optim"].lr == lr
    assert nodes["engine"].strategy == strategy
    assert nodes["checkpoint"].save_contents == ["model", "optimizer", "extra", "hf_model"]


@pytest.mark.filterwarnings("ignore:Disabled critic")
def test_two_workers_are_valid(written: Written) -> None:
    configs = written("smoke", "trainer.n_gpus_per_node", 2)
    _validate(configs["rl"])
    assert configs["rl"].ray_kwargs.ray_init.num_gpus == 2
    assert configs["sft"].trainer.n_gpus_per_node == 2


@pytest.mark.filterwarnings("ignore:Disabled critic")
def test_verl_refuses_what_is_wrong(written: Written) -> None:
    config = written("smoke", "actor_rollout_ref.actor.loss_agg_mode", "mean")["rl"]
    with pytest.raises(Exception, match="Invalid loss_agg_mode: mean"):
        _validate(config)
