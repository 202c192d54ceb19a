"""veRL's PPO loss with one weight per sequence.

GRIP multiplies each sequence's policy-gradient and KL terms by G * w_i (Time-R1, arXiv 2506.10630 v1,
equation 6). veRL's ``ppo_loss`` has no such weight, so this one calls it and adds two things: the weight
enters the policy-gradient term as veRL's own per-token importance weight ``rollout_is_weights``, which veRL
multiplies in after clipping, and the KL term is computed here from veRL's ``kl_penalty`` and ``agg_loss``.
A column ``kl_weight`` gives the KL term a weight of its own, such as 0 in rows without KL.
Install it on the actor's workers with `worker_group.set_loss_fn(functools.partial(weighted_ppo_loss,
config=actor_config))`.
"""

import copy
from typing import Any

import torch
from tensordict import TensorDict
from verl.trainer.ppo.core_algos import agg_loss, kl_penalty
from verl.utils.metric import Metric
from verl.workers.config import ActorConfig
from verl.workers.utils.losses import ppo_loss
from verl.workers.utils.padding import no_padding_2_padding

SEQUENCE_WEIGHT = "sequence_weight"
KL_WEIGHT = "kl_weight"

# These loss modes recompute the importance weights inside and would drop ours without a word.
_MODES_WITHOUT_WEIGHTS = ("bypass_mode",)


def weighted_ppo_loss(
    config: ActorConfig, model_output: dict[str, Any], data: TensorDict, dp_group: Any = None
) -> tuple[torch.Tensor, dict[str, Any]]:
    """``verl.workers.utils.losses.ppo_loss``, each sequence's policy-gradient and KL terms times its weight.

    Args:
        config: the actor's configuration; with ``loss_agg_mode="seq-mean-token-mean"`` and ``use_kl_loss`` the
            result is equation 6 plus veRL's entropy bonus and its guards (dual clip, clamped KL).
        model_output: ``log_probs`` and, when computed, ``entropy``: veRL's nested output of the forward pass.
        data: a micro-batch. The column ``sequence_weight``, shape (bsz,) or (bsz, 1), holds G * w_i; when it
            is absent, this is ``ppo_loss`` itself, and when it is all ones, equal to it to the last bit. The column
            ``kl_weight``, alike, is the weight of the KL term where it is not the same.
        dp_group: as in ``ppo_loss``.

    Returns:
        The loss and veRL's metrics. ``actor/pg_loss`` and ``kl_loss`` are the weighted terms. The entropy bonus
        has no weight: it is not part of equation 6.

    Raises:
        ValueError: for a column of another shape, or a loss mode that cannot take weights.
    """
    if SEQUENCE_WEIGHT not in data:
        return ppo_loss(config, model_output, data, dp_group)
    loss_mode = config.policy_loss.get("loss_mode", "vanilla")
    if loss_mode in _MODES_WITHOUT_WEIGHTS:
        raise ValueError(f"policy_loss.loss_mode={loss_mode} ignores sequence weights: use vanilla, or uniform weights")

    weight = _dense_weight(data, SEQUENCE_WEIGHT)
    without_kl = copy.copy(config)
    # The class is frozen. The copy shares global_batch_info, which ppo_loss fills and agg_loss below reads.
    object.__setattr__(without_kl, "use_kl_loss", False)
    loss, metrics = ppo_loss(without_kl, model_output, _with_importance_weight(data, weight), dp_group)
    if not config.use_kl_loss:
        return loss, metrics

    kl_weight = _dense_weight(data, KL_WEIGHT) if KL_WEIGHT in data else weight
    log_prob = no_padding_2_padding(model_output["log_probs"], data)
    padded = data.select("response_mask", "ref_log_prob").to_padded_tensor()
    kl = kl_penalty(logprob=log_prob, ref_logprob=padded["ref_log_prob"], kl_penalty=config.kl_loss_type)
    kl_loss = agg_loss(
        loss_mat=kl * kl_weight.to(kl.dtype).unsqueeze(-1),
        loss_mask=padded["response_mask"].to(bool),
        loss_agg_mode=config.loss_agg_mode,
        **config.global_batch_info,
    )
    metrics["kl_loss"] = Metric(value=kl_loss, aggregation=metrics["actor/pg_loss"].aggregation)
    metrics["kl_coef"] = config.kl_loss_coef
    return loss + kl_loss * config.kl_loss_coef, metrics


def _dense_weight(data: TensorDict, name: str) -> torch.Tensor:
    """A column as a tensor of shape (bsz,), without gradient."""
    weight = data[name]
    rows = data["response_mask"].size(0)
    if weight.is_nested or weight.numel() != rows or weight.size(0) != rows:
        shape = "a nested tensor" if weight.is_nested else f"of shape {tuple(weight.shape)}"
        raise ValueError(f"column {name} must have shape ({rows},), one weight per sequence; it is {shape}")
    return weight.detach().reshape(rows)


def _with_importance_weight(data: TensorDict, weight: torch.Tensor) -> TensorDict:
    """A shallow copy of ``data``, the weights multiplied into ``rollout_is_weights`` (bsz, response length)."""
    column = weight.to(data["old_log_probs"].dtype).unsqueeze(-1)
    if "rollout_is_weights" in data:
        column = column * _padded(data["rollout_is_weights"])
    weighted = data.clone(recurse=False)
    weighted["rollout_is_weights"] = column.expand(_padded(data["response_mask"]).shape)
    return weighted


def _padded(column: torch.Tensor) -> torch.Tensor:
    return torch.nested.to_padded_tensor(column, padding=0) if column.is_nested else column
