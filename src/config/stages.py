"""From the composed configuration to the root config of each stage.

veRL cannot nest its RL tree in another, so each stage gets a root of its own, from the configuration as that stage sees
it (``stage_node``): an RL stage all of it less the project's keys, an SFT stage the ``sft`` node, detached.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

from src.config.algorithm import named_algorithm, put_actor, take_out
from src.config.stage_node import OWN_KEYS, TRAINERS, check_nodes, seen_by
from src.errors import ConfigError
from src.processes.openmp import intel_openmp
from src.processes.ports import WEIGHTS_KEY, weights_key
from src.record.best import metric_of
from src.record.layout import Layout


@dataclass(frozen=True)
class Stage:
    """One training within a run.

    Args:
        trainer: ``sft`` or ``ppo``.
        config: veRL's root config, complete but for the paths that ``place`` fills in.
        dataset: what it is trained on.
        reference: the model that KL is measured from: None for the one that the stage starts from, ``first`` for the
            run's first one, or a folder or hub name.
    """

    name: str
    trainer: str
    config: DictConfig
    dataset: DictConfig = field(default_factory=lambda: OmegaConf.create({}))
    reference: str | None = None


@dataclass(frozen=True)
class Places:
    """Where a stage reads and writes; ``model`` is a folder or a hub name."""

    run: Path
    model: str
    train: Path
    val: Path
    python: str
    resume_from: Path | None = None  # a complete checkpoint of the stage
    validates_first: bool = False  # of a resume: the checkpoint's step was not validated when it was due
    namespace: str | None = None  # Ray's, on a cluster that others use too
    reference: str | None = None  # a folder or hub name; None: the reference model is ``model``
    images: int = 0  # that a row has at most


def build_stages(cfg: DictConfig, seen: Mapping[str, DictConfig] | None = None) -> list[Stage]:
    """The stages of ``cfg.stages`` in their order.

    Args:
        seen: ``views`` of a configuration that was checked, where they are there already.

    Raises:
        ConfigError: a stage that no trainer is known for, or no stage at all.
    """
    names = list(cfg.stages)
    if not names:
        raise ConfigError("stages=[] trains nothing: give stages=[sft,rl], [sft] or [rl]")
    if len(set(names)) < len(names):
        raise ConfigError(f"stages=[{','.join(names)}] names a stage twice: give the second one a node of its own")
    if seen is None:
        check_nodes(cfg)
        seen = views(cfg)
    return [_build(name, view) for name, view in seen.items()]


def views(cfg: DictConfig) -> dict[str, DictConfig]:
    """The configuration as each stage sees it, by the stage's name, in the stages' order."""
    plain: Any = OmegaConf.to_container(cfg, resolve=False)
    seen = {name: OmegaConf.create(seen_by(name, plain)) for name in cfg.stages}
    for name, view in seen.items():
        if TRAINERS[view.stage[name].kind] != "sft":
            put_actor(view)
    return seen


def _build(name: str, view: DictConfig) -> Stage:
    node = view.stage[name]
    trainer = TRAINERS[node.kind]
    config = _sft(view, name) if trainer == "sft" else _ppo(view, name)
    return Stage(name, trainer, config, view.dataset, node.get("reference"))


def _let_steps_decide(config: DictConfig) -> None:
    """With a number of steps given, epochs must not end the stage before: veRL would stop without saving."""
    if steps := config.trainer.total_training_steps:
        config.trainer.total_epochs = max(config.trainer.total_epochs, steps)


def _own_rotation(trainer: DictConfig, *keys: str) -> int | None:
    """How many checkpoints are kept, taken out of veRL's hands: its rotation forgets those of before a resume."""
    keep = trainer.get(keys[0])
    for key in keys:
        trainer[key] = None
    return keep


def _sft(cfg: DictConfig, name: str) -> DictConfig:
    config = _detached(cfg.sft)
    with open_dict(config):
        config.trainer.seed = cfg.seed
        if config.trainer.n_gpus_per_node is None:
            config.trainer.n_gpus_per_node = cfg.trainer.n_gpus_per_node
        config.trainer.nnodes = cfg.trainer.nnodes if cfg.ray.address else 1
        config.trainer.logger = []
        config.trainer.project_name = cfg.logging.project
        _let_steps_decide(config)
        config.record = {
            "stage": name,
            "keep_checkpoints": _own_rotation(config.trainer, "max_ckpt_to_keep"),
            "best_metric": metric_of("sft", cfg.run.best_metric),
        }
        # The next stage starts from the Hugging Face export.
        config.checkpoint.save_contents = [*config.checkpoint.save_contents, "hf_model"]
    return config


def _ppo(cfg: DictConfig, name: str) -> DictConfig:
    config = _detached(cfg)
    with open_dict(config):
        for key in OWN_KEYS:
            config.pop(key, None)
        take_out(config.algorithm)
        _put_adapter(config.reward, cfg)
        config.data.seed = cfg.seed
        config.actor_rollout_ref.actor.data_loader_seed = cfg.seed
        config.actor_rollout_ref.rollout.seed = cfg.seed
        if config.actor_rollout_ref.actor.freeze_vision_tower:
            config.actor_rollout_ref.model.override_config.freeze_vision_tower = True  # where src.patches finds it
        config.actor_rollout_ref.actor.checkpoint.save_contents = ["model", "optimizer", "extra", "hf_model"]
        config.trainer.logger = []
        config.trainer.project_name = cfg.logging.project
        _let_steps_decide(config)
        config.trainer.v1.sampler.custom_sampler = {
            "path": "pkg://src.training.sampler",
            "name": "SelectingReplayBuffer",
        }
        config.trainer.v1.sampler.sampler_kwargs = {
            "algorithm": named_algorithm(cfg),
            "stage": name,
            "keep_checkpoints": _own_rotation(config.trainer, "max_actor_ckpt_to_keep", "max_critic_ckpt_to_keep"),
            "best_metric": metric_of("ppo", cfg.run.best_metric),
            "samples": cfg.logging.samples_per_step,
            "max_logprob_gap": cfg.launch.max_logprob_gap,
            **_replaced(config),
        }
        if cfg.ray.address:
            # The run's own processes are the cluster's: inside a job, "auto" is the cluster that the job is of.
            config.ray_kwargs.ray_init.update(address="auto", num_cpus=None, num_gpus=None, include_dashboard=None)
        runtime_env = config.ray_kwargs.ray_init.setdefault("runtime_env", {})
        runtime_env["env_vars"] = {**worker_environment(cfg), **(runtime_env.get("env_vars") or {})}
    return config


def _replaced(config: DictConfig) -> dict[str, Any]:
    """How groups without a signal are replaced, which veRL tells its own samplers only; empty: they are not."""
    known = config.algorithm.filter_groups
    if not known.enable:
        return {}
    replaced = {
        "filter_groups_metric": known.metric,
        "train_batch_size": config.data.train_batch_size,
        "max_inflight_gen_batches": known.max_inflight_gen_batches or 1,
    }
    return {"replaced": replaced}


def _put_adapter(reward: DictConfig, view: DictConfig) -> None:
    """Let veRL call the one adapter, which calls the named function, or the reward of the dataset's task.

    Args:
        reward: the stage's own, to be changed.
        view: what the stage sees: settings of the function may come with the dataset.
    """
    reward.pop("kinds", None)
    reward.pop("judges", None)
    judges: Any = OmegaConf.to_container(view.reward.get("judges") or OmegaConf.create({}), resolve=True)
    for judge in judges.values():
        if (endpoint := (judge or {}).get("endpoint")) and endpoint.get("cache"):
            endpoint["cache"] = str(Path(str(endpoint["cache"])).expanduser().absolute())
    function: Any = OmegaConf.to_container(view.reward.custom_reward_function, resolve=True)
    if function["path"] is None:
        function = None
    elif not (path := str(function["path"])).startswith("pkg://"):
        # The processes that load a file may run in another folder.
        function["path"] = str(Path(path.removeprefix("file://")).expanduser().absolute())
    reward.custom_reward_function = {
        "path": "pkg://src.rewards.adapter",
        "name": "compute_score",
        "reward_kwargs": {
            "dataset": OmegaConf.to_container(view.dataset, resolve=True),
            "function": function,
            **({"judges": judges} if judges else {}),
        },
    }


def worker_environment(cfg: DictConfig) -> dict[str, str]:
    """Variables that every process of the run needs: the plugin, the platform, and the runtime's own."""
    platform = {"VERL_PLATFORM": cfg.runtime.platform} if cfg.runtime.platform else {}
    return {
        "VERL_USE_EXTERNAL_MODULES": "src.plugin",
        "PYTHONPATH": os.pathsep.join(_importable_from()),
        **platform,
        **{name: str(value) for name, value in cfg.runtime.environment.items()},
        **(intel_openmp() if cfg.runtime.platform == "cpu" and not preloads(cfg) else {}),
    }


def _importable_from() -> list[str]:
    """Where the launcher finds the modules that a configuration names: the project, the shell's folder and path."""
    given = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
    folders = [Path(__file__).parents[2], Path.cwd(), *map(Path, given)]
    return list(dict.fromkeys(str(folder.resolve()) for folder in folders))


def preloads(cfg: DictConfig) -> bool:
    """Whether a run's processes are forks of one that has imported the libraries; other nodes cannot reach it."""
    return bool(cfg.runtime.preload) and not cfg.ray.address


def _detached(node: DictConfig) -> DictConfig:
    """``node`` as a root of its own: its interpolations are veRL's, which are absolute from veRL's root."""
    root = OmegaConf.create(OmegaConf.to_container(node, resolve=False))
    assert isinstance(root, DictConfig)
    return root


def place(stage: Stage, places: Places) -> DictConfig:
    """The stage's config with its paths; what is written to the run's folder and given to veRL."""
    config = copy.deepcopy(stage.config)
    checkpoints = Layout(places.run).checkpoints(stage.name)
    with open_dict(config):
        config.trainer.default_local_dir = str(checkpoints)
        config.trainer.experiment_name = places.run.name
        # By path, not "auto": veRL's tracker file names checkpoints that are not whole.
        config.trainer.resume_mode = "resume_path" if places.resume_from else "disable"
        config.trainer.resume_from_path = str(places.resume_from) if places.resume_from else None
        config.data.train_files = str(places.train)
        config.data.val_files = str(places.val)
        if places.images and config.data.custom_cls.path is None:
            rows = "SFTRows" if stage.trainer == "sft" else "RLRows"
            config.data.custom_cls = {"path": "pkg://src.training.image_rows", "name": rows}
        if stage.trainer == "sft":
            config.model.path = places.model
            config.record.run = str(places.run)
        else:
            config.data.filter_overlong_prompts = False  # what is left fits
            if places.images:
                vllm = config.actor_rollout_ref.rollout.engine_kwargs.vllm
                vllm.setdefault("limit_mm_per_prompt", {"image": places.images, "video": 0})
            if places.resume_from:
                config.trainer.val_before_train = places.validates_first
            config.actor_rollout_ref.model.path = places.model
            if places.reference:
                config.actor_rollout_ref.reference_path = places.reference
            config.trainer.v1.sampler.sampler_kwargs.run = str(places.run)
            config.ray_kwargs.ray_init.runtime_env["env_vars"][WEIGHTS_KEY] = weights_key(places.run)
            config.ray_kwargs.ray_init.runtime_env["py_executable"] = places.python
            if places.namespace:
                config.ray_kwargs.ray_init.namespace = places.namespace
    OmegaConf.resolve(config)
    return config
