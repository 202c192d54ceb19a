"""The places of veRL that this project's trainers hold on to are where they were: a new veRL version is tried here."""

import dataclasses
import importlib.metadata
import inspect
from types import FunctionType

import pytest
from verl.trainer import sft_trainer
from verl.trainer.ppo.v1.agent_loop_tq import AgentLoopWorkerTQ, _settle_session_tasks
from verl.trainer.ppo.v1.replay_buffer import ReplayBuffer
from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync
from verl.workers.engine.fsdp.transformer_impl import FSDPEngine
from verl.workers.engine_workers import ActorRolloutRefWorker, TrainingWorker, TrainingWorkerConfig

from src.training.agent_loop import SeededSingleTurn
from src.training.row_output import RowOutput
from src.training.sampler import SelectingReplayBuffer
from src.training.sft import RecordedSFTTrainer, SealingHandler
from src.training.trainer import RecordedTrainer

OWN = {
    RecordedTrainer: {"__init__", "_put", "_put_advantages", "_texts", "on_step_end"},
    SelectingReplayBuffer: {"__init__", "_refill", "drop_unselected"},
    RowOutput: {"model_post_init"},
    SeededSingleTurn: set(),
    RecordedSFTTrainer: {"__init__", "_after_saving", "_stop_asked"},
    SealingHandler: {"__init__"},
}


def _overridden() -> list[tuple[type, str]]:
    return [
        (one, name)
        for one, own in OWN.items()
        for name, member in vars(one).items()
        if isinstance(member, FunctionType) and name not in own
    ]


def test_the_version_is_the_one_that_this_was_written_for() -> None:
    assert importlib.metadata.version("verl") == "0.9.1"


@pytest.mark.parametrize(("ours", "name"), _overridden(), ids=lambda value: getattr(value, "__name__", value))
def test_what_is_overridden_is_there_and_takes_the_same(ours: type, name: str) -> None:
    base = getattr(ours.__mro__[1], name, None)
    assert base is not None, f"veRL's {ours.__mro__[1].__name__} has no {name} any more"
    theirs, mine = inspect.signature(base).parameters, inspect.signature(getattr(ours, name)).parameters
    if any(one.kind is one.VAR_POSITIONAL for one in mine.values()):
        return  # takes whatever is given
    named = [name for name, one in mine.items() if one.kind is not one.VAR_KEYWORD]
    wanted = [name for name, one in theirs.items() if one.kind is not one.VAR_KEYWORD]
    assert named == (wanted[: len(named)] if len(named) < len(mine) else wanted)


def test_the_loop_calls_what_is_overridden() -> None:
    steps = inspect.getsource(PPOTrainerSync.fit) + inspect.getsource(PPOTrainerSync._step_once)
    for name in ("on_sample_begin", "on_sample_end", "on_step_end", "_compute_metrics", "_save_checkpoint"):
        assert f"self.{name}(" in steps
    assert "self.total_training_steps" in steps  # lowering it ends the loop
    # Between them lies the validation that has a line of its own.
    assert 0 < steps.index("self._validate()") < steps.index("self.on_train_begin()") < steps.index("while ")
    assert "_materialize_batch(" in inspect.getsource(ReplayBuffer)


def test_the_tokenizer_is_there_before_the_workers_that_score_are_made() -> None:
    setup = inspect.getsource(PPOTrainerSync._setup)
    assert setup.index("self._init_tokenizer()") < setup.index("self.reward_loop_manager = RewardLoopManager(")


def test_the_reference_model_is_made_where_the_worker_can_be_told_of_another_folder() -> None:
    assert ActorRolloutRefWorker.ref_worker_cls is TrainingWorker
    made = inspect.getsource(ActorRolloutRefWorker.init_model)
    assert "self.ref = self.ref_worker_cls(config=ref_training_config)" in made
    assert made.index("self.ref_worker_cls(") < made.index("# 2. build actor model")  # which has a config of its own
    assert "model_config" in {one.name for one in dataclasses.fields(TrainingWorkerConfig)}
    assert "pretrained_model_name_or_path=self.model_config.local_path" in inspect.getsource(FSDPEngine)
    roles = inspect.getsource(PPOTrainerSync._init_resource_pool_mgr)
    assert "Role.ActorRolloutRef if need_reference_policy(config)" in roles
    assert "self.role_worker_mapping[role] = ray.remote(ActorRolloutRefWorker)" in roles


def test_the_replay_buffer_looks_at_failed_prompts_before_it_takes_what_is_left_of_them() -> None:
    sample = inspect.getsource(ReplayBuffer.sample)
    looks = sample.index("self._sync_metadata_from_transfer_queue()")
    assert sample.index("while True:") < looks < sample.index("self._materialize_batch(")
    assert "self.failure_keys[partition_id].add(key)" in inspect.getsource(
        ReplayBuffer._sync_metadata_from_transfer_queue
    )
    run_prompt = inspect.getsource(AgentLoopWorkerTQ.__ray_actor_class__._run_prompt)
    assert 'status = "failure"' in run_prompt and "return_exceptions=True" in inspect.getsource(_settle_session_tasks)


def test_the_names_that_the_sft_stage_replaces_are_looked_up_when_it_runs() -> None:
    assert "SFTTrainer(" in inspect.getsource(sft_trainer.run_sft)
    fit = inspect.getsource(sft_trainer.SFTTrainer.fit)
    assert "Tracking(" in fit and "tracking.log(" in fit
    for name in ("self.total_training_steps", "self.test_freq", "self.ckpt_handler.save_checkpoint(", "train_batch("):
        assert name in fit
    assert fit.index("in self.val_dataloader:") < fit.index("self.ckpt_handler.save_checkpoint(")
    build = inspect.getsource(sft_trainer.SFTTrainer)
    assert "self._init_engine()" in build and "self._build_ckpt_handler()" in build
