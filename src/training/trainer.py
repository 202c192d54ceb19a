"""veRL's synchronous trainer, recording every step and asking an algorithm what becomes of the rollouts.

``trainer.v1.trainer_mode`` names it by its dotted path. What it changes:

* The algorithm (``src.algorithms.algorithm``) says how many rollouts are sampled per prompt, which are kept, their
  weights, their advantages and the loss.
* Every count after selection uses the kept rows: a batch makes ``train_batch_size / ppo_mini_batch_size`` updates,
  whatever number of rows its sessions have. veRL counts ``rollout.n`` rows to a prompt, and would silently make two
  updates of one, or one of two.
* Groups have reproducible names, so that a repeated run selects the same rollouts.
* KL can be measured from another model than the one that the stage starts from.
* What the chat template has written of an answer is put before it, for the reward and for the record.
* Each step goes to the run's folder: reward terms, shares, validation on held-out questions, samples.
* A stage whose rows have images is stopped when there is no processor, or when its first step shows that rollout and
  trainer see different ones.
* A checkpoint is sealed once its step is recorded; when asked to, the trainer saves after its step and ends.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import ray
import torch
import transfer_queue as tq
from omegaconf import DictConfig, open_dict
from tensordict import TensorDict
from transfer_queue import KVBatchMeta
from verl.trainer.ppo.utils import Role
from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync
from verl.utils import tensordict_utils as tu
from verl.utils.config import omega_conf_to_dataclass
from verl.workers.utils.padding import response_to_nested

from src.algorithms.rollouts import Rollouts
from src.algorithms.weighted_loss import KL_WEIGHT, SEQUENCE_WEIGHT
from src.config.algorithm import make_algorithm
from src.config.named import load_function
from src.rewards.adapter import Reward
from src.tasks.task import load_task
from src.tasks.template import begun_by
from src.training.recorder import Recorder, Texts
from src.training.rollout_metrics import advantage_metrics
from src.training.sampler import SelectingReplayBuffer
from src.training.saving import Saver
from src.training.seeing import check_gap, gap_bound, require_processor
from src.training.worker import RowWorker, WorkerWithAdapters, WorkerWithReference


class RecordedTrainer(PPOTrainerSync):
    """See the module's docstring."""

    replay_buffer: SelectingReplayBuffer
    total_training_steps: int

    def __init__(self, config: DictConfig) -> None:
        settings = config.trainer.v1.sampler.sampler_kwargs
        self.algorithm = make_algorithm(**settings.algorithm)
        rollouts = config.actor_rollout_ref.rollout.n
        self.sampled_per_prompt = self.algorithm.sampled_per_prompt(rollouts)
        self.fetched = (0, 0)  # a step, and its prompts so far
        self.unsealed = False
        self.stopping = False
        self.in_loop = False  # of steps; validation comes before it, too
        prompts, mini = config.data.train_batch_size, config.actor_rollout_ref.actor.ppo_mini_batch_size
        self.updates = math.ceil(prompts / mini)  # of a batch
        with open_dict(config):
            # veRL takes every mode but "sync" for an asynchronous one.
            config.trainer.v1.trainer_mode = "sync"
            config.actor_rollout_ref.rollout.n = self.algorithm.kept_per_prompt(rollouts)
        super().__init__(config)
        scored = config.reward.custom_reward_function.reward_kwargs
        task = load_task(scored.dataset)
        self.replay_buffer.terms.reward = Reward(task, scored.function).name
        limit = config.data.max_response_length
        self.recorder = Recorder(Path(settings.run), settings.stage, task, settings.samples, limit)
        self.saver = Saver(Path(settings.run), settings.stage, settings.keep_checkpoints, settings.best_metric)
        self.answers: tuple[list[str], list[str]] = ([], [])

    def _init_tokenizer(self) -> None:
        super()._init_tokenizer()
        options = self.config.data.get("apply_chat_template_kwargs") or {}
        self.begun = begun_by(self.processor or self.tokenizer, **options)
        files = (self.config.data.train_files, self.config.data.val_files)
        self.gap_to_check = require_processor(files, self.processor)
        with open_dict(self.config):  # the workers that score are made of it later
            self.config.reward.custom_reward_function.reward_kwargs.begun = self.begun

    def _setup(self) -> None:
        self.recorder.phase("starting the training and rollout workers")
        super()._setup()
        if loss := self.algorithm.loss():
            actor = omega_conf_to_dataclass(self.config.actor_rollout_ref.actor)
            self.actor_rollout_wg.set_loss_fn(functools.partial(load_function(loss), config=actor))

    def _init_resource_pool_mgr(self) -> None:
        super()._init_resource_pool_mgr()
        if self.config.actor_rollout_ref.get("reference_path"):
            self.role_worker_mapping[Role.ActorRolloutRef] = ray.remote(WorkerWithReference)
        elif self.config.actor_rollout_ref.model.lora_rank:  # whose reference is its own base
            self.role_worker_mapping[Role.ActorRollout] = ray.remote(WorkerWithAdapters)
        else:
            (role,) = self.role_worker_mapping.keys() & {Role.ActorRollout, Role.ActorRolloutRef}
            self.role_worker_mapping[role] = ray.remote(RowWorker)

    def _fetch_one_gen_batch(self) -> TensorDict:
        batch = super()._fetch_one_gen_batch()
        step, before = self.fetched if self.fetched[0] == self.global_steps else (self.global_steps, 0)
        names = [f"{step}x{before + position}" for position in range(len(batch["uid"]))]
        self.fetched = (step, before + len(names))
        tu.assign_non_tensor_stack(batch, "uid", names)
        return batch

    def _next_train_batch(self, num_prompts: int | None = None) -> TensorDict:
        batch = super()._next_train_batch(num_prompts)
        tu.assign_non_tensor_data(batch, "__rollout_n__", self.sampled_per_prompt)
        return batch

    def on_sample_begin(self) -> None:
        super().on_sample_begin()
        self.recorder.phase("generating")

    def on_sample_end(self) -> None:
        super().on_sample_end()
        self.recorder.phase("training")
        sampled = self.replay_buffer.sampled
        self.recorder.training_samples(self.global_steps, sampled, self._texts)
        self.replay_buffer.drop_unselected()

    def _get_required_batch_multiple(self, dp_size: int) -> int:
        actor, rollout, ref = (self.config.actor_rollout_ref[name] for name in ("actor", "rollout", "ref"))
        shares = [self.updates] if actor.use_dynamic_bsz else [self.updates * actor.ppo_micro_batch_size_per_gpu]
        for node in (rollout, ref):
            if not node.log_prob_use_dynamic_bsz:
                shares.append(node.log_prob_micro_batch_size_per_gpu)
        return dp_size * math.lcm(*shares)

    def _balance_batch(self, batch: KVBatchMeta, metrics: dict, *args: Any, **kwargs: Any) -> KVBatchMeta:
        batch = super()._balance_batch(batch, metrics, *args, **kwargs)
        with open_dict(self.config):  # the driver's: veRL multiplies the two
            self.config.actor_rollout_ref.actor.ppo_mini_batch_size = len(batch) // self.updates
            self.config.critic.ppo_mini_batch_size = len(batch) // self.updates
            self.config.actor_rollout_ref.rollout.n = 1
        return batch

    def _compute_old_log_prob(self, batch: KVBatchMeta, metrics: dict) -> KVBatchMeta:
        batch = super()._compute_old_log_prob(batch, metrics)
        fields = ["old_log_probs", "rollout_log_probs", "response_mask"]
        data = tq.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id, select_fields=fields)
        # In nats per token: what the training engine and the rollout engine disagree by on the sampled tokens.
        gap = (data["old_log_probs"].values() - data["rollout_log_probs"].values()).abs()
        gap = gap[data["response_mask"].values().bool()]
        metrics |= {"logprob_gap/mean": float(gap.mean()), "logprob_gap/max": float(gap.max())}
        if self.gap_to_check:
            check_gap(metrics["logprob_gap/mean"], gap_bound(self.config))
            self.gap_to_check = False
        return batch

    def _compute_advantage(self, batch: KVBatchMeta, metrics: dict) -> KVBatchMeta:
        sampled = self.replay_buffer.sampled
        place = {key: row for row, key in enumerate(sampled.keys)}
        # Rows that veRL adds to fill a batch are not among the sampled ones; their mask is empty.
        known = [row for row, key in enumerate(batch.keys) if key in place]
        kept = sampled.take([place[batch.keys[row]] for row in known])
        if self.algorithm.loss():
            columns = {}
            for name, own in ((SEQUENCE_WEIGHT, kept.weights), (KL_WEIGHT, kept.kl_weights)):
                if own is not None:
                    columns[name] = torch.ones(len(batch.keys))
                    columns[name][known] = torch.from_numpy(own).float()
            self._put(batch, columns)
        batch = super()._compute_advantage(batch, metrics)
        if self.algorithm.has_advantages():
            metrics |= self._put_advantages(batch, kept, known)
        return batch

    def _put_advantages(self, batch: KVBatchMeta, kept: Rollouts, known: Sequence[int]) -> dict[str, float]:
        """Put the algorithm's advantages in place of veRL's.

        Args:
            kept: the kept rows.
            known: where they stand in the batch, alike.

        Returns:
            Metrics of them.
        """
        reward = "token_level_rewards" if self.config.algorithm.use_kl_in_reward else "rm_scores"
        fields = [reward, "response_mask"]
        data = tq.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id, select_fields=fields)
        mask = data["response_mask"]
        data = data.to_padded_tensor()
        advantages = self.algorithm.advantages(replace(kept, rewards=data[reward].sum(-1)[known].double().numpy()))
        if advantages is None:
            return {}
        rows = torch.zeros(len(batch.keys))
        rows[known] = torch.as_tensor(advantages, dtype=torch.float32)
        column = response_to_nested(rows.unsqueeze(-1) * data["response_mask"], mask)
        self._put(batch, {"advantages": column, "returns": column})
        return advantage_metrics(kept, np.asarray(advantages))

    def _put(self, batch: KVBatchMeta, columns: dict[str, torch.Tensor]) -> None:
        fields = TensorDict(columns, batch_size=len(batch.keys))
        tq.kv_batch_put(keys=batch.keys, partition_id=batch.partition_id, fields=fields)

    def _compute_metrics(
        self, batch: KVBatchMeta, metrics: dict, timing_raw: dict, global_steps: int, epoch: int
    ) -> None:
        super()._compute_metrics(batch, metrics, timing_raw, global_steps, epoch)
        self.recorder.write(global_steps, metrics | self.recorder.rollout_metrics(self.replay_buffer.sampled))
        if self.unsealed:
            self.saver.seal(global_steps, last=global_steps >= self.total_training_steps)
            self.unsealed = False
        if self.stopping:
            self.total_training_steps = global_steps  # ends veRL's loop

    def on_validate_begin(self) -> None:
        super().on_validate_begin()
        self.recorder.phase("validating")

    def _validate(self) -> dict[str, float]:
        self.replay_buffer.validated.clear()
        metrics = super()._validate()
        if not self.in_loop:  # later ones are part of their step's line
            self.recorder.write(self.global_steps, metrics)
        return metrics

    def on_train_begin(self) -> None:
        self.in_loop = True
        super().on_train_begin()

    def _maybe_log_val_generations(self, inputs: list[str], outputs: list[str], scores: list[float]) -> None:
        self.answers = (inputs, [self.begun + output for output in outputs])

    def _val_metrics_update(self, *_: Any, **__: Any) -> dict[str, float]:
        # In place of veRL's means and bootstraps over reward terms: the task's metrics, beside the baselines.
        prompts, responses = self.answers
        return self.recorder.validation(self.replay_buffer.validated, responses, prompts, self.global_steps)

    def _save_checkpoint(self) -> None:
        self.recorder.phase("saving a checkpoint")
        self.saver.begin(self.global_steps)
        super()._save_checkpoint()
        self.unsealed = True

    def on_step_end(self) -> None:
        # Where veRL saves, too: the rollout engine sleeps still, and its memory is the trainer's.
        if self.global_steps < self.total_training_steps and self.saver.stop_asked():
            self.stopping = True
            if not self.unsealed:
                self._save_checkpoint()
            with open_dict(self.config):
                self.config.trainer.test_freq = -1  # no time for it now: the resume begins with it
        super().on_step_end()

    def _texts(self, keys: list[str]) -> Texts:
        """Prompts and responses of some rollouts, as text."""
        data = tq.kv_batch_get(keys=keys, partition_id="train", select_fields=["prompts", "responses"])
        prompts, responses = (
            [self.tokenizer.decode(ids, skip_special_tokens=True) for ids in data[name].unbind()]
            for name in ("prompts", "responses")
        )
        return prompts, [self.begun + response for response in responses]
