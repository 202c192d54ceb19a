"""What differs between the configuration of a run and the one that it is continued with, and whom it concerns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from src.config.leaves import leaves
from src.config.stage_node import seen_by

# Keys that change nothing about what is trained: where and how a run is carried out, recorded, saved and evaluated.
FREE = (
    "launch",
    "sweep",
    "logging",
    "run",
    "stages",
    "evaluation.enable",
    "evaluation.runs",
    "evaluation.max_windows",
    "evaluation.engine",
    "evaluation.variants",
    "runtime.preload",
    "ray",
    "ray_kwargs",
    "global_profiler",
    "dataset.folder",  # where the raw data lie; what they are is told by their fingerprint
    *(
        f"{prefix}trainer.{key}"
        for prefix in ("", "sft.")
        for key in ("save_freq", "test_freq", "max_ckpt_to_keep", "max_actor_ckpt_to_keep", "max_critic_ckpt_to_keep",
                    "val_before_train", "resume_mode", "resume_from_path", "log_val_generations", "rollout_data_dir",
                    "validation_data_dir", "project_name", "experiment_name", "logger", "default_local_dir")
    ),
)  # fmt: skip
# Keys that every stage reads; of the others, those under ``sft.`` are for SFT, the rest for RL.
SHARED = ("recipe", "scale", "seed", "dataset", "model", "runtime", "trainer.n_gpus_per_node", "trainer.device")
OF_REWARD = ("dataset.reward",)  # of what a dataset says, what only the reward is told

_ABSENT = "(absent)"


def changes(before: Mapping[str, Any], now: Mapping[str, Any], stage: str) -> dict[str, str]:
    """``{key: "old -> new"}`` of every key that differs as the stage sees it, and that its training depends on.

    Args:
        before, now: composed configurations as plain containers; both have a node for the stage.
        stage: its name.
    """
    kind = before["stage"][stage]["kind"]
    if kind != (now_kind := now["stage"][stage]["kind"]):
        return {f"stage.{stage}.kind": f"{kind} -> {now_kind}"}
    old, new = _that_count(before, stage), _that_count(now, stage)
    return {
        key: f"{_show(old, key)} -> {_show(new, key)}"
        for key in dict.fromkeys([*old, *new])
        if _show(old, key) != _show(new, key) and _concerns(key, kind)
    }


def fingerprint(config: Mapping[str, Any]) -> str:
    """A hash over all that training depends on: equal for two runs that differ in free keys only."""
    stages = {name: _that_count(config, name) for name in config["stage"]}
    return hashlib.sha256(json.dumps(stages, sort_keys=True).encode()).hexdigest()


def _concerns(key: str, kind: str) -> bool:
    if _under(key, OF_REWARD):
        return kind == "rl"
    return _under(key, SHARED) or key.startswith("sft.") == (kind == "sft")


def _that_count(config: Mapping[str, Any], stage: str) -> dict[str, Any]:
    """Key -> value of what a stage may read."""
    seen = seen_by(stage, json.loads(json.dumps(config, default=str)))
    reference = seen.pop("stage")[stage].get("reference")
    if reference is not None:
        seen["stage"] = {stage: {"reference": reference}}
    return {key: value for key, value in leaves(seen) if not _under(key, FREE)}


def _under(key: str, prefixes: tuple[str, ...]) -> bool:
    return any(key == prefix or key.startswith(prefix + ".") for prefix in prefixes)


def _show(values: dict[str, Any], key: str) -> str:
    return json.dumps(values[key]) if key in values else _ABSENT
