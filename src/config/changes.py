"""What differs between the configuration of a run and the one that it is continued with, and whom it concerns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

# Keys that change nothing about what is trained: where and how a run is carried out, recorded, saved and evaluated.
FREE = (
    "launch",
    "logging",
    "run",
    "stages",
    "evaluation.enable",
    "evaluation.runs",
    "evaluation.max_windows",
    "evaluation.engine",
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
# Keys that every stage reads; of the others, those under `sft.` are the SFT stages', the rest the RL stages'.
SHARED = ("recipe", "scale", "seed", "dataset", "model", "runtime", "trainer.n_gpus_per_node", "trainer.device")

_ABSENT = "(absent)"


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    """``{key: "old -> new"}`` of every key that differs and that training depends on.

    Args:
        before, now: composed configurations as plain containers.
    """
    old, new = _that_count(before), _that_count(now)
    return {
        key: f"{_show(old, key)} -> {_show(new, key)}"
        for key in dict.fromkeys([*old, *new])
        if _show(old, key) != _show(new, key)
    }


def fingerprint(config: Mapping[str, Any]) -> str:
    """A hash over all that training depends on: equal for two runs that differ in free keys only."""
    return hashlib.sha256(json.dumps(_that_count(config), sort_keys=True).encode()).hexdigest()


def concerns(key: str, trainer: str) -> bool:
    """Whether a stage with this trainer (``sft`` or ``ppo``) reads ``key``."""
    return _under(key, SHARED) or key.startswith("sft.") == (trainer == "sft")


def _that_count(config: Mapping[str, Any]) -> dict[str, Any]:
    plain = json.loads(json.dumps(config, default=str))
    return {key: value for key, value in _leaves(plain) if not _under(key, FREE)}


def _under(key: str, prefixes: tuple[str, ...]) -> bool:
    return any(key == prefix or key.startswith(prefix + ".") for prefix in prefixes)


def _leaves(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict) and node:
        for name, value in node.items():
            yield from _leaves(value, f"{prefix}.{name}" if prefix else name)
    else:
        yield prefix, node


def _show(values: dict[str, Any], key: str) -> str:
    return json.dumps(values[key]) if key in values else _ABSENT
