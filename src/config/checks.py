"""What can be known to be wrong before anything starts: one clear sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.config.algorithm import make_algorithm, named_algorithm
from src.config.compose import CONF
from src.config.leaves import leaves
from src.config.lora import check_lora
from src.config.named import look_for_class, look_for_module
from src.config.stage_node import OWN_KEYS, check_nodes
from src.config.stages import views
from src.config.trackers import check_trackers
from src.config.values import check_own_values, check_verls_values
from src.errors import ConfigError

_AGENT = "actor_rollout_ref.rollout.agent"
VERLS_LOOPS = ("single_turn_agent", "tool_agent")
KINDS: dict[type, str] = {bool: "true or false", int: "a whole number", list: "a list, such as "}


def check(cfg: DictConfig) -> dict[str, DictConfig]:
    """Refuse a configuration that cannot run.

    Returns:
        The configuration as each stage sees it, by the stage's name.

    Raises:
        ConfigError: with the key to change.
    """
    if _is_missing(cfg, "recipe"):
        raise ConfigError("no recipe is given: python -m src.launch +recipe=time_r1")
    for key, group in (("runtime.name", "runtime"), ("scale", "scale")):
        if _is_missing(cfg, key):
            raise ConfigError(f"{group}= is missing")
    for key in ("ray.address", "model.path", "dataset.path", "dataset.target"):
        if _is_missing(cfg, key):
            raise ConfigError(f"{key}= must be given for this choice of groups")
    _check_types(cfg)
    check_own_values(cfg)
    _check_best_metric(cfg.run.best_metric)
    check_trackers(cfg)
    check_nodes(cfg)
    seen = views(cfg)
    for name, view in seen.items():
        with _of_stage(name, cfg.stage[name]):
            check_verls_values(view, view.stage[name].kind)
            _check_imports(view)
            if view.stage[name].kind == "sft":
                _check_sft_batches(view)
                check_lora(view.sft.model, "sft.model")
            else:
                _check_classes(view)
                _check_rl_batches(view)
                _check_lengths(view)
                _check_reference(view, view.stage[name].get("reference"))
                check_lora(view.actor_rollout_ref.model, "actor_rollout_ref.model", view.actor_rollout_ref.rollout)
    return seen


@contextmanager
def _of_stage(name: str, node: Mapping[str, Any]) -> Iterator[None]:
    """Name the stage in what is refused, where the keys are not the run's own."""
    try:
        yield
    except ConfigError as error:
        if set(node) <= {"kind"}:
            raise
        raise ConfigError(f"stage {name}: {error}") from None


def _check_types(cfg: DictConfig) -> None:
    """The project's own keys have the types of their defaults in the primary config; veRL checks its own."""
    defaults: Any = OmegaConf.to_container(OmegaConf.load(CONF / "config.yaml"))
    for key, default in leaves({name: defaults[name] for name in OWN_KEYS if name in defaults}):
        value: Any = OmegaConf.select(cfg, key)
        if OmegaConf.is_config(value):
            value = OmegaConf.to_container(value)
        if type(default) in KINDS and value is not None and type(value) is not type(default):
            example = f"[{','.join(map(str, default))}]" if isinstance(default, list) else ""
            raise ConfigError(f"{key}={value}: give {KINDS[type(default)]}{example}")


def _check_best_metric(metric: Any) -> None:
    if metric is not None and not str(metric).startswith("val/"):
        raise ConfigError(f"run.best_metric={metric}: give a held-out metric of the record, such as val/*/mse")


def _is_missing(cfg: DictConfig, key: str) -> bool:
    parent, _, name = key.rpartition(".")
    node = OmegaConf.select(cfg, parent) if parent else cfg
    return node is not None and OmegaConf.is_missing(node, name)


def _check_sft_batches(cfg: DictConfig) -> None:
    batch = cfg.sft.data.train_batch_size
    own = cfg.sft.trainer.n_gpus_per_node
    workers = (cfg.trainer.n_gpus_per_node if own is None else own) * (cfg.trainer.nnodes if cfg.ray.address else 1)
    if batch % workers:
        raise ConfigError(
            f"sft.data.train_batch_size={batch} cannot be shared by {workers} workers: give a multiple of {workers}"
        )


def _check_rl_batches(cfg: DictConfig) -> None:
    workers = cfg.trainer.n_gpus_per_node * cfg.trainer.nnodes
    prompts = cfg.data.train_batch_size
    rollouts = cfg.actor_rollout_ref.rollout.n
    mini = cfg.actor_rollout_ref.actor.ppo_mini_batch_size
    algorithm = make_algorithm(**named_algorithm(cfg))
    algorithm.check(algorithm.sampled_per_prompt(rollouts))
    for key, value in algorithm.requires(cfg).items():
        if (found := OmegaConf.select(cfg, key)) != value:
            raise ConfigError(f"{key}={found}: algorithm={cfg.algorithm.name} rests on {value}; give {key}={value}")
    keep = algorithm.kept_per_prompt(rollouts)
    if mini > prompts:
        raise ConfigError(
            f"actor_rollout_ref.actor.ppo_mini_batch_size={mini} is more than data.train_batch_size={prompts} prompts: "
            f"lower it"
        )
    for key, count in (
        ("data.train_batch_size", prompts),
        ("actor_rollout_ref.actor.ppo_mini_batch_size", mini),
    ):
        if count * keep % workers:
            raise ConfigError(
                f"{key}={count} prompts x {keep} rollouts cannot be shared by {workers} workers: "
                f"make their product a multiple of {workers}"
            )
    if cfg.algorithm.use_kl_in_reward and cfg.actor_rollout_ref.actor.use_kl_loss:
        raise ConfigError(
            "KL is applied twice: set algorithm.use_kl_in_reward=false or actor_rollout_ref.actor.use_kl_loss=false"
        )


def _check_classes(cfg: DictConfig) -> None:
    """The trainer and the agent loop are classes by their dotted names; veRL's own loops have names without a dot."""
    trainer = cfg.trainer.v1.trainer_mode
    if "." not in trainer:
        raise ConfigError(
            f"trainer.v1.trainer_mode={trainer}: veRL's own trainers keep no record; give the dotted name of a class, "
            "such as src.training.trainer.RecordedTrainer"
        )
    look_for_class(trainer, "trainer.v1.trainer_mode")
    agent = cfg.actor_rollout_ref.rollout.agent
    loop, key = agent.default_agent_loop, f"{_AGENT}.default_agent_loop"
    if "." in loop:
        look_for_class(loop, key)
    elif loop not in VERLS_LOOPS and not agent.agent_loop_config_path:
        raise ConfigError(f"{key}={loop}: give the dotted name of a class, or one of {', '.join(VERLS_LOOPS)}")


def _check_imports(cfg: DictConfig) -> None:
    """Modules and files of the user's own that veRL's processes import are there."""
    named = {"runtime.environment.VERL_USE_EXTERNAL_MODULES": cfg.runtime.environment.get("VERL_USE_EXTERNAL_MODULES")}
    keys = ("actor_rollout_ref.model.external_lib", "sft.model.external_lib")
    for key, modules in (named | {key: OmegaConf.select(cfg, key) for key in keys}).items():
        for module in str(modules or "").split(","):
            if module := module.strip():
                look_for_module(module, key)
    for key in ("data.custom_cls.path", "sft.data.custom_cls.path", f"{_AGENT}.agent_loop_config_path"):
        path = OmegaConf.select(cfg, key)
        if path and "://" not in str(path) and not Path(str(path)).expanduser().is_file():
            raise ConfigError(f"{key}={path}: there is no such file")


def _check_reference(cfg: DictConfig, reference: str | None) -> None:
    if reference is None:
        return
    if not (cfg.algorithm.use_kl_in_reward or cfg.actor_rollout_ref.actor.use_kl_loss):
        raise ConfigError(
            f"reference={reference} has no use without KL: set actor_rollout_ref.actor.use_kl_loss=true or leave it out"
        )
    if cfg.actor_rollout_ref.model.lora_rank or cfg.actor_rollout_ref.model.lora_adapter_path:
        raise ConfigError(f"reference={reference}: KL of a LoRA is measured from its own base; leave it out")


def _check_lengths(cfg: DictConfig) -> None:
    longest = cfg.data.max_prompt_length + cfg.data.max_response_length
    limit = cfg.actor_rollout_ref.rollout.max_model_len
    if limit is not None and longest > limit:
        raise ConfigError(
            f"data.max_prompt_length + data.max_response_length = {longest} is more than "
            f"actor_rollout_ref.rollout.max_model_len={limit}: raise it"
        )
    built = cfg.model.get("build")
    if cfg.model.path is None and built and longest > built.context_length:
        raise ConfigError(
            f"data.max_prompt_length + data.max_response_length = {longest} is more than "
            f"model.build.context_length={built.context_length}: raise it"
        )
