"""What a key's value may be: numbers with their bounds, and names out of a list.

veRL's own checks stand in dataclasses that are made in its workers, minutes after the start and in part after the first
stage was trained; what they and the code behind them take is said here, so that it is known before anything starts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Number:
    """A finite number.

    Args:
        low: the least.
        high: the most.
        whole: without a fraction.
        above: ``low`` itself is refused.
        other: values beside that range, such as None for "not set".
    """

    low: float = -math.inf
    high: float = math.inf
    whole: bool = False
    above: bool = False
    other: tuple[Any, ...] = ()

    def takes(self, value: Any) -> bool:
        """Whether ``value`` may stand there."""
        if value is None or isinstance(value, bool):
            return value is None and None in self.other
        if not isinstance(value, int if self.whole else int | float) or not math.isfinite(value):
            return False
        inside = (self.low < value if self.above else self.low <= value) and value <= self.high
        return inside or value in self.other

    def __str__(self) -> str:
        words = ["a whole number" if self.whole else "a number"]
        if self.low > -math.inf:
            words.append(f"above {self.low:g}" if self.above else f"of at least {self.low:g}")
        if self.high < math.inf:
            words.append(f"and at most {self.high:.10g}")
        return " ".join(words) + "".join(f", or {'null' if one is None else one}" for one in self.other)


@dataclass(frozen=True)
class Name:
    """One of the names that veRL knows.

    Args:
        names: all of them.
        more: modules of the user's own may register others (``VERL_USE_EXTERNAL_MODULES``).
    """

    names: tuple[Any, ...]
    more: bool = False

    def takes(self, value: Any) -> bool:
        """Whether ``value`` may stand there."""
        return value in self.names

    def __str__(self) -> str:
        return f"one of {', '.join('null' if one is None else str(one) for one in self.names)}"


Bound = Number | Name

_ANY = Number()
_SIZE = Number(0)
_POSITIVE = Number(0, above=True)
_SHARE = Number(0, 1)
_PART = Number(0, 1, above=True)
_COUNT = Number(1, whole=True)
_COUNT_OR_NONE = Number(1, whole=True, other=(None,))
_FROM_ZERO = Number(0, whole=True)
_NOW_AND_THEN = Number(1, whole=True, other=(-1,))  # veRL: -1 for never
_ALL_OR_SOME = Number(1, whole=True, other=(-1,))  # and for all
_SEED = Number(0, 2**32 - 1, whole=True)


def _below(prefix: str, bounds: Mapping[str, Bound]) -> dict[str, Bound]:
    return {f"{prefix}.{key}": bound for key, bound in bounds.items()}


_OPTIMIZER: dict[str, Bound] = {
    "lr": _SIZE,
    "lr_warmup_steps_ratio": _SHARE,
    "lr_warmup_steps": Number(0, whole=True, other=(-1, None)),
    "weight_decay": _SIZE,
    "clip_grad": _POSITIVE,
    "min_lr_ratio": Number(0, 1, other=(None,)),
    "num_cycles": _POSITIVE,
    "lr_scheduler_type": Name(("constant", "cosine")),
}
_MODEL: dict[str, Bound] = {"lora_rank": _FROM_ZERO, "lora_alpha": _POSITIVE}
_SAMPLING: dict[str, Bound] = {
    "top_p": _PART,
    "top_k": Number(1, whole=True, other=(-1, 0)),
    "n": _COUNT,
}
_TRAINER: dict[str, Bound] = {
    "total_epochs": _COUNT,
    "total_training_steps": _COUNT_OR_NONE,
    "test_freq": _NOW_AND_THEN,
    "nnodes": _COUNT,
}

_ENGINES = Name(("fsdp", "fsdp2", "fsdp_turbo", "megatron", "veomni", "torchtitan", "automodel"), more=True)
_PRECISION = Name(("float32", "bfloat16", "float16", "auto", "half", "float"))  # vLLM's words

OWN: dict[str, Bound] = {
    "seed": _SEED,
    "launch.stall_timeout_s": _POSITIVE,
    "launch.stop_timeout_s": _SIZE,
    "launch.max_logprob_gap": Number(0, above=True, other=(None,)),
    "logging.samples_per_step": _FROM_ZERO,
    "evaluation.runs": _COUNT,
    "evaluation.max_windows": _COUNT_OR_NONE,
    **_below(
        "model.build",
        {
            "phrases": _FROM_ZERO,
            "digits": _COUNT,
            "initializer_range": _POSITIVE,
            **dict.fromkeys(
                ("layers", "width", "heads", "key_value_heads", "feed_forward", "context_length"),
                _COUNT,
            ),
            **_below(
                "vision",
                {
                    **dict.fromkeys(("layers", "width", "heads", "feed_forward", "patch_size", "max_pixels"), _COUNT),
                    "std": _POSITIVE,
                },
            ),
        },
    ),
}

SFT: dict[str, Bound] = {
    "trainer.n_gpus_per_node": _COUNT,
    "trainer.nnodes": _COUNT,
    **_below(
        "sft",
        {
            "data.train_batch_size": _COUNT,
            "data.micro_batch_size_per_gpu": _COUNT_OR_NONE,
            "data.max_token_len_per_gpu": _COUNT,
            "data.max_length": _COUNT,
            "data.num_workers": _FROM_ZERO,
            "data.train_max_samples": _ALL_OR_SOME,
            "data.val_max_samples": _ALL_OR_SOME,
            "data.truncation": Name(("error", "left", "right")),
            **_below("optim", _OPTIMIZER),
            **_below("model", _MODEL),
            **_below("trainer", {key: bound for key, bound in _TRAINER.items() if key != "nnodes"}),
            "engine.strategy": _ENGINES,
            "trainer.save_freq": _NOW_AND_THEN,
            "trainer.max_ckpt_to_keep": _COUNT_OR_NONE,
            "trainer.n_gpus_per_node": _COUNT_OR_NONE,
        },
    ),
}

RL: dict[str, Bound] = {
    "data.train_batch_size": _COUNT,
    "data.val_batch_size": _COUNT_OR_NONE,
    "data.max_prompt_length": _COUNT,
    "data.max_response_length": _COUNT,
    "data.dataloader_num_workers": _FROM_ZERO,
    "data.train_max_samples": _ALL_OR_SOME,
    "data.val_max_samples": _ALL_OR_SOME,
    "data.truncation": Name(("error", "left", "right", "middle")),
    **_below("actor_rollout_ref.model", _MODEL),
    **_below("actor_rollout_ref.actor.optim", _OPTIMIZER),
    **_below(
        "actor_rollout_ref.actor",
        {
            "strategy": _ENGINES,
            "ppo_mini_batch_size": _COUNT,
            "ppo_micro_batch_size_per_gpu": _COUNT_OR_NONE,
            "ppo_max_token_len_per_gpu": _COUNT,
            "ppo_epochs": _COUNT,
            "clip_ratio": _SIZE,
            "clip_ratio_low": _SIZE,
            "clip_ratio_high": _SIZE,
            "clip_ratio_c": Number(1, above=True),  # veRL asserts it
            "kl_loss_coef": _SIZE,
            "entropy_coeff": _ANY,
            "grad_clip": _POSITIVE,
            "loss_agg_mode": Name(
                (
                    "token-mean",
                    "token-sum",
                    "seq-mean-token-sum",
                    "seq-mean-token-mean",
                    "seq-mean-token-sum-norm",
                )
            ),
            "kl_loss_type": Name(
                tuple(
                    f"{name}{straight_through}"
                    for name in ("kl", "k1", "abs", "mse", "k2", "low_var_kl", "k3")
                    for straight_through in ("", "+")
                )
            ),
            "policy_loss.loss_mode": Name(
                (
                    "vanilla",
                    "dppo_tv",
                    "dppo_kl",
                    "gspo",
                    "sapo",
                    "gpg",
                    "clip_cov",
                    "kl_cov",
                    "geo_mean",
                    "dro",
                    "cispo",
                    "bypass_mode",
                ),
                more=True,
            ),
        },
    ),
    **_below("actor_rollout_ref.rollout", _SAMPLING),
    **_below("actor_rollout_ref.rollout.val_kwargs", _SAMPLING),
    **_below(
        "actor_rollout_ref.rollout",
        {
            "name": Name(("vllm", "sglang", "trtllm")),
            "dtype": _PRECISION,
            "temperature": _POSITIVE,  # veRL divides logits by it; at 0 a group would be one answer
            "val_kwargs.temperature": _SIZE,
            "gpu_memory_utilization": _PART,
            "tensor_model_parallel_size": _COUNT,
            "max_num_seqs": _COUNT,
            "max_num_batched_tokens": _COUNT,
            "max_model_len": _COUNT_OR_NONE,
            "agent.num_workers": _COUNT,
        },
    ),
    "algorithm.gamma": _SHARE,
    "algorithm.lam": _SHARE,
    "algorithm.kl_ctrl.kl_coef": _SIZE,
    "algorithm.adv_estimator": Name(
        (
            "gae",
            "grpo",
            "reinforce_plus_plus",
            "reinforce_plus_plus_baseline",
            "remax",
            "rloo",
            "opo",
            "grpo_passk",
            "gpg",
            "rloo_vectorized",
            "grpo_vectorized",
            "optimal_token_baseline",
            "tir_optimal_token_baseline",
            "gdpo",
        ),
        more=True,
    ),
    **_below("trainer", _TRAINER),
    "trainer.save_freq": _COUNT,  # veRL saves nothing otherwise, not even after the last step
    "trainer.n_gpus_per_node": _COUNT,
    "trainer.max_actor_ckpt_to_keep": _COUNT_OR_NONE,
}
