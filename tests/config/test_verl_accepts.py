"""veRL's own checks pass for what each scale composes: the only test here that imports veRL, in one process.

That process does what the stages do before they start workers: ``validate_config`` for RL, and the dataclasses of
veRL's SFT trainer, which refuse unknown fields, for SFT.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from src.config.stages import Places, build_stages, place

RUNS = {
    "paper": ("scale=paper", "runtime=gpu"),
    "demo": ("scale=demo", "runtime=cpu"),
    "smoke": ("scale=smoke", "runtime=cpu"),
    "smoke, two workers": ("scale=smoke", "runtime=cpu", "trainer.n_gpus_per_node=2"),
    "smoke, GRPO": ("scale=smoke", "runtime=cpu", "algorithm=grpo"),
    "broken": ("scale=smoke", "runtime=cpu", "actor_rollout_ref.actor.loss_agg_mode=mean"),
}

JUDGE = """
import json, os, sys
os.environ |= {"VERL_PLATFORM": "cpu", "VERL_USE_EXTERNAL_MODULES": "src.plugin"}
import verl
from omegaconf import OmegaConf
from verl.trainer.ppo.utils import need_critic, need_reference_policy
from verl.utils.config import omega_conf_to_dataclass, validate_config
from verl.workers.config import HFModelConfig

from src.models.tiny import build

folder = sys.argv[1]
SIZES = dict(phrases=0, layers=1, width=16, heads=2, key_value_heads=1, feed_forward=16, context_length=64)
build(__import__("pathlib").Path(folder) / "model", [], SIZES, 0)
verdicts = {}
for name, files in json.loads(sys.argv[2]).items():
    try:
        rl = OmegaConf.load(files["rl"])
        assert need_reference_policy(rl) and not need_critic(rl)
        validate_config(config=rl, use_reference_policy=True, use_critic=False)
        rollout = omega_conf_to_dataclass(rl.actor_rollout_ref.rollout)
        model = omega_conf_to_dataclass(rl.actor_rollout_ref.model, dataclass_type=HFModelConfig)
        sft = OmegaConf.load(files["sft"])
        nodes = {key: omega_conf_to_dataclass(sft[key]) for key in ("model", "engine", "optim", "checkpoint", "profiler")}
        verdicts[name] = {
            "rollouts": rollout.n, "strategy": nodes["engine"].strategy, "lr": nodes["optim"].lr,
            "save": nodes["checkpoint"].save_contents, "vocabulary": [len(model.tokenizer), len(nodes["model"].tokenizer)],
        }
    except Exception as error:
        verdicts[name] = f"{type(error).__name__}: {error}"
print(json.dumps(verdicts))
"""


@pytest.fixture(scope="module")
def verdicts(
    compose_run: Callable[..., DictConfig],
    python: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """What veRL says of each of RUNS: a message, or some values of the objects that it made."""
    folder = tmp_path_factory.mktemp("accepts")
    files: dict[str, dict[str, str]] = {}
    for number, (name, arguments) in enumerate(RUNS.items()):
        files[name] = {}
        for stage in build_stages(compose_run("+recipe=time_r1", *arguments)):
            places = Places(folder, str(folder / "model"), Path("train.parquet"), Path("val.parquet"), "python")
            file = folder / f"{number}-{stage.name}.yaml"
            OmegaConf.save(place(stage, places), file)
            files[name][stage.name] = str(file)
    done = python("-W", "ignore", "-c", JUDGE, str(folder), json.dumps(files))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("run", "rollouts", "lr", "strategy"),
    [
        ("paper", 48, 5e-5, "fsdp"),
        ("demo", 16, 2e-3, "fsdp2"),
        ("smoke", 4, 2e-3, "fsdp2"),
        ("smoke, two workers", 4, 2e-3, "fsdp2"),
        ("smoke, GRPO", 4, 2e-3, "fsdp2"),
    ],
)
def test_verl_takes_both_stages(
    verdicts: dict[str, Any], run: str, rollouts: int, lr: float, strategy: str
) -> None:
    tokens = 3 + 256 + 3  # special tokens, bytes, roles
    assert verdicts[run] == {
        "rollouts": rollouts,
        "strategy": strategy,
        "lr": lr,
        "save": ["model", "optimizer", "extra", "hf_model"],
        "vocabulary": [tokens, tokens],
    }


def test_verl_refuses_what_is_wrong(verdicts: dict[str, Any]) -> None:
    assert "Invalid loss_agg_mode: mean" in verdicts["broken"]
